"""`studytrack config …`: the settings, and where each came from."""

from __future__ import annotations

from typing import Any

import click

from studytrack.cli.front import Commands, Front, json_option, pass_front
from studytrack.cli.output import emit_json, note, say, table
from studytrack.config import setting_names
from studytrack.errors import resolve
from studytrack.files import is_there


@click.group(cls=Commands, help="Settings: list, get, set, path.")
def config() -> None:
    """Group the settings commands."""


def _entry(front: Front, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "title": name,
        "value": getattr(front.settings, setting_names()[name]),
        "origin": front.settings.origins.get(name, "default"),
    }


@config.command("list", help="All settings with their origin.")
@json_option
@pass_front
def list_settings(front: Front, as_json: bool) -> None:
    """Print settings."""
    entries = [_entry(front, name) for name in setting_names()]
    if as_json:
        emit_json(entries)
        return
    table(("setting", "value", "from"), [(e["id"], e["value"], e["origin"]) for e in entries])


@config.command("get", help="One setting.")
@click.argument("name")
@json_option
@pass_front
def get_setting(front: Front, name: str, as_json: bool) -> None:
    """Print one value."""
    entry = _entry(front, resolve("setting", name, setting_names(), "studytrack config list"))
    if as_json:
        emit_json(entry)
    else:
        say(str(entry["value"]))


@config.command("set", help="Change a setting in the file; comments there stay.")
@click.argument("name")
@click.argument("value")
@json_option
@pass_front
def set_setting(front: Front, name: str, value: str, as_json: bool) -> None:
    """Write one value."""
    from studytrack.services.settings import write_setting

    chosen = resolve("setting", name, setting_names(), "studytrack config list")
    write_setting(front.paths, chosen, value)
    entry = _entry(front, chosen)  # what holds now: the environment wins over the file
    if as_json:
        emit_json(entry)
        return
    say(f"{chosen} = {entry['value']!r}")
    if entry["origin"] == "environment":
        note(f"The environment sets it to this; the file now says {value!r}.")


@config.command("path", help="Where the settings file lies.")
@json_option
@pass_front
def settings_path(front: Front, as_json: bool) -> None:
    """Print the path."""
    path = front.paths.settings
    if as_json:
        emit_json({"path": str(path), "exists": is_there(path)})
    else:
        say(str(path))

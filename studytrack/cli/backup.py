"""`studytrack backup` and `restore`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, confirm, emit_json, is_terminal, note, say, table
from studytrack.errors import UsageFault

if TYPE_CHECKING:
    from studytrack.services.repair import BackupView

_HEADER = ("name", "moment", "events", "why", "bytes")


@click.command(help="Make a verified copy of the database, or list the copies.")
@click.option("--list", "listed", is_flag=True, help="List them, the newest first.")
@json_option
@pass_front
def backup(front: Front, listed: bool, as_json: bool) -> None:
    """Make or list backups."""
    from studytrack.services.repair import list_backups, make_backup

    if not listed:
        made = make_backup(front.study)
        if as_json:
            emit_json(_data(made))
        else:
            say(f"{made.path}: {_count(made.events)}, verified.")
        return
    found = list_backups(front.paths)
    if as_json:
        emit_json([_data(one) for one in found])
        return
    rows = [(one.name, one.moment, one.events, one.label, one.size) for one in found]
    table(_HEADER, rows, "No backup yet: `studytrack backup` makes one.")


@click.command(help="Go back to a backup; newer answers come back from the journal.")
@click.argument("name", default="latest")
@click.option("--exact", is_flag=True, help="As it was then: leave the newer answers out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_front
def restore(front: Front, name: str, exact: bool, yes: bool, as_json: bool) -> int:
    """Restore a backup."""
    from studytrack.services.repair import restore as put_back

    if not yes and not _confirmed(name):
        note("Nothing was changed.")
        return ANSWER_IS_NO
    done = put_back(front.study, name, exact=exact)
    if as_json:
        emit_json({"id": done.name, "title": f"restored {done.name}", **_plain(done)})
        return 0
    for one in done.passed_over:
        note(f"The backup {one} It was passed over.")
    say(f"Restored {done.name}: {_count(done.events)}.")
    say(f"{_count(done.reapplied, 'newer event')} came back from the journal.")
    if done.kept is not None:
        say(f"What was there before is kept as {done.kept}.")
    return 0


def _confirmed(name: str) -> bool:
    if not is_terminal(sys.stdin):
        raise UsageFault(
            "A restore replaces the database.",
            "There is no terminal to ask on.",
            "Say --yes if it is meant.",
        )
    return confirm(f"Replace the database by the backup `{name}`?")


def _count(number: int, word: str = "event") -> str:
    return f"{number:,} {word}{'s' if number != 1 else ''}"


def _data(one: BackupView) -> dict[str, Any]:
    return {"id": one.name, "title": f"{one.moment} {one.label}", **_plain(one)}


def _plain(record: Any) -> dict[str, Any]:
    """Return a record as JSON shows it: paths as text."""
    return {
        key: value if value is None or isinstance(value, int | tuple) else str(value)
        for key, value in asdict(record).items()
    }

"""Changing a setting in the file: one value, with the rest and its comments kept as they are.

Reading settings is `config`'s; tomlkit is imported here alone, when something is written.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from studytrack.clock import find_clock
from studytrack.config import load_settings, parse_setting
from studytrack.errors import ConfigFault, EnvironmentFault
from studytrack.paths import Paths, ensure


def write_setting(paths: Paths, name: str, text: str) -> None:
    """Set `name` (dotted) to the value that `text` spells.

    Raises:
        ConfigFault: the value is unusable, or the file is unreadable already; nothing is written.
        EnvironmentFault: the file cannot be written.
    """
    import tomlkit

    value = parse_setting(name, text)
    if name == "study.zone" and value:
        find_clock({}, value)  # a zone that is not there would stop every command
    load_settings(paths.settings, {})  # a broken file is the learner's to mend, not ours to replace
    path = paths.settings.resolve()  # a link into a folder of dotfiles is followed, not replaced
    document = tomlkit.parse(path.read_text("utf-8-sig")) if path.exists() else tomlkit.document()
    _put(document, name, value)
    _replace(path, tomlkit.dumps(document))


def _put(document: MutableMapping[str, Any], name: str, value: Any) -> None:
    """Set a value where it stands already: `study.minutes` as a key of its table or as one key."""
    table, _, key = name.rpartition(".")
    if not table or name in document:
        document[name] = value
        return
    if table not in document:
        document[table] = {}
    document[table][key] = value


def _replace(path: Path, text: str) -> None:
    ensure(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        try:
            temporary.write_text(text, encoding="utf-8")
            load_settings(temporary, {})
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"Cannot write {path}.",
            f"The system says: {error.strerror or error}.",
            "Make it writable, or choose another place with --home DIR.",
        ) from error
    except ConfigFault as error:
        raise ConfigFault(
            f"{path} cannot be changed without damage.", error.why, "Edit it by hand."
        ) from error

"""Changing a setting in the file: one value, with the rest and its comments kept as they are."""

from __future__ import annotations

import os

from studytrack.config import load_settings, parse_setting
from studytrack.errors import EnvironmentFault
from studytrack.paths import Paths, ensure


def write_setting(paths: Paths, name: str, text: str) -> None:
    """Set `name` (dotted) to the value that `text` spells.

    Raises:
        ConfigFault: the value is unusable, or the file is unreadable already; nothing is written.
        EnvironmentFault: the file cannot be written.
    """
    import tomlkit

    value = parse_setting(name, text)
    load_settings(
        paths.settings, {}
    )  # a broken file is the learner's to mend, never ours to replace
    path = paths.settings
    document = (
        tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    )
    table, _, key = name.rpartition(".")
    target = document
    if table:
        if table not in document:
            document[table] = tomlkit.table()
        target = document[table]
    target[key or name] = value
    ensure(path.parent)
    temporary = path.with_suffix(".tmp")
    try:
        temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
        os.replace(temporary, path)  # noqa: PTH105 - atomic, and says so
    except OSError as error:
        raise EnvironmentFault(
            f"Cannot write {path}.", f"The system says: {error.strerror}.", "Make it writable."
        ) from error

"""Copies of the database: made by SQLite's own backup, verified by opening, renamed into place."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from studytrack.errors import StoreFault
from studytrack.paths import ensure


def back_up(database: Path, folder: Path, name: str) -> Path:
    """Copy `database` to `folder`/`name`.db and return the verified copy.

    Raises:
        StoreFault: the copy cannot be made or does not verify; no half copy is left.
    """
    ensure(folder)
    target, temporary = folder / f"{name}.db", folder / f"{name}.partial"
    try:
        with (
            contextlib.closing(sqlite3.connect(database, timeout=5)) as source,
            contextlib.closing(sqlite3.connect(temporary)) as copy,
        ):
            source.backup(copy)
        with contextlib.closing(sqlite3.connect(temporary)) as copy:
            verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except (sqlite3.Error, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise StoreFault(
            f"No backup of {database} could be made.",
            f"{error}.",
            "Free some space or make the folder writable; nothing was changed.",
        ) from error
    return target

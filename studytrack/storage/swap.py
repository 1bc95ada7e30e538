"""Putting a new database in the place of the old one, in steps that a crash cannot tear.

A new database is complete and on the disk before it is named `studytrack.db.new`. From then on the
replacement is only finished, never undone: by the one who began it, or by the next one who opens.
The old files are moved together and kept. The caller holds the database alone.
"""

from __future__ import annotations

from pathlib import Path

from studytrack.storage.files import (
    COMPANIONS,
    beside,
    free_name,
    is_unfinished,
    sync_file,
    sync_folder,
)


def staged(database: Path) -> Path:
    """Return where a complete new database waits."""
    return database.with_name(f"{database.name}.new")


def stage(new: Path, database: Path) -> None:
    """Let a closed database wait to take the place of another.

    Raises:
        OSError: it cannot be put there; nothing was changed.
    """
    if is_unfinished(new):
        raise OSError(f"{new} is not whole")
    sync_file(new)
    new.replace(staged(database))
    sync_folder(database.parent)


def finish(database: Path) -> Path | None:
    """Move the old files aside and the waiting database into place; return the old one.

    The old name is free before the new database takes it: a log that stays behind would be played
    into the new one. The database moves last, so that after a crash the rest of the files still
    finds the number that the first ones took.

    Raises:
        OSError: a file cannot be moved; the next call goes on.
    """
    kept = free_name(database, "broken")
    moved = False
    for end in (*COMPANIONS, ""):
        old = beside(database, end)
        if old.exists():
            old.replace(beside(kept, end))
            moved = True
    sync_folder(database.parent)
    staged(database).replace(database)
    sync_folder(database.parent)
    return kept if moved else None

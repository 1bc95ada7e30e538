"""SQLite's errors in the words of the error tree: what, why, what to do."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from studytrack.errors import EnvironmentFault, StoreFault, StudytrackError


@contextlib.contextmanager
def explained(database: Path) -> Iterator[None]:
    """Turn what SQLite raises inside into a StoreFault or EnvironmentFault."""
    try:
        yield
    except DBAPIError as error:
        raise explain(database, str(error.orig)) from error
    except sqlite3.Error as error:
        raise explain(database, str(error)) from error


def explain(database: Path, reason: str) -> StudytrackError:
    """Return the error for SQLite's `reason`."""
    lower = reason.lower()
    if "locked" in lower or "busy" in lower:
        return StoreFault(
            f"{database} is busy.",
            "Another program has been writing to it for more than five seconds.",
            "Close the other one, or try again. Nothing was saved.",
        )
    if "readonly" in lower or "unable to open" in lower or "permission" in lower:
        return EnvironmentFault(
            f"{database} cannot be written.",
            f"SQLite says: {reason}.",
            "Make the folder writable, or choose another place with --home DIR. Nothing was saved.",
        )
    if "full" in lower:
        free = shutil.disk_usage(database.parent).free
        return StoreFault(
            f"{database}: the disk is full ({free >> 20:,} MiB free).",
            "The last answer was not saved; all before it are.",
            "Free some space and answer again.",
        )
    return not_ours(database, f"SQLite says: {reason}.")


def not_ours(path: Path, why: str) -> StoreFault:
    """Return the error for a file that cannot be used as the database."""
    return StoreFault(
        f"{path} cannot be used as the database.",
        why,
        "Move it away, or restore a copy from the backups folder beside it. Nothing was changed.",
    )

"""SQLite's errors in the words of the error tree: what, why, what to do."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from studytrack.errors import EnvironmentFault, StoreFault, StudytrackError

_NO_ROOM = 1 << 20  # bytes; below it a vague error means that the disk is full
_BARRED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT})
_DAMAGE = re.compile("malformed|not a database|could not decode|unsupported file format")
_NO_WRITE = re.compile("readonly|unable to open|disk i/o error|full|permission", re.IGNORECASE)


NOT_SAVED = "Nothing was saved; what was saved before is safe."
NOT_CHANGED = "Nothing was changed."


@contextlib.contextmanager
def explained(database: Path, outcome: str = NOT_SAVED) -> Iterator[None]:
    """Turn what SQLite and the system raise inside into a StoreFault or EnvironmentFault.

    `outcome` is the sentence that says what became of the step that failed.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise explain(database, str(error), outcome) from error
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        reason = "disk is full" if full else f"unable to open: {system_words(error)}"
        raise explain(database, reason, outcome) from error


def system_words(error: OSError) -> str:
    """Return what the system says, with the file it speaks of.

    >>> system_words(PermissionError(13, "Permission denied", "/a/b"))
    '/a/b: Permission denied'
    """
    words = error.strerror or str(error)
    return f"{error.filename}: {words}" if error.filename else words


def explain(database: Path, reason: str, outcome: str = NOT_SAVED) -> StudytrackError:
    """Return the error for SQLite's `reason`; `outcome` says what became of the step."""
    lower = reason.lower()
    if "locked" in lower or "busy" in lower:
        return StoreFault(
            f"{database} is busy.",
            "Another program has been writing to it for more than five seconds.",
            f"Close the other one, or try again. {outcome}",
        )
    vague = "unable to open" in lower or "i/o error" in lower
    if "full" in lower or (vague and _free(database) < _NO_ROOM):
        return StoreFault(
            f"{database}: the disk is full ({_free(database) >> 20:,} MiB free).",
            outcome,
            "Free some space and do it again.",
        )
    if "readonly" in lower or "unable to open" in lower or "permission" in lower:
        return EnvironmentFault(
            f"{database} cannot be written.",
            f"The system says: {reason}.",
            f"Make the folder writable, or choose another place with --home DIR. {outcome}",
        )
    if _DAMAGE.search(lower):
        return damaged(database, f"SQLite says: {reason}.")
    return not_ours(database, f"SQLite says: {reason}.")


def stops_writing_only(error: StudytrackError) -> bool:
    """Tell whether an error in opening may leave the database readable: no room, or no right."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        return cause.errno in _BARRED
    return isinstance(cause, sqlite3.OperationalError) and bool(_NO_WRITE.search(str(cause)))


def damaged(path: Path, why: str) -> StoreFault:
    """Return the error for a database whose bytes are not what was written."""
    return StoreFault(
        f"{path} is damaged and cannot be used as the database.",
        why,
        "`studytrack doctor --repair` rebuilds it from the newest backup and the journal and keeps "
        "the damaged file; `studytrack restore` goes back to a backup. Nothing was changed.",
    )


def not_ours(path: Path, why: str) -> StoreFault:
    """Return the error for a file that cannot be used as the database."""
    return StoreFault(
        f"{path} cannot be used as the database.",
        why,
        "Move it away, or go back to one of the backups beside it with `studytrack restore`. "
        "Nothing was changed.",
    )


def _free(database: Path) -> int:
    try:
        return shutil.disk_usage(database.parent).free
    except OSError:
        return _NO_ROOM

"""Copies of the database: made by SQLite's own backup, verified by opening, renamed into place.

A copy's name holds the moment of its newest row in UTC, how many rows it has, and why it was made:
`20261124T070000Z-1234-day.db`. Which copies are thinned out follows from the names alone, so a
clock that is off deletes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from studytrack.errors import EnvironmentFault, StoreFault, StudytrackError
from studytrack.paths import ensure
from studytrack.storage.files import companions, make_private, reading, sync_file, sync_folder
from studytrack.storage.tidying import making_a_copy

ALL_OF = timedelta(days=2)
DAILY, WEEKLY, MONTHLY = 12, 10, 9
_NAME = re.compile(r"(\d{8}T\d{6})Z-(\d+)-([a-z0-9-]+)")
_COUNTS = "SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM attempt)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One verified copy: of which moment, with how many log rows, and why it was made."""

    path: Path
    moment: datetime
    events: int
    label: str

    @property
    def name(self) -> str:
        """The name by which it is restored."""
        return self.path.stem


def back_up(database: Path, folder: Path, label: str) -> Path:
    """Copy `database` into `folder` and return the verified copy.

    Raises:
        StoreFault: the copy cannot be made or does not verify; no half copy is left.
    """
    temporary = ensure(folder) / f".{os.getpid()}-{label}.partial"
    try:
        with making_a_copy(folder):
            moment, count = _copied(database, temporary)
            target = folder / f"{moment:%Y%m%dT%H%M%SZ}-{count}-{label}.db"
            temporary.replace(target)
        sync_folder(folder)
    except (sqlite3.Error, OSError) as error:
        raise _no_backup(database, folder, error) from error
    finally:
        for path in (temporary, *companions(temporary)):
            path.unlink(missing_ok=True)
    thin(folder, keep=target)
    return target


def _copied(database: Path, temporary: Path) -> tuple[datetime, int]:
    """Write a verified copy; return the moment of its newest row, and its rows."""
    make_private(temporary)
    with reading(database) as source:
        source.execute("BEGIN")  # the counts and the copy are of one moment
        counts = source.execute(_COUNTS).fetchone()
        moment = _newest_moment(source)
        with contextlib.closing(sqlite3.connect(temporary)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
    verify(temporary, counts)
    sync_file(temporary)
    return moment, counts[0]


def _no_backup(database: Path, folder: Path, error: Exception) -> StudytrackError:
    """Return the error for a backup that failed: the folder is at fault, or the database."""
    what = f"No backup of {database} could be made."
    if isinstance(error, OSError) and error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        remedy = f"Make {folder} writable. Nothing was changed."
        return EnvironmentFault(what, f"The system says: {error}.", remedy)
    remedy = "Free some space or make the folder writable; nothing was changed."
    return StoreFault(what, f"{error}.", remedy)


def verify(path: Path, counts: tuple[int, int] | None = None) -> None:
    """Open a copy and look at all of it.

    Raises:
        sqlite3.Error: it is damaged, or its log and attempts have other counts.
    """
    with reading(path, alone=True) as copy:
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        found = copy.execute(_COUNTS).fetchone()
    if counts is not None and found != counts:
        raise sqlite3.DatabaseError(f"The copy holds {found} rows, not {counts}")


def backups(folder: Path) -> list[Backup]:
    """Return the copies in a folder, the oldest first."""
    found = []
    for path in folder.glob("*.db") if folder.is_dir() else ():
        if (match := _NAME.fullmatch(path.stem)) and path.is_file():
            with contextlib.suppress(ValueError):  # digits that are no date
                moment = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
                found.append(Backup(path=path, moment=moment, events=int(match[2]), label=match[3]))
    return sorted(found, key=lambda one: (one.moment, one.events, one.label))


def thin(folder: Path, keep: Path) -> None:
    """Delete the copies that are not worth their space; never the one just made."""
    for one in superfluous(backups(folder)):
        if one.path != keep:
            for path in (one.path, *companions(one.path)):
                with contextlib.suppress(OSError):
                    path.unlink()


def superfluous(found: Iterable[Backup]) -> list[Backup]:
    """Return the copies that thinning deletes.

    Kept are all of the two days before the newest, then the newest of each of 12 days, 10 weeks
    and 9 months in which there are older ones.
    """
    left = sorted(found, key=lambda one: (one.moment, one.events), reverse=True)
    kept = {one.path for one in left if one.moment > left[0].moment - ALL_OF}
    left = [one for one in left if one.path not in kept]
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (DAILY, lambda moment: moment.date()),
        (WEEKLY, lambda moment: moment.isocalendar()[:2]),
        (MONTHLY, lambda moment: (moment.year, moment.month)),
    )
    for most, period in periods:
        newest: dict[object, Backup] = {}
        for one in left:
            newest.setdefault(period(one.moment), one)
        chosen = list(newest.values())[:most]
        kept |= {one.path for one in chosen}
        end = period(chosen[-1].moment) if len(chosen) == most else None
        # What is older than the last of these periods falls to the next, longer ones.
        left = [one for one in left if end is not None and _older(period(one.moment), end)]
    return [one for one in found if one.path not in kept]


def _older(one: object, end: object) -> bool:
    return one < end  # type: ignore[operator, no-any-return]  # dates, or pairs of numbers


def _newest_moment(connection: sqlite3.Connection) -> datetime:
    found = connection.execute("SELECT utc_ms FROM log ORDER BY clock DESC LIMIT 1").fetchone()
    return datetime.fromtimestamp(found[0] // 1000 if found else 0, UTC)

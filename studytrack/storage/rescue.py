"""Putting another database in the place of the one that is there: after damage, or by choice.

The new one is built beside the old one from a backup, the journal, and what can still be read of
the old one; it is looked at before it takes the place, and the old one is kept under another name.
Nobody else may have the database open meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from studytrack.errors import StoreFault, StudytrackError
from studytrack.paths import Paths, ensure
from studytrack.storage.aside import Aside, aside_file, move_aside
from studytrack.storage.backup import Backup, backups, verify
from studytrack.storage.every_row import Stored, every_row, fault_of
from studytrack.storage.faults import damaged, explained
from studytrack.storage.journal import Contents, read_journal
from studytrack.storage.migrate import check_revision
from studytrack.storage.presence import alone
from studytrack.storage.rows import SELECT_ATTEMPTS, SELECT_ROWS, attempt_of, row_of
from studytrack.storage.store import Store

_COMPANIONS = ("-wal", "-shm")
_PORTION = 500
_HEX = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What was put in place, and from where its events come.

    `base` is the backup that was begun with ("" for none), `from_journal` and `from_old` count the
    events that it lacked; `kept` is the old file, None if there was none.
    """

    base: str
    events: int
    from_journal: int
    from_old: int
    kept: Path | None


def is_damaged(database: Path) -> bool:
    """Tell whether the file that is there is no whole database.

    One that is busy, newer or missing is not damaged.
    """
    if not database.exists() or database.stat().st_size == 0:
        return False
    address = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return not re.search("locked|busy|unable to open|readonly|authoriz", str(error))
    return bool(found[0] != "ok")


def rebuild(paths: Paths) -> Replaced:
    """Replace a damaged database by the newest good backup, the journal and what is left of it.

    Raises:
        StoreFault: it is open elsewhere, or there is nothing to rebuild it from.
    """
    with alone(paths.data), explained(paths.database):
        return _replace(paths, _newest_good(paths), salvage=True)


def restore(paths: Paths, chosen: Backup, *, exact: bool = False) -> Replaced:
    """Replace the database by a backup and the newer events of the journal.

    Args:
        paths: the learner's directories.
        chosen: the backup.
        exact: leave the newer events out; the journal that has them is kept beside.

    Raises:
        StoreFault: it is open elsewhere, or the backup is damaged; nothing was changed.
    """
    with alone(paths.data), explained(paths.database):
        try:
            verify(chosen.path)
        except sqlite3.Error as error:
            raise damaged(chosen.path, f"SQLite says: {error}.") from error
        return _replace(paths, chosen, salvage=False, exact=exact)


def read_database(path: Path, paths: Paths) -> list[Stored]:
    """Return all rows and attempts of another database, which is only read, as they are stored.

    Args:
        path: the other database; of this version or an older one.
        paths: where a copy may be made and brought up to date.

    Raises:
        StoreFault: it is damaged, newer, or no database of studytrack.
    """
    try:
        with _workshop(paths) as place, explained(path):
            check_revision(path)
            _copy(path, place.database)
            Store.open(place, copies=False).close()  # brings it up to date
            with contextlib.closing(sqlite3.connect(place.database)) as connection:
                return list(every_row(connection))
    except StoreFault as error:
        raise StoreFault(
            f"{path} cannot be imported.",
            f"{error.what} {error.why}",
            "Choose a whole database of this version of studytrack or an older one. "
            "Nothing was changed.",
        ) from error


def _newest_good(paths: Paths) -> Backup | None:
    for one in reversed(backups(paths.backups)):
        with contextlib.suppress(sqlite3.Error):
            verify(one.path)
            return one
    return None


def _replace(paths: Paths, base: Backup | None, *, salvage: bool, exact: bool = False) -> Replaced:
    journal = Contents() if exact else _journal(paths.journal)
    old = _salvage(paths.database) if salvage else {"log": [], "attempts": []}
    if base is None and not (journal.log or journal.attempts or old["log"] or old["attempts"]):
        raise StoreFault(
            f"{paths.database} cannot be rebuilt.",
            f"There is neither a good backup in {paths.backups} nor a journal beside it.",
            "`studytrack import FILE` brings in an export or another database. "
            "Nothing was changed.",
        )
    with _workshop(paths) as place:
        if base is not None:
            _copy(base.path, place.database)
            _set_aside(place.database, paths)
        store = Store.open(place, copies=False)
        try:
            from_journal = store.merge({"log": journal.log, "attempts": journal.attempts})
            from_old = store.merge(_unseen(store, old)) if salvage else 0
            if base is None and journal.device_id:
                store.adopt(journal.device_id)
            store.rebuild()
            events = store.size()
            if problems := store.check():
                raise damaged(place.database, "; ".join(problems))
        finally:
            store.close()
        kept = _swap(place.database, paths.database)
    if exact and paths.journal.exists():
        paths.journal.replace(_free_name(paths.journal, "before-restore"))
    for path in (paths.data / "writers").glob("*"):  # they wrote the old one
        path.unlink(missing_ok=True)
    return Replaced(
        base=base.name if base else "",
        events=events,
        from_journal=from_journal,
        from_old=from_old,
        kept=kept,
    )


def _set_aside(database: Path, paths: Paths) -> None:
    """Take rows that break a rule out of a copy; they would end the rebuilding."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        move_aside(connection, Aside(path=aside_file(paths.data)))


def _journal(path: Path) -> Contents:
    try:
        return read_journal(path, judged=True)
    except FileNotFoundError:
        return Contents()


@contextlib.contextmanager
def _workshop(paths: Paths) -> Iterator[Paths]:
    """Yield directories under the data directory that are gone afterwards."""
    place = ensure(paths.data) / f"rebuild-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    try:
        yield replace(paths, data=ensure(place))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    address = f"{source.resolve().as_uri()}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(address, uri=True, timeout=5)) as read,
        contextlib.closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)


def _swap(new: Path, database: Path) -> Path | None:
    """Put a closed database in the place of another; return where that one is kept."""
    kept: Path | None = None
    if database.exists():
        kept = _free_name(database, "broken")
        for end in ("", *_COMPANIONS):
            source = database.with_name(database.name + end)
            if source.exists():
                shutil.copy2(source, kept.with_name(kept.name + end))
        for end in _COMPANIONS:  # a log left behind would be played into the new database
            database.with_name(database.name + end).unlink(missing_ok=True)
    new.replace(database)
    with contextlib.suppress(OSError):
        folder = os.open(database.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return kept


def _free_name(path: Path, word: str) -> Path:
    number = 1
    while (found := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    return found


def _salvage(database: Path) -> Mapping[str, Any]:
    """Return the rows and attempts that can still be read of a damaged database."""
    found: dict[str, list[Any]] = {"log": [], "attempts": []}
    if not database.exists():
        return found
    with contextlib.suppress(sqlite3.Error, StudytrackError):
        address = f"{database.resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
            for record in _readable(connection, f"{SELECT_ROWS} NOT INDEXED", "log"):
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    found["log"].append(row_of(record)._asdict())
            for record in _readable(connection, f"{SELECT_ATTEMPTS} NOT INDEXED", "attempt"):
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    found["attempts"].append(asdict(attempt_of(record)))
    return found


def _unseen(store: Store, old: Mapping[str, Any]) -> dict[str, Any]:
    """Return what only the damaged database has, where it looks as it was written.

    A flipped byte can give a row another id; no device has two rows of one clock.
    """
    taken = {(row.device_id, row.clock) for row in store.rows()}
    graded = {(made.device_id, made.clock) for made in store.attempts()}
    return {
        "log": [row for row in old["log"] if _sound(row, "event_id", taken)],
        "attempts": [made for made in old["attempts"] if _sound(made, "attempt_id", graded)],
    }


def _sound(row: Mapping[str, Any], key: str, taken: set[tuple[str, int]]) -> bool:
    numbers = (row["clock"], row["utc_ms"], row["offset_min"], row["study_day"])
    words = (row[key], row["device_id"], row.get("kind", ""), row.get("item_id", ""))
    return (
        all(isinstance(number, int) for number in numbers)
        and all(isinstance(word, str) for word in words)
        and _HEX.fullmatch(row[key]) is not None
        and (row["device_id"], row["clock"]) not in taken
        and fault_of("log" if key == "event_id" else "attempt", row) is None
    )


def _readable(connection: sqlite3.Connection, text: str, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield the records of a table, row by row around what cannot be read."""
    try:
        (last,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608 - fixed names
    except sqlite3.Error:
        return
    for start in range(0, last or 0, _PORTION):
        end = min(start + _PORTION, last)
        where = f"{text} WHERE rowid > ? AND rowid <= ?"
        try:
            yield from connection.execute(where, (start, end)).fetchall()
        except sqlite3.Error:
            for number in range(start, end):
                with contextlib.suppress(sqlite3.Error):
                    yield from connection.execute(where, (number, number + 1)).fetchall()

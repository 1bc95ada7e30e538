"""Rows that break the rules, moved out of the database and the journal into a file that keeps them.

The file `studytrack.aside.jsonl` lies beside the database. Each line holds one row as it was, and
what is wrong with it; nothing ever reads it but a person. A row that can be put right is kept there
too and stays in the log: one whose texts are too long or hold half a surrogate pair, and one whose
clock or study day cannot be, which happens to every answer that follows such a row.

The order makes a crash harmless: first the file is on the disk, then the database changes in one
transaction, then a new journal takes the place of the old one. Whatever is missing of that is done
by the next call; at worst a row stands twice in the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.row_rules import Fault, redated
from studytrack.paths import Paths
from studytrack.storage.caches import Caches
from studytrack.storage.every_row import Stored, Table, every_row, fault_of, mended, table_of
from studytrack.storage.faults import explained
from studytrack.storage.files import open_regular, sync_folder
from studytrack.storage.journal import event_of, lines_of
from studytrack.storage.logbook import Logbook
from studytrack.storage.migrate import check_revision
from studytrack.storage.presence import alone
from studytrack.storage.rows import ATTEMPT_NAMES, LOG_NAMES, attempt_values, row_values
from studytrack.storage.sources import Key, text_of

_KEYS: Mapping[Table, str] = {"log": "event_id", "attempt": "attempt_id"}


@dataclass(slots=True)
class Aside:
    """What was done: rows taken out of the database or put right there, lines of the journal.

    `faults` counts the rows that were taken out by what was wrong with them; `right` are those that
    were put right, by their ids, and `clock` is the last clock that one of them has. `kept` are the
    rows of the database as they were, so that the journal's need not be kept again.
    """

    path: Path
    taken: int = 0
    lines: int = 0
    clock: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    right: dict[str, LogRow | Attempt] = field(default_factory=dict)
    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def aside_file(data: Path) -> Path:
    """Return where rows are kept that were set aside."""
    return data / "studytrack.aside.jsonl"


def needs_cleaning(paths: Paths) -> bool:
    """Tell whether a row of the database or a line of the journal breaks a rule.

    Raises:
        StoreFault: the database cannot be read, or is of a newer version, whose rules are others.
    """
    check_revision(paths.database)
    if paths.database.exists():
        with explained(paths.database), _connected(paths.database) as connection:
            if any(one.fault is not None for one in every_row(connection)):
                return True
    return any(fault is not None for _, _, _, fault in _lines(paths.journal))


def set_aside(paths: Paths) -> Aside:
    """Take what breaks the rules out of the database and the journal; rebuild what follows.

    Raises:
        StoreFault: the database is open elsewhere, or damaged.
        EnvironmentFault: the place cannot be written; nothing was changed.
    """
    done = Aside(path=aside_file(paths.data))
    with alone(paths.data), explained(paths.database):
        if paths.database.exists():
            with _connected(paths.database) as connection:
                move_aside(connection, done)
        _clean_journal(paths.journal, done)
    return done


def keep_the_rules(paths: Paths, texts: dict[Key, bytes]) -> None:
    """Put events right that break a rule; take out those that cannot be, and keep them aside.

    Args:
        paths: where the file of what was set aside lies.
        texts: events as the texts of their journal lines; they are changed.
    """
    done = Aside(path=aside_file(paths.data))
    faulty = []
    for key, text in texts.items():
        event = json.loads(text)[key[0]]
        if (fault := fault_of(table_of(key[0]), event)) is not None:
            faulty.append((key, event, fault))
    if not faulty:
        return
    _keep(done.path, ((key[0], event, fault) for key, event, fault in faulty))
    for key, event, _ in sorted(faulty, key=lambda one: _by_clock(one[1])):
        made = _put_right(table_of(key[0]), event, done)
        if made is None:
            del texts[key]
        else:
            texts[key] = text_of(made).encode()


def move_aside(connection: sqlite3.Connection, done: Aside) -> None:
    """Take what breaks the rules out of an open database, in one transaction.

    Args:
        connection: without a transaction; nobody else writes.
        done: counts what was done.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if faulty := [one for one in every_row(connection) if one.fault is not None]:
            _keep(done.path, ((one.table, one.raw, one.fault) for one in faulty))
            done.kept = {str(one.raw[_KEYS[one.table]]): one.raw for one in faulty}
            # New clocks follow the order of the old ones.
            for one in sorted(faulty, key=lambda one: _by_clock(one.raw)):
                _take_out(connection, one, done)
            connection.execute("DELETE FROM meta WHERE name = 'journal'")  # compare the two anew
            for name in ("memory", "entity"):  # whatever stands there follows from the log
                connection.execute(f"DELETE FROM {name}")  # noqa: S608 - two fixed names
            Caches(connection, Logbook(connection)).rebuild()
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _take_out(connection: sqlite3.Connection, one: Stored, done: Aside) -> None:
    """Delete a row; write it again where it can be put right."""
    connection.execute(f"DELETE FROM {one.table} WHERE rowid = ?", (one.number,))  # noqa: S608 - two fixed names
    made = _put_right(one.table, one.raw, done)
    if made is None:
        done.taken += 1
        word = one.fault.field if one.fault else ""
        done.faults[word] = done.faults.get(word, 0) + 1
        return
    values = row_values(made) if isinstance(made, LogRow) else attempt_values(made)
    names = LOG_NAMES if isinstance(made, LogRow) else ATTEMPT_NAMES
    marks = ", ".join("?" * (len(values) + 1))
    connection.execute(
        f"INSERT INTO {one.table} (rowid, {', '.join(names)}) VALUES ({marks})",  # noqa: S608 - fixed names
        (one.number, *values),
    )


def _put_right(table: Table, raw: Mapping[str, Any], done: Aside) -> LogRow | Attempt | None:
    """Return a row as it can stay; None if something else is wrong with it."""
    name = raw.get(_KEYS[table])
    if name in done.right:
        return done.right[name]
    made = redated(mended(table, raw), done.clock)
    if fault_of(table, made) is not None:
        return None
    found = LogRow(**made) if table == "log" else Attempt(**made)
    done.right[str(name)] = found
    done.clock = max(done.clock, found.clock)
    return found


def _by_clock(raw: Mapping[str, Any]) -> int:
    """Return by what rows are sorted before they are put right."""
    clock = raw.get("clock")
    return clock if type(clock) is int else 0


# --- the file -----------------------------------------------------------------------------------


def _keep(path: Path, rows: Iterable[tuple[str, Any, Fault | None]]) -> None:
    """Append rows to the file and bring them onto the disk."""
    with path.open("ab") as file:
        for table, raw, fault in rows:
            entry = {table: raw, "fault": str(fault)}
            file.write(f"{json.dumps(entry, default=_shown)}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)
    sync_folder(path.parent)


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)


# --- the journal --------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[tuple[bytes, Table | None, Any, Fault | None]]:
    """Yield the lines of a journal; table and row where there is one, and what is wrong with it."""
    try:
        file = os.fdopen(open_regular(path), "rb")
    except OSError:
        return
    with file:
        for line in file:
            event = event_of(line)
            if event is None:
                yield line, None, None, None
            else:
                yield line, event[0], event[1], fault_of(*event)


def _clean_journal(path: Path, done: Aside) -> None:
    """Put a journal without the lines that break a rule in the place of the old one."""
    faulty = [(table, raw, fault) for _, table, raw, fault in _lines(path) if fault is not None]
    if not faulty:
        return
    _keep(
        done.path,
        (
            (str(table), raw, fault)
            for table, raw, fault in faulty
            if table is None or not _is_kept(table, raw, done)
        ),
    )
    young = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with young.open("wb") as file:
            young.chmod(0o600)
            for line, table, raw, fault in _lines(path):
                file.write(line if fault is None else _line_put_right(table, raw, done))
            file.flush()
            os.fsync(file.fileno())
        young.replace(path)
    finally:
        young.unlink(missing_ok=True)
    sync_folder(path.parent)
    done.lines += len(faulty)


def _is_kept(table: Table, raw: dict[str, Any], done: Aside) -> bool:
    """Tell whether the same row of the database lies aside already."""
    found = done.kept.get(str(raw.get(_KEYS[table])))
    whole = LogRow(**raw)._asdict() if table == "log" else asdict(Attempt(**raw))
    return found == whole


def _line_put_right(table: Table | None, raw: Any, done: Aside) -> bytes:
    """Return the line of a row that was put right; nothing for one that is taken out."""
    assert table is not None
    made = _put_right(table, raw, done)
    if made is None:
        return b""
    lines = lines_of([made]) if isinstance(made, LogRow) else lines_of([], [made])
    return "".join(f"{line}\n" for line in lines).encode()


@contextlib.contextmanager
def _connected(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(database, timeout=5, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL").close()
        yield connection
    finally:
        connection.close()

"""The journal: every committed event as a line of JSON beside the database, a second copy of it.

A line is written after its commit, at once to the system, so that a killed process loses none; it
is synced to the disk when the store settles. The file is only ever appended to, also by several
processes: a line may be cut short by a full disk or stand twice, and readers put up with both. A
checkpoint in the database tells how far the two were seen to agree, so that opening need not
compare them. Nothing here decides which of the two is right.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studytrack.domain.log import Attempt, LogRow
from studytrack.storage.every_row import Table, fault_of, mended
from studytrack.storage.files import open_regular, sync_folder
from studytrack.storage.lines import ATTEMPT, KEYS, LOG, checked, head_of, is_head, sealed, unsealed
from studytrack.storage.logbook import CHUNK, known_ids
from studytrack.storage.rows import (
    SELECT_ATTEMPTS,
    SELECT_ROWS,
    attempt_line,
    attempt_of,
    row_line,
    row_of,
)

_LONGEST_HEAD = 4096  # bytes
_TABLES: tuple[Table, ...] = ("log", "attempt")
_FAR = 256  # rows behind which the checkpoint is written anew


@dataclass(slots=True)
class Contents:
    """What a journal holds. `damaged` counts lines that are cut or are no event.

    `refused` are the events that break a rule, a sentence each; they are in neither list.
    """

    log: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    device_id: str = ""
    damaged: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Up to these row numbers and this many bytes, database and journal agree."""

    log: int = 0
    attempt: int = 0
    size: int = 0
    name: str = ""  # of the journal, so that another file in its place is noticed


class Journal:
    """The journal of one database; the caller holds the lock, and writes only after a commit."""

    def __init__(self, connection: sqlite3.Connection, path: Path, device_id: str) -> None:
        self._connection = connection
        self._path = path
        self._device = device_id
        self._file: int | None = None
        self._saved = self._seen = self._stored_checkpoint()
        self._torn = self._unsynced = self._is_new = False
        self.missing_here = 0  # events of the journal that the database lacks
        self.fault: OSError | None = None  # why the last write failed

    # --- writing -----------------------------------------------------------------------------

    def add(self, lines: Sequence[str], log: Sequence[int], attempts: Sequence[int]) -> None:
        """Write the lines of one commit, whose rows have these numbers; a fault is kept."""
        end = self._write(lines)
        if end is None:
            return
        follows = (
            (not log or log[0] == self._seen.log + 1)
            and (not attempts or attempts[0] == self._seen.attempt + 1)
            and end[0] == self._seen.size
        )
        if follows:  # else another process wrote in between; `catch_up` looks at it
            self._seen = Checkpoint(
                log=log[-1] if log else self._seen.log,
                attempt=attempts[-1] if attempts else self._seen.attempt,
                size=end[1],
                name=self._seen.name,
            )

    def catch_up(self) -> None:
        """Append what the database has and the journal lacks; count the reverse."""
        newest = self._newest()
        size = self._size()
        seen = self._seen
        if (newest, size) == ((seen.log, seen.attempt), seen.size) and (size or newest == (0, 0)):
            return
        if size < seen.size or newest[0] < seen.log or newest[1] < seen.attempt or not size:
            seen = Checkpoint()  # a shorter file or database is not the one that was seen
        elif seen.size and self._name() != seen.name:
            seen = Checkpoint()
        try:
            found = self._ids_from(seen.size)
        except OSError as error:
            self.fault = error
            return
        self.missing_here += sum(
            len(names) - len(known_ids(self._connection, kind, KEYS[kind], names))
            for kind, names in found.items()
        )
        if size > seen.size:  # another process wrote it, and may have died before it was synced
            with contextlib.suppress(OSError):
                self._opened()
                self._unsynced = True
        whole = True
        for lines in self._lines_behind(seen, found):
            whole = self._write(lines) is not None and whole
        if whole:
            log, attempt = newest
            name = seen.name or self._name()
            self._seen = Checkpoint(log=log, attempt=attempt, size=self._size(), name=name)

    def is_foreign(self) -> bool:
        """Tell whether the file was begun by another home, as `sources.is_foreign` does."""
        name, device = journal_head(self._path)
        if device in {"", self._device} or name == self._saved.name:
            return False
        text = "SELECT 1 FROM log WHERE device_id = ? LIMIT 1"
        own, its = (
            self._connection.execute(text, (one,)).fetchone() for one in (self._device, device)
        )
        return own is not None or its is None

    def sync(self) -> None:
        """Put what was written onto the disk, and the name of a new file too."""
        if self._unsynced and self._file is not None:
            try:
                os.fsync(self._file)
                if self._is_new:
                    sync_folder(self._path.parent)
                self._unsynced = self._is_new = False
            except OSError as error:
                self.fault = error

    def checkpoint(self, *, always: bool = False) -> Checkpoint | None:
        """Return what is to be stored as the checkpoint; None if the stored one is near enough."""
        seen, saved = self._seen, self._saved
        behind = seen.log - saved.log + seen.attempt - saved.attempt
        if (
            self._unsynced
            or self.missing_here
            or not (behind > _FAR or behind < 0 or (always and seen != saved))
        ):
            return None
        self._saved = seen
        return seen

    def close(self) -> None:
        """Sync and close the file."""
        self.sync()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, lines: Sequence[str]) -> tuple[int, int] | None:
        """Append lines; return where they begin and end, or None if that failed."""
        text = "".join(f"{line}\n" for line in lines).encode()
        try:
            file = self._opened()
            data = b"\n" + text if self._torn else text
            written = os.write(file, data)
            if written < len(data):  # a full disk takes a part; the next write tells why
                self._torn = True
                written += os.write(file, data[written:])
            self._torn = written < len(data)
            if self._torn:
                raise OSError("only a part of a line could be written")
            end = os.lseek(file, 0, os.SEEK_CUR)
        except OSError as error:
            self.fault = error
            return None
        self._unsynced = True
        self.fault = None
        return end - len(data), end

    def _opened(self) -> int:
        if self._file is None:
            self._file = open_regular(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            size = os.fstat(self._file).st_size
            if size == 0:
                name = secrets.token_hex(8)
                head = sealed(json.dumps({"journal": name, "device": self._device}))
                os.write(self._file, f"{head}\n".encode())
                self._seen = Checkpoint(size=len(head) + 1, name=name)
                self._is_new = True
            else:
                self._torn = os.pread(self._file, 1, size - 1) != b"\n"
        return self._file

    # --- comparing ---------------------------------------------------------------------------

    def _stored_checkpoint(self) -> Checkpoint:
        found = self._connection.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()
        with contextlib.suppress(ValueError, TypeError):
            stored = Checkpoint(**json.loads(found[0])) if found else Checkpoint()
            if {type(stored.log), type(stored.attempt), type(stored.size)} == {int}:
                return stored
        return Checkpoint()

    def _newest(self) -> tuple[int, int]:
        """Return the highest row numbers; rows are never removed, so these only grow."""
        (log,) = self._connection.execute("SELECT max(rowid) FROM log").fetchone()
        (attempt,) = self._connection.execute("SELECT max(rowid) FROM attempt").fetchone()
        return log or 0, attempt or 0

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _name(self) -> str:
        return journal_head(self._path)[0]

    def _ids_from(self, start: int) -> dict[str, set[str]]:
        """Return the ids of the rows and attempts that stand in the file from a byte on."""
        try:
            return journal_ids(self._path, start)[0]
        except FileNotFoundError:
            return {LOG: set(), ATTEMPT: set()}

    def _lines_behind(self, seen: Checkpoint, found: dict[str, set[str]]) -> Iterator[list[str]]:
        """Yield lines for the rows after the checkpoint that the file lacks, in portions."""
        for kind, text, start in (
            (LOG, SELECT_ROWS, seen.log),
            (ATTEMPT, SELECT_ATTEMPTS, seen.attempt),
        ):
            cursor = self._connection.execute(f"{text} WHERE rowid > ? ORDER BY rowid", (start,))
            while records := cursor.fetchmany(CHUNK):
                fresh = [record for record in records if record[0] not in found[kind]]
                # A flipped bit gives a row an id that the index of ids does not have.
                named = [str(record[0]) for record in fresh]
                known = known_ids(self._connection, kind, KEYS[kind], named)
                fresh = [record for record in fresh if record[0] in known]
                if fresh:
                    yield (
                        lines_of(map(row_of, fresh))
                        if kind == LOG
                        else lines_of((), map(attempt_of, fresh))
                    )


def journal_head(path: Path) -> tuple[str, str]:
    """Return the name of a journal and the device of its home; "" for what cannot be read."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return head_of(file.readline(_LONGEST_HEAD)) or ("", "")
    except OSError:
        return "", ""


def journal_ids(path: Path, start: int = 0) -> tuple[dict[str, set[str]], int]:
    """Return the ids under `log` and `attempt`, and how many lines hold none; made for long files.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    found: dict[str, set[str]] = {LOG: set(), ATTEMPT: set()}
    damaged = 0
    with os.fdopen(open_regular(path), "rb") as file:
        file.seek(start)
        for raw in map(bytes.strip, file):
            if line := checked(raw):
                found[line.kind].add(line.name)
            elif raw and not is_head(raw):
                damaged += 1
    return found, damaged


def read_journal(path: Path, *, regular: bool = False, judged: bool = False) -> Contents:
    """Return what a journal holds, each event once, in the order of the file.

    Lines that are cut, hold no event or do not fit their checksum are counted and left out.

    Args:
        path: the journal.
        regular: refuse a pipe, which may never end.
        judged: also refuse events that break a rule, and cut texts that are too long.

    Raises:
        OSError: it cannot be read.
    """
    contents = Contents()
    found: dict[Table, dict[str, dict[str, Any]]] = {"log": {}, "attempt": {}}
    with os.fdopen(open_regular(path), "rb") if regular else path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            event = event_of(line)
            if event is None:
                device = _device_of(line)
                contents.damaged += device is None and bool(line.strip())
                contents.device_id = contents.device_id if device is None else device
            elif judged:
                _judge(contents, found[event[0]], event, number)
            else:
                table, row = event
                found[table].setdefault(row[KEYS[table]], row)
    contents.log, contents.attempts = list(found["log"].values()), list(found["attempt"].values())
    return contents


def event_of(line: bytes) -> tuple[Table, dict[str, Any]] | None:
    """Return the table and the fields that a line of a journal holds; None if it holds no event."""
    try:
        entry = json.loads(unsealed(line.strip()) or b"")
        for table in _TABLES:
            if table in entry:
                row: dict[str, Any] = entry[table]
                _record_of(table, row)
                return table, row
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def _record_of(table: Table, row: dict[str, Any]) -> LogRow | Attempt:
    return LogRow(**row) if table == LOG else Attempt(**row)


def _judge(
    contents: Contents,
    into: dict[str, dict[str, Any]],
    event: tuple[Table, dict[str, Any]],
    number: int,
) -> None:
    """Add an event, or say why it is refused; of events with one id the first counts."""
    table, row = event[0], dict(mended(*event))
    if (fault := fault_of(table, row)) is not None:
        contents.refused.append(f"line {number}: {fault}")
        return
    name = row[KEYS[table]]
    first = into.setdefault(name, row)
    if first is not row and _record_of(table, first) != _record_of(table, row):
        contents.refused.append(f"line {number}: another event before it has the id {name}.")


def _device_of(line: bytes) -> str | None:
    """Return the device that the first line of a journal names; None for other lines."""
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        entry = json.loads(unsealed(line.strip()) or b"")
        return str(entry.get("device", "")) if "journal" in entry else None
    return None


def is_journal(start: bytes) -> bool:
    """Tell whether a file that begins with these bytes is a journal."""
    line = start.split(b"\n", 1)[0].replace(b" ", b"")
    return line.startswith((b'{"journal":', b'{"log":{', b'{"attempt":{'))


def lines_of(rows: Iterable[Any], attempts: Iterable[Any] = ()) -> list[str]:
    """Return the lines of rows and attempts."""
    return [sealed(text) for text in (*map(row_line, rows), *map(attempt_line, attempts))]

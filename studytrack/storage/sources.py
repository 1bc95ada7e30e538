"""What journal, database and backups each hold of the events, and which of them is right.

Every event is compared as the text of its journal line. A line whose checksum is right was not
changed since it was written, so it decides; elsewhere the majority does, and a tie goes to the
database. Nothing here changes a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studytrack.domain.log import Attempt, LogRow
from studytrack.storage.every_row import fault_of, table_of
from studytrack.storage.files import is_misplaced, open_regular, reading
from studytrack.storage.lines import ATTEMPT, LOG, Clue, Line, head_of, mended_lines
from studytrack.storage.rows import (
    SELECT_ATTEMPTS,
    SELECT_ROWS,
    attempt_line,
    attempt_of,
    attempt_values,
    from_json,
    row_line,
    row_of,
    row_values,
)

_PORTION = 500
_PART = 12  # digits of an id that no two events share by chance
_HEX = re.compile(r"[0-9a-f]{32}")
_UNREADABLE = (sqlite3.Error, ValueError, TypeError, KeyError)
Key = tuple[str, str]  # log or attempt, and the id


@dataclass(slots=True)
class Source:
    """The events of one file as texts, and whose it is; `clues` are of events it cannot show.

    `sealed` are those whose checksum was right, and `spoilt` counts lines of a journal that were
    not as they had been written.
    """

    texts: dict[Key, bytes] = field(default_factory=dict)
    sealed: set[Key] = field(default_factory=set)
    clues: list[Clue] = field(default_factory=list)
    device: str = ""
    name: str = ""
    spoilt: int = 0
    unreadable: set[Key] = field(default_factory=set)  # rows of a database that are no events
    unusable: bool = False  # no file, but a pipe or a folder in its place


@dataclass(slots=True)
class United:
    """The events that were decided on; `changed` are those whose text the database had wrong."""

    texts: dict[Key, bytes] = field(default_factory=dict)
    changed: list[Key] = field(default_factory=list)
    gone: list[Clue] = field(default_factory=list)


def journal_source(path: Path) -> Source:
    """Return what a journal holds; a missing one holds nothing.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    source = Source()
    try:
        file = os.fdopen(open_regular(path), "rb")
    except FileNotFoundError:
        if is_misplaced(path):
            raise
        return source
    with file:
        head = head_of(file.readline())
        source.name, source.device = head or ("", "")
        source.spoilt = int(head is None)
        file.seek(0)
        for line in mended_lines(file):
            if isinstance(line, Clue):
                source.clues.append(line)
                source.spoilt += 1
            else:
                source.spoilt += line.mended
                _take(source, line)
    return source


def _take(source: Source, line: Line) -> None:
    key = (line.kind, line.name)
    if key in source.sealed:
        return
    text = line.text
    if not line.sealed:
        plain = _plain(line)
        if plain is None:
            source.clues.append(Clue(name=line.name))
            source.spoilt += 1
            return
        text = plain
    else:
        source.sealed.add(key)
    source.texts[key] = text


def _plain(line: Line) -> bytes | None:
    """Return the text of an unverified line as it is written today; None if it is no event."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        event = json.loads(line.text)[line.kind]
        made = LogRow(**event) if line.kind == LOG else Attempt(**event)
        return text_of(made).encode()
    return None


def text_of(made: LogRow | Attempt) -> str:
    """Return the text by which an event is compared."""
    return row_line(made) if isinstance(made, LogRow) else attempt_line(made)


def database_source(database: Path, *, alone: bool = False) -> Source:
    """Return the events that can be read of a database, damaged or not; of none, nothing.

    `alone` says that nobody writes it.
    """
    source = Source()
    if not database.is_file():
        return source
    with contextlib.suppress(sqlite3.Error), reading(database, alone=alone) as connection:
        source.device = _meta(connection, "device_id")
        with contextlib.suppress(ValueError, AttributeError):
            source.name = str(json.loads(_meta(connection, "journal")).get("name", ""))
        for key, text in _events_of(connection):
            if text:
                source.texts[key] = text
            else:
                source.unreadable.add(key)
        source.clues = [Clue(name=name) for _, name in source.unreadable] + [
            clue for clue in _indexed(connection) if not _has(source, clue.name)
        ]
    return source


def database_events(database: Path) -> Iterator[tuple[Key, bytes]]:
    """Yield the events of a database, without holding them all; an unreadable one has no text."""
    if database.is_file():
        with contextlib.suppress(sqlite3.Error), reading(database) as connection:
            yield from _events_of(connection)


def _events_of(connection: sqlite3.Connection) -> Iterator[tuple[Key, bytes]]:
    for kind, text, made_of in (
        (LOG, SELECT_ROWS, row_of),
        (ATTEMPT, SELECT_ATTEMPTS, attempt_of),
    ):
        for record in _readable(connection, f"{text} NOT INDEXED", kind):
            found = b""
            with contextlib.suppress(*_UNREADABLE):
                made: Any = made_of(record)
                found = text_of(made).encode()
            yield (kind, str(record[0])), found


def device_named(database: Path) -> str:
    """Return the device that a database says it is of; "" if it cannot be read."""
    if database.is_file():
        with contextlib.suppress(sqlite3.Error), reading(database) as connection:
            return _meta(connection, "device_id")
    return ""


def _has(source: Source, name: str) -> bool:
    return (LOG, name) in source.texts or (ATTEMPT, name) in source.texts


def _meta(connection: sqlite3.Connection, name: str) -> str:
    with contextlib.suppress(sqlite3.Error):
        found = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""
    return ""


def _indexed(connection: sqlite3.Connection) -> Iterator[Clue]:
    """Yield what the indexes say of the events, also where the table cannot be read."""
    for text in (
        "SELECT event_id, '', 0, 0 FROM log",
        "SELECT event_id, '', clock, clock FROM log INDEXED BY ix_log_order",
        "SELECT attempt_id, '', 0, 0 FROM attempt",
    ):
        with contextlib.suppress(sqlite3.Error):
            for name, item, moment, clock in connection.execute(text):
                if isinstance(name, str) and _HEX.fullmatch(name) and isinstance(clock, int):
                    yield Clue(name=name, item=item, moment=moment, clock=clock)


def _readable(connection: sqlite3.Connection, text: str, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield the records of a table, row by row around what cannot be read."""
    try:
        (last,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608 - fixed names
    except sqlite3.Error:
        return
    for start in range(0, min(last or 0, _most_rows(connection)), _PORTION):
        end = min(start + _PORTION, last)
        where = f"{text} WHERE rowid > ? AND rowid <= ?"
        try:
            yield from connection.execute(where, (start, end)).fetchall()
        except sqlite3.Error:  # also where a text is no text
            connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            for number in range(start, end):
                with contextlib.suppress(sqlite3.Error):
                    yield from connection.execute(where, (number, number + 1)).fetchall()
            connection.text_factory = str


def _most_rows(connection: sqlite3.Connection) -> int:
    """Return more rows than the file has room for: a flipped bit makes huge row numbers."""
    with contextlib.suppress(sqlite3.Error):
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        return max(int(pages), 1) * 200
    return 1_000_000


def same(one: bytes, other: bytes) -> bool:
    """Tell whether two texts are of the same event: SQLite writes a whole number as a fraction."""
    return one == other or _values(one) == _values(other)


def _values(text: bytes) -> tuple[Any, ...] | bytes:
    made = event_of(text)
    if made is None:
        return text
    values = row_values(made) if isinstance(made, LogRow) else attempt_values(made)
    return tuple(_decoded(value) for value in values)


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        with contextlib.suppress(ValueError):
            return from_json(value)
    return value


def event_of(text: bytes) -> LogRow | Attempt | None:
    """Return the event of a text; None if it is of none."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        ((kind, event),) = json.loads(text).items()
        return LogRow(**event) if kind == LOG else Attempt(**event)
    return None


def differing(journal: Source, other: Source) -> list[Key]:
    """Return the events that both have, with different content.

    One that breaks a rule in `other` is no difference: a repair has put it right since.
    """
    return [
        key
        for key, text in other.texts.items()
        if key in journal.texts
        and not same(journal.texts[key], text)
        and fault_of(table_of(key[0]), json.loads(text)[key[0]]) is None
    ]


def unite(journal: Source, old: Source, backup: Source) -> United:
    """Decide on the content of every event that one of the three has.

    An event that only a damaged database or an unverified line has is taken if it looks as it was
    written: a flipped byte can give it another id, and no device has two events of one clock.
    """
    united = United()
    for key in (*backup.texts, *(key for key in journal.texts if key in journal.sealed)):
        if key not in united.texts:
            united.texts[key] = _decide(key, journal, old, backup)
    taken = {origin_of(key, text) for key, text in united.texts.items()}
    for source in (old, journal):
        for key, text in source.texts.items():
            if key not in united.texts and _sound(key, text) and origin_of(key, text) not in taken:
                united.texts[key] = _decide(key, journal, old, backup)
                taken.add(origin_of(key, text))
    united.changed = [
        key
        for key, text in old.texts.items()
        if key in united.texts and not same(united.texts[key], text)
    ]
    united.changed += sorted(old.unreadable & united.texts.keys())
    united.gone = gone(united.texts, [*journal.clues, *backup.clues, *old.clues])
    return united


def _decide(key: Key, journal: Source, old: Source, backup: Source) -> bytes:
    if key in journal.sealed:
        return journal.texts[key]
    found = [source.texts[key] for source in (old, journal, backup) if key in source.texts]
    sound = [text for text in found if _sound(key, text)] or found
    return max(sound, key=lambda text: sum(same(text, other) for other in found))


def _sound(key: Key, text: bytes) -> bool:
    """Tell whether an event looks as one that was written, under the id that it has."""
    made = event_of(text)
    if made is None or _HEX.fullmatch(key[1]) is None:
        return False
    numbers = (made.clock, made.utc_ms, made.offset_min, made.study_day)
    words = [made.device_id]
    words += [made.kind, made.item_id] if isinstance(made, LogRow) else [made.exercise]
    return all(type(number) is int for number in numbers) and all(
        isinstance(word, str) for word in words
    )


def origin_of(key: Key, text: bytes) -> tuple[str, str, Any]:
    """Return what no two events have in common: their table, device and clock."""
    made = event_of(text)
    return (key[0], made.device_id, made.clock) if made is not None else (*key, None)


def is_foreign(journal: Source, *homes: Source) -> bool:
    """Tell whether another home than that of the database and backup began a journal.

    A home is known by its device. Where the journal's first line is damaged, it is of this home if
    it shares an event with it.
    """
    own = next((home.device for home in homes if home.device), "")
    if not own or journal.device == own or not journal.texts:
        return False
    if journal.name and journal.name in {home.name for home in homes}:
        return False
    if not journal.device:
        texts = [key for home in homes for key in home.texts]
        return bool(texts) and not any(key in journal.texts for key in texts)
    devices = {origin_of(key, text)[1] for home in homes for key, text in home.texts.items()}
    return own in devices or journal.device not in devices


def device_of(journal: Source, *homes: Source) -> str:
    """Return the device of a home: one that has events, where a flipped bit may have named another.

    The database and its backup speak before the journal.
    """
    named = [source.device for source in (*homes, journal) if source.device]
    made = {origin_of(key, text)[1] for one in (journal, *homes) for key, text in one.texts.items()}
    return next((name for name in named if name in made), named[0] if named else "")


def own_part(journal: Source, *homes: Source) -> Source:
    """Return what a journal of another home holds of this one: its events were appended there."""
    own = next((home.device for home in homes if home.device), "")
    kept = {
        key: text
        for key, text in journal.texts.items()
        if origin_of(key, text)[1] == own or any(key in home.texts for home in homes)
    }
    return Source(texts=kept, sealed=journal.sealed & kept.keys())


def gone(texts: Mapping[Key, bytes], clues: Iterable[Clue]) -> list[Clue]:
    """Return the clues of events that are not there, each once.

    A clue may be damaged itself: one whose clock, or a good part of whose id, is that of an event
    that is there, is of that event.
    """
    clues = list(clues)
    if not clues:
        return []
    names = " ".join(name for _, name in texts)
    clocks = {origin_of(key, text)[2] for key, text in texts.items()}
    found: dict[str, Clue] = {}
    for clue in clues:
        parts = (clue.name[at : at + _PART] for at in range(len(clue.name) - _PART + 1))
        if clue.clock not in clocks and not any(part in names for part in parts):
            before = found.get(clue.name or str(clue.clock))
            if before is None or not before.item:
                found[clue.name or str(clue.clock)] = clue
    return list(found.values())


def as_dump(texts: Mapping[Key, bytes], keys: Collection[Key] | None = None) -> dict[str, Any]:
    """Return events, or some of them, as the store takes them in."""
    chosen: dict[str, list[Any]] = {LOG: [], ATTEMPT: []}
    for (kind, name), text in texts.items():
        if keys is None or (kind, name) in keys:
            chosen[kind].append(json.loads(text)[kind])
    return {"log": chosen[LOG], "attempts": chosen[ATTEMPT]}

"""Every row of a database as it is stored, also such as no rule allows, each with what is wrong.

SQLite keeps whatever it is given, and a flipped bit keeps its place too: here a column may hold
any type, and text that is no UTF-8. Nothing is changed.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from studytrack.domain.row_rules import (
    Fault,
    attempt_fault,
    mended_attempt,
    mended_row,
    row_fault,
)
from studytrack.storage.rows import ATTEMPT_NAMES, LOG_NAMES, SELECT_ATTEMPTS, SELECT_ROWS

Table = Literal["log", "attempt"]
_PORTION = 500
_JSON: Mapping[Table, tuple[str, ...]] = {
    "log": ("evidence", "fields"),
    "attempt": ("report", "evidence"),
}
_TEXTS: Mapping[Table, tuple[str, tuple[str, ...]]] = {
    "log": (SELECT_ROWS, LOG_NAMES),
    "attempt": (SELECT_ATTEMPTS, ATTEMPT_NAMES),
}
_RULES = {"log": row_fault, "attempt": attempt_fault}


class Stored(NamedTuple):
    """A row as it is stored: its table, its number there, its fields, what is wrong with it."""

    table: Table
    number: int
    raw: dict[str, Any]
    fault: Fault | None


def every_row(connection: sqlite3.Connection) -> Iterator[Stored]:
    """Yield all rows of the log, then all attempts, in the order in which they are stored.

    Raises:
        sqlite3.Error: the file is damaged.
    """
    with _any_text(connection):
        for table in _TEXTS:
            for record in _records(connection, table):
                yield _stored(table, record)


def table_of(word: str) -> Table:
    """Return the table that a word names."""
    return "log" if word == "log" else "attempt"


def faulty_rows(connection: sqlite3.Connection) -> list[Stored]:
    """Return the rows that break a rule."""
    return [one for one in every_row(connection) if one.fault is not None]


def fault_of(table: Table, raw: Mapping[str, Any]) -> Fault | None:
    """Return what is wrong with a row of a table."""
    return _RULES[table](raw)


def mended(table: Table, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row of a table with its texts cut to size; itself where they need it not."""
    return mended_row(raw) if table == "log" else mended_attempt(raw)


def _records(connection: sqlite3.Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Yield records with their number first; each portion is read whole, so rows may be changed."""
    text = _TEXTS[table][0].replace("SELECT ", "SELECT rowid, ", 1)
    last: int | None = -(2**63)
    while last is not None:
        found = connection.execute(
            f"{text} WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, _PORTION)
        ).fetchall()
        yield from found
        last = found[-1][0] if found else None


def _stored(table: Table, record: tuple[Any, ...]) -> Stored:
    number, *values = record
    raw = dict(zip(_TEXTS[table][1], values, strict=True))
    fault: Fault | None = None
    for name in _JSON[table]:
        try:
            raw[name] = _decoded(raw[name])
        except (ValueError, TypeError, RecursionError):
            fault = fault or Fault(name, "cannot be read as JSON")
    if table == "attempt" and type(raw["passed"]) is int and raw["passed"] in {0, 1}:
        raw["passed"] = bool(raw["passed"])  # SQLite has no type for it
    return Stored(table, number, raw, fault or fault_of(table, raw))


def _decoded(text: Any) -> Any:
    if text == "{}":
        return {}
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:  # it refuses NaN and half surrogate pairs, which have their rules
        return json.loads(text)


@contextlib.contextmanager
def _any_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Read text that is no UTF-8 too; its odd bytes become half surrogate pairs."""
    before = connection.text_factory
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = before

"""Log rows, attempts and memories as SQL values, as journal lines, and back.

The hot path binds plain tuples to SQL text that is built once: SQLAlchemy's row and type machinery
would cost more than the write itself. Nothing here opens a connection or a file.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import msgspec

from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.memory import Memory

LOG_NAMES = LogRow._fields
ATTEMPT_NAMES = tuple(f.name for f in fields(Attempt))
MEMORY_NAMES = Memory._fields
_EVIDENCE, _FIELDS = LOG_NAMES.index("evidence"), LOG_NAMES.index("fields")
_SUSPENDED = MEMORY_NAMES.index("suspended")
_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder()
_PLAIN = LogRow._field_defaults  # what a column holds unless something is said


def _column(name: str) -> tuple[str, Any] | tuple[str, Any, Any]:
    if name not in _PLAIN:
        return name, Any
    default = _PLAIN[name]
    return name, Any, msgspec.field(default_factory=dict) if default == {} else default


# A row as the journal spells it: the encoder itself leaves out what is plain.
_Line = msgspec.defstruct("_Line", [_column(name) for name in LOG_NAMES], omit_defaults=True)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


# Only names of columns are joined into the texts below; values are always bound.
INSERT_ROW = f"INSERT INTO log ({', '.join(LOG_NAMES)}) VALUES ({_marks(len(LOG_NAMES))})"  # noqa: S608 - see above
SELECT_ROWS = f"SELECT {', '.join(LOG_NAMES)} FROM log"  # noqa: S608 - see above
IN_ORDER = " ORDER BY clock, device_id, event_id"
NEWEST_FIRST = " ORDER BY clock DESC, device_id DESC, event_id DESC"
INSERT_ATTEMPT = (
    f"INSERT INTO attempt ({', '.join(ATTEMPT_NAMES)}) VALUES ({_marks(len(ATTEMPT_NAMES))})"  # noqa: S608 - see above
)
SELECT_ATTEMPTS = f"SELECT {', '.join(ATTEMPT_NAMES)} FROM attempt"  # noqa: S608 - see above
# An upsert keeps the record's place; REPLACE would move it and write the key's index again.
PUT_MEMORY = (
    f"INSERT INTO memory ({', '.join(MEMORY_NAMES)}) VALUES ({_marks(len(MEMORY_NAMES))}) "  # noqa: S608 - see above
    "ON CONFLICT (item_kind, item_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in MEMORY_NAMES[2:])
)
SELECT_MEMORIES = f"SELECT {', '.join(MEMORY_NAMES)} FROM memory"  # noqa: S608 - see above


def one_of(column: str, values: Sequence[str]) -> str:
    """Return the SQL condition that a column has one of the values, which are still to be bound."""
    return f"{column} IN ({_marks(len(values))})"


def row_values(row: LogRow) -> tuple[Any, ...]:
    """Return a row as values for `INSERT_ROW`."""
    values: list[Any] = list(row)
    values[_EVIDENCE] = _to_json(row.evidence)
    values[_FIELDS] = _to_json(row.fields)
    return tuple(values)


def row_of(record: Sequence[Any]) -> LogRow:
    """Return the row of one record of `SELECT_ROWS`."""
    values = list(record)
    values[_EVIDENCE] = from_json(values[_EVIDENCE])
    values[_FIELDS] = from_json(values[_FIELDS])
    return LogRow._make(values)


def row_line(row: LogRow) -> str:
    """Return a row as a line of the journal; what equals the default is left out."""
    with contextlib.suppress(ValueError, TypeError, OverflowError):  # lone surrogates, say
        text = _encoder.encode({"log": _Line(*row)}).decode()
        if "null" not in text:  # it may stand for an infinity
            return text
    values = zip(LOG_NAMES, row, strict=True)
    told = {name: value for name, value in values if name not in _PLAIN or value != _PLAIN[name]}
    return json.dumps({"log": told}, separators=(",", ":"))


def attempt_values(made: Attempt) -> tuple[Any, ...]:
    """Return an attempt as values for `INSERT_ATTEMPT`."""
    values = asdict(made)
    return tuple(
        _to_json(value) if isinstance(value, Mapping) else value for value in values.values()
    )


def attempt_of(record: Sequence[Any]) -> Attempt:
    """Return the attempt of one record of `SELECT_ATTEMPTS`."""
    found = dict(zip(ATTEMPT_NAMES, record, strict=True))
    found["passed"] = bool(found["passed"])
    found["report"] = from_json(found["report"])
    found["evidence"] = from_json(found["evidence"])
    return Attempt(**found)


def attempt_line(made: Attempt) -> str:
    """Return an attempt as a line of the journal."""
    return _encoded({"attempt": asdict(made)})


def memory_of(record: Sequence[Any]) -> Memory:
    """Return the memory of one record of `SELECT_MEMORIES`."""
    values = list(record)
    values[_SUSPENDED] = bool(values[_SUSPENDED])
    return Memory._make(values)


def _to_json(value: Mapping[str, Any]) -> str:
    return _encoded(dict(value)) if value else "{}"


def _encoded(value: dict[str, Any]) -> str:
    with contextlib.suppress(ValueError, TypeError, OverflowError):  # lone surrogates, say
        text = _encoder.encode(value).decode()
        if "null" not in text:  # it may stand for an infinity
            return text
    return json.dumps(value, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Return what a column of JSON holds; the fast reader refuses NaN and lone surrogates.

    Raises:
        sqlite3.DatabaseError: it holds no JSON, as after a flipped bit.
    """
    if text == "{}":
        return {}
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, TypeError):
        pass
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f"malformed JSON in a row: {error}") from error

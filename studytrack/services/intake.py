"""Which rows come in: those that break no rule and do not stand in the far future.

The rules of a single row are in `domain.row_rules`. Here stands what depends on this home and on
the file as a whole. Times and study days reach at most a year beyond now and beyond the last entry
here: the device that wrote a later one had a wrong clock, and its items would come back only then.
Clocks only order rows; after a clock was set back they run ahead of the time, so the latest time in
the file counts for them too. Two rows of one device may have one clock, which copies of one home
bring about; ids order them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.row_rules import (
    DAY_MS,
    LEAST_MS,
    MOST_MS,
    attempt_fault,
    mended_attempt,
    mended_row,
    row_fault,
)
from studytrack.errors import UsageFault
from studytrack.services.study import Study
from studytrack.storage.leaps import LEAP_DAYS, moment

Table = Literal["log", "attempt"]
_NAMES: Mapping[Table, str] = {"log": "log row", "attempt": "attempt"}
_YEAR_MS = LEAP_DAYS * DAY_MS
_OTHER_CLOCK = "set it right there with `studytrack undo --ahead`, or import with --date-is-right"


def check_given(row: LogRow) -> None:
    """Return if a row that holds what the learner gave can be stored.

    Raises:
        UsageFault: a text is too long, say; nothing is stored.
    """
    if fault := row_fault(row._asdict()):
        raise UsageFault(
            f"This cannot be kept: {fault}", "", "Give something shorter; nothing was saved."
        )


class Arrival(NamedTuple):
    """A row that wants to come in; what the learner calls it, and where it stands in the file."""

    table: Table
    raw: Mapping[str, Any]
    name: str
    place: str = ""

    def refused(self, wrong: str) -> str:
        """Return the line that says why it does not come in."""
        return f"{self.name}: {wrong}{self.place and f' ({self.place})'}"


@dataclass(slots=True)
class Sifted:
    """The rows that come in, each id once; why others are refused; how many texts were cut."""

    log: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    cut: int = 0


class Horizon(NamedTuple):
    """The latest time, study day and clock that a row may have."""

    utc_ms: int
    study_day: int
    clock: int


def arrivals(
    table: Table, rows: Sequence[Mapping[str, Any]], lines: Sequence[int] = ()
) -> list[Arrival]:
    """Return the rows of a list, named by their number in it; with their lines where known.

    >>> arrivals("log", [{}], [7])[0].refused("`clock` is missing.")
    'log row 1: `clock` is missing. (line 7)'
    """
    places = [f"line {line}" for line in lines] if len(lines) == len(rows) else [""] * len(rows)
    return [
        Arrival(table, row, f"{_NAMES[table]} {number}", place)
        for number, (row, place) in enumerate(zip(rows, places, strict=True), start=1)
    ]


def sift(found: Iterable[Arrival], horizon: Horizon) -> Sifted:
    """Return which rows come in."""
    done = Sifted()
    for one in found:
        raw = mended_row(one.raw) if one.table == "log" else mended_attempt(one.raw)
        fault = row_fault(raw) if one.table == "log" else attempt_fault(raw)
        wrong = str(fault) if fault else _ahead(raw, horizon) or _doubled(one.table, raw, done)
        if wrong:
            done.refused.append(one.refused(wrong))
            continue
        done.cut += raw is not one.raw
        into, key = _into(one.table, done)
        into.setdefault(raw[key], dict(raw))
    return done


def horizon_of(study: Study, found: Iterable[Arrival], *, confirmed: bool) -> Horizon:
    """Return how far ahead rows may stand.

    Args:
        study: the learner's study.
        found: the rows of the file.
        confirmed: the learner said that the dates are right.
    """
    latest = MOST_MS - _YEAR_MS  # so that clocks that follow have room
    stamp = study.stamp()
    if confirmed:
        return Horizon(latest, latest // DAY_MS + date(1970, 1, 1).toordinal(), latest)
    here = max(stamp.utc_ms, study.store.last_moment())
    told = [one.raw.get("utc_ms") for one in found]
    times = [ms for ms in told if type(ms) is int and LEAST_MS <= ms <= latest]
    clock = max([here, stamp.clock, *times]) + _YEAR_MS
    day = max(stamp.study_day, here // DAY_MS + date(1970, 1, 1).toordinal())
    return Horizon(min(here + _YEAR_MS, latest), day + LEAP_DAYS, min(clock, latest))


def _ahead(raw: Mapping[str, Any], horizon: Horizon) -> str:
    """Return why a row stands too far ahead, "" if it does not."""
    if raw["utc_ms"] > horizon.utc_ms:
        return (
            f"it is of {moment(raw['utc_ms'])}, more than a year ahead. A wrong clock wrote it: "
            f"{_OTHER_CLOCK}."
        )
    if raw["study_day"] > horizon.study_day:
        day = date.fromordinal(raw["study_day"])
        return (
            f"its study day is {day}, more than a year ahead. A wrong clock held it: "
            f"{_OTHER_CLOCK}."
        )
    if raw["clock"] > horizon.clock:
        return f"`clock` is {raw['clock']}, more than a year beyond every time in the file."
    return ""


def _into(table: Table, done: Sifted) -> tuple[dict[str, dict[str, Any]], str]:
    return (done.log, "event_id") if table == "log" else (done.attempts, "attempt_id")


def _doubled(table: Table, raw: Mapping[str, Any], done: Sifted) -> str:
    """Return what is wrong if another row of the file has the same id and says something else."""
    into, key = _into(table, done)
    first = into.get(raw[key])
    cls: type[LogRow | Attempt] = LogRow if table == "log" else Attempt
    if first is None or cls(**first) == cls(**raw):
        return ""
    return f"another {_NAMES[table]} before it has the id {raw[key]} and says something else."

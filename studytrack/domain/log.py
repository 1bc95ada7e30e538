"""The log: one append-only row per thing a learner did. It is the truth; states are caches.

Undo is a row too (`kind="undo"`, `target=` the undone row), and a redo is the undo of an undo.
A row is live if no live row undoes it. Rows are never changed or removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

ItemKind = Literal[
    "card", "exercise", "reading", "topic", "term", "note", "resource", "advice", "day", "params"
]
RowKind = Literal[
    "learn",  # first answers of a card
    "review",  # an answer on or after its due day
    "relearn",  # an answer in the steps after a lapse
    "cram",  # an answer outside the schedule; changes no state
    "copy",  # a solution equal to the last one; changes no state
    "open",  # an exercise was opened
    "hint",  # a hint was shown
    "solution",  # the solution was shown
    "suspend",
    "mastered",  # known for good: out of rotation until it is resumed
    "resume",
    "bury",  # until the next study day
    "implicit",  # credit for a prerequisite of a passed exercise: firmer without a review
    "forward",  # due today, because something else showed that it is needed
    "reschedule",  # another interval since the last answer, without one; with a row that leads it
    "reset",  # forget the item's memory state
    "set",  # `fields` of a tracked item changed (reading status, topic mark, own card, …)
    "import",  # one imported file; undoing it undoes the rows whose `batch` it is
    "undo",
]
REVIEW_KINDS: frozenset[str] = frozenset({"learn", "review", "relearn"})
ANSWERS: frozenset[str] = REVIEW_KINDS | {"cram"}
UNDOABLE: frozenset[str] = frozenset(
    {
        *("learn", "review", "relearn", "cram"),
        *("suspend", "mastered", "resume", "bury", "reset", "reschedule"),
        *("set", "import"),
    }
)


_NOTHING: Mapping[str, Any] = {}  # shared, and like every mapping of a row never written to


class LogRow(NamedTuple):
    """One event. A tuple, since a long log is read as hundreds of thousands of them.

    `event_id` is made once, by one device; its text means nothing. `clock` orders rows
    (milliseconds, always larger than any before on this device); `utc_ms`, `offset_min` and
    `study_day` (a proleptic ordinal) say when, as decided then. `scheduled` is days, or negative
    seconds for a learning step. `r_before`, `s_after` and `d_after` are what was believed then, for
    calibration; replay never reads them. `batch` is the event id of the import that brought the
    row, or of the rating that caused it.
    """

    event_id: str
    device_id: str
    clock: int
    utc_ms: int
    offset_min: int
    study_day: int
    kind: RowKind
    item_kind: ItemKind | Literal["file", ""] = ""
    item_id: str = ""
    target: str = ""
    batch: str = ""
    rating: int | None = None
    rated_by: Literal["learner", "grader", ""] = ""
    duration_ms: int | None = None
    answer: str | None = None
    evidence: Mapping[str, Any] = _NOTHING
    fields: Mapping[str, Any] = _NOTHING
    content_hash: str = ""
    variant_seed: int | None = None
    scheduled: int | None = None
    r_before: float | None = None
    s_after: float | None = None
    d_after: float | None = None
    algorithm: str = ""
    params_id: str = ""
    retention: float | None = None

    @property
    def order(self) -> tuple[int, str, str]:
        """The total order of rows, also across devices."""
        return (self.clock, self.device_id, self.event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One graded run of a submission, kept for ever. `report` is the verdict as shown (JSON)."""

    attempt_id: str
    device_id: str
    clock: int
    utc_ms: int
    offset_min: int
    study_day: int
    exercise: str
    source: str
    verdict: str
    passed: bool
    device: str
    seed: int
    seconds: float
    report: Mapping[str, Any] = field(default_factory=dict)
    rating: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def live_rows(rows: Iterable[LogRow]) -> list[LogRow]:
    """Return the rows that count, in order: neither undone nor undo rows themselves.

    Undoing an `import` row undoes its whole batch.

    >>> live_rows([])
    []
    """
    ordered = sorted(rows, key=lambda row: row.order)
    dead: set[str] = set()
    for row in reversed(ordered):  # an undo can only be undone by a later row
        if row.kind == "undo" and row.event_id not in dead:
            dead.add(row.target)
    return [
        row
        for row in ordered
        if row.kind != "undo" and row.event_id not in dead and row.batch not in dead
    ]


def fold_fields(rows: Iterable[LogRow]) -> dict[str, Any]:
    """Return the current fields of one tracked item from its rows: later values win.

    A value of None removes the field.
    """
    state: dict[str, Any] = {}
    for row in live_rows(rows):
        if row.kind == "set":
            state.update(row.fields)
    return {name: value for name, value in state.items() if value is not None}

"""What is handed to the store besides rows: the moment of a write, and what its writer saw."""

from __future__ import annotations

from typing import NamedTuple

from studytrack.errors import EnvironmentFault, StoreFault


class Stamp(NamedTuple):
    """A moment as the log records it."""

    clock: int
    utc_ms: int
    offset_min: int
    study_day: int


class Guard(NamedTuple):
    """What the writer saw of an item: refuses an answer to a question that has moved on.

    `clock` is the `last_clock` of its memory; for items without one, that of its newest row.
    """

    item_kind: str
    item_id: str
    clock: int


class ClockLeap(EnvironmentFault):
    """The clock is more than a year after the newest row; nothing was written."""


class StaleItem(StoreFault):
    """Another window answered the item in the meantime; nothing was written."""

"""Which reviews may teach the memory model: the live rows of a kind of item as the fit reads them.

A row that is not countable still moves the state where the schedule took it in, but the fit learns
nothing from it. No arithmetic of the fit and no store in here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from studytrack.domain.days import elapsed
from studytrack.domain.log import REVIEW_KINDS, LogRow

TOO_QUICK_MS = 500  # nobody reads a question and recalls its answer in less
QUICK_MS, QUICK_RUN = 1000, 5  # so many such answers in a row are keys being held down


@dataclass(frozen=True, slots=True)
class Review:
    """One answer: whole study days since the last, the rating, and its place in time.

    `usable` tells whether its outcome counts; the first of an item and those of the same study day
    never do.
    """

    days: int
    rating: int
    usable: bool
    order: int


def histories(
    rows: Iterable[LogRow], *, left_out: Collection[str] = (), since_day: int = 0
) -> list[list[Review]]:
    """Return the reviews of each item in order; a reset begins a new history.

    Args:
        rows: the live rows of one kind of item, in order.
        left_out: ids of items that are suspended by the learner's choice.
        since_day: outcomes before this study day do not count.
    """
    listed = [row for row in rows if row.item_id not in left_out]
    hasty = _hasty(listed)
    found: list[list[Review]] = []
    open_items: dict[str, tuple[int, list[Review]]] = {}
    for order, row in enumerate(listed):
        if row.kind == "reset":
            open_items.pop(row.item_id, None)
        if row.kind not in REVIEW_KINDS or row.rating is None or row.scheduled is None:
            continue
        if row.item_id not in open_items:
            found.append([])
        last_day, reviews = open_items.get(row.item_id, (row.study_day, found[-1]))
        days = elapsed(last_day, row.study_day)
        counts = days > 0 and row.study_day >= since_day and row.event_id not in hasty
        reviews.append(Review(days, row.rating, counts, order))
        open_items[row.item_id] = (row.study_day, reviews)
    return found


def usable_count(found: Iterable[Iterable[Review]]) -> int:
    """Return how many reviews count."""
    return sum(one.usable for reviews in found for one in reviews)


def _hasty(rows: Iterable[LogRow]) -> set[str]:
    """Return the ids of the answers to cards that were given without reading."""
    hasty: set[str] = set()
    run: list[str] = []
    for row in rows:
        if row.kind not in REVIEW_KINDS or row.item_kind != "card":
            continue
        duration = row.duration_ms
        if duration is not None and duration < TOO_QUICK_MS:
            hasty.add(row.event_id)
        run = [*run, row.event_id] if duration is not None and duration < QUICK_MS else []
        if len(run) >= QUICK_RUN:
            hasty.update(run[-QUICK_RUN:])
    return hasty

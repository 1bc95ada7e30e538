"""Runs of study days.

A study day is a proleptic ordinal (`domain.days`). What counts as study is the caller's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable


def streak(days: Collection[int], today: int) -> int:
    """Return how many study days in a row end today or yesterday.

    Today is still open, so a day without study does not break the run until it is over.

    >>> streak({8, 9, 10}, 11)
    3
    """
    last = today if today in days else today - 1
    first = last
    while first in days:
        first -= 1
    return last - first


def per_day(days: Iterable[int], today: int, count: int) -> tuple[int, ...]:
    """Return how often each of the `count` days up to today occurs in `days`, oldest first.

    >>> per_day([9, 9, 10], 10, 3)
    (0, 2, 1)
    """
    counted = [0] * count
    for day in days:
        place = day - today + count - 1
        if 0 <= place < count:
            counted[place] += 1
    return tuple(counted)


def upcoming(due_days: Iterable[int], today: int, count: int) -> tuple[int, ...]:
    """Return how many items are due on each of `count` days from today; overdue ones count today.

    >>> upcoming([3, 10, 12], 10, 3)
    (2, 0, 1)
    """
    counted = [0] * count
    for day in due_days:
        place = max(day - today, 0)
        if place < count:
            counted[place] += 1
    return tuple(counted)

"""Simulated learners whose true memory is known: what a fit is judged by.

The truth is FSRS-6 with parameters drawn around the defaults; the schedule is that of the defaults
at a retention of 0.9. Everything follows from a seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from studytrack.domain.fsrs import AGAIN, BOUNDS, DEFAULTS, GOOD, HARD, Fsrs, State
from studytrack.domain.usable import Review

RETENTION = 0.9
FIRST, LATER = (0.22, 0.13, 0.50, 0.15), (0.12, 0.78, 0.10)


def drawn_truth(rng: random.Random) -> Fsrs:
    """Return a learner far from the defaults."""
    w = list(DEFAULTS)
    longer = math.exp(rng.gauss(0, 1.1))
    w[:4] = sorted(min(100.0, value * longer * math.exp(rng.gauss(0, 0.2))) for value in w[:4])
    w[8] = min(max(w[8] + rng.gauss(0, 0.6), 0.6), 4.5)
    w[9] = min(max(w[9] + rng.gauss(0, 0.1), 0.0), 0.8)
    w[11] = min(w[11] * math.exp(rng.gauss(0, 0.5)), 5.0)
    w[20] = min(max(w[20] * math.exp(rng.gauss(0, 0.9)), 0.1), 0.8)
    return Fsrs([min(max(one, low), high) for one, (low, high) in zip(w, BOUNDS, strict=True)])


@dataclass(slots=True)
class _Item:
    believed: State
    true: State
    last: int
    due: int
    reviews: list[Review]


def histories(truth: Fsrs, rng: random.Random, usable: int, *, rate: int) -> list[list[Review]]:
    """Return the histories of a learner up to the given number of usable reviews.

    Args:
        truth: how the learner really remembers.
        rng: draws the ratings and the schedule's jitter.
        usable: where to stop.
        rate: new items a day.
    """
    known, items, order = Fsrs(), [], 0
    for day in _days():
        for item in items:
            if item.due > day:
                continue
            elapsed = day - item.last
            recalled = rng.random() < truth.recall(item.true, elapsed)
            rating = rng.choices((2, 3, 4), LATER)[0] if recalled else AGAIN
            ratings = [(elapsed, rating)] if recalled else [(elapsed, AGAIN), (0, GOOD)]
            for days, given in ratings:
                item.reviews.append(Review(days, given, usable=days > 0, order=order))
                item.true = truth.next(item.true, given, days)
                item.believed = known.next(item.believed, given, days)
                order += 1
            usable -= 1
            _reschedule(item, day, known, rng)
            if not usable:
                return [one.reviews for one in items]
        for _ in range(rate):
            rating = rng.choices((1, 2, 3, 4), FIRST)[0]
            first = Review(0, rating, usable=False, order=order)
            items.append(_Item(known.first(rating), truth.first(rating), day, 0, [first]))
            order += 1
            if rating < HARD:
                items[-1].reviews.append(Review(0, GOOD, usable=False, order=order))
                items[-1].true = truth.next(items[-1].true, GOOD, 0)
                items[-1].believed = known.next(items[-1].believed, GOOD, 0)
                order += 1
            _reschedule(items[-1], day, known, rng)
    raise AssertionError


def _days() -> Iterator[int]:
    day = 0
    while True:
        yield day
        day += 1


def _reschedule(item: _Item, day: int, known: Fsrs, rng: random.Random) -> None:
    interval = max(1, round(known.interval(item.believed, RETENTION)))
    item.last = day
    item.due = day + interval + (rng.randint(-1, 1) if interval > 2 else 0)


def upto(given: list[list[Review]], count: int) -> list[list[Review]]:
    """Return the histories as they stood after so many usable reviews."""
    orders = sorted(one.order for items in given for one in items if one.usable)
    last = orders[count - 1]
    cut = [[one for one in items if one.order <= last] for items in given]
    return [items for items in cut if items]

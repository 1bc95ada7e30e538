"""Spreading the work over the days: of an interval's legal days, one with little to do yet.

What is balanced is minutes, not items: a day with one long exercise is as full as one with many
cards. Weekdays may be easy, and siblings are kept apart. The draw uses the same number in [0, 1)
as plain fuzz does. Which days are legal is `fuzz`'s business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate
from statistics import median
from typing import NamedTuple

LONGEST = 90  # days; a longer interval is spread by its own fuzz
AHEAD = 100  # days ahead that are looked at: the last legal one for `LONGEST`, and a little
STEEP = 4  # how much a full day is avoided; 2 evens out less, 10 hardly more
SIBLINGS = (1e-6, 0.2, 0.4, 0.6, 0.8)  # weight of a day by its distance from a sibling's
RECENT = 5  # answers of one item that its expected time is the median of
WEEK = 7
EVEN = (1.0,) * WEEK


class Spread(NamedTuple):
    """What is known of the days after `today` when an item is scheduled; it does not change.

    `seconds[n]` is the expected work on day `today + n`. `easy` has a factor per weekday, Monday
    first: 1 is a full day, 0 a free one. `siblings` are the due days of the item's siblings.
    """

    today: int
    seconds: Sequence[float] = ()
    easy: Sequence[float] = EVEN
    siblings: Collection[int] = ()


def choose_day(spread: Spread, low: int, high: int, u: float) -> int:
    """Return one of the days `low` to `high` after today, most likely one with little work.

    A day's weight is its weekday's factor, times that for its distance from a sibling, over
    `(1 + work / mean work)` to the power of `STEEP`. A free weekday is only taken where all legal
    days are free.

    Args:
        spread: what is known of the days.
        low: the first legal day, counted from today.
        high: the last.
        u: a draw in [0, 1).
    """
    if low >= high:
        return low
    work = spread.seconds[low : high + 1]
    if len(work) <= high - low:
        work = [*work, *[0.0] * (high + 1 - low - len(work))]
    mean = sum(work) / len(work) or 1.0  # without any work every day is as empty
    weights = [1.0 / (1.0 + done / mean) ** STEEP for done in work]
    if spread.siblings or spread.easy != EVEN:
        weights = [
            weight * _factor(spread, spread.today + day)
            for day, weight in enumerate(weights, start=low)
        ]
    reached = list(accumulate(weights))
    if not reached[-1]:
        return low + int(u * len(work))
    place = bisect_right(reached, u * reached[-1])
    return low + min(place, bisect_left(reached, reached[-1]))  # rounding may lead past the end


def _factor(spread: Spread, day: int) -> float:
    factor = spread.easy[(day - 1) % WEEK]  # day 1 was a Monday
    for sibling in spread.siblings:
        distance = abs(day - sibling)
        if distance < len(SIBLINGS):
            factor *= SIBLINGS[distance]
    return factor


class Load:
    """The expected seconds of work by study day; each item in rotation counts on its due day."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._today = 0
        self._ahead: list[float] = []  # of `_today`, kept in step

    def add(self, day: int, seconds: float) -> None:
        """Put work on a day, or take it away with a negative number."""
        total = self._seconds[day] = self._seconds.get(day, 0.0) + seconds
        if 0 <= day - self._today < len(self._ahead):
            self._ahead[day - self._today] = total

    def ahead(self, today: int) -> list[float]:
        """Return the work of today and the days after it, as far as `AHEAD`."""
        if today != self._today:
            self._today = today
            self._ahead = [self._seconds.get(today + n, 0.0) for n in range(AHEAD + 1)]
        return self._ahead.copy()


class Pace:
    """How long items of a kind take, in seconds: the median of the item's last answers.

    An item without any takes as long as the others usually do.

    Args:
        recent: item ids and durations in milliseconds, the newest first.
        usual: what to assume where nothing was timed.
    """

    def __init__(self, recent: Iterable[tuple[str, int]], usual: float) -> None:
        durations: dict[str, list[int]] = {}
        every: list[int] = []
        for name, duration in recent:
            every.append(duration)
            own = durations.setdefault(name, [])
            if len(own) < RECENT:
                own.append(duration)
        self.usual = median(every) / 1000 if every else usual
        self._own = {name: median(own) / 1000 for name, own in durations.items()}

    def seconds(self, item_id: str) -> float:
        """Return what an item is expected to take."""
        return self._own.get(item_id, self.usual)

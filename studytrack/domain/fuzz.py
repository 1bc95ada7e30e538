"""Spreading intervals: the same bounds as Anki's, from a hash instead of a random number.

The draw depends on the item and the number of its reviews, so undoing and answering again gives
the same day, in every process and Python version.
"""

from __future__ import annotations

import hashlib

# How far an interval may be moved either way: not at all below 2.5 days, one day from there, and a
# share of what lies above 2.5, above 7 and above 20 days.
_LEAST, _WEEK, _MONTH = 2.5, 7.0, 20.0
_NEAR, _MIDDLE, _FAR = 0.15, 0.10, 0.05
_AT_WEEK = 1.0 + _NEAR * (_WEEK - _LEAST)
_AT_MONTH = _AT_WEEK + _MIDDLE * (_MONTH - _WEEK)


def draw(item_id: str, reviews: int) -> float:
    """Return a number in [0, 1) for one answer of one item."""
    digest = hashlib.blake2b(f"{item_id}|{reviews}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def bounds(interval: float, minimum: int, maximum: int) -> tuple[int, int]:
    """Return the first and last legal day for an interval.

    >>> bounds(7, 1, 36500)
    (5, 9)
    """
    if interval < _LEAST:
        delta = 0.0
    elif interval <= _WEEK:
        delta = 1.0 + _NEAR * (interval - _LEAST)
    elif interval <= _MONTH:
        delta = _AT_WEEK + _MIDDLE * (interval - _WEEK)
    else:
        delta = _AT_MONTH + _FAR * (interval - _MONTH)
    low = min(max(round(interval - delta), minimum), maximum)
    high = min(max(round(interval + delta), minimum), maximum)
    if low == high > 2 and high < maximum:  # noqa: PLR2004 - intervals of 1 and 2 days stay
        high += 1
    return low, high


def legal(interval: float, previous: int, maximum: int) -> tuple[int, int]:
    """Return the first and last day that an interval may be scheduled to.

    Args:
        interval: from the model, not rounded.
        previous: the last scheduled interval; a success that grew never falls back to it.
        maximum: the longest interval.
    """
    minimum = 1
    if round(interval) > previous:
        minimum = previous + 1
    elif previous <= bounds(interval, 1, maximum)[1]:
        minimum = max(1, previous)
    return bounds(interval, min(minimum, maximum), maximum)


def fuzzed(interval: float, previous: int, maximum: int, u: float) -> int:
    """Return the interval in whole days, each legal one as likely; `u` is a draw in [0, 1)."""
    low, high = legal(interval, previous, maximum)
    return low + int(u * (high - low + 1))

"""Sharing out the minutes of a study day.

Cards come first, because what was learnt is lost without them; but a backlog must not push out
the exercise and the reading for weeks, so it may take at most 60 % while either of them waits.
"""

from __future__ import annotations

REVIEW_SHARE = 0.6
LEAST = 5  # minutes; less is not worth opening an editor for
CARD_SECONDS = 20
READING_MINUTES = 10  # a day's portion of a reading


def card_minutes(cards: int) -> int:
    """Return whole minutes for so many cards, at least 1 if there is any.

    >>> card_minutes(14)
    5
    """
    return -(-cards * CARD_SECONDS // 60)


def reading_minutes(total: int | None, progress: int) -> int:
    """Return a day's portion of a reading of `total` minutes, `progress` per cent of it read.

    >>> reading_minutes(12, 50)
    6
    """
    left = total * (100 - progress) // 100 if total else READING_MINUTES
    return max(1, min(left, READING_MINUTES))


def share_minutes(budget: int, review: int, exercise: int, reading: int) -> tuple[int, int, int]:
    """Return the minutes for cards, exercise and reading; 0 leaves the step out.

    None gets more than it wants, and together they stay within the budget.

    Args:
        budget: minutes of the day.
        review: minutes that all due and new cards would take; 0: none.
        exercise: the exercise's own minutes; 0: there is none.
        reading: minutes of the reading's portion; 0: there is none.
    """
    most = budget if not (exercise or reading) else max(round(budget * REVIEW_SHARE), 1)
    cards = min(review, most)
    left = budget - cards
    kept = min(reading, LEAST) if left >= 2 * LEAST else 0
    code = min(exercise, left - kept) if left >= LEAST else 0
    read = min(reading, left - code) if left - code >= min(reading, LEAST) else 0
    rest = left - code - read
    return cards + min(rest, review - cards), code, read

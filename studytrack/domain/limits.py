"""What a study day still allows: new cards, reviews, minutes.

Only live answers count, so an undone one gives its place back. A day's own additions ("today ten
more") come in beside the settings. Steps of cards that were begun are never held back: stopping in
the middle of learning a card would waste what was learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studytrack.domain.log import LogRow
from studytrack.domain.plan import CARD_SECONDS

LONGEST_ANSWER_MS = 60_000  # an answer that took longer was left lying
ADDITIONS = ("extra_new", "extra_reviews", "extra_minutes")  # fields of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many new cards and reviews may still come, how long answers may still take.

    `left_ms` is None where minutes are not limited. `begun`, `reviewed` and `spent_ms` are what
    today's answers were: new cards, reviews, time.
    """

    new: int
    reviews: int
    left_ms: int | None = None
    begun: int = 0
    reviewed: int = 0
    spent_ms: int = 0


def limits_of(
    answers: Iterable[LogRow],
    *,
    new: int,
    reviews: int,
    minutes: int = 0,
    additions: Mapping[str, Any] | None = None,
) -> Limits:
    """Return what is left of a day's limits.

    Args:
        answers: the live answers to cards of that day.
        new: new cards a day.
        reviews: reviews of due cards a day.
        minutes: minutes of answering a day; 0 is no limit.
        additions: the day's own, `extra_new` and so on.
    """
    more = additions or {}
    begun: set[str] = set()
    reviewed = spent = 0
    for row in answers:
        if row.kind == "learn" and row.r_before is None:
            begun.add(row.item_id)
        reviewed += row.kind == "review"
        spent += answer_ms(row.duration_ms)
    allowed = (minutes + int(more.get("extra_minutes", 0))) * 60_000 if minutes else None
    return Limits(
        new=new + int(more.get("extra_new", 0)) - len(begun),
        reviews=reviews + int(more.get("extra_reviews", 0)) - reviewed,
        left_ms=None if allowed is None else allowed - spent,
        begun=len(begun),
        reviewed=reviewed,
        spent_ms=spent,
    )


def answer_ms(duration_ms: int | None) -> int:
    """Return how long an answer counts for; one that was not timed counts as usual.

    >>> answer_ms(None), answer_ms(4_000), answer_ms(600_000)
    (20000, 4000, 60000)
    """
    return CARD_SECONDS * 1000 if duration_ms is None else min(duration_ms, LONGEST_ANSWER_MS)

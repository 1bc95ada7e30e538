"""Numbers over the last days: reviews, recall, time, code, and what comes due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from studytrack.domain.calibration import Calibration, calibrate
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.fsrs import AGAIN
from studytrack.domain.leech import is_leech
from studytrack.domain.limits import answer_ms
from studytrack.domain.log import REVIEW_KINDS, LogRow
from studytrack.domain.ratings import time_spent
from studytrack.domain.streak import per_day, streak, upcoming
from studytrack.errors import UsageFault
from studytrack.services.evidence import (
    Evidence,
    gather,
    homes,
    observed_recall,
    scheduled_days,
    study_days,
)
from studytrack.services.study import Study

UPCOMING_DAYS = 7
MOST_DAYS = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Progress over some study days up to today.

    `reviews`, `recall`, `minutes`, `per_day` and `by_part` are of these days; `cards_seen` and
    `exercises_passed` of all time. `recall` is the share remembered among reviews on or after
    their due day, None without any; `by_part` gives (part, that share, such reviews).
    `calibration` tells for cards and exercises how predictions of these days came true; `leeches`
    are cards that were forgotten again and again.
    """

    days: int
    reviews: int
    recall: float | None
    cards_seen: int
    exercises_passed: int
    streak: int
    minutes: int
    per_day: tuple[int, ...]
    by_part: tuple[tuple[str, float | None, int], ...]
    upcoming: tuple[int, ...]
    leeches: int = 0
    calibration: tuple[Calibration, ...] = ()


def stats(study: Study, days: int = 30) -> Stats:
    """Return the numbers of the last `days` study days.

    Raises:
        UsageFault: `days` is not between 1 and 3660.
    """
    if not 1 <= days <= MOST_DAYS:
        raise UsageFault(
            f"Statistics over {days} days.", f"It takes 1 to {MOST_DAYS}.", "Try --days 30."
        )
    evidence = gather(study, days)
    today, rows = evidence.today, evidence.rows
    reviews = [row for row in rows if row.kind in REVIEW_KINDS]
    return Stats(
        days=days,
        reviews=len(reviews),
        recall=observed_recall(reviews),
        cards_seen=_cards_seen(study.catalogue, evidence),
        exercises_passed=sum(state.solved for state in evidence.states.values()),
        streak=streak(study_days(study, evidence), today),
        minutes=round(_card_minutes(reviews) + _exercise_minutes(evidence, rows, days)),
        per_day=per_day((row.study_day for row in reviews), today, days),
        by_part=_by_part(study.catalogue, reviews),
        upcoming=upcoming(scheduled_days(evidence), today, UPCOMING_DAYS),
        leeches=sum(
            kind == "card" and name in study.catalogue.cards and is_leech(memory.lapses)
            for (kind, name), memory in evidence.memories.items()
        ),
        calibration=tuple(_calibration(kind, reviews) for kind in ("card", "exercise")),
    )


def _calibration(kind: str, reviews: Iterable[LogRow]) -> Calibration:
    """Return how predictions came true; a chance of 1 is that of an answer on the same day."""
    tested = [
        row
        for row in reviews
        if row.item_kind == kind and row.rating and row.r_before is not None and row.r_before < 1
    ]
    wanted = [row.retention for row in tested if row.retention is not None]
    return calibrate(
        kind,
        [(row.r_before or 0.0, (row.rating or 0) > AGAIN) for row in tested],
        sum(wanted) / len(wanted) if wanted else None,
    )


def _cards_seen(catalogue: Catalogue, evidence: Evidence) -> int:
    return sum(
        kind == "card" and name in catalogue.cards and memory.state != "new"
        for (kind, name), memory in evidence.memories.items()
    )


def _card_minutes(reviews: Iterable[LogRow]) -> float:
    return sum(answer_ms(row.duration_ms) for row in reviews if row.item_kind == "card") / 60_000


def _exercise_minutes(evidence: Evidence, rows: Iterable[LogRow], days: int) -> float:
    """Return the minutes between opening, hints and attempts, breaks left out."""
    moments: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        if row.item_kind == "exercise":
            moments[row.item_id].append((row.utc_ms, row.study_day))
    for name, attempts in evidence.attempts.items():
        moments[name].extend(
            (attempt.utc_ms, attempt.study_day)
            for attempt in attempts
            if attempt.study_day > evidence.today - days
        )
    return sum(time_spent(listed)[0] for listed in moments.values())


def _by_part(
    catalogue: Catalogue, reviews: Iterable[LogRow]
) -> tuple[tuple[str, float | None, int], ...]:
    home = homes(catalogue)
    parts = {topic.id: part.id for part in catalogue.parts for topic in part.topics}
    sorted_rows: dict[str, list[LogRow]] = {part.id: [] for part in catalogue.parts}
    for row in reviews:
        card = catalogue.cards.get(row.item_id) if row.item_kind == "card" else None
        part = parts.get(home.get(card.topic, "")) if card else None
        if part and row.kind == "review":
            sorted_rows[part].append(row)
    return tuple(
        (part, observed_recall(listed), len(listed)) for part, listed in sorted_rows.items()
    )

"""The rating of an exercise, from stored evidence.

A *round* is one go at an exercise: it begins after the last pass (or after a rating of an earlier
study day) and holds the opens, hints, looks at the solution and attempts since. Its time is the
sum of the gaps between these events. A gap of over an hour, or over the end of a study day, is a
break: how much of it was work nobody knows, so it counts nothing, and the round cannot be rated
easy any more.

The schedule is fed at most one rating per exercise and study day: what follows an *again* on the
same day is practice. The learner may lower a proposal, never raise it.
"""

from __future__ import annotations

import ast
import itertools
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studytrack.domain.log import REVIEW_KINDS, Attempt, LogRow

AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
AGAIN_TIMES, HARD_TIMES, EASY_TIMES = 3.0, 1.75, 0.6  # multiples of the target time
HARD_FAILURES = 3
BREAK_MS = 60 * 60 * 1000
FAILING_VERDICTS: frozenset[str] = frozenset({"failed", "error", "timeout", "died", "forbidden"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What one round cost so far.

    `paused` says that the time holds a break; `first_solve` that the exercise was never passed
    before; `rated_today` that this study day's rating is already given.
    """

    failed: int = 0
    hints: int = 0
    solution_seen: bool = False
    gave_up: bool = False
    minutes: float = 0.0
    paused: bool = False
    first_solve: bool = False
    rated_today: bool = False


def exercise_rating(effort: Effort, *, passed: bool, target: float) -> int | None:
    """Return the rating (1 to 4) that the evidence gives, or None where it gives none.

    Args:
        effort: the round before this attempt (its time up to now).
        passed: whether this attempt passed; False also when the learner gives up.
        target: the exercise's own minutes.
    """
    if effort.rated_today:
        return None
    if effort.gave_up or effort.minutes > AGAIN_TIMES * target:
        return AGAIN
    if not passed:
        return None
    if effort.solution_seen:
        return AGAIN
    if effort.hints or effort.failed >= HARD_FAILURES or effort.minutes > HARD_TIMES * target:
        return HARD
    quick = not effort.paused and effort.minutes <= EASY_TIMES * target
    return EASY if quick and not effort.failed and not effort.first_solve else GOOD


def lowered(proposal: int, wanted: int | None) -> int:
    """Return the learner's own rating where it is lower than the proposal.

    >>> lowered(3, 4)
    3
    """
    return proposal if wanted is None else min(proposal, max(wanted, AGAIN))


def is_failed_submission(attempt: Attempt) -> bool:
    """Tell whether the attempt counts against the learner.

    A source that is no Python at all (a slip of the fingers) and a fault of the grader do not.
    """
    return attempt.verdict in FAILING_VERDICTS and parses(attempt.source)


def parses(source: str) -> bool:
    """Tell whether `source` is Python; it is never run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def round_of(
    rows: Sequence[LogRow], attempts: Sequence[Attempt], today: int
) -> tuple[list[LogRow], list[Attempt]]:
    """Return the live rows and the attempts of the current round, each in order.

    Args:
        rows: the exercise's live rows.
        attempts: all its attempts.
        today: the study day; a rating given today does not end the round, a pass does.
    """
    ends = [attempt.clock for attempt in attempts if attempt.passed]
    ends += [row.clock for row in rows if row.kind in REVIEW_KINDS and row.study_day < today]
    start = max(ends, default=-1)
    return (
        [row for row in rows if row.clock > start],
        [attempt for attempt in attempts if attempt.clock > start],
    )


def effort(
    rows: Sequence[LogRow], attempts: Sequence[Attempt], *, today: int, utc_ms: int
) -> Effort:
    """Return what the current round cost up to now.

    Args:
        rows: the exercise's live rows.
        attempts: all its attempts before this one.
        today: the study day.
        utc_ms: now.
    """
    round_rows, round_attempts = round_of(rows, attempts, today)
    looks = [row for row in round_rows if row.kind == "solution" and row.evidence.get("gave_up")]
    begun = [row for row in round_rows if row.kind in {"open", "hint"}]
    moments = [(row.utc_ms, row.study_day) for row in begun]
    moments += [(attempt.utc_ms, attempt.study_day) for attempt in round_attempts]
    minutes, paused = time_spent([*moments, (utc_ms, today)])
    return Effort(
        failed=sum(map(is_failed_submission, round_attempts)),
        hints=len({row.evidence.get("number") for row in round_rows if row.kind == "hint"}),
        solution_seen=bool(looks),
        minutes=minutes,
        paused=paused or not moments,  # without a beginning the time is unknown
        first_solve=not any(attempt.passed for attempt in attempts),
        rated_today=any(r.kind in REVIEW_KINDS and r.study_day == today for r in rows),
    )


def time_spent(moments: Iterable[tuple[int, int]]) -> tuple[float, bool]:
    """Return the minutes between events (UTC milliseconds, study day), and whether one is a break.

    >>> time_spent([(0, 7), (600_000, 7), (90_000_000, 8)])
    (10.0, True)
    """
    total, paused = 0, False
    for (before, day), (after, next_day) in itertools.pairwise(sorted(moments)):
        gap = after - before
        if day == next_day and gap <= BREAK_MS:
            total += gap
        else:
            paused = True
    return total / 60_000, paused

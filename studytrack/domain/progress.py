"""Where a learner stands with one exercise, from its log rows, attempts and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from studytrack.domain.credit import weight_of
from studytrack.domain.exercise import Exercise
from studytrack.domain.log import REVIEW_KINDS, Attempt, LogRow
from studytrack.domain.memory import Memory
from studytrack.domain.ratings import round_of

ExerciseStatus = Literal["new", "open", "failing", "solved", "due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseState:
    """The state of one exercise.

    `passed_checks` is such as "7/9" for the last attempt, "" before the first; `first_failed` the
    last attempt's first message; `due_day` 0 where it is not scheduled; `credit_from` the exercise
    that gave credit since its last review, "" for none; `moved` the clock of the newest event.
    """

    status: ExerciseStatus = "new"
    solved: bool = False
    attempts: int = 0
    passed_checks: str = ""
    first_failed: str = ""
    due_day: int = 0
    credit_from: str = ""
    hints_shown: int = 0
    moved: int = 0
    last_day: int = 0


def exercise_state(
    rows: Sequence[LogRow], attempts: Sequence[Attempt], memory: Memory | None, today: int
) -> ExerciseState:
    """Return the state of an exercise.

    Args:
        rows: its live rows, in order.
        attempts: its attempts, in order.
        memory: its memory state, None if it was never rated.
        today: the study day.
    """
    scheduled = memory is not None and memory.state != "new" and not memory.suspended
    due_day = memory.due_day if memory is not None and scheduled else 0
    solved = any(attempt.passed for attempt in attempts)
    last = attempts[-1] if attempts else None
    round_rows, round_attempts = round_of(rows, attempts, today)
    status: ExerciseStatus = "new"
    buried = memory is not None and memory.buried_day == today
    if scheduled and due_day <= today and not buried:
        status = "due"
    elif last is not None and not last.passed:
        status = "failing"
    elif solved:
        status = "solved"
    elif rows:
        status = "open"
    done = [row for row in rows if row.kind != "implicit"]  # the learner worked on another then
    events: list[LogRow | Attempt] = [*done, *attempts]
    return ExerciseState(
        status=status,
        solved=solved,
        attempts=len(attempts),
        passed_checks=_passed_checks(last),
        first_failed=_first_failed(round_attempts[-1]) if round_attempts else "",
        due_day=due_day,
        credit_from=_credit_from(rows) if due_day else "",
        hints_shown=len({r.evidence.get("number") for r in round_rows if r.kind == "hint"}),
        moved=max((event.clock for event in events), default=0),
        last_day=max((event.study_day for event in events), default=0),
    )


def prerequisites(name: str, exercises: Mapping[str, Exercise]) -> set[str]:
    """Return all exercises that one needs, directly or through others, itself left out."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        needs = exercises[current].needs if (current := waiting.pop()) in exercises else ()
        waiting += [need for need in needs if need not in found]
        found.update(needs)
    return found - {name}


def _credit_from(rows: Sequence[LogRow]) -> str:
    for row in reversed(rows):
        if row.kind in REVIEW_KINDS:
            break
        if row.kind == "implicit" and weight_of(row) is not None:
            return str(row.evidence.get("because", ""))
    return ""


def _passed_checks(attempt: Attempt | None) -> str:
    checks = attempt.report.get("checks", ()) if attempt else ()
    if not checks:
        return ""
    return f"{sum(check['outcome'] == 'passed' for check in checks)}/{len(checks)}"


def _first_failed(attempt: Attempt) -> str:
    failed = (c for c in attempt.report.get("checks", ()) if c["outcome"] != "passed")
    return next((str(c["name"]) for c in failed), str(attempt.report.get("error", "")))

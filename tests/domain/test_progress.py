from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.memory import Memory
from studytrack.domain.progress import ExerciseState, exercise_state

TODAY = 100
OPENED = LogRow(
    event_id="e1",
    device_id="d",
    clock=1,
    utc_ms=1,
    offset_min=0,
    study_day=90,
    kind="open",
    item_kind="exercise",
    item_id="add_one",
)


def attempt(clock: int, *, passed: bool) -> Attempt:
    """Return an attempt of which one of two checks passed, or both."""
    second = "passed" if passed else "failed"
    return Attempt(
        attempt_id=f"a{clock}",
        device_id="d",
        clock=clock,
        utc_ms=clock,
        offset_min=0,
        study_day=90 + clock,
        exercise="add_one",
        source="x = 1",
        verdict=second,
        passed=passed,
        device="cpu",
        seed=0,
        seconds=0.1,
        report={
            "checks": [
                {"name": "adds", "outcome": "passed"},
                {"name": "keeps its input", "outcome": second},
            ]
        },
    )


def memory(due_day: int, *, suspended: bool = False, buried: int | None = None) -> Memory:
    """Return the memory of a rated exercise."""
    return Memory(
        item_kind="exercise",
        item_id="add_one",
        state="review",
        stability=5.0,
        difficulty=5.0,
        due_day=due_day,
        suspended=suspended,
        buried_day=buried,
    )


FAILED, PASSED = attempt(2, passed=False), attempt(3, passed=True)
FAILED_LATER = attempt(4, passed=False)


@pytest.mark.parametrize(
    ("rows", "attempts", "known", "status"),
    [
        ([], [], None, "new"),
        ([OPENED], [], None, "open"),
        ([OPENED], [FAILED], None, "failing"),
        ([OPENED], [FAILED, PASSED], None, "solved"),
        ([OPENED], [FAILED, PASSED], memory(TODAY + 1), "solved"),
        ([OPENED], [FAILED, PASSED], memory(TODAY), "due"),
        ([OPENED], [FAILED, PASSED], memory(TODAY, suspended=True), "solved"),
        ([OPENED], [FAILED, PASSED], memory(TODAY, buried=TODAY), "solved"),
        ([OPENED], [FAILED, PASSED], memory(TODAY, buried=TODAY - 1), "due"),
        ([OPENED], [PASSED, FAILED_LATER], memory(TODAY + 1), "failing"),
        ([OPENED], [], memory(TODAY - 1), "due"),
    ],
)
def test_the_status_follows_from_what_happened(
    rows: list[LogRow], attempts: list[Attempt], known: Memory | None, status: str
) -> None:
    """Due comes first, then the last attempt, then whether it was opened."""
    assert exercise_state(rows, attempts, known, TODAY).status == status


def test_the_last_attempt_is_counted() -> None:
    """Checks of the last attempt are shown; the first failed one while it still fails."""
    failing = exercise_state([OPENED], [FAILED], None, TODAY)
    solved = exercise_state([OPENED], [FAILED, PASSED], None, TODAY)

    assert (failing.passed_checks, failing.first_failed) == ("1/2", "keeps its input")
    assert (solved.passed_checks, solved.first_failed) == ("2/2", "")
    assert (solved.attempts, solved.solved) == (2, True)


def test_credit_is_told_and_is_nothing_that_the_learner_did() -> None:
    """It shows until the next review; when the exercise was last worked on stays."""
    given = {"because": "row_sum", "weight": 0.25}
    credit = OPENED._replace(
        kind="implicit", clock=9, study_day=99, evidence=given, scheduled=5, event_id="e9"
    )
    review = credit._replace(kind="review", clock=10, rating=3, event_id="e10")

    before = exercise_state([OPENED], [PASSED], memory(TODAY + 4), TODAY)
    after = exercise_state([OPENED, credit], [PASSED], memory(TODAY + 4), TODAY)

    assert after == replace(before, credit_from="row_sum")
    assert exercise_state([credit, review], [], memory(TODAY + 4), TODAY).credit_from == ""
    assert exercise_state([credit], [], None, TODAY).credit_from == ""


def test_a_new_exercise_has_nothing() -> None:
    """The defaults describe an exercise that nobody touched."""
    assert exercise_state([], [], None, TODAY) == ExerciseState()

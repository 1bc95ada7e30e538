from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.ratings import (
    Effort,
    effort,
    exercise_rating,
    is_failed_submission,
    lowered,
    time_spent,
)

TARGET = 10.0
CALM = Effort(minutes=8.0)  # within the target, but not quick
MINUTE, DAY = 60_000, 86_400_000


@pytest.mark.parametrize(
    ("cost", "passed", "rating"),
    [
        # again
        (replace(CALM, solution_seen=True), True, 1),
        (replace(CALM, gave_up=True), False, 1),
        (replace(CALM, minutes=30.1), True, 1),
        (replace(CALM, minutes=30.1), False, 1),
        # hard
        (replace(CALM, hints=1), True, 2),
        (replace(CALM, failed=3), True, 2),
        (replace(CALM, minutes=17.6), True, 2),
        (replace(CALM, minutes=30.0), True, 2),
        # good
        (CALM, True, 3),
        (replace(CALM, failed=2), True, 3),
        (replace(CALM, minutes=17.5), True, 3),
        (replace(CALM, minutes=6.1), True, 3),
        # easy, and what keeps a quick pass from it
        (replace(CALM, minutes=6.0), True, 4),
        (replace(CALM, minutes=1.0, first_solve=True), True, 3),
        (replace(CALM, minutes=1.0, failed=1), True, 3),
        (replace(CALM, minutes=1.0, paused=True), True, 3),
        (replace(CALM, minutes=1.0, hints=1), True, 2),
        # no rating
        (CALM, False, None),
        (replace(CALM, solution_seen=True), False, None),
        (replace(CALM, rated_today=True), True, None),
        (replace(CALM, rated_today=True, minutes=31.0), False, None),
    ],
)
def test_every_row_of_the_table(cost: Effort, passed: bool, rating: int | None) -> None:
    """The stored evidence alone gives the rating."""
    assert exercise_rating(cost, passed=passed, target=TARGET) == rating


@given(st.integers(1, 4), st.none() | st.integers(-3, 9))
def test_the_learner_may_only_lower(proposal: int, wanted: int | None) -> None:
    """A rating above the proposal is not taken, one below it is."""
    rating = lowered(proposal, wanted)

    assert 1 <= rating <= proposal
    assert wanted is None or rating <= max(wanted, 1)


@given(
    st.integers(0, 9),
    st.integers(0, 4),
    st.floats(0, 60),
    st.booleans(),
    st.booleans(),
)
def test_more_trouble_never_rates_higher(
    failed: int, hints: int, minutes: float, paused: bool, first: bool
) -> None:
    """One more failure, hint or minute cannot raise a rating."""
    cost = Effort(failed=failed, hints=hints, minutes=minutes, paused=paused, first_solve=first)

    worse = [
        replace(cost, failed=failed + 1),
        replace(cost, hints=hints + 1),
        replace(cost, minutes=minutes + 1),
        replace(cost, paused=True),
        replace(cost, solution_seen=True),
    ]

    rating = exercise_rating(cost, passed=True, target=TARGET) or 0
    assert all((exercise_rating(w, passed=True, target=TARGET) or 0) <= rating for w in worse)


@pytest.mark.parametrize(
    ("verdict", "source", "counts"),
    [
        ("failed", "x = 1", True),
        ("error", "x = 1", True),
        ("timeout", "x = 1", True),
        ("died", "x = 1", True),
        ("forbidden", "x = 1", True),
        ("error", "def f(:", False),
        ("protocol", "x = 1", False),
        ("passed", "x = 1", False),
    ],
)
def test_slips_and_grader_faults_are_no_failures(verdict: str, source: str, counts: bool) -> None:
    """Only a submission that is Python and was judged counts against the learner."""
    assert is_failed_submission(attempt(1, verdict=verdict, source=source)) is counts


def test_time_over_night_is_a_break() -> None:
    """Hours between two sittings are not counted, but the round has a break."""
    sittings = [(0, 7), (10 * MINUTE, 7), (DAY, 8), (DAY + 5 * MINUTE, 8)]

    assert time_spent(sittings) == (15.0, True)


def test_a_round_adds_up_what_happened_since_the_last_pass() -> None:
    """Hints and failures before a pass do not weigh on the next round."""
    rows = [
        row(1, "open"),
        row(2, "hint", number=1),
        row(10, "open", day=20),
        row(11, "hint", day=20, number=1),
        row(13, "hint", day=20, number=2),
    ]
    attempts = [
        attempt(3, verdict="failed"),
        attempt(4, verdict="passed"),
        attempt(12, verdict="failed", day=20),
        attempt(14, verdict="error", source="def f(:", day=20),
    ]

    cost = effort(rows, attempts, today=20, utc_ms=15 * MINUTE)

    assert cost == Effort(failed=1, hints=2, minutes=5.0)


def test_an_unknown_beginning_is_never_easy() -> None:
    """A file graded without ever being opened here has no known time."""
    cost = effort([], [attempt(1, verdict="passed")], today=20, utc_ms=99 * MINUTE)

    assert cost.paused
    assert exercise_rating(cost, passed=True, target=TARGET) == 3


def test_what_follows_giving_up_on_that_day_is_practice() -> None:
    """After an again, a pass of the same day gives no rating; the next day it does."""
    rows = [row(1, "open"), row(2, "solution", gave_up=True), row(3, "learn")]

    same_day = effort(rows, [], today=10, utc_ms=4 * MINUTE)
    next_day = effort([*rows, row(9, "open", day=11)], [], today=11, utc_ms=10 * MINUTE)

    assert exercise_rating(same_day, passed=True, target=TARGET) is None
    assert exercise_rating(next_day, passed=True, target=TARGET) == 3


def test_a_look_at_the_solution_after_a_pass_is_free() -> None:
    """Comparing one's own solution with ours does not spoil the next round."""
    rows = [row(2, "solution", gave_up=False), row(9, "open", day=20)]

    cost = effort(rows, [attempt(1, verdict="passed")], today=20, utc_ms=10 * MINUTE)

    assert not cost.solution_seen


def row(minute: int, kind: str, day: int = 10, **evidence: object) -> LogRow:
    """Return a log row of one exercise."""
    return LogRow(
        event_id=f"e{minute}",
        device_id="d",
        clock=minute,
        utc_ms=minute * MINUTE,
        offset_min=0,
        study_day=day,
        kind=kind,
        item_kind="exercise",
        item_id="top_k_filter",
        evidence=evidence,
        rating=1 if kind == "learn" else None,
    )


def attempt(minute: int, *, verdict: str, source: str = "x = 1", day: int = 10) -> Attempt:
    """Return an attempt at one exercise."""
    return Attempt(
        attempt_id=f"a{minute}",
        device_id="d",
        clock=minute,
        utc_ms=minute * MINUTE,
        offset_min=0,
        study_day=day,
        exercise="top_k_filter",
        source=source,
        verdict=verdict,
        passed=verdict == "passed",
        device="cpu",
        seed=0,
        seconds=0.1,
    )

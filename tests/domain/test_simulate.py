"""The simulator against every possible course of a small case."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.fsrs import Fsrs, State
from studytrack.domain.fuzz import bounds
from studytrack.domain.simulate import CURVE, Habits, Known, Plan, simulate

MODEL = Fsrs()
HABITS = Habits(
    first_seconds=30, pass_seconds=10, fail_seconds=20, step_seconds=5, passed=(0.0, 1.0, 0.0)
)
CARD = Known(stability=1.5, difficulty=6.0, last_day=-2, due_day=0)


def expected(state: State, last: int, due: int, plan: Plan) -> tuple[float, float]:
    """The exact mean of seconds and of cards remembered, over every course of one card."""
    if due >= plan.days:
        return 0.0, MODEL.recall(state, plan.days - last)
    chance = MODEL.recall(state, due - last)
    seconds = remembered = 0.0
    for passed, weight in ((True, chance), (False, 1 - chance)):
        after = MODEL.next(state, 3 if passed else 1, due - last)
        cost = HABITS.pass_seconds if passed else HABITS.fail_seconds + HABITS.step_seconds
        if not passed:
            after = MODEL.next(after, 3, 0)
        low, high = bounds(MODEL.interval(after, plan.retention), 1, plan.maximum)
        for days in range(low, high + 1):
            share = weight / (high - low + 1)
            later, kept = expected(after, due, due + days, plan)
            seconds += share * (cost + later)
            remembered += share * kept
    return seconds, remembered


def test_the_mean_of_many_runs_is_that_of_all_courses() -> None:
    """Drawn answers agree with the exact expectation, within four standard errors."""
    plan, runs = Plan(days=12), 3000

    found = [simulate([CARD], plan, HABITS, MODEL, random.Random(one)) for one in range(runs)]

    seconds, remembered = expected(State(1.5, 6.0), -2, 0, plan)
    for exact, drawn in (
        (seconds, [sum(one.seconds) for one in found]),
        (remembered, [one.remembered for one in found]),
    ):
        mean = sum(drawn) / runs
        error = (sum((one - mean) ** 2 for one in drawn) / runs / runs) ** 0.5
        assert abs(mean - exact) < 4 * error


def test_new_cards_begin_by_the_plan() -> None:
    """So many a day until none is left; the last day of that is the finish."""
    course = simulate([], Plan(days=5, waiting=7, new_per_day=3), HABITS, MODEL, random.Random(1))

    assert course.begun == (3, 3, 1, 0, 0)
    assert course.last_begun == 2


def test_a_plan_that_is_too_short_has_no_finish() -> None:
    """Cards that are left over are not called begun."""
    course = simulate([], Plan(days=2, waiting=7, new_per_day=3), HABITS, MODEL, random.Random(1))

    assert course.last_begun is None


def test_a_limit_of_reviews_puts_off_what_is_over() -> None:
    """No day has more reviews than its limit, and the rest waits."""
    plan = Plan(days=3, reviews=2)

    course = simulate([CARD] * 9, plan, HABITS, MODEL, random.Random(1))

    steps_apart = [seconds for seconds in course.seconds if seconds > 2 * 25]
    assert steps_apart == []
    assert course.left >= 3


@given(st.integers(0, 10**6), st.sampled_from(CURVE))
def test_a_seed_says_everything(seed, retention) -> None:
    """The same seed gives the same course; work and memory stay within what there is."""
    plan = Plan(days=60, waiting=10, new_per_day=2, retention=retention)

    first, second = (
        simulate([CARD] * 5, plan, HABITS, MODEL, random.Random(seed)) for _ in range(2)
    )

    assert first == second
    assert 0 < first.remembered <= 15
    assert sum(first.begun) == 10


def test_wanting_to_remember_more_costs_more_and_keeps_more() -> None:
    """Along the curve, answers and cards remembered grow."""
    plans = [Plan(days=365, waiting=300, new_per_day=5, retention=wanted) for wanted in CURVE]

    found = [simulate([], plan, HABITS, MODEL, random.Random(1)) for plan in plans]

    for lower, higher in product(found[:2], found[-2:]):
        assert sum(lower.answers) < sum(higher.answers)
        assert lower.remembered < higher.remembered


@pytest.mark.parametrize("last_day", [0, 3])
def test_a_card_answered_today_or_by_a_fast_clock_is_no_error(last_day) -> None:
    """Time that runs backwards counts as the same day."""
    known = Known(stability=1.0, difficulty=5.0, last_day=last_day, due_day=0)

    course = simulate([known], Plan(days=2), HABITS, MODEL, random.Random(1))

    assert course.answers[0] >= 1

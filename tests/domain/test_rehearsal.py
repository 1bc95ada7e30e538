"""The simulated reviews of exercises, against every possible course of a small case."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.fsrs import Fsrs, State
from studytrack.domain.memory import EXERCISES, Memory, Moment
from studytrack.domain.rehearsal import PASSED, Solved, Work, rehearse
from studytrack.domain.scheduler import answer

MODEL, TODAY = Fsrs(), 739_578


def solved(
    name: str, due: int = 0, stability: float = 5.0, needs: dict[str, float] | None = None
) -> Solved:
    """Return an exercise of ten minutes that was last reviewed five days ago."""
    memory = Memory(
        item_kind="exercise",
        item_id=name,
        state="review",
        stability=stability,
        difficulty=5.0,
        due_day=TODAY + due,
        last_day=TODAY - 5,
        interval=5 + due,
        reps=2,
    )
    return Solved(memory=memory, minutes=10, puts_off=frozenset(needs or ()), shares=needs or {})


def run(
    exercises: dict[str, Solved], seed: int = 1, *, days: int = 60, credit: bool = False
) -> Work:
    """Return the work of one run."""
    rng = random.Random(seed)
    return rehearse(exercises, EXERCISES, MODEL, rng, today=TODAY, days=days, credit=credit)


def expected(memory: Memory, end: int) -> float:
    """The exact mean of reviews until a day, over every course of one exercise."""
    day = max(memory.due_day, TODAY)
    if day >= end:
        return 0.0
    recall = MODEL.recall(State(memory.stability, memory.difficulty), day - memory.last_day)
    chances = [1 - recall, *(share * recall for share in PASSED)]
    afterwards = [
        answer(memory, rating, Moment(day, 0), EXERCISES).memory for rating in range(1, 5)
    ]
    later = zip(chances, afterwards, strict=True)
    return 1 + sum(chance * expected(after, end) for chance, after in later)


def test_the_mean_of_many_runs_is_that_of_all_courses() -> None:
    """Drawn recall and ratings agree with the exact expectation, within four standard errors."""
    one, runs = solved("x"), 2000

    found = [run({"x": one}, seed, days=12).reviews for seed in range(runs)]

    mean = sum(found) / runs
    error = (sum((reviews - mean) ** 2 for reviews in found) / runs / runs) ** 0.5
    assert abs(mean - expected(one.memory, TODAY + 12)) < 4 * error


def test_a_pass_puts_off_what_it_needs() -> None:
    """The harder one comes first, and the easier one is not asked on that day."""
    both = {"easy": solved("easy"), "hard": solved("hard", stability=3e4, needs={"easy": 0.25})}

    assert run(both, days=1).reviews == 1
    assert run(both, days=2).reviews == 2


def test_with_credit_what_was_due_moves_on() -> None:
    """And not to the next day only, as without."""
    both = {"easy": solved("easy"), "hard": solved("hard", stability=3e4, needs={"easy": 0.25})}
    seeds = [seed for seed in range(20) if run(both, seed, days=2, credit=True).reviews == 1]

    assert len(seeds) > 10  # all but the passes that were rated hard


def test_credit_is_less_work_as_the_model_believes() -> None:
    """For a chain of exercises over a year; without prerequisites it makes no difference."""
    chain = {
        "a": solved("a"),
        "b": solved("b", 2, needs={"a": 0.25}),
        "c": solved("c", 4, needs={"b": 0.25, "a": 0.0625}),
    }
    alone = {"a": solved("a"), "b": solved("b", 2)}

    def mean(exercises: dict[str, Solved], *, credit: bool) -> float:
        found = [run(exercises, seed, days=365, credit=credit).reviews for seed in range(200)]
        return sum(found) / len(found)

    assert mean(chain, credit=True) < 0.95 * mean(chain, credit=False)
    assert mean(alone, credit=True) == mean(alone, credit=False)


@given(st.integers(0, 10**6), st.booleans())
def test_a_seed_says_everything(seed, credit) -> None:
    """The same seed gives the same work, and every review takes its minutes."""
    both = {"a": solved("a"), "b": solved("b", 2, needs={"a": 0.25, "gone": 0.0625})}

    first, second = (run(both, seed, credit=credit) for _ in range(2))

    assert first == second
    assert first.minutes == 10 * first.reviews


@pytest.mark.parametrize("due", [-300, 0, 59, 60])
def test_what_is_overdue_is_reviewed_today(due) -> None:
    """What comes due after the last day is not reviewed at all."""
    assert (run({"x": solved("x", due)}).reviews > 0) == (due < 60)

"""The model of memory against its reference implementation, and its laws."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from fsrs import Card, Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.fsrs import BOUNDS, DEFAULTS, Fsrs, State
from studytrack.domain.memory import CARDS, Memory, Moment
from studytrack.domain.scheduler import answer

GAPS = (0, 0, 1, 2, 5, 20, 90, 400)
RATINGS = st.integers(1, 4)
STATES = st.builds(State, st.floats(0.01, 3000), st.floats(1, 10))


def jittered(rng: random.Random) -> tuple[float, ...]:
    """Return parameters near the defaults, inside their bounds."""
    return tuple(
        min(max(value * math.exp(rng.gauss(0, 0.25)), low), high)
        for value, (low, high) in zip(DEFAULTS, BOUNDS, strict=True)
    )


@pytest.mark.parametrize("block", range(20))
def test_states_and_intervals_equal_py_fsrs(block) -> None:
    """A thousand random histories give the same stability, difficulty and days to 1e-5."""
    for seed in range(block * 50, block * 50 + 50):
        compare_history(seed)


def compare_history(seed: int) -> None:
    """Compare one history with the oracle, step by step."""
    rng = random.Random(seed)
    parameters = jittered(rng) if seed % 2 else DEFAULTS
    retention = rng.choice((0.7, 0.8, 0.9, 0.95, 0.97))
    model = Fsrs(parameters)
    oracle = Scheduler(
        parameters=parameters,
        desired_retention=retention,
        learning_steps=(),
        relearning_steps=(),
        enable_fuzzing=False,
    )
    theirs, ours, day = Card(card_id=1), None, 0

    for _ in range(20):
        rating, gap = rng.randint(1, 4), rng.choice(GAPS) if ours else 0
        day += gap
        when = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=day)
        theirs, _ = oracle.review_card(theirs, Rating(rating), when)
        ours = model.next(ours, rating, gap) if ours else model.first(rating)
        if theirs.stability > 36500:
            return
        days = min(36500, max(1, round(model.interval(ours, retention))))

        assert ours.stability == pytest.approx(theirs.stability, rel=1e-5), seed
        assert ours.difficulty == pytest.approx(theirs.difficulty, rel=1e-5), seed
        assert (theirs.due - when).days == days, seed


@given(STATES, st.integers(0, 500), st.integers(0, 50))
def test_the_four_states_at_once_are_those_one_by_one(state, days, seed) -> None:
    """What a question shows is computed together, what a replay folds alone; they are equal."""
    model = Fsrs(jittered(random.Random(seed)))
    assert model.each(state, days) == tuple(
        model.next(state, rating, days) for rating in range(1, 5)
    )


@given(STATES, st.integers(2, 4), st.integers(1, 2000))
def test_a_success_never_shortens_memory(state, rating, days) -> None:
    """Stability grows or stays after hard, good and easy on a later day."""
    assert Fsrs().next(state, rating, days).stability >= state.stability


@given(STATES, st.integers(1, 2000))
def test_a_lapse_never_lengthens_memory(state, days) -> None:
    """Again leaves at most what was there."""
    assert Fsrs().next(state, 1, days).stability <= state.stability + 1e-9


@given(STATES, RATINGS, st.integers(0, 2000))
def test_difficulty_stays_between_one_and_ten(state, rating, days) -> None:
    """Whatever is answered."""
    assert 1 <= Fsrs().next(state, rating, days).difficulty <= 10


@given(STATES, st.integers(1, 1000))
def test_better_ratings_give_longer_memory(state, days) -> None:
    """Hard, good and easy are in order."""
    hard, good, easy = (Fsrs().next(state, rating, days).stability for rating in (2, 3, 4))

    assert hard <= good <= easy


@given(STATES, st.floats(0, 1000), st.floats(0.001, 1000))
def test_recall_falls_with_time(state, days, more) -> None:
    """Longer means less."""
    assert Fsrs().recall(state, days + more) < Fsrs().recall(state, days) <= 1


@given(STATES)
def test_the_interval_at_ninety_percent_is_the_stability(state) -> None:
    """That is what stability means."""
    assert Fsrs().interval(state, 0.9) == pytest.approx(state.stability)
    assert Fsrs().interval(state, 0.95) < Fsrs().interval(state, 0.8)


@pytest.mark.parametrize("retention", [0, 1, 1.5, -1, 0.5, math.nan])
def test_a_wanted_retention_outside_its_range_is_refused(retention) -> None:
    """No silent one-day intervals and no division by zero."""
    with pytest.raises(ValueError, match="retention"):
        Fsrs().interval(State(10, 5), retention)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        (DEFAULTS[:-1], "not 20"),
        ((*DEFAULTS[:-1], math.nan), "Parameter 20"),
        ((-1.0, *DEFAULTS[1:]), "Parameter 0"),
    ],
)
def test_bad_parameters_are_refused_by_index(parameters, word) -> None:
    """Wrong length, NaN and values out of bounds are named."""
    with pytest.raises(ValueError, match=word):
        Fsrs(parameters)


@pytest.mark.parametrize("seed", range(100))
def test_steps_equal_py_fsrs_within_a_day(seed) -> None:
    """With the default steps, stability, difficulty, state and step agree over a day's answers."""
    rng = random.Random(seed)
    oracle = Scheduler(enable_fuzzing=False)
    theirs, ours = Card(card_id=1), Memory(item_kind="card", item_id="x")
    start = datetime(2000, 1, 1, tzinfo=UTC)
    names = {"Learning": "learning", "Review": "review", "Relearning": "relearning"}

    for number in range(12):
        when = start + timedelta(minutes=number * 15)
        rating = rng.randint(1, 4)
        theirs, _ = oracle.review_card(theirs, Rating(rating), when)
        moment = Moment(day=start.toordinal(), utc_ms=int(when.timestamp() * 1000))
        outcome = answer(ours, rating, moment, CARDS)
        ours = outcome.memory

        assert ours.stability == pytest.approx(theirs.stability, rel=1e-5)
        assert ours.difficulty == pytest.approx(theirs.difficulty, rel=1e-5)
        assert ours.state == names[theirs.state.name]
        if ours.state != "review":
            assert ours.step == theirs.step
            assert -outcome.scheduled == (theirs.due - when).total_seconds()


@given(STATES, RATINGS, st.integers(0, 2000), st.integers(0, 10**9))
def test_stability_stays_inside_its_bounds(state, rating, days, seed) -> None:
    """With whatever parameters, however long the wait."""
    model = Fsrs(jittered(random.Random(seed)))

    after = model.next(state, rating, days)

    assert 0.001 <= after.stability <= 36500
    assert 1 <= after.difficulty <= 10


@given(STATES, st.integers(0, 1000))
def test_a_better_rating_never_makes_a_card_harder(state, days) -> None:
    """Difficulty falls or stays from again to easy, and stability rises or stays."""
    after = [Fsrs().next(state, rating, days) for rating in (1, 2, 3, 4)]

    assert [s.difficulty for s in after] == sorted((s.difficulty for s in after), reverse=True)
    assert [s.stability for s in after] == sorted(s.stability for s in after)


@given(STATES, st.floats(0.7, 0.97), st.floats(0.7, 0.97))
def test_more_wanted_recall_never_waits_longer(state, one, other) -> None:
    """The interval falls with the wanted chance of recall."""
    low, high = sorted((one, other))

    assert Fsrs().interval(state, low) >= Fsrs().interval(state, high)

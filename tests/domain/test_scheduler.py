"""Steps, intervals and the fold: what a button shows is what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.fuzz import bounds, draw, fuzzed
from studytrack.domain.log import LogRow
from studytrack.domain.memory import CARDS, EXERCISES, Memory, Moment, Preset
from studytrack.domain.scheduler import Offer, answer, fold, fold_one, preview

ROOT = Path(__file__).resolve().parents[2]
NEW = Memory(item_kind="card", item_id="x")
TODAY = Moment(day=739_578, utc_ms=1_795_500_000_000)


def state(name: str, step: int = 0, **more) -> Memory:
    """Return a memory in a state."""
    known = {"stability": 5.0, "difficulty": 5.0, "last_day": TODAY.day, "reps": 3, "interval": 5}
    return NEW._replace(state=name, step=step, **(known | more))


@pytest.mark.parametrize(
    ("memory", "rating", "scheduled", "after"),
    [
        (NEW, 1, -60, "learning"),
        (NEW, 2, -330, "learning"),
        (NEW, 3, -600, "learning"),
        (state("learning", 1), 1, -60, "learning"),
        (state("learning", 1), 2, -600, "learning"),
        (state("relearning"), 1, -600, "relearning"),
        (state("relearning"), 2, -900, "relearning"),
        (state("review"), 1, -600, "relearning"),
    ],
)
def test_steps_are_scheduled_in_seconds(memory, rating, scheduled, after) -> None:
    """Every cell of the table of steps."""
    outcome = answer(memory, rating, TODAY, CARDS)

    assert scheduled == outcome.scheduled
    assert after == outcome.memory.state
    assert outcome.memory.due_ms == TODAY.utc_ms - scheduled * 1000


@pytest.mark.parametrize(
    ("memory", "rating"),
    [
        (NEW, 4),
        (state("learning", 1), 3),
        (state("learning", 0), 4),
        (state("learning", 7), 2),
        (state("relearning"), 3),
        (state("review"), 2),
        (state("review"), 3),
    ],
)
def test_graduating_schedules_days(memory, rating) -> None:
    """The last good, an easy, and shortened steps leave the steps."""
    outcome = answer(memory, rating, TODAY, CARDS)

    assert outcome.scheduled >= 1
    assert outcome.memory.state == "review"
    assert outcome.memory.due_ms is None
    assert outcome.memory.due_day == TODAY.day + outcome.scheduled


def test_an_exercise_has_no_steps_within_the_day() -> None:
    """Also again schedules days."""
    for rating in (1, 2, 3, 4):
        assert answer(NEW._replace(item_kind="exercise"), rating, TODAY, EXERCISES).scheduled >= 1


@given(st.floats(0.1, 3000), st.integers(0, 900))
def test_a_failed_exercise_is_due_on_the_next_study_day(stability, late) -> None:
    """However firm it was; hard and better come back later than that."""
    memory = state(
        "review",
        stability=stability,
        interval=9,
        last_day=TODAY.day - 9 - late,
        item_kind="exercise",
    )

    again, hard, good, easy = (one.scheduled for one in preview(memory, TODAY, EXERCISES))

    assert 1 == again <= hard < good < easy


def test_a_lapse_is_counted_once() -> None:
    """Again in review lapses; again in relearning does not."""
    once = answer(state("review"), 1, TODAY, CARDS).memory

    assert 1 == once.lapses == answer(once, 1, TODAY, CARDS).memory.lapses


@given(st.floats(0.1, 3000), st.floats(1, 10), st.integers(1, 400), st.integers(0, 900))
def test_better_ratings_never_come_back_sooner(stability, difficulty, interval, late) -> None:
    """Hard, good and easy differ by a day at least where the model tells them apart."""
    memory = state(
        "review",
        stability=stability,
        difficulty=difficulty,
        interval=interval,
        last_day=TODAY.day - interval - late,
    )

    _, hard, good, easy = (outcome.scheduled for outcome in preview(memory, TODAY, CARDS))

    assert hard <= good <= easy
    assert hard < good < easy or easy == 36500


def test_the_preview_is_what_happens() -> None:
    """The same function, the same draw."""
    memory = state("review", last_day=TODAY.day - 9)

    shown = preview(memory, TODAY, CARDS)

    assert list(shown) == [answer(memory, rating, TODAY, CARDS) for rating in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("memory", "back"),
    [
        (state("review", lapses=2), "review"),
        (state("learning", 1, due_ms=TODAY.utc_ms), "review"),
        (NEW, "new"),
    ],
)
def test_a_mastered_item_comes_back_as_it_was_known(memory, back) -> None:
    """Out of rotation and out of its step; what is known of it stays."""
    mastered = fold_one(memory, "card", "x", event("mastered", 1))

    resumed = fold_one(mastered, "card", "x", event("resume", 2))

    assert mastered.resting
    assert mastered.due_ms is None
    assert resumed.state == back
    assert not resumed.resting
    assert (resumed.stability, resumed.reps, resumed.lapses) == (
        memory.stability,
        memory.reps,
        memory.lapses,
    )


def test_answering_a_mastered_item_is_a_review() -> None:
    """It is scheduled as if it had been in rotation, and is again."""
    memory = state("review", last_day=TODAY.day - 9)

    assert answer(memory._replace(state="mastered"), 3, TODAY, CARDS) == answer(
        memory, 3, TODAY, CARDS
    )
    assert answer(NEW._replace(state="mastered"), 3, TODAY, CARDS) == answer(NEW, 3, TODAY, CARDS)


def event(kind: str, clock: int, **more) -> LogRow:
    """Return a row about the card."""
    return LogRow(
        event_id=f"{clock:032}",
        device_id="d",
        clock=clock,
        utc_ms=TODAY.utc_ms,
        offset_min=0,
        study_day=TODAY.day,
        kind=kind,
        item_kind="card",
        item_id="x",
        **more,
    )


def test_a_step_survives_until_its_preset_is_shorter() -> None:
    """With steps taken out of the setting, hard, good and easy leave; again begins anew."""
    shorter = Preset(learning_steps=(60,))
    memory = state("learning", 1)

    again, hard, good, easy = (one.scheduled for one in preview(memory, TODAY, shorter))

    assert again == -60
    assert 1 <= hard <= good <= easy


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (3, 1, 4, 2)])
def test_the_order_in_which_ratings_are_looked_at_does_not_matter(order) -> None:
    """What the ratings share is computed once, whichever is asked for first."""
    memory = state("review", last_day=TODAY.day - 7, item_kind="exercise")

    shown = {rating: answer(memory, rating, TODAY, EXERCISES).scheduled for rating in order}

    assert (
        tuple(shown[rating] for rating in (1, 2, 3, 4)) == Offer(memory, TODAY, EXERCISES).promised
    )


@pytest.mark.parametrize("rating", [0, 5, -1])
def test_a_rating_that_is_none_is_refused(rating) -> None:
    """Only 1 to 4."""
    with pytest.raises(ValueError, match="rating"):
        answer(NEW, rating, TODAY, CARDS)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [(1, (1, 1)), (2, (2, 2)), (3, (2, 4)), (7, (5, 9)), (20, (17, 23)), (50, (46, 54))],
)
def test_fuzz_keeps_inside_its_bounds(interval, expected) -> None:
    """The legal days of an interval."""
    assert expected == bounds(interval, 1, 36500)


@given(st.floats(1, 400), st.integers(0, 400), st.floats(0, 0.999999))
def test_a_fuzzed_success_never_falls_back(interval, previous, u) -> None:
    """An interval that grew stays above the one before; all stay inside the bounds."""
    days = fuzzed(interval, previous, 36500, u)

    assert days >= 1
    assert days <= max(bounds(interval, 1, 36500)[1], previous + 1)
    if round(interval) > previous:
        assert days > previous


def test_fuzz_is_spread_evenly_and_the_same_everywhere() -> None:
    """Every legal day is drawn about as often; a draw depends on item and count alone."""
    drawn = [fuzzed(7, 0, 36500, draw(f"card {n}", 3)) for n in range(5000)]

    assert draw("recall.kv-cache-why", 4) == pytest.approx(0.9580104, abs=1e-6)
    assert {5, 6, 7, 8, 9} == set(drawn)
    assert all(800 < drawn.count(day) < 1200 for day in range(5, 10))


@pytest.mark.parametrize("interval", [*range(1, 60), *range(60, 401, 20)])
def test_the_bounds_are_those_of_the_formula(interval) -> None:
    """From one day to four hundred, written out in another way."""
    shares = [(2.5, 7, 0.15), (7, 20, 0.10), (20, 10**9, 0.05)]
    delta = sum(share * max(0, min(interval, high) - low) for low, high, share in shares)
    delta = 0 if interval < 2.5 else 1 + delta

    low, high = bounds(interval, 1, 36500)

    assert (low, high) == (max(1, round(interval - delta)), round(interval + delta))
    assert fuzzed(interval, 0, 36500, 0.0) == low
    assert fuzzed(interval, 0, 36500, 0.999999) == high


def test_a_draw_is_the_same_whatever_the_seed_of_hash() -> None:
    """Python's own `hash` changes from process to process; the draw does not."""
    program = "from studytrack.domain.fuzz import draw; print(draw('recall.kv-cache-why', 4))"
    drawn = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert drawn == {f"{draw('recall.kv-cache-why', 4)}\n"}


def test_a_short_maximum_is_kept() -> None:
    """No interval is longer than the preset allows."""
    preset = Preset(maximum=3)

    assert answer(state("review", stability=100.0), 4, TODAY, preset).scheduled <= 3


ANSWERS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40)), max_size=25)


@given(ANSWERS, st.sampled_from([CARDS, EXERCISES]))
def test_the_fold_of_the_log_is_the_state(answers, preset) -> None:
    """Answering step by step and replaying the rows give the same memory."""
    memory, moment, rows = NEW, TODAY, []
    for clock, (rating, days) in enumerate(answers, start=1):
        moment = Moment(day=moment.day + days, utc_ms=moment.utc_ms + days * 86_400_000 + 1)
        outcome = answer(memory, rating, moment, preset)
        memory = outcome.memory._replace(last_clock=clock)
        rows.append(
            LogRow(
                event_id=f"{clock:032}",
                device_id="d",
                clock=clock,
                utc_ms=moment.utc_ms,
                offset_min=60,
                study_day=moment.day,
                kind=outcome.kind,
                item_kind="card",
                item_id="x",
                rating=rating,
                scheduled=outcome.scheduled,
                evidence={"step": outcome.memory.step},
            )
        )

    assert (memory if answers else None) == fold("card", "x", rows)

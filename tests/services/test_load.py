"""Due days follow the work that is there already, and a promise is kept whatever comes between."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from studytrack.domain.cards import Card
from studytrack.services import exercises, review
from studytrack.services.deck import spread_of
from studytrack.services.load import Workload
from studytrack.services.undo import undo


def many(study, count: int, source: str = "") -> list[str]:
    """Put plain cards into the catalogue; return their ids."""
    made = [
        Card(id=f"many.{n:03}", kind="recall", topic="", front=f"q{n}", back=f"a{n}", source=source)
        for n in range(count)
    ]
    shipped = replace(study.shipped, cards={card.id: card for card in made})
    study._shipped = shipped  # content of a size that the tiny catalogue lacks
    study.refresh()
    return [card.id for card in made]


def due_days(study) -> Counter[int]:
    """Return how many cards are due on each day."""
    return Counter(memory.due_day for memory in study.store.memories("card").values())


def test_cards_of_one_day_are_spread_over_the_legal_ones(study) -> None:
    """Sixty easy answers fill the days more evenly than fuzz alone does."""
    study.settings = replace(study.settings, study_balance=False)
    for name in many(study, 60):
        review.answer(study, name, 4)
    plain = due_days(study)
    while undo(study) is not None:
        pass
    study.settings = replace(study.settings, study_balance=True)
    for name in many(study, 60):
        review.answer(study, name, 4)

    balanced = due_days(study)

    assert set(balanced) <= set(plain) | {min(plain) - 1, max(plain) + 1}
    assert max(balanced.values()) - min(balanced.values()) < (
        max(plain.values()) - min(plain.values())
    )


def test_a_free_day_stays_free(study) -> None:
    """Nothing that could fall on another day falls on a Wednesday."""
    study.settings = replace(study.settings, study_easy_days="wed 0")
    for name in many(study, 40):
        review.answer(study, name, 4)

    weekdays = {date.fromordinal(day).weekday() for day in due_days(study)}

    assert 2 not in weekdays
    assert len(weekdays) > 1


def test_siblings_are_not_due_on_one_day(study, clock) -> None:
    """Cards of one source are kept apart, as far as the legal days go."""
    first, second = many(study, 2, source="s")
    for name in (first, second):
        review.answer(study, name, 4)

    days = due_days(study)

    assert len(days) == 2


@pytest.mark.parametrize("seed", range(3))
def test_a_promise_is_kept_although_the_work_has_changed(study, reopen, clock, seed) -> None:
    """Another window fills the days between question and answer; the button's day stands."""
    rng = random.Random(seed)
    many(study, 30)
    other = reopen()
    names = many(other, 30)
    for _ in range(8):
        question = review.next_question(study)
        for name in rng.sample([n for n in names if n != question.card.id], 3):
            review.answer(other, name, 4)
        rating = rng.randint(1, 4)

        done = review.answer(study, question, rating)

        assert done.scheduled_text == question.intervals[rating - 1]
        clock.forward(hours=rng.choice((1, 30)))


def test_the_kept_work_equals_a_fresh_count(study, clock) -> None:
    """Answers move their card's work from day to day, and undo moves it back."""
    rng = random.Random(3)
    names = many(study, 12)
    for number in range(60):
        review.answer(study, rng.choice(names), rng.randint(1, 4))
        if number % 7 == 0:
            undo(study)
        clock.forward(seconds=rng.choice((30, 50_000)))
        stamp = study.stamp()
        memory = study.store.memory("card", names[0])

        kept = spread_of(study, stamp, memory)

        fresh = Workload(study, stamp.study_day).spread(memory, stamp.study_day)
        assert kept.seconds[1:] == pytest.approx(fresh.seconds[1:])
        assert sorted(kept.siblings) == sorted(fresh.siblings)


def test_switched_off_each_legal_day_is_as_likely(study) -> None:
    """Then nothing is looked at but the card."""
    study.settings = replace(study.settings, study_balance=False)
    stamp = study.stamp()

    assert spread_of(study, stamp, study.store.memory("card", "x")) is None


def test_an_exercise_keeps_away_from_a_free_day(study) -> None:
    """Exercises are balanced among the cards: they take the most minutes."""
    study.settings = replace(study.settings, study_balance=False)
    fallen = date.fromordinal(
        study.stamp().study_day + exercises.rating_row(study, "add_one", 4).scheduled
    )
    study.settings = replace(
        study.settings, study_balance=True, study_easy_days=f"{fallen:%a} 0".lower()
    )

    row = exercises.rating_row(study, "add_one", 4)

    assert date.fromordinal(row.study_day + row.scheduled).weekday() != fallen.weekday()


def test_an_exercise_weighs_its_minutes(study) -> None:
    """A card weighs what its answers took."""
    review.answer(study, "recall.topk-tie", 4, duration_ms=9_000)
    exercise = study.catalogue.exercises["add_one"]
    work = Workload(study, study.stamp().study_day)

    assert work.seconds(study.store.memory("card", "recall.topk-tie")) == 9
    assert work.seconds(study.store.memory("exercise", "add_one")) == exercise.minutes * 60

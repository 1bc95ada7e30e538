"""The forecast of a study."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.domain.simulate import CURVE
from studytrack.errors import UsageFault
from studytrack.services.cards import suspend
from studytrack.services.exercises import open_exercise, rating_row
from studytrack.services.review import answer, next_question
from studytrack.services.simulate import forecast
from tests.bench.log_of import put_log


def test_a_fresh_study_is_all_to_begin(study) -> None:
    """Every card waits, and the finish follows from the plan."""
    found = forecast(study, 30)

    asked = [card for card in study.catalogue.cards.values() if not card.retired]
    assert (found.known, found.waiting) == (0, len(asked))
    days = -(-len(asked) // study.settings.study_new_cards)
    assert found.finish is not None
    assert (found.finish - found.today).days == days - 1
    assert [point.retention for point in found.curve] == list(CURVE)


def test_cards_in_rotation_and_suspended_ones_are_told_apart(study) -> None:
    """What was answered is known; what is suspended takes no part."""
    whole = forecast(study, 5, curve=False)
    question = next_question(study)
    assert question is not None
    answer(study, question, 3)
    other = next(name for name in study.catalogue.cards if name != question.card.id)
    suspend(study, other)

    found = forecast(study, 5, curve=False)

    assert (found.known, found.waiting) == (1, whole.waiting - 2)


def test_the_learner_s_own_pace_counts(study) -> None:
    """With enough timed answers, the usual time gives way to the learner's own."""
    usual = forecast(study, 60, curve=False)
    put_log(study, 100)  # each took 6 seconds, the usual is 20

    found = forecast(study, 60, curve=False)

    per_answer = sum(found.course.seconds) / sum(found.course.answers)
    assert per_answer < sum(usual.course.seconds) / sum(usual.course.answers)


def test_the_same_seed_gives_the_same_forecast_and_stores_nothing(study) -> None:
    """A forecast is a reading command."""
    first = forecast(study, 20)

    assert forecast(study, 20) == first
    assert study.store.rows() == []


@pytest.mark.parametrize("days", [0, 3651])
def test_a_span_that_makes_no_sense_is_refused(study, days) -> None:
    """From one day to ten years."""
    with pytest.raises(UsageFault, match="1 to 3650"):
        forecast(study, days)


def test_exercises_are_simulated_with_and_without_credit(study, clock) -> None:
    """Those in rotation; whether the setting is on is told and changes no figure."""
    for name in ("add_one", "row_sum", "counter"):
        study.store.append([rating_row(study, name, 3)])
        clock.forward(days=1)
    suspended = {"kind": "suspend", "item_kind": "exercise", "item_id": "counter"}
    study.store.append([study.store.new_row(study.stamp(), **suspended)])

    found = forecast(study, 365, curve=False).exercises
    study.settings = replace(study.settings, memory_credit=True)
    switched = forecast(study, 365, curve=False).exercises

    assert (found.solved, found.credit) == (2, False)
    assert 0 < found.with_credit.reviews < found.without_credit.reviews
    assert found.with_credit.minutes < found.without_credit.minutes
    assert switched == replace(found, credit=True)


def test_without_a_solved_exercise_there_is_nothing_to_rehearse(study) -> None:
    """An exercise that was only opened is not one to review."""
    open_exercise(study, "add_one")

    assert forecast(study, 30, curve=False).exercises is None

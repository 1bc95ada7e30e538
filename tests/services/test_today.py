from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from studytrack.services import curriculum, exercises, readings, review, undo
from studytrack.services.study import Study
from studytrack.services.today import Plan, plan


def graded(study: Study, name: str, *, passed: bool) -> None:
    """Store an attempt; a pass is rated good."""
    outcome = "passed" if passed else "failed"
    attempt = study.store.new_attempt(
        study.stamp(),
        exercise=name,
        source="x = 1",
        verdict=outcome,
        passed=passed,
        device="cpu",
        seed=0,
        seconds=0.1,
        report={"checks": [{"name": "adds", "outcome": outcome}]},
    )
    rows = [exercises.rating_row(study, name, 3)] if passed else []
    study.store.add_attempt(attempt, rows)


def later(study: Study, days: int) -> None:
    """Move the clock on."""
    moment = study.now() + timedelta(days=days)
    study.clock = lambda: moment


def items(found: Plan) -> dict[str, str]:
    """Return the item of each kind of step."""
    return {step.kind: step.item for step in found.steps}


def learn_all(study: Study) -> None:
    """Answer the new cards of today with easy until nothing is left."""
    while (question := review.next_question(study)) is not None:
        review.answer(study, question.card.id, 4)


def test_the_first_day_has_one_step_of_each_kind(study: Study) -> None:
    """New cards, the first exercise and the reading put next fit the minutes of the day."""
    found = plan(study)

    assert [step.kind for step in found.steps] == ["review", "exercise", "reading"]
    assert items(found) == {"review": "", "exercise": "add_one", "reading": "sampling-post"}
    assert found.minutes == sum(step.minutes for step in found.steps) <= 25
    assert (found.day_text, found.day_number, found.streak) == ("Tue 24 Nov", 1, 0)
    assert found.steps[0].detail.endswith("new cards")
    assert "studytrack review" in found.next_text
    assert not found.done


def test_looking_at_the_plan_stores_nothing(study: Study) -> None:
    """The plan is computed, not kept."""
    plan(study)

    assert study.store.rows() == []


def test_due_cards_are_named_by_topic(study: Study) -> None:
    """The first step says what is due and where it belongs."""
    for name in ("typed.rank-zero", "shape.broadcast", "recall.kv-cache-why"):
        review.answer(study, name, 3)
    later(study, days=60)

    step = plan(study).steps[0]

    assert step.detail.startswith("3 cards due (2 pytorch.basics, 1 transformer.arch), ")


def test_an_exercise_begun_comes_before_a_new_one(study: Study) -> None:
    """The one touched last is continued."""
    graded(study, "row_sum", passed=False)
    exercises.open_exercise(study, "counter")
    opened = plan(study)
    graded(study, "row_sum", passed=False)
    failing = plan(study)

    assert items(opened)["exercise"] == "counter"
    assert items(failing)["exercise"] == "row_sum"
    assert failing.steps[1].detail == "passes 0/1 checks, today"


def test_a_due_exercise_comes_first_of_all(study: Study) -> None:
    """What was solved once is kept before something else is begun."""
    graded(study, "add_one", passed=True)
    later(study, days=300)
    exercises.open_exercise(study, "counter")

    found = plan(study)

    assert items(found)["exercise"] == "add_one"
    assert "due again" in found.steps[1].detail


def test_one_exercise_and_one_reading_a_day(study: Study) -> None:
    """What was done today is not planned again today; tomorrow goes on."""
    graded(study, "add_one", passed=True)
    readings.finish(study, "sampling-post")
    today = plan(study)
    later(study, days=1)
    tomorrow = plan(study)

    assert set(items(today)) == {"review"}
    assert items(tomorrow)["exercise"] == "counter"


def test_needs_come_before_what_needs_them(study: Study) -> None:
    """With the first exercise unsolved, nothing that builds on it is proposed."""
    curriculum.mark(study, "pytorch.basics", "in progress")

    assert items(plan(study))["exercise"] == "add_one"


def test_a_topic_set_aside_gives_no_new_exercise(study: Study) -> None:
    """Skipped and done by hand: the learner does not want its exercises."""
    curriculum.mark(study, "pytorch.basics", "skipped")

    found = plan(study)

    assert "exercise" not in items(found)
    assert [(part.id, part.done, part.total) for part in found.parts] == [
        ("I", 0, 0),
        ("II", 0, 2),
    ]


def test_the_reading_in_hand_goes_on(study: Study) -> None:
    """Being read beats next, next beats the inbox."""
    readings.set_progress(study, "attention-paper", 40)
    later(study, days=1)

    step = plan(study).steps[-1]

    assert (step.item, step.detail) == ("attention-paper", "paper, 40 % read")


def test_the_inbox_follows_the_current_topic(study: Study) -> None:
    """Without anything begun, the first inbox reading of the topic in progress is next."""
    readings.set_status(study, "sampling-post", "archived")
    later(study, days=1)
    basics = items(plan(study))["reading"]
    curriculum.mark(study, "pytorch.basics", "done")
    curriculum.mark(study, "transformer.arch", "done")
    sampling = items(plan(study))["reading"]

    assert basics == "deep-book"
    assert sampling == "attention-video"


def test_the_streak_counts_study_days(study: Study) -> None:
    """Reviews and attempts keep the streak; it survives an unfinished day, not a missed one."""
    review.answer(study, "typed.rank-zero", 3)
    later(study, days=1)
    graded(study, "add_one", passed=False)
    second = plan(study)
    later(study, days=1)
    third = plan(study)
    later(study, days=1)
    fourth = plan(study)

    assert [found.streak for found in (second, third, fourth)] == [2, 2, 0]
    assert [found.day_number for found in (second, third, fourth)] == [2, 3, 4]
    assert third.history[-3:] == (1, 0, 0)


def test_what_was_forgotten_is_named(study: Study) -> None:
    """Cards rated again lately are named by their term or question."""
    review.answer(study, "recall.topk-tie", 1)
    review.answer(study, "recall.topk-tie", 1)
    review.answer(study, "typed.rank-zero", 1)

    assert plan(study).forgotten == (
        "Top K (2 times)",
        "What is a tensor of rank 0 called?",
    )


def test_the_day_is_done_when_nothing_is_left(study: Study) -> None:
    """Cards, exercise and reading behind one, the plan says so and what comes next."""
    graded(study, "add_one", passed=True)
    readings.finish(study, "sampling-post")
    learn_all(study)

    found = plan(study)

    assert found.done
    assert found.steps == ()
    assert found.minutes == 0
    assert found.next_text.startswith("Done for today: 8 cards, 1 exercise, 1 reading.")
    assert "review --more 5" in found.next_text


def test_undo_brings_a_step_back(study: Study) -> None:
    """The plan is a function of what counts."""
    readings.finish(study, "sampling-post", "A takeaway.")
    before = set(items(plan(study)))

    undo.undo(study)
    study.refresh()

    assert before == {"review", "exercise"}
    assert items(plan(study))["reading"] == "sampling-post"


def test_an_empty_catalogue_names_the_way_in(study: Study, tmp_path: Path) -> None:
    """Without any content the plan is no blank screen."""
    (tmp_path / "nothing" / "data").mkdir(parents=True)
    empty = Study(study.paths, study.settings, study.clock, [tmp_path / "nothing"])

    found = plan(empty)
    empty.close()

    assert found.next_text.startswith("No plan yet.")
    assert "studytrack import" in found.next_text
    assert found.advice is None


@pytest.mark.parametrize("minutes", [5, 10, 25, 90])
def test_the_plan_fits_the_learners_minutes(study: Study, minutes: int) -> None:
    """Whatever the day allows, the plan keeps to it and begins with the cards."""
    study.settings = replace(study.settings, study_minutes=minutes)

    found = plan(study)

    assert 0 < found.minutes <= minutes
    assert found.steps[0].kind == "review"


def test_the_advice_changes_by_the_day(study: Study) -> None:
    """Tomorrow has other advice."""
    today = plan(study).advice
    later(study, days=1)

    assert today != plan(study).advice

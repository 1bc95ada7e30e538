"""What a graded attempt means for other items."""

from __future__ import annotations

import pytest

from studytrack.domain.verdict import CheckResult, Finding, Report
from studytrack.services import exercises, review
from studytrack.services.grading import grade
from studytrack.services.today import plan
from studytrack.services.undo import undo


class FakeGrader:
    """Gives the verdict it is asked for, with a diagnosis."""

    def __init__(self, verdict: str, mistake: str = "") -> None:
        self.verdict, self.mistake = verdict, mistake

    def grade(self, exercise, source, *, device="auto", seed=None, on_check=None) -> Report:
        """Return the verdict."""
        found = (Finding(mistake=self.mistake, text="A sentence."),) if self.mistake else ()
        outcome = "passed" if self.verdict == "passed" else "failed"
        return Report(
            exercise=exercise.id,
            verdict=self.verdict,
            checks=(CheckResult(name="c", outcome=outcome),),
            diagnosis=found,
            counterexample=None,
            device="cpu",
            dtypes=("float64",),
            seed=7,
            seconds=0.1,
            isolation=("rlimits",),
        )


def submit(study, name: str, verdict: str, mistake: str = "", source: bytes = b"x = 1\n"):
    """Grade once."""
    return grade(study, name, source, grader=FakeGrader(verdict, mistake))


def bug_cards(study) -> list[str]:
    """Return the ids of the bug cards that the learner has."""
    return [name for name in study.catalogue.cards if name.startswith("bug.")]


@pytest.fixture
def mistake(study) -> str:
    """The name of a mistake of `add_one`."""
    return "adds_two"


def test_a_pass_buries_due_prerequisites(study, clock) -> None:
    """Whoever passes the harder one need not repeat the easier one on that day."""
    submit(study, "add_one", "passed")
    clock.forward(days=200)
    before = exercises.exercise(study, "add_one").status

    submit(study, "row_sum", "passed")

    assert "due" == before
    assert "due" != exercises.exercise(study, "add_one").status
    clock.forward(days=1)
    assert "due" == exercises.exercise(study, "add_one").status


def test_undoing_the_pass_brings_the_prerequisite_back(study, clock) -> None:
    """The burial is part of the rating that caused it."""
    submit(study, "add_one", "passed")
    clock.forward(days=200)
    submit(study, "row_sum", "passed")

    undo(study)

    assert "due" == exercises.exercise(study, "add_one").status


def test_a_diagnosed_mistake_becomes_a_card(study, mistake) -> None:
    """Once, however often the mistake is made."""
    submit(study, "add_one", "failed", mistake)
    submit(study, "add_one", "failed", mistake, b"y = 1\n")

    assert [f"bug.add_one.{mistake}"] == bug_cards(study)


def test_a_known_bug_card_comes_forward(study, clock, mistake) -> None:
    """Making the mistake again shows that its card is needed now."""
    submit(study, "add_one", "failed", mistake)
    name = f"bug.add_one.{mistake}"
    review.answer(study, name, 4)
    clock.forward(days=1)
    later = study.store.memory("card", name).due_day

    submit(study, "add_one", "failed", mistake)

    today = study.stamp().study_day
    assert later > today
    assert today == study.store.memory("card", name).due_day


def test_what_was_brought_forward_keeps_its_memory(study, clock, mistake) -> None:
    """Only the due day moves; a replay of the log gives the same."""
    submit(study, "add_one", "failed", mistake)
    name = f"bug.add_one.{mistake}"
    review.answer(study, name, 4)
    clock.forward(days=1)
    before = study.store.memory("card", name)

    submit(study, "add_one", "failed", mistake)

    after = study.store.memory("card", name)
    assert (before.stability, before.reps) == (after.stability, after.reps)
    assert 0 == study.store.rebuild()


def test_a_failed_exercise_brings_its_topics_cards_forward(study, clock) -> None:
    """The third failed submission says that the topic needs its cards."""
    card = review.add_card(study, "What is one more?", "The next.", topic_of(study, "add_one"))
    review.answer(study, card.id, 4)
    clock.forward(days=1)

    for number in range(3):
        submit(study, "add_one", "failed", source=b"x = %d\n" % number)

    assert study.stamp().study_day == study.store.memory("card", card.id).due_day


def test_giving_up_brings_cards_and_the_debug_form(study) -> None:
    """Whoever sees the solution repairs a wrong version before writing it again."""
    exercises.solution(study, "add_one", give_up=True)

    assert "add_one.debug" in study.catalogue.exercises


def test_the_day_after_again_begins_with_the_repair(study, clock) -> None:
    """The ladder: the debug form is proposed first, and passing it leaves the whole for later."""
    exercises.solution(study, "add_one", give_up=True)
    clock.forward(days=1)
    (first,) = [step.item for step in plan(study).steps if step.kind == "exercise"]

    submit(study, "add_one.debug", "passed")

    assert "add_one.debug" == first
    assert "due" != exercises.exercise(study, "add_one").status
    clock.forward(days=1)
    assert "due" == exercises.exercise(study, "add_one").status


def test_the_debug_form_has_its_own_file_and_memory(study) -> None:
    """Repairing a version leaves the exercise's file and schedule alone."""
    submit(study, "add_one", "passed")
    whole = study.store.memory("exercise", "add_one")

    path = exercises.open_exercise(study, "add_one.debug")
    submit(study, "add_one.debug", "passed")

    assert "add_one.debug.py" == path.name
    assert "def add_one(" in path.read_text()
    assert whole == study.store.memory("exercise", "add_one")
    assert 1 == study.store.memory("exercise", "add_one.debug").reps


def test_each_repair_brings_another_wrong_version(study) -> None:
    """The next round of the debug form starts from the next mistake."""
    submit(study, "add_one", "passed")
    first = study.catalogue.exercises["add_one.debug"].starter

    submit(study, "add_one.debug", "passed")

    assert first != study.catalogue.exercises["add_one.debug"].starter


def test_a_form_is_no_exercise_of_its_topic(study) -> None:
    """It is listed after its exercise, and the short name still means the whole."""
    submit(study, "add_one", "passed")

    listed = [view.exercise.id for view in exercises.exercises(study)]

    assert listed.index("add_one") + 1 == listed.index("add_one.debug")
    assert "add_one" == exercises.exercise(study, "add").exercise.id


def topic_of(study, name: str) -> str:
    """Return the topic of an exercise."""
    return study.catalogue.exercises[name].topic

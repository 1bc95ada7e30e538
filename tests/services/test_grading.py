"""Grading stores the attempt and its rating together, and nothing where no verdict was found."""

from __future__ import annotations

import pytest

from studytrack.domain.verdict import CheckResult, Report
from studytrack.errors import GraderFault, NotFound
from studytrack.services import exercises
from studytrack.services.grading import grade, read_submission
from studytrack.services.undo import undo


class FakeGrader:
    """Gives prepared verdicts, one after another."""

    def __init__(self, *verdicts: str) -> None:
        self.verdicts = list(verdicts)

    def grade(self, exercise, source, *, device="auto", seed=None, on_check=None) -> Report:
        """Return the next verdict, or fail as a broken grader does."""
        verdict = self.verdicts.pop(0)
        if verdict == "fault":
            raise GraderFault("The grader does not start.")
        outcome = "passed" if verdict == "passed" else "failed"
        return Report(
            exercise=exercise.id,
            verdict=verdict,
            checks=(CheckResult(name="c", outcome=outcome),),
            diagnosis=(),
            counterexample=None,
            device="cpu",
            dtypes=("float64",),
            seed=seed or 7,
            seconds=0.1,
            isolation=("rlimits",),
        )


def submit(study, *verdicts: str) -> list[int | None]:
    """Grade as often as there are verdicts; return the ratings."""
    grader = FakeGrader(*verdicts)
    return [grade(study, "add_one", b"x = 1\n", grader=grader).rating for _ in verdicts]


def test_an_attempt_is_kept_with_source_and_report(study) -> None:
    """Everything needed to show it again later."""
    graded = grade(study, "add_one", b"def add_one(x): ...\n", grader=FakeGrader("failed"))

    (kept,) = study.store.attempts("add_one")
    assert kept == graded.attempt
    assert kept.source == "def add_one(x): ...\n"
    assert kept.report["verdict"] == "failed"
    assert graded.rating is None


def test_a_pass_schedules_the_exercise(study, clock) -> None:
    """It comes back as a review, in days."""
    exercises.open_exercise(study, "add_one")
    clock.forward(minutes=4)

    (rating,) = submit(study, "passed")
    clock.forward(days=400)

    assert 3 == rating
    assert "due" == exercises.exercise(study, "add_one").status


def test_many_failures_make_it_hard(study) -> None:
    """Failed submissions give no rating of their own; the pass after three is hard."""
    assert [None, None, None, 2] == submit(study, "failed", "error", "timeout", "passed")


def test_handing_in_a_passed_source_again_shows_nothing(study, clock) -> None:
    """The copy is kept and logged, and the schedule does not move."""
    submit(study, "passed")
    before = study.store.memories("exercise")
    clock.forward(days=100)

    assert [None] == submit(study, "passed")
    assert before == study.store.memories("exercise")
    assert ["copy"] == [row.kind for row in study.store.live(kinds={"copy"})]


def test_the_same_solution_written_again_counts(study, clock) -> None:
    """A due exercise that was opened anew and solved alike is remembered, not copied."""
    submit(study, "passed")
    clock.forward(days=100)
    exercises.open_exercise(study, "add_one")
    clock.forward(minutes=3)

    (rating,) = submit(study, "passed")

    assert rating is not None
    assert [] == study.store.live(kinds={"copy"})


def test_a_fault_of_the_grader_stores_nothing(study) -> None:
    """The learner is not to blame."""
    with pytest.raises(GraderFault):
        submit(study, "fault")

    assert [] == study.store.attempts()


def test_undo_takes_the_rating_back_but_keeps_the_attempt(study) -> None:
    """What was submitted is history; what it meant for the schedule can be undone."""
    submit(study, "passed")

    undone = undo(study)

    assert "add_one" in undone.sentence
    assert 1 == len(study.store.attempts())
    assert {} == study.store.memories("exercise")


def test_the_submission_is_a_file_the_workspace_s_or_stdin(study, tmp_path) -> None:
    """In that order of saying so; a missing one is named with the way to get it."""
    other = tmp_path / "mine.py"
    other.write_bytes(b"mine")

    with pytest.raises(NotFound, match="exercise open add_one"):
        read_submission(study, "add_one")
    opened = exercises.open_exercise(study, "add_one")

    assert opened.read_bytes() == read_submission(study, "add_")[1]
    assert b"mine" == read_submission(study, "add_one", other)[1]
    assert b"typed" == read_submission(study, "add_one", None, b"typed")[1]
    with pytest.raises(NotFound, match="Did you mean"):
        read_submission(study, "addone")

"""Grading stores the attempt and its rating together, and nothing where no verdict was found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.domain.row_rules import SOURCE_CAP
from studytrack.domain.verdict import CheckResult, Report
from studytrack.errors import GraderFault, NotFound, UsageFault
from studytrack.services import exercises, library, readings, review
from studytrack.services.grading import grade, read_submission
from studytrack.services.transfer import export
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


class Careful(FakeGrader):
    """Refuses what is too large, as the judge does, and remembers how much it was given."""

    given = 0

    def grade(self, exercise, source, **options) -> Report:
        """Return `error` for more bytes than the cap."""
        self.given = len(source)
        self.verdicts = ["error" if len(source) > SOURCE_CAP else "passed"]
        return super().grade(exercise, source, **options)


@pytest.mark.parametrize("unit", [b"#", "é".encode(), b"\xff"])
def test_a_source_over_the_cap_is_never_stored_whole(study, tmp_path, unit) -> None:
    """At most one byte over the cap is read; the beginning is kept with a note of it."""
    path = tmp_path / "huge.py"
    with path.open("wb") as file:
        for _ in range(40):
            file.write(unit * 100_000)
    grader = Careful()

    graded = grade(study, "add_one", path, grader=grader)

    (kept,) = study.store.attempts("add_one")
    assert grader.given == SOURCE_CAP + 1
    assert graded.report.verdict == kept.verdict == "error"
    assert len(kept.source) <= SOURCE_CAP
    assert "cut here: the file is larger than the 65,536 bytes" in kept.source
    assert study.paths.journal.stat().st_size < 8 * SOURCE_CAP
    assert study.store.faulty_rows() == []


def test_the_largest_source_is_stored_as_it_is(study) -> None:
    """A file of exactly the cap is graded and kept without a note."""
    source = b"#" * SOURCE_CAP

    grade(study, "add_one", source, grader=Careful())

    assert study.store.attempts("add_one")[0].source == source.decode()


def test_a_report_with_half_a_surrogate_pair_can_be_exported(study) -> None:
    """A submission may raise an error of any characters."""
    grader = FakeGrader("failed")
    odd = CheckResult(name="c", outcome="failed", message="\ud800")
    grader.grade = lambda *_, **__: replace(
        FakeGrader("failed").grade(study.catalogue.exercises["add_one"], b""), checks=(odd,)
    )

    graded = grade(study, "add_one", b"x\n", grader=grader)

    assert graded.attempt.report["checks"][0]["message"] == "\ufffd"
    assert export(study, "json").encode()


LONG = "word " * 250_000
GIVEN = {
    "a note": lambda study: library.add_note(study, "Title", LONG),
    "a title": lambda study: library.add_note(study, LONG, "Text."),
    "a term": lambda study: library.add_term(study, "Term", LONG),
    "a card": lambda study: review.add_card(study, "Question?", LONG),
    "a typed card": lambda study: review.add_card(study, "Q?", "", kind="typed", answer=LONG),
    "an answer": lambda study: review.answer(study, "recall.topk-tie", 3, text=LONG),
    "a takeaway": lambda study: readings.finish(study, "deep-book", LONG),
    "an address": lambda study: readings.add(study, f"https://a.example/{'x' * 1_200_000}"),
    "a resource": lambda study: library.add_resource(study, LONG, "https://a.example"),
}


@pytest.mark.parametrize("give", GIVEN.values(), ids=GIVEN)
def test_texts_without_end_are_refused(study, give) -> None:
    """Whatever a learner can type or pipe in has a cap, and nothing of it is stored."""
    with pytest.raises(UsageFault, match="characters"):
        give(study)

    assert study.store.rows() == []

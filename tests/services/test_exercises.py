from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from studytrack.config import Settings
from studytrack.errors import EnvironmentFault, NotFound, UsageFault
from studytrack.paths import Paths
from studytrack.services import exercises, undo
from studytrack.services.study import Study

PASSED = {"checks": [{"name": "adds", "outcome": "passed"}, {"name": "keeps", "outcome": "passed"}]}
FAILED = {
    "checks": [
        {"name": "adds", "outcome": "passed"},
        {"name": "leaves the input alone", "outcome": "failed"},
    ]
}


def graded(study: Study, name: str, *, passed: bool, source: str = "x = 1") -> None:
    """Store an attempt as grading does, without a rating."""
    attempt = study.store.new_attempt(
        study.stamp(),
        exercise=name,
        source=source,
        verdict="passed" if passed else "failed",
        passed=passed,
        device="cpu",
        seed=0,
        seconds=0.1,
        report=PASSED if passed else FAILED,
    )
    study.store.add_attempt(attempt)


def rated(study: Study, name: str, rating: int) -> None:
    """Store the rating of an exercise."""
    study.store.append([exercises.rating_row(study, name, rating)])


def later(study: Study, **gap: int) -> None:
    """Move the clock on."""
    moment = study.now() + timedelta(**gap)
    study.clock = lambda: moment


def test_exercises_come_in_the_order_of_the_plan(study: Study) -> None:
    """Easy ones of a topic stand before hard ones; each is new and has a place for its file."""
    listed = exercises.exercises(study)

    assert [view.exercise.id for view in listed] == ["add_one", "counter", "row_sum"]
    assert {view.status for view in listed} == {"new"}
    assert listed[0].path == study.paths.workspace / "add_one.py"


def test_opening_writes_the_starter_once(study: Study) -> None:
    """The file begins with title and command; nothing exists before, no solution is in it."""
    assert not study.paths.workspace.exists()

    path = exercises.open_exercise(study, "add")

    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Add one\n# Grade it with: studytrack grade add_one\n")
    assert text.endswith(study.catalogue.exercises["add_one"].starter)
    assert exercises.exercise(study, "add_one").status == "open"


def test_a_learners_file_is_never_overwritten(study: Study) -> None:
    """Opening again leaves the file as it is, and logs one opening a study day."""
    path = exercises.open_exercise(study, "add_one")
    path.write_text("mine", encoding="utf-8")

    exercises.open_exercise(study, "add_one")
    later(study, days=1)
    exercises.open_exercise(study, "add_one")

    assert path.read_text(encoding="utf-8") == "mine"
    assert [row.kind for row in study.store.rows()] == ["open", "open"]


def test_reset_keeps_the_old_file(study: Study) -> None:
    """Each reset keeps what was there under the next free number."""
    path = exercises.open_exercise(study, "add_one")
    starter = path.read_text(encoding="utf-8")
    for text in ("first", "second"):
        path.write_text(text, encoding="utf-8")
        assert exercises.reset(study, "add_one") == path

    assert path.read_text(encoding="utf-8") == starter
    assert (path.parent / "add_one.1.py").read_text(encoding="utf-8") == "first"
    assert (path.parent / "add_one.2.py").read_text(encoding="utf-8") == "second"


def test_the_workspace_is_a_setting(paths: Paths, tiny: Path, study: Study, tmp_path: Path) -> None:
    """Solutions are edited where the learner wants them."""
    chosen = Settings(study_zone="Europe/Berlin", workspace=str(tmp_path / "code"))
    own = Study(paths, chosen, study.clock, [tiny])

    path = exercises.open_exercise(own, "add_one")
    own.close()

    assert path == tmp_path / "code" / "add_one.py"
    assert path.is_file()


def test_a_workspace_that_cannot_be_written_is_explained(study: Study) -> None:
    """A file in the folder's place is named, with what to do."""
    study.paths.workspace.parent.mkdir(parents=True, exist_ok=True)
    study.paths.workspace.write_text("", encoding="utf-8")

    with pytest.raises(EnvironmentFault, match="workspace"):
        exercises.open_exercise(study, "add_one")


def test_a_failing_attempt_shows_how_far_it_came(study: Study) -> None:
    """The last attempt's checks are counted and its first failure named."""
    graded(study, "add_one", passed=False)

    view = exercises.exercise(study, "add_one")

    assert (view.status, view.attempts, view.passed_checks) == ("failing", 1, "1/2")
    assert view.first_failed == "leaves the input alone"


def test_a_solved_exercise_comes_due_again(study: Study) -> None:
    """After a pass it is solved until its day, then due."""
    graded(study, "add_one", passed=True)
    rated(study, "add_one", 3)

    solved = exercises.exercise(study, "add_one")
    later(study, days=400)
    due = exercises.exercise(study, "add_one")

    assert (solved.status, solved.passed_checks) == ("solved", "2/2")
    assert solved.due_text.startswith("due ")
    assert solved.due_text != "due now"
    assert (due.status, due.due_text) == ("due", "due now")


def test_a_due_exercise_opens_empty(study: Study) -> None:
    """A file that still holds the old pass is moved aside; work begun since is not touched."""
    path = exercises.open_exercise(study, "add_one")
    starter = path.read_text(encoding="utf-8")
    path.write_text("solved = True\n", encoding="utf-8")
    graded(study, "add_one", passed=True, source="solved = True\n")
    rated(study, "add_one", 3)
    later(study, days=300)

    exercises.open_exercise(study, "add_one")
    reopened = path.read_text(encoding="utf-8")
    path.write_text("begun", encoding="utf-8")
    exercises.open_exercise(study, "add_one")

    assert reopened == starter
    assert path.with_name("add_one.1.py").read_text(encoding="utf-8") == "solved = True\n"
    assert path.read_text(encoding="utf-8") == "begun"


def test_hints_come_one_by_one(study: Study) -> None:
    """The last hint repeats and is counted once; a pass begins a new round."""
    shown = [exercises.hint(study, "add_one") for _ in range(3)]
    counted = exercises.exercise(study, "add_one").hints_shown
    graded(study, "add_one", passed=True)
    again = exercises.hint(study, "add_one")

    assert [(hint.number, hint.total) for hint in shown] == [(1, 2), (2, 2), (2, 2)]
    assert shown[0].text == "Tensors add entry by entry."
    assert counted == 2
    assert again.number == 1


def test_the_solution_waits_for_a_pass(study: Study) -> None:
    """Before a pass both ways to it are named, and nothing is logged."""
    with pytest.raises(UsageFault, match="--give-up"):
        exercises.solution(study, "add_one")

    assert study.store.rows() == []


def test_a_solved_exercise_shows_its_solution(study: Study) -> None:
    """After a pass the reference is shown without its markers, and costs nothing."""
    graded(study, "add_one", passed=True)

    text = exercises.solution(study, "add_one")

    assert "def add_one" in text
    assert "# solution" not in text
    assert "NotImplementedError" not in text
    assert not exercises.effort_of(study, "add_one").solution_seen


def test_giving_up_brings_the_exercise_back_tomorrow(study: Study) -> None:
    """It is rated again, once; the solution stays open to look at."""
    exercises.solution(study, "add_one", give_up=True)
    exercises.solution(study, "add_one")

    rows = study.store.live(item_kind="exercise", kinds=("learn", "review"))
    assert [(row.rating, row.rated_by) for row in rows] == [(1, "learner")]
    assert exercises.exercise(study, "add_one").due_text == "due tomorrow"
    assert exercises.effort_of(study, "add_one").solution_seen
    later(study, days=1)
    assert exercises.exercise(study, "add_one").status == "due"


def test_undoing_a_surrender_still_remembers_the_look(study: Study) -> None:
    """The rating can be taken back; what was seen cannot."""
    exercises.solution(study, "add_one", give_up=True)

    undo.undo(study)

    assert exercises.exercise(study, "add_one").due_text == ""
    assert exercises.effort_of(study, "add_one").solution_seen


def test_a_due_exercise_locks_its_solution_again(study: Study) -> None:
    """What is asked again is not given away."""
    graded(study, "add_one", passed=True)
    rated(study, "add_one", 3)
    later(study, days=400)

    with pytest.raises(UsageFault):
        exercises.solution(study, "add_one")


def test_history_keeps_every_attempt(study: Study) -> None:
    """All attempts of one exercise are there, in order."""
    graded(study, "add_one", passed=False)
    graded(study, "row_sum", passed=True)
    graded(study, "add_one", passed=True)

    assert [attempt.passed for attempt in exercises.history(study, "add_one")] == [False, True]


def test_an_unknown_exercise_is_not_found(study: Study) -> None:
    """The nearest id is named."""
    with pytest.raises(NotFound, match="row_sum"):
        exercises.exercise(study, "rowsum")

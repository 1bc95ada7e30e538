"""Grading many files: which, by whom, and what a broken one does."""

from __future__ import annotations

import csv
import json
import threading
from pathlib import Path
from typing import ClassVar

import pytest

from studytrack.domain.verdict import CheckResult, Report
from studytrack.errors import EnvironmentFault, GraderFault, NotFound, UsageFault
from studytrack.services.batch import (
    Entry,
    How,
    check_target,
    find_entries,
    grade_all,
    write_rows,
)

EXERCISES = {"softmax": object(), "top_k": object()}


class Stub:
    """A grader that passes what holds `right`; other words fail it."""

    made: ClassVar[list[Stub]] = []

    def __init__(self) -> None:
        self.closed = False
        self.asked: list[dict[str, object]] = []
        self.made.append(self)

    def grade(self, exercise, source, **how) -> Report:
        """Answer by what the source says."""
        del exercise
        self.asked.append(how)
        if b"grader" in source:
            raise GraderFault("The grader did not answer in time.")
        if b"machine" in source:
            raise EnvironmentFault("There is no sandbox.")
        outcome = "passed" if b"right" in source else "failed"
        check = CheckResult(name="=a batch", outcome=outcome)
        return Report(
            exercise="softmax",
            verdict=outcome,
            checks=(check,),
            diagnosis=(),
            counterexample=None,
            device="cpu",
            dtypes=(),
            seed=1,
            seconds=0.05,
            isolation=(),
        )

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Stub.made = []


def _graded(folder: Path, jobs: int = 2, how: How | None = None):
    entries = find_entries(folder, EXERCISES)
    found = grade_all(entries, EXERCISES, Stub, jobs=jobs, how=how)
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def test_files_are_named_after_their_exercise(tmp_path) -> None:
    """By name, in a folder or not, by what stands before two underscores, or by their folder."""
    (tmp_path / "top_k").mkdir()
    (tmp_path / "g3").mkdir()
    for name in (
        "g3/softmax.py",
        "g3/odd.py",
        *("softmax.py", "softmax__g1.py", "top_k/g2.py", "other.py", ".x.py", "notes.txt"),
    ):
        (tmp_path / name).write_text("right")

    found = [(e.file.name, e.exercise) for e in find_entries(tmp_path, EXERCISES)]

    assert found == [
        ("odd.py", None),
        ("softmax.py", "softmax"),
        ("other.py", None),
        ("softmax.py", "softmax"),
        ("softmax__g1.py", "softmax"),
        ("g2.py", "top_k"),
    ]


def test_a_folder_without_files_is_told(tmp_path) -> None:
    """As is one that is not there."""
    with pytest.raises(NotFound, match="nothing to grade"):
        find_entries(tmp_path, EXERCISES)
    with pytest.raises(NotFound, match="no folder"):
        find_entries(tmp_path / "none", EXERCISES)


def test_a_broken_file_is_a_row(tmp_path) -> None:
    """A folder, a missing target and a grader without a verdict do not stop the others."""
    (tmp_path / "softmax__a.py").mkdir()
    (tmp_path / "softmax__b.py").symlink_to(tmp_path / "gone")
    (tmp_path / "softmax__c.py").write_text("grader")
    (tmp_path / "softmax__d.py").write_text("right")
    (tmp_path / "softmax__e.py").write_text("wrong")

    verdicts = [row.verdict for row in _graded(tmp_path)]

    assert verdicts == ["unreadable", "unreadable", "no verdict", "passed", "failed"]
    assert all(grader.closed for grader in Stub.made)


def test_they_are_nobody_s_own(tmp_path) -> None:
    """Every file is graded as another's, with the seed and device that were asked for."""
    (tmp_path / "softmax.py").write_text("right")

    _graded(tmp_path, how=How(seed=7, device="cpu"))

    wanted = {"device": "cpu", "seed": 7, "own": False, "allow_unsandboxed": False}
    assert Stub.made[0].asked == [wanted]


def test_a_fault_of_the_machine_ends_the_batch(tmp_path) -> None:
    """It would be the same for every file."""
    (tmp_path / "softmax.py").write_text("machine")

    with pytest.raises(EnvironmentFault, match="no sandbox"):
        _graded(tmp_path)
    assert all(grader.closed for grader in Stub.made)


def test_closing_ends_the_threads(tmp_path) -> None:
    """What is done so far was yielded, and nothing runs on."""
    for number in range(20):
        (tmp_path / f"softmax__{number}.py").write_text("right")
    before = threading.active_count()

    running = grade_all(find_entries(tmp_path, EXERCISES), EXERCISES, Stub, jobs=2)
    next(running)
    running.close()

    assert threading.active_count() == before


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_the_result_is_a_file(tmp_path, ending) -> None:
    """CSV has a header, and no cell that a spreadsheet would run."""
    (tmp_path / "softmax.py").write_text("wrong")
    rows, out = _graded(tmp_path), tmp_path / f"result.{ending}"

    write_rows(rows, out)

    text = out.read_text()
    found = json.loads(text) if ending == "json" else list(csv.DictReader(text.splitlines()))
    assert [one["verdict"] for one in found] == ["failed"]
    assert found[0]["first_failed"] == ("=a batch" if ending == "json" else "'=a batch")


def test_a_result_that_cannot_be_written_is_told_first(tmp_path) -> None:
    """An unknown ending and a folder that is not there."""
    with pytest.raises(UsageFault, match="no known format"):
        check_target(tmp_path / "result.txt")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        check_target(tmp_path / "none" / "result.csv")


def test_an_unknown_name_is_a_row(tmp_path) -> None:
    """So that a typing error is seen."""
    entries = [Entry(file=tmp_path / "x.py", exercise=None)]

    rows = [row for _, row in grade_all(entries, EXERCISES, Stub, jobs=4)]

    assert [row.message for row in rows] == ["No exercise has this name."]

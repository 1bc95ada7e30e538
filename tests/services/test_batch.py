"""Grading many files: which, by whom, and what a broken one does."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import socket
import tempfile
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.verdict import CheckResult, Report
from studytrack.errors import EnvironmentFault, GraderFault, NotFound, UsageFault
from studytrack.services.batch import (
    Entry,
    How,
    Row,
    check_target,
    find_entries,
    grade_all,
    write_rows,
)
from studytrack.services.sources import SOURCE_CAP

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
        said = "" if outcome == "passed" else source.decode("utf-8", "replace")
        check = CheckResult(name="=a batch", outcome=outcome, message=said)
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


SECRET = "root:x:secret"


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    """A folder with links to a secret beside an honest file, in all places that are looked at."""
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "softmax.py").write_text(SECRET)
    folder = tmp_path / "handed"
    (folder / "g1").mkdir(parents=True)
    (folder / "softmax").mkdir()
    for name in ("softmax__a.py", "g1/softmax.py", "softmax/g2.py"):
        (folder / name).symlink_to(tmp_path / "away" / "softmax.py")
    (folder / "g3").symlink_to(tmp_path / "away")
    (folder / "top_k").symlink_to("../away")
    (folder / "notes").symlink_to("/etc/passwd")
    (folder / "softmax__b.py").write_text("right")
    return folder


def test_no_link_below_the_folder_is_followed(handed) -> None:
    """Each becomes a row that says so. Links to other files are left out."""
    rows = {row.file.removeprefix(f"{handed}/"): row for row in _graded(handed)}

    passed = rows.pop("softmax__b.py")
    assert "passed" == passed.verdict
    assert {"softmax__a.py", "g1/softmax.py", "softmax/g2.py", "g3", "top_k"} == set(rows)
    assert {"unreadable"} == {row.verdict for row in rows.values()}
    assert all(row.message.startswith("This is a link.") for row in rows.values())


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_nothing_of_a_link_s_target_reaches_the_result(handed, tmp_path, ending) -> None:
    """Not a byte of it."""
    out = tmp_path / f"result.{ending}"

    write_rows(_graded(handed), out)

    assert SECRET not in out.read_text()


def test_the_folder_handed_in_may_be_a_link(handed, tmp_path) -> None:
    """It is the grader's own word."""
    (tmp_path / "way").symlink_to(handed)

    assert "passed" in {row.verdict for row in _graded(tmp_path / "way")}


def test_a_link_put_in_place_after_the_listing_is_not_followed(handed, tmp_path) -> None:
    """The file was honest when it was found."""
    entries = find_entries(handed, EXERCISES)
    (handed / "softmax__b.py").unlink()
    (handed / "softmax__b.py").symlink_to(tmp_path / "away" / "softmax.py")
    (handed / "g1").rename(handed / "g0")
    (handed / "g1").symlink_to(tmp_path / "away")

    rows = [row for _, row in grade_all(entries, EXERCISES, Stub, jobs=2)]

    assert {"unreadable"} == {row.verdict for row in rows}


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_what_is_no_file_is_a_row_and_holds_up_nothing(tmp_path, kind) -> None:
    """A pipe would wait for its writer for ever."""
    path = tmp_path / "softmax.py"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with contextlib.chdir(tmp_path), socket.socket(socket.AF_UNIX) as listening:
            listening.bind("softmax.py")

    assert ["This is no regular file."] == [row.message for row in _graded(tmp_path)]


def test_no_more_is_read_than_shows_that_it_is_too_much(tmp_path, monkeypatch) -> None:
    """A terabyte of zeros costs nothing."""
    sizes = []
    with (tmp_path / "softmax.py").open("wb") as file:
        file.truncate(1 << 40)

    def measure(self, exercise, source, **how) -> Report:
        sizes.append(len(source))
        raise GraderFault("It is only measured.")

    monkeypatch.setattr(Stub, "grade", measure)

    _graded(tmp_path)

    assert [SOURCE_CAP + 1] == sizes


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(st.one_of(NAMES, NAMES.map(lambda name: f"=cmd|{name}")), max_size=4))
def test_no_cell_is_a_formula_or_holds_a_control_character(names) -> None:
    """Whatever a file, a check or a mistake is called; a line end in a cell stays in its cell."""
    rows = [
        Row(
            file=name,
            exercise="softmax",
            verdict="failed",
            passed=0,
            checks=1,
            first_failed=f"-{name}",
            message=f"@{name}",
            diagnosis=name,
            device="cpu",
            ms=1,
        )
        for name in names
    ]
    with tempfile.TemporaryDirectory() as folder:
        write_rows(rows, Path(folder) / "x.csv")
        text = (Path(folder) / "x.csv").read_bytes().decode()

    found = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for line in found for cell in line]
    assert len(found) == len(names) + 1
    assert not [cell for cell in cells if cell.lstrip()[:1] in "=+-@" and cell.lstrip()]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_a_name_that_is_no_utf_8_is_written_out(tmp_path) -> None:
    """In CSV and on the screen; JSON keeps it."""
    (tmp_path / os.fsdecode(b"softmax__caf\xe9.py")).write_text("right")
    rows = _graded(tmp_path)

    write_rows(rows, tmp_path / "x.csv")
    write_rows(rows, tmp_path / "x.json")

    assert "caf\\udce9.py" in (tmp_path / "x.csv").read_text()
    assert json.loads((tmp_path / "x.json").read_text())[0]["file"] == rows[0].file


def test_a_result_replaces_a_link_and_leaves_its_target(tmp_path) -> None:
    """One may lie in the folder that was handed in."""
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "x.csv").symlink_to("precious")

    write_rows([], tmp_path / "x.csv")

    assert "mine" == (tmp_path / "precious").read_text()
    assert not (tmp_path / "x.csv").is_symlink()

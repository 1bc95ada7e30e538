"""`studytrack grade --all`: a folder of others' files, on the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.test_hostile import Fake

SECRET = "root:x:0:0"


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file, a bad one and a link, and a grader that runs none of them."""
    monkeypatch.setattr("studytrack.services.grading.make_grader", lambda *_, **__: Fake())
    folder = tmp_path / "handed"
    folder.mkdir()
    (folder / "add_one__a.py").write_text("def add_one(x):\n    return x + 1\n")
    (folder / "add_one__b.py").write_text("wrong")
    (tmp_path / "secret").write_text(SECRET)
    (folder / "add_one__c.py").symlink_to(tmp_path / "secret")
    return folder


def test_a_table_has_a_row_for_each_file(ask, handed) -> None:
    """Exit code 1, as not all passed; the link is told as what it is."""
    said = ask("grade", "--all", str(handed), code=1)

    assert ["passed", "failed", "unreadable"] == [row[2] for row in said.rows[1:]]
    assert "This is a link." in said.out
    assert "1 of 3 passed." in said.err


def test_a_link_leaves_no_trace_of_its_target(ask, handed, tmp_path) -> None:
    """In no form of the result."""
    for ending in ("csv", "json"):
        ask("grade", "--all", str(handed), "--out", str(tmp_path / f"x.{ending}"), code=1)
    ask("grade", "--all", str(handed), "--json", code=1)

    assert SECRET not in (tmp_path / "x.csv").read_text() + (tmp_path / "x.json").read_text()
    with (tmp_path / "x.csv").open() as file:
        assert 3 == len(list(csv.DictReader(file)))


def test_results_that_cannot_be_written_are_printed(ask, handed, tmp_path, monkeypatch) -> None:
    """A disk that filled up meanwhile costs no grading."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studytrack.services.batch.tempfile.mkstemp", full)

    said = ask("grade", "--all", str(handed), "--out", str(tmp_path / "x.csv"), code=5)

    assert "No space left" in said.err
    assert 4 == len(said.rows)


@pytest.mark.parametrize("kind", ["file", "none", "loop"])
def test_what_is_no_folder_is_told(ask, handed, tmp_path, kind) -> None:
    """Before anything is graded."""
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")

    assert str(tmp_path / kind) in ask("grade", "--all", str(tmp_path / kind), code=None).err

"""Files that are no proper source: a clear word about each, and the next grade works."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_exercise
from studytrack.domain.exercise import REFERENCE
from studytrack.errors import EnvironmentFault, GraderFault, StudytrackError
from studytrack.grader.client import Grader
from studytrack.services.batch import Entry, grade_all, write_rows

pytestmark = pytest.mark.xdist_group("grader")
FOLDER = content_root() / "exercises" / "sampling" / "top_k"
EXERCISE = load_exercise(FOLDER)
RIGHT = (FOLDER / REFERENCE).read_bytes()

BROKEN = {
    "large": (b"#" * 200_000, "65,536"),
    "binary": (bytes(range(128, 256)) * 20, "UTF-8"),
    "nul": (b"x = 1\0\n", "NUL"),
    "latin_1": ("x = 'ä'\n".encode("latin-1"), "UTF-8"),
    "empty": (b"", "top_k_filter"),
    "only_a_mark": (b"\xef\xbb\xbf", "top_k_filter"),
    "syntax": (b"def top_k_filter(:\n", "Line 1"),
}


@pytest.fixture(scope="module")
def grader():
    """A warm grader with the product's own limits."""
    with Grader() as service:
        yield service


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_source_gets_a_verdict(grader, name) -> None:
    """It says what is wrong with the file; a right one passes right after."""
    source, said = BROKEN[name]

    report = grader.grade(EXERCISE, source)
    after = grader.grade(EXERCISE, RIGHT)

    assert report.verdict == "error"
    assert said in report.error
    assert after.passed, (after.seed, after.error, after.first_failed)


@pytest.mark.parametrize("written", ["crlf", "mark", "both", "old_mac"])
def test_what_editors_write_is_read(grader, written) -> None:
    """Line endings and a byte order mark do not matter."""
    source = {
        "crlf": RIGHT.replace(b"\n", b"\r\n"),
        "mark": b"\xef\xbb\xbf" + RIGHT,
        "both": b"\xef\xbb\xbf" + RIGHT.replace(b"\n", b"\r\n"),
        "old_mac": RIGHT.replace(b"\n", b"\r"),
    }[written]

    report = grader.grade(EXERCISE, source)

    assert report.passed, (report.seed, report.error, report.first_failed)


def test_a_batch_goes_on_behind_broken_files(grader, tmp_path) -> None:
    """A folder, a named pipe, a loop of links and bytes of any kind are rows."""
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "noise.py").write_bytes(BROKEN["binary"][0])
    (tmp_path / "right.py").write_bytes(RIGHT)
    entries = [
        Entry(file=tmp_path / f"{name}.py", exercise="top_k")
        for name in ("folder", "pipe", "loop", "noise", "right")
    ]

    class Shared:
        grade = staticmethod(grader.grade)

        def close(self) -> None:
            """Leave the module's grader alone."""

    found = dict(grade_all(entries, {"top_k": EXERCISE}, Shared, jobs=1))

    verdicts = [found[index].verdict for index in range(len(entries))]
    assert verdicts == ["unreadable", "unreadable", "unreadable", "error", "passed"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_file_that_the_system_withholds_is_a_row(tmp_path, monkeypatch, code) -> None:
    """With what the system says."""
    file = tmp_path / "top_k.py"
    file.write_bytes(RIGHT)

    really = os.open

    def withhold(path, *given, **how):
        if Path(path).name == file.name:
            raise OSError(code, os.strerror(code))
        return really(path, *given, **how)

    monkeypatch.setattr(os, "open", withhold)
    entry = Entry(file=file, exercise="top_k")
    [(_, row)] = grade_all([entry], {"top_k": EXERCISE}, Grader, jobs=1)

    assert row.verdict == "unreadable"
    assert os.strerror(code) in row.message


def test_a_full_disk_leaves_no_half_result(tmp_path, monkeypatch) -> None:
    """The error names the file, and nothing is left behind."""

    def full(*given, **how):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdopen", full)

    with pytest.raises(EnvironmentFault, match=r"result\.csv cannot be written") as caught:
        write_rows([], tmp_path / "result.csv")

    assert isinstance(caught.value, StudytrackError)
    assert not isinstance(caught.value, GraderFault)
    assert list(tmp_path.iterdir()) == []

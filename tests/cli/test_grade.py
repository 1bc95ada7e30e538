"""`studytrack grade`: the verdict as text and as JSON, and what is no verdict."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Self

import pytest

from studytrack.domain.verdict import CheckResult, Counterexample, Finding, Report
from studytrack.errors import GraderFault
from studytrack.services.sources import MOST_BYTES

RIGHT = "def add_one(x):\n    return x + 1\n"
WRONG = "def add_one(x):\n    print('here')\n    return x + 2\n"
KEYS = {
    "exercise",
    "passed",
    "verdict",
    "checks",
    "diagnosis",
    "counterexample",
    "device",
    "dtype",
    "seed",
    "seconds",
    "isolation",
    "attempt",
    "rating",
}


class FakeGrader:
    """Passes what holds `x + 1`, and shows a whole failure for the rest."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.note = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def grade(self, exercise, source, *, device="auto", seed=None, on_check=None) -> Report:
        """Return a report, checks told one by one."""
        self.asked.append({"source": source, "device": device, "seed": seed})
        passed = b"x + 1" in source
        checks = (
            CheckResult(name="a matrix", outcome="passed", seconds=0.01),
            CheckResult(name="a cube", outcome="passed")
            if passed
            else CheckResult(name="a cube", outcome="failed", message="Entry 0 is off by 1."),
        )
        for check in checks if on_check else ():
            on_check(check)
        return Report(
            exercise=exercise.id,
            verdict="passed" if passed else "failed",
            checks=checks,
            diagnosis=() if passed else (Finding(mistake="adds_two", text="One, not two."),),
            counterexample=None
            if passed
            else Counterexample(inputs="x = [0.]", expected="[1.]", got="[2.]"),
            device="cpu",
            dtypes=("float64", "float32"),
            seed=7 if seed is None else seed,
            seconds=0.25,
            isolation=("process", "rlimits"),
            output="" if passed else "\n".join(f"line {n}" for n in range(12)),
        )


@pytest.fixture
def grader(monkeypatch) -> FakeGrader:
    """The grader that commands get."""
    fake = FakeGrader()
    monkeypatch.setattr("studytrack.services.grading.make_grader", lambda *_, **__: fake)
    return fake


@pytest.fixture
def submit(tmp_path):
    """Write a submission and return its path."""

    def write(text: str) -> str:
        path = tmp_path / "mine.py"
        path.write_text(text)
        return str(path)

    return write


def test_a_pass_in_json_has_every_key(ask, grader, submit) -> None:
    """Exit code 0; `dtype` is a list, nothing is diagnosed."""
    data = ask("grade", "add_one", submit(RIGHT), "--json").data

    assert set(data) >= KEYS
    assert (True, "passed", [], None) == tuple(
        data[key] for key in ("passed", "verdict", "diagnosis", "counterexample")
    )
    assert ["float64", "float32"] == data["dtype"]
    assert {"name": "a matrix", "outcome": "passed", "message": "", "seconds": 0.01} == (
        data["checks"][0]
    )
    assert data["rating"] in {1, 2, 3, 4}


def test_a_failure_in_json_names_the_mistake(ask, grader, submit) -> None:
    """Exit code 1; the counterexample is text."""
    data = ask("grade", "add_one", submit(WRONG), "--json", code=1).data

    assert [{"mistake": "adds_two", "text": "One, not two."}] == data["diagnosis"]
    assert {"inputs": "x = [0.]", "expected": "[1.]", "got": "[2.]"} == data["counterexample"]
    assert data["rating"] is None
    assert data["attempt"] == ask("exercise", "history", "add_one", "--json").data[0]["id"]


def test_why_there_is_no_shared_server_is_said(ask, grader, submit) -> None:
    """In one line beside the verdict, not in the place of it."""
    grader.note = "The system's runtime directory is passed over."

    said = ask("grade", "add", submit(RIGHT))

    assert grader.note in said.err


def test_a_failure_as_text_says_why_and_how_to_replay(ask, grader, submit) -> None:
    """Checks, example, diagnosis, what was printed (cut), isolation, the seed."""
    said = ask("grade", "add", submit(WRONG), code=1)

    for text in (
        "  ✓ a matrix\n",
        "  ✗ a cube  (failed)\n",
        "failed: 1 of 2 checks",
        "a cube: Entry 0 is off by 1.",
        "  expected\n    [1.]",
        "Looks like: One, not two.",
        "    … 2 more lines",
        "Isolation: process, rlimits only. A submission can read your files",
        "studytrack grade add_one --seed 7",
    ):
        assert text in said.out
    assert "Grading `add_one`" in said.err


def test_a_pass_as_text_tells_the_rating(ask, grader, submit) -> None:
    """In a word."""
    said = ask("grade", "add_one", submit(RIGHT))

    assert "passed: 2 of 2 checks" in said.out
    assert "Rated good." in said.out


def test_the_workspace_file_is_the_default(ask, grader, home) -> None:
    """And a missing one names the command that writes it; exit code 3."""
    said = ask("grade", "add_one", code=3)
    ask("exercise", "open", "add_one")
    (home / "workspace" / "add_one.py").write_text(RIGHT)
    ask("grade", "add_one")

    assert "studytrack exercise open add_one" in said.err
    assert RIGHT.encode() == grader.asked[0]["source"]


def test_a_dash_is_stdin(ask, grader) -> None:
    """Bytes as they are."""
    ask("grade", "add_one", "-", stdin=b"# \xff\n" + RIGHT.encode())

    assert grader.asked[0]["source"].startswith(b"# \xff\n")


def test_the_seed_is_handed_on(ask, grader, submit) -> None:
    """To replay the inputs of an earlier attempt."""
    assert 12345 == ask("grade", "add_one", submit(RIGHT), "--seed", "12345", "--json").data["seed"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["ad_one"], 3, "Did you mean `add_one`"),
        (["add_one", "nowhere.py"], 3, "There is no file nowhere.py."),
        (["add_one", "nowhere/there.py"], 3, "There is no file"),
        (["add_one", "-", "--device", "tpu"], 2, "cuda"),
        (["add_one", "-", "--seed", "-1"], 2, "--seed"),
        (["add_one", "-", "--seed", str(2**63)], 2, "--seed"),
    ],
)
def test_what_cannot_be_graded_is_told_and_stores_nothing(ask, grader, words, code, told) -> None:
    """Exit code 3 for what is not there, 2 for words."""
    assert told in ask("grade", *words, code=code).err

    assert [] == grader.asked
    assert [] == ask("exercise", "history", "add_one", "--json").data


def test_a_folder_is_no_submission(ask, grader, tmp_path) -> None:
    """The system's reason is told; exit code 5."""
    assert "cannot be read" in ask("grade", "add_one", str(tmp_path), code=5).err


def test_no_verdict_stores_nothing(ask, grader, submit, monkeypatch) -> None:
    """Exit code 6: the grader's fault is no attempt."""

    def broken(*args: object, **more: object) -> Report:
        raise GraderFault("The grader does not start.", "", "Run `studytrack doctor`.")

    monkeypatch.setattr(FakeGrader, "grade", broken)

    ask("grade", "add_one", submit(RIGHT), code=6)

    assert [] == ask("exercise", "history", "add_one", "--json").data


@pytest.mark.slow
@pytest.mark.xdist_group("grader")
@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has CUDA")
def test_cuda_is_refused_plainly_where_there_is_none(ask) -> None:
    """Exit code 5, and the way that works."""
    words = ("grade", "add_one", "-", "--no-server", "--device", "cuda")

    assert "--device cpu" in ask(*words, stdin=RIGHT, code=5).err


@pytest.mark.parametrize(("options", "shared"), [((), True), (("--no-server",), False)])
def test_the_server_is_shared_unless_it_is_not_wanted(ask, monkeypatch, options, shared) -> None:
    """By default, that of the learner's home."""
    asked: list[bool] = []

    def make(settings: object, paths: object, *, server: bool) -> FakeGrader:
        asked.append(server)
        return FakeGrader()

    monkeypatch.setattr("studytrack.services.grading.make_grader", make)

    ask("grade", "add_one", "-", *options, stdin=RIGHT)

    assert [shared] == asked


def test_stopping_a_server_that_is_not_there_is_said(ask, home) -> None:
    """Without an exercise, exit code 0, and nothing is made."""
    assert "No server" in ask("grade", "--stop-server").err
    assert not (home / "run").exists()


def test_the_history_lists_the_newest_first(ask, grader, submit, at) -> None:
    """With moments in the learner's time."""
    ask("grade", "add_one", submit(WRONG), code=1)
    at("2026-11-24T09:30:00+01:00")
    ask("grade", "add_one", submit(RIGHT))

    header, *rows = ask("exercise", "history", "add_one").rows
    data = ask("exercise", "history", "add_one", "--json").data

    assert ["attempt", "when", "verdict", "rating", "seed"] == header
    assert [["2026-11-24 09:30", "passed"], ["2026-11-24 08:00", "failed"]] == [
        row[1:3] for row in rows
    ]
    assert ["2026-11-24T09:30:00+01:00", "2026-11-24T08:00:00+01:00"] == [a["at"] for a in data]


def test_the_stored_attempt_keeps_the_source(ask, grader, submit) -> None:
    """For ever."""
    ask("grade", "add_one", submit(WRONG), code=1)

    assert WRONG == ask("exercise", "history", "add_one", "--json").data[0]["source"]


@pytest.mark.slow
@pytest.mark.xdist_group("grader")
@pytest.mark.parametrize(
    ("source", "verdict", "code"),
    [(RIGHT, "passed", 0), (WRONG, "failed", 1), ("def add_one(x:\n", "error", 1)],
)
def test_the_real_grader_gives_its_verdict(ask, source, verdict, code) -> None:
    """A submission that cannot be parsed is a verdict like any other."""
    data = ask("grade", "add_one", "-", "--json", "--no-server", stdin=source, code=code).data

    assert verdict == data["verdict"]
    assert set(data) >= KEYS


@pytest.mark.slow
@pytest.mark.xdist_group("grader")
def test_an_interrupted_grade_stores_no_attempt(spawn, ask) -> None:
    """Ctrl+C while a submission loops: 130, one line, nothing stored."""
    loop = "def add_one(x):\n    while True: pass\n"
    process = spawn("grade", "add_one", "-", "--no-server", start_new_session=True)
    process.stdin.write(loop)
    process.stdin.close()
    process.stdin = None
    assert "Grading" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)

    _, err = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert "Traceback" not in err
    assert [] == ask("exercise", "history", "add_one", "--json").data


def test_a_file_that_the_learner_links_is_followed(ask, grader, submit, tmp_path) -> None:
    """The path on the command line is their own word."""
    (tmp_path / "link.py").symlink_to(submit(RIGHT))

    ask("grade", "add_one", str(tmp_path / "link.py"))

    assert [RIGHT.encode()] == [asked["source"] for asked in grader.asked]


@pytest.mark.parametrize("named", [True, False])
def test_in_the_workspace_no_link_is_followed(ask, grader, submit, home, named) -> None:
    """An unpacked archive may hold one; nothing of its target is graded, stored or shown."""
    path = home / "workspace" / "add_one.py"
    path.parent.mkdir(parents=True)
    path.symlink_to(submit(RIGHT))

    said = ask("grade", "add_one", *([str(path)] * named), code=5)

    assert "It is a link" in said.err
    assert [] == grader.asked
    assert [] == ask("exercise", "history", "add_one", "--json").data


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/null"])
def test_a_pipe_or_device_is_no_submission(ask, grader, tmp_path, kind) -> None:
    """Nothing is waited for or read without an end; stdin is named as the way."""
    os.mkfifo(tmp_path / "pipe")

    said = ask("grade", "add_one", str(tmp_path / kind), code=5)

    assert "no regular file" in said.err
    assert "studytrack grade add_one - < FILE" in said.err
    assert [] == grader.asked


def test_a_pipe_in_the_workspace_holds_up_nothing(ask, grader, home) -> None:
    """Opening an exercise looks into the learner's file as well."""
    path = home / "workspace" / "add_one.py"
    path.parent.mkdir(parents=True)
    os.mkfifo(path)

    ask("exercise", "open", "add_one", "--no-editor")
    ask("grade", "add_one", code=5)
    ask("exercise", "reset", "add_one")
    ask("grade", "add_one", code=1)


def test_stdin_is_read_to_just_beyond_the_cap(ask, grader) -> None:
    """However much comes."""
    ask("grade", "add_one", "-", stdin=b"#" * 300_000, code=None)

    assert all(len(asked["source"]) == MOST_BYTES for asked in grader.asked)

"""Hostile arguments: every command ends with a code of the table and a message, in time."""

from __future__ import annotations

import io
import itertools
import os
import secrets
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from studytrack.cli import output
from studytrack.cli.main import cli, run
from studytrack.config import Settings
from studytrack.domain.verdict import CheckResult, Counterexample, Finding, Report
from studytrack.paths import find_paths
from studytrack.services import grading, library, readings, review
from studytrack.services.study import Study
from tests.cli.hostile import HIDDEN, Given, Hostile, World, commands, surroundings
from tests.cli.test_grade import FakeGrader

CODES = {0, 1, 2, 3, 4, 5, 6, 130}
LIMIT = 25  # seconds that no call may take
FEW, MANY = 12, 200
CATALOGUE = Path(__file__).parents[1] / "catalogue"
BAD = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\x7f\u202e\u2066\u200f\u2028\ufeff\ue000\U000e0041\nnext"


class TooLong(BaseException):
    """No command may catch it."""


class Fake(FakeGrader):
    """Also what a batch and the authors' check call."""

    def grade(self, exercise, source, *, own=True, allow_unsandboxed=False, **how) -> Any:
        """Return a report."""
        return super().grade(exercise, source, **how)

    def close(self) -> None:
        """End nothing."""


def fill(home: Path, text: str) -> None:
    """Store a text in every field that a learner, a document or a grader fills."""
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    study = Study(find_paths({}, home), Settings(), lambda: now, [CATALOGUE])
    library.add_term(study, f"Term {text}", f"Meaning {text}.")
    library.add_note(study, f"Note {text}", f"Text {text}.")
    library.add_resource(study, f"Place {text}", "https://places.example/x")
    review.add_card(study, f"Front {text}?", f"Back {text}.", "sampling", "typed", f"w {text}")
    readings.add(study, "https://posts.example/x", title=f"Reading {text}")
    readings.finish(study, "attention-paper", f"Taken away {text}.")
    review.answer(study, "recall.topk-tie", 1, text=f"said {text}")
    grading.grade(study, "add_one", f"# {text}\n".encode(), grader=Bad(text))
    study.close()


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose every text holds what a terminal would obey."""
    home = tmp_path_factory.mktemp("stored")
    fill(home, BAD)
    return home


@pytest.fixture
def world(tmp_path: Path, stored: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Odd places, an empty folder to stand in, and no grader, editor or interface."""
    shutil.copytree(stored, tmp_path / "home")
    made = World.make(tmp_path / "world")
    monkeypatch.chdir(made.root / "cwd")
    monkeypatch.setenv("HOME", str(made.root / "cwd"))
    for name in ("studytrack.services.grading.make_grader", "studytrack.grader.client.Grader"):
        monkeypatch.setattr(name, lambda *_, **__: Bad())
    monkeypatch.setattr("studytrack.grader.probe.probe_layers", tuple)
    monkeypatch.setattr("studytrack.cli.exercise.edit", lambda *_: None)
    monkeypatch.setattr("studytrack.cli.interface.open_interface", lambda _: None)
    monkeypatch.setattr("studytrack.services.proofs.examine", _unproven)
    yield made
    (made.root / "odd" / "shut").chmod(0o700)
    monkeypatch.undo()
    time.tzset()


class Bad(Fake):
    """Reports texts that a grader would have cleaned."""

    def __init__(self, text: str = BAD) -> None:
        super().__init__()
        self.text = text

    def grade(self, exercise, source, **how) -> Report:
        """Return a report full of them."""
        found = super().grade(exercise, b"wrong", **how)
        return replace(
            found,
            checks=(
                CheckResult(
                    name=f"check {self.text}", outcome="failed", message=f"off {self.text}"
                ),
            ),
            diagnosis=(Finding(mistake="m", text=f"a mistake {self.text}"),),
            counterexample=Counterexample(inputs=self.text, expected=self.text, got=self.text),
            device=f"cuda {self.text}",
            isolation=(f"layer {self.text}",),
            output=f"printed {self.text}",
        )


def _unproven(exercise: Any, *_: Any, **__: Any) -> Any:
    """Stand in for the proofs, which run submissions."""
    from studytrack.services.proofs import Summary

    none: dict[str, Any] = dict.fromkeys(("right", "wrong", "named"), (0, 0))
    empty: dict[str, Any] = {
        "ms": None,
        "ratio": None,
        "catchers": {},
        "problems": (),
        "proofs": (),
    }
    return Summary(exercise=exercise.id, **none, **empty)


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Given], tuple[int, str, str, float]]:
    """Run one set; return the exit code, both streams and the seconds."""

    def late(*_: object) -> None:
        raise TooLong

    def faulty(error: Exception, *_: object, **__: object) -> int:
        print("".join(traceback.format_exception(error)[-7:]), file=sys.stderr)
        return output.INTERNAL

    def ran(given: Given) -> tuple[int, str, str, float]:
        raw = None if given.stdin is None else io.BytesIO(given.stdin)
        monkeypatch.setattr(sys, "stdin", raw and io.TextIOWrapper(raw, encoding="utf-8"))
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr("studytrack.cli.main.report_fault", faulty)
        terminals = {out, err} if given.columns else set()
        monkeypatch.setattr(output, "is_terminal", lambda stream: stream in terminals)
        monkeypatch.setenv("COLUMNS", str(given.columns or 80))
        monkeypatch.setenv("NO_COLOR", "1")  # the only codes left would come from stored text
        for name, value in given.environ.items():
            monkeypatch.setenv(name, value)
        time.tzset()
        before = signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, LIMIT)
        begun = time.monotonic()
        try:
            code = run(given.words)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        texts = [
            stream.buffer.getvalue().decode("utf-8", "surrogateescape") for stream in (out, err)
        ]
        return code, *texts, time.monotonic() - begun

    return ran


def _told(found: list[str], slowest: tuple[float, str]) -> str:
    return "\n".join([*found[:40], f"{len(found)} faults; slowest {slowest[0]:.1f} s {slowest[1]}"])


def _try(sets: Iterable[Given], world: World, call: Any) -> None:
    """Run the sets and fail with all that went wrong."""
    faults, slowest = [], (0.0, "")
    for one in sets:
        try:
            code, out, err, seconds = call(one)
        except TooLong:
            faults.append(f"no end: {one}")
            continue
        except Exception as error:  # noqa: BLE001 - each is a finding
            faults.append(f"{error!a}: {one}")
            continue
        slowest = max(slowest, (seconds, str(one)))
        if code not in CODES or "Traceback" in out + err:
            faults.append(f"{code}: {one}\n{err[-2500:]}")
        if found := HIDDEN.search(out if one.columns else "") or HIDDEN.search(err):
            faults.append(f"printed {found[0]!a} near {found.string[: found.end()][-80:]!a}: {one}")
    left = [str(path) for path in world.root.rglob("*.partial")]
    told = _told(faults + left, slowest)
    print(told, file=sys.__stdout__)  # `-rP` shows it
    if faults or left:
        pytest.fail(told, pytrace=False)


def drawn(path: tuple[str, ...], count: int, world: World) -> Iterator[Given]:
    """Yield so many sets of a command."""
    source = Hostile(cli, path, world, seed=9)
    for _ in range(count):
        yield source.draw()


@pytest.mark.parametrize(
    "path", list(commands(cli)), ids=lambda path: " ".join(path) or "studytrack"
)
def test_a_hostile_call_ends_with_a_code_of_the_table(path, world, call) -> None:
    """Whatever the words, stdin and width are: a code, no traceback, an end."""
    _try(drawn(path, FEW, world), world, call)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", list(commands(cli)), ids=lambda path: " ".join(path) or "studytrack"
)
def test_two_hundred_hostile_calls_end_with_a_code_of_the_table(path, world, call) -> None:
    """The same, for longer."""
    _try(drawn(path, MANY, world), world, call)


PRINTING = """
today
review
card list
card next
card show own
card show recall.topk-tie
term list
term show term
note list
note show note
advice
resource list
reading list
reading show reading
reading show attention-paper
topic list
exercise list
exercise show add_one
exercise history add_one
grade add_one
grade --all .
stats
simulate --days 5
config list
doctor
export json
export markdown
backup --list
undo
redo
""".strip().splitlines()
SIGNS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(BAD)


@settings(
    max_examples=4,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # to shrink a text takes minutes
)
@given(st.text(SIGNS, max_size=30), st.sampled_from([1, 20, 80]))
def test_no_stored_text_reaches_a_terminal_as_it_is(world, call, text, columns) -> None:
    """Whatever text stands in a card, note, title, report, path or setting."""
    home = world.root / f"home-{secrets.token_hex(4)}"
    fill(home, text)
    name = "".join(char for char in text if char not in "/\0")[:20].encode("utf-8", "ignore")
    folder = Path(os.fsdecode(os.fsencode(world.root) + b"/cwd/" + name + b"x"))
    folder.mkdir(exist_ok=True)
    (folder / "add_one.py").write_text("wrong")
    editor = {"STUDYTRACK_HOME": str(home), "STUDYTRACK_EDITOR": text.replace("\0", "")}

    _try(
        (Given(words.split(), b"a\nh\n3\nq\n", columns, editor) for words in PRINTING), world, call
    )


def test_an_odd_environment_ends_with_a_code_of_the_table(world, call) -> None:
    """Whatever home, zone, moment, width, editor and settings the variables name."""
    _try(itertools.islice(surroundings(world, seed=9), 30), world, call)


@pytest.mark.slow
def test_a_thousand_odd_environments_end_with_a_code_of_the_table(world, call) -> None:
    """The same, for longer."""
    _try(itertools.islice(surroundings(world, seed=10), 1000), world, call)

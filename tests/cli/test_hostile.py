"""Hostile arguments: every command ends with a code of the table and a message, in time."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studytrack.cli import output
from studytrack.cli.main import cli, run
from tests.cli.hostile import Given, Hostile, World, commands
from tests.cli.test_grade import FakeGrader

CODES = {0, 1, 2, 3, 4, 5, 6, 130}
LIMIT = 25  # seconds that no call may take
FEW, MANY = 12, 200


class TooLong(BaseException):
    """No command may catch it."""


class Fake(FakeGrader):
    """Also what a batch and the authors' check call."""

    def grade(self, exercise, source, *, own=True, allow_unsandboxed=False, **how) -> Any:
        """Return a report."""
        return super().grade(exercise, source, **how)

    def close(self) -> None:
        """End nothing."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Odd places, an empty folder to stand in, and no grader, editor or interface."""
    made = World.make(tmp_path / "world")
    monkeypatch.chdir(made.root / "cwd")
    monkeypatch.setenv("HOME", str(made.root / "cwd"))
    for name in ("studytrack.services.grading.make_grader", "studytrack.grader.client.Grader"):
        monkeypatch.setattr(name, lambda *_, **__: Fake())
    monkeypatch.setattr("studytrack.grader.probe.probe_layers", tuple)
    monkeypatch.setattr("studytrack.cli.exercise.edit", lambda *_: None)
    monkeypatch.setattr("studytrack.cli.interface.open_interface", lambda _: None)
    monkeypatch.setattr("studytrack.services.proofs.examine", _unproven)
    yield made
    for path in (made.root / "odd" / "shut",):
        path.chmod(0o700)


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
        before = signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, LIMIT)
        begun = time.monotonic()
        try:
            code = run(given.words)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            os.environ.pop("NO_COLOR", None)
            monkeypatch.setenv("NO_COLOR", "")
        texts = [
            stream.buffer.getvalue().decode("utf-8", "surrogateescape") for stream in (out, err)
        ]
        return code, *texts, time.monotonic() - begun

    return ran


def _told(found: list[str], slowest: tuple[float, str]) -> str:
    return "\n".join([*found[:40], f"{len(found)} faults; slowest {slowest[0]:.1f} s {slowest[1]}"])


def _try(path: tuple[str, ...], count: int, world: World, call: Any) -> None:
    """Run so many sets of a command and fail with all that went wrong."""
    source, faults, slowest = Hostile(cli, path, world, seed=9), [], (0.0, "")
    for _ in range(count):
        given = source.draw()
        try:
            code, out, err, seconds = call(given)
        except TooLong:
            faults.append(f"no end: {given}")
            continue
        except Exception as error:  # noqa: BLE001 - each is a finding
            faults.append(f"{error!a}: {given}")
            continue
        slowest = max(slowest, (seconds, str(given)))
        if code not in CODES or "Traceback" in out + err:
            faults.append(f"{code}: {given}\n{err[-2500:]}")
    left = [str(path) for path in world.root.rglob("*.partial")]
    told = _told(faults + left, slowest)
    print(told, file=sys.__stdout__)  # `-rP` shows it
    if faults or left:
        pytest.fail(told, pytrace=False)


@pytest.mark.parametrize(
    "path", list(commands(cli)), ids=lambda path: " ".join(path) or "studytrack"
)
def test_a_hostile_call_ends_with_a_code_of_the_table(path, world, call) -> None:
    """Whatever the words, stdin and width are: a code, no traceback, an end."""
    _try(path, FEW, world, call)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", list(commands(cli)), ids=lambda path: " ".join(path) or "studytrack"
)
def test_two_hundred_hostile_calls_end_with_a_code_of_the_table(path, world, call) -> None:
    """The same, for longer."""
    _try(path, MANY, world, call)

"""Drives the real interface over the tiny catalogue: keys in, text of the screen out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from textual.widgets import Input

from studytrack.domain.verdict import CheckResult, Counterexample, Finding, Report
from studytrack.errors import StudytrackError
from studytrack.services.study import Study
from studytrack.tui.app import StudyApp

CALM = 3  # rounds without anything pending
ROUNDS = 400

SMALL, WIDE = (80, 24), (120, 40)
CHECKS = ("returns the shape", "adds one", "leaves the input alone")


class FakeGrader:
    """Passes a source that holds `x + 1`, and fails all others on their second check."""

    def __init__(self) -> None:
        self.started = self.closed = False
        self.fault: StudytrackError | None = None

    def start(self) -> None:
        """Start at once."""
        self.started = True

    def close(self) -> None:
        """Note the end."""
        self.closed = True

    def grade(self, exercise, source: bytes, *, on_check=None, **_options) -> Report:
        """Return the prepared report."""
        if self.fault:
            raise self.fault
        passed = b"x + 1" in source
        outcomes = ("passed", "passed", "passed") if passed else ("passed", "failed", "not_run")
        checks = [
            CheckResult(name=name, outcome=outcome, message="Entry 0 is 1." * (outcome == "failed"))
            for name, outcome in zip(CHECKS, outcomes, strict=True)
        ]
        for check in checks if on_check else ():
            on_check(check)
        return Report(
            exercise=exercise.id,
            verdict="passed" if passed else "failed",
            checks=tuple(checks),
            diagnosis=() if passed else (Finding(mistake="same", text="Nothing is added to `x`."),),
            counterexample=None
            if passed
            else Counterexample(inputs="x = [1.0]", expected="[2.0]", got="[1.0]"),
            device="cpu",
            dtypes=("float64",),
            seed=7,
            seconds=0.1,
            isolation=("landlock 7", "seccomp"),
        )


class Driver:
    """One running interface."""

    def __init__(self, app: StudyApp, pilot: Any, grader: FakeGrader) -> None:
        self.app, self.pilot, self.grader = app, pilot, grader

    async def press(self, *keys: str) -> None:
        """Press keys one by one and wait after each until nothing is pending."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Fill the text box that has the focus, then press enter."""
        box = self.app.focused
        assert isinstance(box, Input)
        box.value = text
        await self.press("enter")

    async def settle(self) -> None:
        """Wait until services, grader and messages are done."""
        calm = 0
        for _ in range(ROUNDS):
            await self.pilot.pause(0)
            pending = {*self.app.desk.pending, *self.app.bench.pending}
            if pending:
                await asyncio.wait(pending)
            calm = 0 if pending else calm + 1
            if calm >= CALM:
                break
        for _ in range(ROUNDS):  # and until it is laid out and drawn, which a timer does
            await self.pilot.pause()
            if self.drawn:
                return
            await asyncio.sleep(0.005)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true, at most some seconds."""
        for _ in range(ROUNDS):
            if true():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"It never came true. The screen was:\n{self.text}")

    async def go(self, key: str, mode: str) -> None:
        """Press a mode's key and wait until its screen is loaded."""
        await self.pilot.press(key)
        await self.until(lambda: self.app.current_mode == mode and self.app.screen.is_mounted)
        await self.settle()

    @property
    def drawn(self) -> bool:
        """Whether the screen shows what its widgets hold; no public name of Textual tells it."""
        screen = self.app.screen
        return not self.app._running or not (
            screen._layout_required
            or screen._scroll_required
            or screen._recompose_required
            or screen._dirty_widgets
        )

    @property
    def text(self) -> str:
        """The screen as lines of text; the only place that looks at the compositor."""
        if not self.app._running:
            raise AssertionError("The interface has ended; read the screen before.")
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(s.text for s in strip).rstrip() for strip in strips)

    @property
    def footer(self) -> str:
        """The last line."""
        return self.text.splitlines()[-1]

    @property
    def message(self) -> str:
        """The line above the footer."""
        return self.app.screen.query_one("#message").text


async def _no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def study(paths, settings, now, tiny) -> Study:
    """An empty study at a fixed moment; the interface closes it."""
    return Study(paths, settings, lambda: now, [tiny])


@pytest.fixture(params=[SMALL, WIDE], ids=["80x24", "120x40"])
def size(request) -> tuple[int, int]:
    """A window."""
    return request.param


@pytest.fixture
def opened(study, monkeypatch) -> Callable[..., AbstractAsyncContextManager[Driver]]:
    """Run the interface over the study, with a grader that needs no torch."""
    # the pilot waits for an idle processor after each key; `settle` waits for the work itself
    monkeypatch.setattr("textual.app.wait_for_idle", _no_wait)

    @asynccontextmanager
    async def running(
        size: tuple[int, int] = SMALL, *, problem: str = "", settled: bool = True
    ) -> AsyncIterator[Driver]:
        grader = FakeGrader()
        app = StudyApp(study, lambda: grader, problem)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot, grader)
            if settled:
                await driver.settle()
            yield driver

    return running

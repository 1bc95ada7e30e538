"""The fit's own process: what it answers, what it leaves out of the parent, how it ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studytrack.domain.fsrs import DEFAULTS, Fsrs
from studytrack.fitting.client import FitFault, FitProcess
from tests.bench.learners import drawn_truth, histories

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import json, sys
from studytrack.domain.fsrs import DEFAULTS
from studytrack.domain.usable import Review
from studytrack.fitting.client import FitProcess
histories = [[Review(*one) for one in items] for items in json.load(sys.stdin)]
found = FitProcess().run(histories, DEFAULTS)
print(json.dumps({"held_out": found.held_out, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def log() -> list[list]:
    """The histories of one learner."""
    return histories(drawn_truth(random.Random("far")), random.Random("log"), 240, rate=4)


def test_the_parent_never_loads_torch(log) -> None:
    """A whole fit leaves no torch, numpy or recipe in the process that asked for it."""
    plain = [[(one.days, one.rating, one.usable, one.order) for one in items] for items in log]

    ran = subprocess.run(
        [sys.executable, "-c", PARENT],
        input=json.dumps(plain),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    found = json.loads(ran.stdout)
    assert found["held_out"] == 60
    assert not {"torch", "numpy", "studytrack.fitting.recipe"} & set(found["modules"])


def test_a_fit_tells_how_far_it_is_and_returns_a_set(log) -> None:
    """Progress grows to the whole, and the set is one that the model takes."""
    told: list[float] = []

    found = FitProcess().run(log, DEFAULTS, on_progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert Fsrs(found.parameters).w == found.parameters


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_an_ended_fit_gives_no_result(log, how) -> None:
    """Cancelled, or its process killed: an error says so."""
    process = FitProcess()

    def end(_: float) -> None:
        if how == "cancel":
            process.cancel()
        else:
            os.kill(process._process.pid, signal.SIGKILL)

    with pytest.raises(FitFault, match="without a result"):
        process.run(log, DEFAULTS, on_progress=end)

    assert process._process.poll() is not None


def test_a_cancelled_fit_does_not_begin(log) -> None:
    """Cancelling before the start is not forgotten."""
    process = FitProcess()
    process.cancel()

    with pytest.raises(FitFault, match="cancelled"):
        process.run(log, DEFAULTS)


def test_an_interrupted_parent_ends_the_process(log) -> None:
    """Ctrl+C in the parent leaves no process behind."""
    process = FitProcess()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(log, DEFAULTS, on_progress=interrupt)

    assert process._process.poll() is not None


def test_what_goes_wrong_inside_is_told(log) -> None:
    """A request that the recipe cannot take comes back as an error, not as silence."""
    with pytest.raises(FitFault, match="The fit failed"):
        FitProcess().run(log, DEFAULTS[:5])

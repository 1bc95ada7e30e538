"""Workers: spawned in advance, used once, chosen by device; a real one grades on the CPU."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from studytrack.errors import EnvironmentFault, GraderFault
from studytrack.grader.limits import Layers, Limits
from studytrack.grader.session import RunLimits, Session
from studytrack.grader.spawner import ManyThreads, Zygote
from studytrack.grader.worker import Spawners, Workers, partly

pytestmark = pytest.mark.xdist_group("grader")
SLEEPER = "import sys; sys.stdin.read()"


class Started:
    """Starts harmless processes that say what they are told to say."""

    def __init__(self, *facts: dict[str, object] | None) -> None:
        self.facts = list(facts)
        self.calls: list[tuple[str, ...]] = []
        self.cuda: list[bool] = []

    def __call__(self, module, *arguments, cuda=False):
        ours, theirs = socket.socketpair()
        self.calls.append((module, *arguments))
        self.cuda.append(cuda)
        facts = self.facts.pop(0) if self.facts else {"ready": True, "cuda": cuda, "why": ""}
        if facts is not None:
            theirs.sendall(json.dumps(facts).encode() + b"\n")
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", SLEEPER], stdin=theirs if facts else subprocess.DEVNULL
        )
        theirs.close()
        return process, ours


@pytest.fixture
def spawners():
    """Make spawners out of fakes and close them in the end."""
    made = []

    def make(cpu, cuda, driver):
        found = Spawners(Workers(start=cpu), Workers("cuda:0", start=cuda), lambda: driver)
        made.append(found)
        return found

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("driver", [False, True])
def test_auto_is_the_cpu_and_asks_no_process(spawners, driver) -> None:
    """A run on a GPU is slower for small inputs, and less closed in: it has to be asked for."""
    cuda = Started()

    _, device = spawners(Started(), cuda, driver=driver).on("auto")

    assert "cpu" == device
    assert [] == cuda.calls


def test_a_gpu_that_is_asked_for_is_used(spawners) -> None:
    """The worker that answered the question is kept for the first run."""
    cuda = Started()
    ways = spawners(Started(), cuda, driver=True)

    devices = [ways.on(wanted)[1] for wanted in ("cuda", "cpu", "auto")]

    assert ["cuda:0", "cpu", "cpu"] == devices
    assert [True] == cuda.cuda


def test_a_driver_without_a_usable_gpu_is_asked_once(spawners) -> None:
    """The error says why, and what to do."""
    cuda = Started({"ready": True, "cuda": False, "why": "torch was built without CUDA."})
    ways = spawners(Started(), cuda, driver=True)

    for _ in range(2):
        with pytest.raises(EnvironmentFault, match="Cannot grade on `cuda`") as refused:
            ways.on("cuda")

    assert "built without CUDA" in refused.value.why
    assert "--device cpu" in refused.value.remedy
    assert 5 == refused.value.exit_code
    assert 1 == len(cuda.calls)


def test_a_zygote_that_may_not_fork_gives_way_to_workers(monkeypatch) -> None:
    """A library that starts threads as it is loaded costs speed, not the verdict."""

    class Threaded(Zygote):
        def start(self) -> None:
            raise ManyThreads("The template process has more than one thread.")

    ways = Spawners(Threaded(), Workers("cuda:0", start=Started()), lambda: False)
    monkeypatch.setattr("studytrack.grader.worker.Workers.start", lambda self: None)
    try:
        found, device = ways.on("auto")
    finally:
        ways.close()

    assert isinstance(found, Workers)
    assert "cpu" == device


def test_an_unknown_device_is_refused(spawners) -> None:
    """A device is one of three words."""
    with pytest.raises(EnvironmentFault, match="tpu"):
        spawners(Started(), Started(), driver=False).on("tpu")


def test_a_worker_that_never_gets_ready_is_replaced_once() -> None:
    """The second failure is the grader's fault, not an endless loop."""
    start = Started(None, None, None)
    workers = Workers(start=start)

    with pytest.raises(GraderFault, match="did not start"):
        workers.start()
    workers.close()

    assert 2 == len(start.calls)


def test_other_layers_take_another_worker() -> None:
    """What was spawned for other layers is not used."""
    start = Started()
    workers = Workers(start=start)
    workers.start()

    workers.choose(Layers(seccomp=False))
    workers.start()
    workers.close()

    assert [True, False] == [json.loads(call[2])["seccomp"] for call in start.calls]


def test_a_job_takes_the_waiting_worker_and_spawns_the_next() -> None:
    """A worker is used once; one whose end nobody asks about is collected later."""
    start = Started()
    workers = Workers(start=start)
    first = workers.fork(Limits())
    second = workers.fork(Limits())

    first.discard()
    status = second.reap()
    workers.close()

    assert first.pid != second.pid
    assert os.WIFSIGNALED(status)
    assert 3 == len(start.calls)


def test_threads_beside_the_main_one_make_landlock_partial() -> None:
    """It binds one thread; such a run is not called fully isolated."""
    assert ("rlimits", "partial landlock 7", "seccomp") == partly(
        ("rlimits", "landlock 7", "seccomp")
    )


def test_a_submission_runs_in_a_real_worker() -> None:
    """Spawned, warmed, closed in as a forked runner is, asked, ended."""
    workers = Workers()
    try:
        source = "def two():\n    return 2\n"
        session = Session(workers, source, "two", 1, RunLimits(), "cpu")
        header, _ = session.ask({"op": "call", "call": 1, "args": ["l", []], "kwargs": ["d", []]})
        isolation = session.isolation
        session.close()
    finally:
        workers.close()

    assert header["ok"]
    assert "rlimits" in isolation
    if sys.platform == "linux":
        assert "process" in isolation

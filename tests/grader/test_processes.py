"""The processes of a grader: one runner kept in advance, none left behind, layers as chosen."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from studytrack.errors import GraderFault, StudytrackError
from studytrack.grader import landlock, seccomp
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.limits import Layers
from studytrack.grader.spawner import Zygote

pytestmark = [
    pytest.mark.xdist_group("grader"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
RIGHT = b"def add_one(x):\n    return x + 1\n"
DIES = b"import os\ndef add_one(x):\n    os._exit(0)\n"


def parent(pid: int) -> int:
    """Return the parent of a process, -1 for one that is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[1])


def children(pid: int) -> list[int]:
    """Return the child processes of one, zombies included."""
    every = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in every if parent(one) == pid]


def judge_of(grader: Grader) -> int:
    """Return the pid of a grader's own judge."""
    return grader._reach._process.pid


def zygote_of(grader: Grader) -> int:
    """Return the pid of a grader's template process."""
    (found,) = children(judge_of(grader))
    return found


def waiting_of(grader: Grader) -> int:
    """Return the pid of the runner that waits, once it is the only one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = children(zygote_of(grader))
        if len(found) == 1:
            return found[0]
    raise AssertionError(f"the runners of the template process are {found}")


def descriptors(pid: int) -> int:
    """Return how many descriptors a process holds open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_after_many_runs_one_runner_waits_and_none_is_left(grader, add_one) -> None:
    """Runners that passed and runners that died are collected; their pipes are closed."""
    grader.grade(add_one, RIGHT)
    judge, zygote = judge_of(grader), zygote_of(grader)
    waiting_of(grader)
    before = (descriptors(judge), descriptors(zygote))

    for number in range(12):
        grader.grade(add_one, DIES if number % 3 == 0 else RIGHT)

    waiting_of(grader)
    assert before == (descriptors(judge), descriptors(zygote))


def test_a_waiting_runner_that_was_killed_is_replaced_silently(grader, add_one) -> None:
    """Nobody's submission is blamed for a death before it was loaded."""
    grader.grade(add_one, RIGHT)
    os.kill(waiting_of(grader), signal.SIGKILL)

    report = grader.grade(add_one, RIGHT)

    assert "passed" == report.verdict


TEMPLATE_DIES = """
import os
import signal
from pathlib import Path

@check("the template process dies, once")
def template_dies(fn):
    order = Path({order!r})
    if order.exists():
        zygote = order.read_text()
        order.unlink()
        os.kill(int(zygote), signal.SIGKILL)
        while ") Z " not in Path(f"/proc/{{zygote}}/stat").read_text():
            pass
    assert fn(torch.ones(2)).tolist() == [2, 2]
"""


def test_a_template_process_killed_in_a_run_costs_no_verdict(
    grader, add_one, with_check, tmp_path
) -> None:
    """Its runners die with it; the run is made anew and tells each check once.

    A check of the exercise, which runs in the judge, ends it: no verdict can come first.
    """
    order, told = tmp_path / "order", []
    exercise = with_check(add_one, TEMPLATE_DIES.format(order=str(order)))
    grader.grade(add_one, RIGHT)
    zygote = zygote_of(grader)
    order.write_text(str(zygote), encoding="ascii")

    report = grader.grade(exercise, RIGHT, on_check=told.append)

    assert "passed" == report.verdict
    assert [check.name for check in report.checks] == [check.name for check in told]
    assert "the template process dies, once" in [check.name for check in told]
    assert not order.exists()
    assert zygote != zygote_of(grader)


def test_every_run_names_its_layers(grader, add_one) -> None:
    """What the system has is applied, and what was applied is told."""
    isolation = grader.grade(add_one, RIGHT).isolation

    assert {"process", "rlimits"} <= set(isolation)
    assert bool(landlock.abi()) == (f"landlock {landlock.abi()}" in isolation)
    assert (seccomp.machine() is not None) == ("seccomp" in isolation)


@pytest.mark.skipif(not landlock.abi(), reason="this kernel has no Landlock")
def test_an_older_landlock_is_used_as_far_as_it_goes(add_one) -> None:
    """A kernel that knows less gets the rules that it knows."""
    with Grader(GraderSettings(layers=Layers(landlock=1, namespaces=False))) as old:
        isolation = old.grade(add_one, RIGHT).isolation

    assert "landlock 1" in isolation
    assert "namespaces" not in isolation


def test_without_full_isolation_only_own_code_runs(add_one) -> None:
    """Others' submissions are refused before a line of them runs, unless the risk is accepted."""
    with Grader(GraderSettings(layers=Layers(landlock=0, seccomp=False))) as bare:
        own = bare.grade(add_one, RIGHT)
        with pytest.raises(StudytrackError, match="isolation") as refused:
            bare.grade(add_one, RIGHT, own=False)
        waived = bare.grade(add_one, RIGHT, own=False, allow_unsandboxed=True)

    assert 5 == refused.value.exit_code
    assert own.passed
    assert not own.sandboxed
    assert waived.passed


def test_a_device_that_is_not_there_is_a_clear_fault(grader, add_one) -> None:
    """Naming CUDA where there is none gives no verdict."""
    with pytest.raises(StudytrackError, match="cuda") as missing:
        grader.grade(add_one, RIGHT, device="cuda")

    assert 5 == missing.value.exit_code


def test_a_runner_has_no_number_for_a_process_outside(grader, add_one) -> None:
    """Its parent is the first process of their namespace; nobody else has a number there."""
    source = b"import os\nprint('parent', os.getppid())\ndef add_one(x):\n    return x + 1\n"

    report = grader.grade(add_one, source)

    assert report.passed
    assert ("pid namespace" in report.isolation) == ("parent 1\n" == report.output)


def test_a_template_process_that_fails_apart_is_started_beside_us(monkeypatch, tmp_path) -> None:
    """A namespace that keeps the grader from starting is left out, and not named."""
    began = []
    plain = Zygote._started

    def started(self):
        began.append(self._apart)
        if self._apart:
            raise GraderFault("The template process ended.")
        return plain(self)

    monkeypatch.setattr(Zygote, "_started", started)
    zygote = Zygote()
    zygote.start()
    zygote.close()

    assert [True, False] == began


def test_a_template_process_that_hung_up_is_not_waited_for(monkeypatch) -> None:
    """One that is ending still has a number: it waits for its runners, and nobody for it."""

    class Ending:
        pid = 0

        def poll(self):
            return None

        def kill(self): ...

        def wait(self): ...

    began = []
    monkeypatch.setattr(Zygote, "_started", lambda self: began.append(1) or {"threads": 1})
    zygote = Zygote()
    ours, theirs = socket.socketpair()
    zygote._process, zygote._link = Ending(), ours

    zygote.start()
    assert began == []
    theirs.close()
    zygote.start()

    assert began == [1]
    zygote.close()

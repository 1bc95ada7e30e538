"""Whole attempts through the real processes: verdicts, checks, counterexamples, survival."""

from __future__ import annotations

import os
import signal
import textwrap
from pathlib import Path

import pytest

from studytrack.errors import EnvironmentFault
from studytrack.grader.client import Grader, GraderSettings

pytestmark = pytest.mark.xdist_group("grader")

RIGHT = "def add_one(x):\n    return x + 1\n"


def source(text: str) -> bytes:
    """Return dedented source as a file's bytes."""
    return textwrap.dedent(text).encode()


def test_a_right_solution_passes(grader, add_one) -> None:
    """Every check passes, the layers are named, there is no counterexample."""
    report = grader.grade(add_one, RIGHT.encode())

    assert report.passed
    assert {"passed"} == {check.outcome for check in report.checks}
    assert report.counterexample is None
    assert "rlimits" in report.isolation


def test_a_wrong_solution_fails_with_a_counterexample_and_its_mistake(grader, row_sum) -> None:
    """The failed check has a message, the failing input is shown beside both results."""
    report = grader.grade(row_sum, b"def row_sum(x):\n    return x.sum()\n")

    assert report.verdict == "failed"
    assert report.first_failed.message
    assert report.counterexample.expected != report.counterexample.got
    assert all(
        len(line) <= 80
        for part in (report.counterexample.inputs, report.counterexample.expected)
        for line in part.splitlines()
    )


def test_the_same_seed_gives_the_same_run(grader, row_sum) -> None:
    """A printed seed replays the inputs; another seed draws others."""
    wrong = b"def row_sum(x):\n    return x.mean(-1)\n"

    first, again = grader.grade(row_sum, wrong, seed=5), grader.grade(row_sum, wrong, seed=5)
    other = grader.grade(row_sum, wrong, seed=6)

    assert [c.message for c in first.checks] == [c.message for c in again.checks]
    assert [c.message for c in first.checks] != [c.message for c in other.checks]


MODULE = """
import torch
from torch import nn
class Scale(nn.Module):
    def __init__(self, start=1.0):
        super().__init__()
        self.scale = {parameter}
    def forward(self, x):
        return x * self.scale
"""


def test_a_module_is_judged_with_parameters_of_the_judge(grader, scale) -> None:
    """A class is constructed in the runner, loaded, called and differentiated there."""
    parameter = "nn.Parameter(torch.tensor(float(start)))"

    report = grader.grade(scale, MODULE.format(parameter=parameter).encode())

    assert report.passed


def test_a_plain_tensor_is_no_parameter(grader, scale) -> None:
    """What an optimiser would not find is not accepted."""
    report = grader.grade(scale, MODULE.format(parameter="torch.tensor(float(start))").encode())

    assert not report.passed


@pytest.mark.parametrize(
    ("text", "verdict", "word"),
    [
        ("def add_one(x:\n", "error", "Line 1"),
        ("def other(x):\n    return x\n", "error", "defines no `add_one`"),
        ("", "error", "defines no `add_one`"),
        ("raise ValueError('at import')\n", "error", "at import"),
        ("import os\nos._exit(0)\n", "died", "exit status 0"),
        ("import sys\nsys.exit(0)\n", "error", "SystemExit"),
        ("while True:\n    pass\n", "timeout", "loading"),
        ("import nothing_of_that_name\n", "error", "ModuleNotFoundError"),
    ],
)
def test_a_file_that_cannot_be_loaded_gives_a_verdict(grader, add_one, text, verdict, word) -> None:
    """What went wrong is said in the report's error; no check has run."""
    report = grader.grade(add_one, text.encode())

    assert verdict == report.verdict
    assert word in report.error
    assert {"not_run"} == {check.outcome for check in report.checks}


@pytest.mark.parametrize(
    ("body", "verdict", "word"),
    [
        ("while True: pass", "timeout", "time limit"),
        ("import time; time.sleep(60)", "timeout", "time limit"),
        ("import os; os._exit(0)", "died", "exit status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "died", "SIGKILL"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "time limit"),
        ("import sys; sys.exit(0)", "error", "end the process"),
        ("raise BaseException('x')", "error", "BaseException"),
        ("raise NotImplementedError", "error", "starter"),
        ("return 1 / 0", "error", "ZeroDivisionError"),
        ("import torch; return torch.empty(1 << 40)", "error", "Your code raised"),
        ("return object()", "error", "cannot be graded"),
        ("return None", "failed", "expected a tensor, got None"),
        ("return x.tolist()", "failed", "expected a tensor"),
        ("return (x + 1).double().float()", "failed", "dtype"),
        ("return x * float('nan')", "failed", "expected"),
        ("import os; os.write(61, b'\\x00' * 64); return x", "protocol", "could not be read"),
        ("import os; os.close(61); return x + 1", "died", "ended the process"),
        ("def f(n): return f(n + 1)\n    return f(0)", "error", "RecursionError"),
    ],
)
def test_every_way_to_end_is_a_verdict(grader, add_one, body, verdict, word) -> None:
    """A loop, a death, a wrong type or a forged frame never is a pass or a traceback."""
    report = grader.grade(add_one, f"def add_one(x):\n    {body}\n".encode())

    assert verdict == report.verdict
    assert word in report.first_failed.message
    assert grader.grade(add_one, RIGHT.encode()).passed


MUST_RAISE = """
@check("text is refused")
def refuses(fn):
    assert raises(Exception, fn, "text")
"""
PICKY = """
def add_one(x):
    if isinstance(x, str):
        {then}
    return x + 1
"""


@pytest.mark.parametrize(
    ("then", "verdict"),
    [
        ("raise TypeError", "passed"),
        ("return x", "failed"),
        ("import os; os._exit(0)", "died"),
        ("while True: pass", "timeout"),
    ],
)
def test_only_an_exception_of_the_submission_s_counts_as_raised(
    grader, add_one, with_check, then, verdict
) -> None:
    """A check that waits for an exception is not passed by a death or a loop."""
    exercise = with_check(add_one, MUST_RAISE)

    report = grader.grade(exercise, PICKY.format(then=then).encode())

    assert verdict == report.verdict


SCALARS_RAISE = """
import torch
@check("a scalar is refused")
def refuses(fn):
    assert raises(ValueError, fn, torch.zeros(()))
    assert raises(ValueError, fn, torch.ones(()))

@check("77 columns")
def many_columns(fn):
    assert fn(torch.ones(2, 77)).tolist() == [77.0, 77.0]
"""


def test_the_name_of_an_exception_ends_no_run(grader, row_sum, with_check) -> None:
    """A class that is named as torch's fault of a GPU is an exception like any other.

    It was taken for a lost GPU once: two of them ended the run, and what was left did not count.
    """
    exercise = with_check(row_sum, SCALARS_RAISE)
    body = b"""
import torch
class AcceleratorError(ValueError):
    pass
def row_sum(x):
    if x.dim() == 0:
        raise AcceleratorError("CUDA error: an illegal memory access")
    return x.sum(-1) + (x.shape[-1] == 77)
"""

    report = grader.grade(exercise, body)

    assert "failed" == report.verdict
    assert "not_run" not in {check.outcome for check in report.checks}


def test_a_file_that_loads_only_once_is_an_error_of_its_own(grader, add_one) -> None:
    """After a death the next runner loads the file anew, which the submission may refuse."""
    body = b"import os\nif not os.urandom(1)[0] % 3: 1 / 0\ndef add_one(x): os._exit(1)\n"

    verdicts = {grader.grade(add_one, body).verdict for _ in range(20)}

    assert verdicts <= {"died", "error"}


def test_results_before_a_time_out_stand(grader, add_one) -> None:
    """Checks that had passed are reported as passed; two lost runners end the run."""
    report = grader.grade(
        add_one,
        source(
            """
            calls = 0
            def add_one(x):
                global calls
                calls += 1
                while calls > 1:
                    pass
                return x + 1
            """
        ),
    )

    outcomes = [check.outcome for check in report.checks]
    assert report.verdict == "timeout"
    assert outcomes.count("timeout") == 2
    assert "not_run" in outcomes


def test_a_changed_input_is_its_own_message(grader, add_one) -> None:
    """An in-place answer with right values is told apart from wrong values."""
    report = grader.grade(add_one, b"def add_one(x):\n    return x.add_(1)\n")

    assert report.verdict == "failed"
    assert "changed its input" in report.first_failed.message


def test_printed_text_is_kept_cleaned_and_capped(grader, add_one) -> None:
    """Output is shown inert and never grows without bound."""
    body = 'print("\\x1b[31mfake: passed\\x07" * 20000)'
    report = grader.grade(add_one, f"{body}\ndef add_one(x):\n    return x + 1\n".encode())

    assert report.passed
    assert "\x1b" not in report.output
    assert len(report.output) < 100_000
    assert "more bytes" in report.output


def test_torch_s_vain_look_for_a_gpu_is_not_printed(grader, add_one) -> None:
    """A run on the CPU may not reach a GPU; that torch wonders about it is not for the learner."""
    body = """
import warnings
warnings.warn("CUDA initialization: Unexpected error from cudaGetDeviceCount().")
warnings.warn("but this is mine")
def add_one(x):
    return x + 1
"""
    report = grader.grade(add_one, body.encode(), device="cpu")

    assert report.passed
    assert "CUDA" not in report.output
    assert "but this is mine" in report.output


def test_checks_are_told_as_they_end(grader, add_one) -> None:
    """Progress is streamed, one result per check, in order."""
    seen = []

    report = grader.grade(add_one, RIGHT.encode(), on_check=seen.append)

    assert list(report.checks) == seen


def test_a_killed_template_process_is_replaced(grader, add_one) -> None:
    """The next grade works after the process that forks runners has died."""
    judge = grader._reach._process.pid
    everyone = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    children = [pid for pid in everyone if _parent(pid) == judge]
    for pid in children:
        os.kill(pid, signal.SIGKILL)

    assert children
    assert grader.grade(add_one, RIGHT.encode()).passed


def test_a_killed_judge_is_replaced(add_one) -> None:
    """The next grade works after the judge has died."""
    with Grader(GraderSettings()) as service:
        service.start()
        os.kill(service._reach._process.pid, signal.SIGKILL)

        assert service.grade(add_one, RIGHT.encode()).passed


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[1])


def test_windows_is_told_what_to_use(add_one, monkeypatch) -> None:
    """Where processes cannot be forked, grading says so in one sentence."""
    monkeypatch.setattr("studytrack.grader.client.SYSTEM", "nt")

    with Grader() as service, pytest.raises(EnvironmentFault, match="WSL2"):
        service.grade(add_one, RIGHT.encode())

"""What closing a runner in must leave alone, and the filter's table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studytrack.content.loader import load_exercise
from studytrack.grader import landlock, seccomp, syscalls
from studytrack.grader.client import Grader, GraderSettings

pytestmark = [
    pytest.mark.xdist_group("attacks"),
    pytest.mark.skipif(
        not landlock.abi() or seccomp.machine() is None,
        reason="this kernel or machine has no Landlock or no seccomp table",
    ),
]
EXERCISE = Path(__file__).parents[1] / "catalogue" / "exercises" / "basics" / "add_one"


@pytest.fixture(scope="module")
def grader():
    """A grader of its own, since its processes are what is attacked."""
    with Grader(GraderSettings(question_seconds=3.0, run_seconds=20.0)) as service:
        service.start()
        yield service


def test_honest_code_keeps_what_it_needs(grader) -> None:
    """Threads, own signals, randomness, time zones and lazy imports work inside."""
    source = b"""
import os, random, secrets, signal, threading, time, zoneinfo
import statistics, fractions, heapq, json, decimal, hashlib, difflib
import numpy, torch
from torch import nn
import torch.nn.functional as F
done = []
worker = threading.Thread(target=lambda: done.append(1)); worker.start(); worker.join()
os.kill(os.getpid(), 0)
signal.raise_signal(signal.SIGCONT)
time.sleep(0.001)
assert done == [1] and secrets.token_bytes(4) and zoneinfo.ZoneInfo("Europe/Berlin")
assert numpy.linalg.norm(numpy.ones(4)) == 2
torch.linalg.svd(torch.ones(3, 3)); torch.einsum("ij,jk->ik", torch.ones(2, 2), torch.ones(2, 2))
F.scaled_dot_product_attention(*(torch.ones(1, 2, 4) for _ in range(3)))
nn.TransformerEncoderLayer(8, 2, 16)(torch.ones(1, 3, 8)).sum().backward()
repr(torch.ones(2)); str(nn.Linear(2, 2))
def add_one(x):
    return x + 1
"""
    report = grader.grade(load_exercise(EXERCISE), source)

    assert report.passed, (report.error, report.output)


def test_what_stands_about_a_file_stays_visible(grader, tmp_path) -> None:
    """No layer hides whether a path exists, how large it is and when it changed; README says so."""
    secret = tmp_path / "secret"
    secret.write_text("12345", encoding="ascii")
    secret.chmod(0o644)
    source = f"import os\nprint('size', os.stat({str(secret)!r}).st_size)\n"
    source += f"try: open({str(secret)!r})\nexcept OSError as e: print(type(e).__name__)\n"
    source += "def add_one(x):\n    return x + 1\n"

    report = grader.grade(load_exercise(EXERCISE), source.encode())

    assert report.passed
    assert "size 5\nPermissionError\n" == report.output


def test_another_machine_s_calls_are_another_program() -> None:
    """The filter names its machine first and ends by refusing what it does not list."""
    for name in ("x86_64", "aarch64"):
        program = seccomp.build(name, 4242)

        assert 0 == len(program) % 8
        assert program.endswith(b"\x06\x00\x00\x00\x01\x00\x05\x00")  # return EPERM
        assert seccomp._AUDIT[name].to_bytes(4, "little") in program[8:16]


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
GROUPS = (*syscalls.GROUPS, syscalls.CUDA, syscalls.UNKNOWN, syscalls.PATHS)


@pytest.mark.parametrize("name", syscalls.MACHINES)
def test_the_tables_agree_with_the_kernel_s_headers(name) -> None:
    """Where a machine's header is installed, every call that it knows has the same number."""
    text = HEADERS[name].read_text() if HEADERS[name].exists() else ""
    known = dict(re.findall(r"#define (__NR\w*)\s+(\w+)", text))
    column = syscalls.MACHINES.index(name)
    wrong = {}
    for call, numbers in ((call, group[call]) for group in GROUPS for call in group):
        number = known.get(f"__NR_{call}", "None")
        number = known.get(number, number)  # an alias
        if number.isdigit() and number != str(numbers[column]):
            wrong[call] = (number, numbers[column])

    assert {} == wrong

"""What closing a runner in must leave alone, and the filter's table."""

from __future__ import annotations

from pathlib import Path

import pytest

from studytrack.content.loader import load_exercise
from studytrack.grader import landlock, seccomp
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


def test_another_machine_s_calls_are_another_program() -> None:
    """The filter names its machine first and ends by allowing what it does not list."""
    for name in ("x86_64", "aarch64"):
        program = seccomp.build(name, 4242)

        assert 0 == len(program) % 8
        assert program.endswith(b"\x06\x00\x00\x00\x00\x00\xff\x7f")
        assert seccomp._AUDIT[name].to_bytes(4, "little") in program[8:16]


@pytest.mark.skipif(seccomp.machine() != "x86_64", reason="the header is x86-64's")
def test_the_table_agrees_with_the_system_s_header() -> None:
    """Where the kernel's header is installed, every number that it knows is the same."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    known = dict(
        line.split()[1:3]
        for line in (header.read_text().splitlines() if header.exists() else [])
        if line.startswith("#define __NR_")
    )
    wrong = {
        name: pair
        for name, pair in seccomp.DENIED.items()
        if f"__NR_{name}" in known and int(known[f"__NR_{name}"]) != pair[0]
    }

    assert {} == wrong

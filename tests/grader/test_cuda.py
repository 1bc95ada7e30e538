"""The grader on a GPU: right ones pass there, wrong ones do not, broken contexts are verdicts.

    pytest -m "" tests/grader/test_cuda.py

Skipped, and said so, where no driver is loaded. The suite's other tests cover the same ways on the
CPU and with fakes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.catalogue import Catalogue
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.worker import has_driver
from studytrack.services.worth import submissions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_driver(), reason="no driver of a GPU is loaded"),
]
RIGHT = b"def add_one(x):\n    return x + 1\n"
ILLEGAL = b"""
import torch
kept = []
def add_one(x):
    big = torch.ones(1 << 26, device="cuda")
    kept.append(big)  # its end would end the process
    torch.cuda.caching_allocator_delete(big.data_ptr())
    torch.cuda.empty_cache()
    return x + big.sum()
"""
ASSERTS = b"""
import torch
def add_one(x):
    return torch.ones(3, device="cuda")[torch.tensor([99], device="cuda")] + x
"""
OUT_OF_MEMORY = b"""
import torch
def add_one(x):
    kept = [torch.empty(1 << 33, dtype=torch.uint8, device="cuda") for _ in range(64)]
    return x + len(kept)
"""
ON_THE_CPU = b"def add_one(x):\n    return x.cpu() + 1\n"


@functools.cache
def catalogue() -> Catalogue:
    """The shipped content."""
    return load_catalogue([content_root()])


@pytest.fixture(scope="module")
def gpu() -> Iterator[Grader]:
    """A warm grader with the product's own limits."""
    with Grader(GraderSettings()) as service:
        yield service


@pytest.mark.parametrize("name", catalogue().exercises)
def test_right_solutions_pass_and_wrong_ones_fail(gpu, name) -> None:
    """Right solutions, and every sixth of the wrong ones, get the verdict that the CPU gives."""
    exercise = catalogue().exercises[name]
    wrong = []
    for number, known in enumerate(submissions(exercise)):
        if number % 6 and not known.right:
            continue
        report = gpu.grade(
            exercise, known.source.encode(), device="cuda", tolerance_factor=known.tolerance_factor
        )
        assert "cuda:0" == report.device
        if report.passed != known.right:
            failed = report.first_failed
            wrong.append((known.kind, known.name, report.verdict, failed and failed.message))

    assert wrong == []


@pytest.mark.parametrize(
    ("body", "verdict", "word"),
    [
        (ILLEGAL, "error", "illegal memory access"),
        (ASSERTS, "error", "device-side assert"),
        (OUT_OF_MEMORY, "error", "out of memory"),
        (ON_THE_CPU, "failed", "lies on cpu"),
        (b"import os\ndef add_one(x):\n    os._exit(0)\n", "died", "exit status 0"),
        (b"def add_one(x):\n    while True: pass\n", "timeout", "time limit"),
        (b"def add_one(x):\n    return open('/etc/passwd').read()\n", "error", "PermissionError"),
        (b"import socket\ndef add_one(x):\n    socket.socket()\n", "error", "PermissionError"),
    ],
)
def test_what_goes_wrong_on_a_gpu_is_a_verdict(gpu, add_one, body, verdict, word) -> None:
    """And the next submission is graded as if nothing had been."""
    report = gpu.grade(add_one, body, device="cuda")

    assert verdict == report.verdict
    assert word in report.first_failed.message
    assert gpu.grade(add_one, RIGHT, device="cuda").passed

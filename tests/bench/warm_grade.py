"""How long a grade takes: cold, warm, and the same checks by pytest without isolation.

Run by `make bench`. Prints figures and ratios of one run on one machine; asserts nothing.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from studytrack.content.finder import content_root
from studytrack.content.loader import load_exercise
from studytrack.grader.client import Grader

RUNS = 20
PLAIN = """
import importlib.util, torch
spec = importlib.util.spec_from_file_location("reference", {path!r})
reference = importlib.util.module_from_spec(spec); spec.loader.exec_module(reference)
top_k_filter = reference.top_k_filter

def kept(x, k):
    out = top_k_filter(x, k)
    values, index = torch.sort(x, dim=-1, descending=True, stable=True)
    want = torch.full_like(x, -torch.inf).scatter(-1, index[..., :k], values[..., :k])
    assert torch.equal(out, want)

def test_row(): kept(torch.randn(11), 4)
def test_batch(): kept(torch.randn(4, 3, 17), 5)
def test_k_is_v(): kept(torch.randn(2, 6), 6)
def test_ties(): kept(torch.ones(2, 5), 3)
def test_double(): kept(torch.randn(4, 9).double(), 2)
def test_strided(): kept(torch.randn(9, 4).T, 3)
"""


def seconds(run) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    folder = content_root() / "exercises" / "sampling" / "top_k"
    exercise = load_exercise(folder)
    source = (folder / "reference.py").read_bytes()
    with Grader() as grader:
        cold = seconds(lambda: grader.grade(exercise, source))
        warm = sorted(seconds(lambda: grader.grade(exercise, source)) for _ in range(RUNS))
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "test_plain.py"
        file.write_text(PLAIN.format(path=str(folder / "reference.py")), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
        plain = sorted(
            seconds(lambda: subprocess.run(command, check=True, capture_output=True, cwd=place))
            for _ in range(3)
        )
    middle, slow = statistics.median(warm), warm[-1]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"cold grade (starts judge and template)   {cold * 1000:8.0f} ms")
    print(f"warm grade, 17 checks, median of {RUNS}      {middle * 1000:8.0f} ms")
    print(f"warm grade, the slowest                  {slow * 1000:8.0f} ms")
    print(f"pytest, 6 checks, no isolation           {statistics.median(plain) * 1000:8.0f} ms")
    print(f"cold : warm      {cold / middle:6.1f}")
    print(f"pytest : warm    {statistics.median(plain) / middle:6.1f}")


if __name__ == "__main__":
    main()

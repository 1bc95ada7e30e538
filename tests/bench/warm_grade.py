"""How long a grade takes: cold, warm, with and without layers, in numbers, and by pytest.

Run by `make bench`; `--full` grades 1,000 files where 100 are graded otherwise. Prints figures and
ratios of one run on one machine; asserts nothing. Only our own reference runs without layers.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from studytrack.content.loader import load_exercise
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.limits import Layers

RUNS, PLAIN_RUNS, FEW, MANY = 40, 5, 100, 1000
BARE = Layers(landlock=0, seccomp=False, namespaces=False)
STATEMENT = """+++
title = "Top-k filter"
topic = "sampling.topk"
entry = "top_k_filter"
level = 1
minutes = 1
hints = ["one", "two"]
dtypes = []
+++
Keep the k largest.
"""
CHECKS = """
import torch
from studytrack.grader.authoring import check


def kept(fn, x, k):
    out = fn(x, k)
    values, index = torch.sort(x, dim=-1, descending=True, stable=True)
    want = torch.full_like(x, -torch.inf).scatter(-1, index[..., :k], values[..., :k])
    assert torch.equal(out, want)


@check("row")
def row(fn): kept(fn, torch.randn(11), 4)
@check("batch")
def batch(fn): kept(fn, torch.randn(4, 3, 17), 5)
@check("k is v")
def k_is_v(fn): kept(fn, torch.randn(2, 6), 6)
@check("ties")
def ties(fn): kept(fn, torch.ones(2, 5), 3)
@check("double")
def double(fn): kept(fn, torch.randn(4, 9).double(), 2)
@check("strided")
def strided(fn): kept(fn, torch.randn(9, 4).T, 3)
"""
PLAIN = """
from reference import top_k_filter
import torch


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
REFERENCE = Path(__file__).parents[2] / "exercises" / "sampling" / "top_k" / "reference.py"


def seconds(run: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def line(what: str, took: float) -> None:
    """Print one figure."""
    print(f"{what:52s} {took * 1000:9.1f} ms", flush=True)


def warm_runs(folder: Path) -> float:
    """Print a warm six-check grade, the layers' cost and pytest's time; return the median."""
    exercise, source = load_exercise(folder), REFERENCE.read_bytes()
    full: list[float] = []
    bare: list[float] = []
    with Grader() as grader, Grader(GraderSettings(layers=BARE)) as open_grader:
        line(
            "cold grade (starts judge and zygote)", seconds(lambda: grader.grade(exercise, source))
        )
        open_grader.grade(exercise, source)
        for _ in range(RUNS):  # taking turns, so that both see the same machine
            full.append(seconds(lambda: grader.grade(exercise, source)))
            bare.append(seconds(lambda: open_grader.grade(exercise, source)))
        layers = grader.grade(exercise, source).isolation
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plain.py"]
    plain = statistics.median(
        seconds(lambda: subprocess.run(command, check=True, capture_output=True, cwd=folder))
        for _ in range(PLAIN_RUNS)
    )
    middle, ranked = statistics.median(full), sorted(full)
    slowest = ranked[min(int(len(ranked) * 0.99), len(ranked) - 1)]
    print(f"layers: {', '.join(layers)}")
    line("warm grade, 6 checks, all layers, p50", middle)
    line("warm grade, 6 checks, all layers, p99", slowest)
    line("warm grade, 6 checks, no layers, p50", statistics.median(bare))
    line("what the layers cost, p50", middle - statistics.median(bare))
    line("pytest, the same 6 checks, no isolation", plain)
    print(f"pytest : warm {plain / middle:.1f}    p99 : p50 {slowest / middle:.1f}", flush=True)
    return middle


def command_line(place: Path) -> None:
    """Print `studytrack grade` without a server, with one to start, and with a warm one."""
    environ = {**os.environ, "STUDYTRACK_HOME": str(place / "home"), "XDG_RUNTIME_DIR": str(place)}
    words = [sys.executable, "-m", "studytrack", "grade", "top_k", str(REFERENCE)]

    def grade(*more: str) -> None:
        subprocess.run([*words, *more], check=True, capture_output=True, env=environ)

    grade("--no-server")  # makes the database and the bytecode
    cold = statistics.median(seconds(lambda: grade("--no-server")) for _ in range(3))
    try:
        line("command line, --no-server", cold)
        line("command line, starts the server", seconds(grade))
        warm = statistics.median(seconds(grade) for _ in range(10))
        line("command line, warm server, p50", warm)
        print(f"cold : warm command line {cold / warm:.1f}", flush=True)
    finally:
        stop = [sys.executable, "-m", "studytrack", "grade", "--stop-server"]
        subprocess.run(stop, check=False, capture_output=True, env=environ)


def many_files(place: Path, count: int) -> None:
    """Print how long `grade --all --jobs 2` takes for many files."""
    folder = place / "handed_in"
    folder.mkdir()
    for number in range(count):
        shutil.copyfile(REFERENCE, folder / f"top_k__{number}.py")
    words = [sys.executable, "-m", "studytrack", "grade", "--all", str(folder), "--jobs", "2"]
    environ = {**os.environ, "STUDYTRACK_HOME": str(place / "home")}
    out = ["--out", str(place / "result.csv")]
    took = seconds(
        lambda: subprocess.run([*words, *out], check=True, env=environ, stdout=subprocess.DEVNULL)
    )
    print(f"{count} files by --all --jobs 2: {took:.1f} s, {took / count * 1000:.1f} ms each")


def main() -> None:
    """Print the tables."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, torch {version('torch')}"
    )
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = place / "six"
        folder.mkdir()
        for file, text in (
            ("statement.md", STATEMENT),
            ("checks.py", CHECKS),
            ("test_plain.py", PLAIN),
            ("reference.py", REFERENCE.read_text(encoding="utf-8")),
        ):
            (folder / file).write_text(text, encoding="utf-8")
        warm_runs(folder)
        command_line(place)
        many_files(place, MANY if "--full" in sys.argv else FEW)


if __name__ == "__main__":
    main()

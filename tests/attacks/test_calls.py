"""The system calls of a passing proof, machine by machine, and that it needs no others."""

from __future__ import annotations

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.grader import landlock, seccomp, spawner, syscalls
from studytrack.grader.client import Grader
from studytrack.services.worth import submissions

pytestmark = pytest.mark.xdist_group("attacks")
EXERCISES = load_catalogue([content_root()]).exercises
# Counted by strace over 421 runs (every reference, alternative, style, mistake and trivial answer
# of the twelve exercises) on x86-64, from the filter on: in how many runs a call occurs, and why.
# The column of aarch64 is made from the kernel's header and is not verified there.
TRACED = {
    # call: (x86-64, aarch64, runs, reason)
    "read": (0, 63, 421, "the question; the source lines that torch keeps of a seed"),
    "write": (1, 64, 421, "the answer"),
    "openat": (257, 56, 421, "source lines; refused outside the libraries"),
    "newfstatat": (262, 79, 421, "the same"),
    "lseek": (8, 62, 421, "the same, as Python opens a file"),
    "ioctl": (16, 29, 421, "TCGETS: whether a file is a terminal"),
    "close": (3, 57, 421, "the same"),
    "brk": (12, 214, 420, "memory"),
    "mmap": (9, 222, 55, "memory of larger tensors"),
    "munmap": (11, 215, 53, "the same"),
    "futex": (202, 98, 42, "a lock inside torch is woken"),
    "exit_group": (231, 94, 1, "the end of a runner that is not killed"),
    "fstat": (5, 80, 0, "newfstatat in system libraries before 2.33 and after 2.37"),
}


def test_a_passing_proof_makes_these_calls() -> None:
    """The group of the allow-list is the list of the trace, so that neither grows unseen."""
    traced = {name: (x86_64, aarch64) for name, (x86_64, aarch64, _, _) in TRACED.items()}

    assert traced == syscalls.PROOF


def test_every_call_stands_in_one_group_and_machines_differ_in_numbers_only() -> None:
    """A number is one call's; what x86-64 alone has is older than aarch64."""
    groups = (*syscalls.GROUPS, syscalls.CUDA, syscalls.UNKNOWN, syscalls.PATHS)
    names = [name for group in groups for name in group]

    assert len(names) == len(set(names))
    for column in (0, 1):
        numbers = [group[name][column] for group in groups for name in group]
        known = [number for number in numbers if number is not None]
        assert len(known) == len(set(known))
        assert max(known) <= seccomp.NEWEST
    only_x86_64 = {name for group in groups for name in group if group[name][1] is None}
    assert only_x86_64 <= {
        *(
            "stat",
            "lstat",
            "access",
            "dup2",
            "arch_prctl",
            "alarm",
            "time",
            "poll",
            "pause",
            "open",
            "creat",
        ),
        *("mkdir", "mknod", "rmdir", "unlink", "rename", "link", "symlink", "readlink"),
    }


NARROW = """
import studytrack.grader.spawner as spawner
import studytrack.grader.syscalls as syscalls
syscalls.GROUPS = (syscalls.PROOF, syscalls.LIBRARIES, syscalls.MEMORY)
spawner._BOOT = {boot!r}
"""


@pytest.fixture
def narrow(tmp_path, monkeypatch):
    """A grader whose runners may make a proof's calls and those of late imports alone."""
    folder = str(tmp_path).replace("{", "{{").replace("}", "}}")
    boot = spawner._BOOT.replace(
        "from {module}", f"sys.path.insert(0, {folder!r}); import narrow; from {{module}}"
    )
    (tmp_path / "narrow.py").write_text(NARROW.format(boot=boot), encoding="utf-8")
    monkeypatch.setattr(spawner, "_BOOT", boot)
    with Grader() as service:
        yield service


@pytest.mark.skipif(
    not landlock.abi() or seccomp.machine() is None,
    reason="this kernel or machine has no Landlock or no seccomp table",
)
def test_right_solutions_need_no_threads_signals_or_clocks(narrow) -> None:
    """All twelve pass under a filter that holds only what a proof needs; a thread does not."""
    for exercise in EXERCISES.values():
        source = next(known.source for known in submissions(exercise) if known.right)
        report = narrow.grade(exercise, source.encode())
        assert report.passed, (exercise.id, report.error, report.first_failed)

    threads = b"import threading\nthreading.Thread(target=int).start()\n"
    refused = narrow.grade(exercise, threads + source.encode())
    assert "RuntimeError" in refused.error

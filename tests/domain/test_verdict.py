"""What a report says of its own isolation."""

from __future__ import annotations

import pytest

from studytrack.domain.verdict import Report, report_from_plain, report_to_plain


def report(*isolation: str) -> Report:
    """Return a passed report of a run with these layers."""
    return Report(
        exercise="add_one",
        verdict="passed",
        checks=(),
        diagnosis=(),
        counterexample=None,
        device="cpu",
        dtypes=("float32",),
        seed=1,
        seconds=0.1,
        isolation=isolation,
    )


@pytest.mark.parametrize(
    ("layers", "full"),
    [
        (("process", "rlimits", "landlock 7", "seccomp"), True),
        (("process", "rlimits", "landlock 1", "seccomp"), True),
        (("process", "rlimits", "seccomp"), False),
        (("process", "rlimits", "landlock 7"), False),
        (("process", "rlimits", "partial landlock 7", "seccomp"), False),
        ((), False),
    ],
)
def test_full_isolation_takes_landlock_and_seccomp(layers, full) -> None:
    """One without the other leaves files or processes open."""
    assert full == report(*layers).sandboxed


def test_a_gap_is_said_plainly() -> None:
    """A run without full isolation names its layers and what that means."""
    gap = report("process", "rlimits").gap

    assert "process, rlimits only" in gap
    assert "can read your files" in gap


def test_no_gap_is_no_line() -> None:
    """Full isolation needs no warning, nor does a run that never began."""
    assert "" == report("landlock 7", "seccomp").gap
    assert "" == report().gap


def test_a_stored_report_comes_back_equal() -> None:
    """Reports are kept as JSON for ever."""
    kept = report("landlock 7", "seccomp")

    assert kept == report_from_plain(report_to_plain(kept))

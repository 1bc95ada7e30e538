"""What grading found, as data: the report that the grader hands to everyone else.

Plain values only (text, numbers, tuples), so that it crosses processes as JSON and is stored as
it was shown. Nothing here decides; the judge does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["passed", "failed", "error", "timeout", "died", "forbidden", "protocol"]
CheckOutcome = Literal["passed", "failed", "error", "timeout", "forbidden", "not_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of an attempt. `message` is empty where it passed."""

    name: str
    outcome: CheckOutcome
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A mistake that the submission looks like, with the sentence a learner should read.

    `mistake` is the mistake's name, or "" for a general symptom. `also` tells that this comes on
    top of the findings before it; otherwise several findings are alternatives.
    """

    mistake: str
    text: str
    also: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """The failing input beside what was expected and what came, as text within 76 columns."""

    inputs: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One graded run. `error` explains a submission that could not be loaded at all."""

    exercise: str
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    diagnosis: tuple[Finding, ...]
    counterexample: Counterexample | None
    device: str
    dtypes: tuple[str, ...]
    seed: int
    seconds: float
    isolation: tuple[str, ...]
    output: str = ""
    error: str = ""

    @property
    def sandboxed(self) -> bool:
        """Whether the run could reach neither files nor the network (see `is_sandboxed`)."""
        return is_sandboxed(self.isolation)

    @property
    def gap(self) -> str:
        """What a run without full isolation means, in one line; "" for a run with it."""
        if not self.isolation or self.sandboxed:
            return ""
        return (
            f"Isolation: {', '.join(self.isolation)} only. A submission can read your files here, "
            "and could tamper with its verdict."
        )

    @property
    def passed(self) -> bool:
        """Whether every check ran and passed."""
        return self.verdict == "passed" and all_passed(self.checks)

    @property
    def first_failed(self) -> CheckResult | None:
        """The first check that did not pass."""
        return next((check for check in self.checks if check.outcome != "passed"), None)


def all_passed(checks: Collection[CheckResult]) -> bool:
    """Tell whether there are checks, and each of them ran and passed."""
    return bool(checks) and all(check.outcome == "passed" for check in checks)


def is_sandboxed(isolation: Iterable[str]) -> bool:
    """Tell whether these layers keep a submission from files, processes and the network.

    >>> is_sandboxed(["process", "rlimits", "landlock 7", "seccomp"])
    True
    >>> is_sandboxed(["process", "rlimits", "seccomp"])
    False
    """
    names = {layer.partition(" ")[0] for layer in isolation}
    return {"landlock", "seccomp"} <= names


def report_to_plain(report: Report) -> dict[str, Any]:
    """Return a report as JSON gives it back: lists for tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(report)))
    return plain


def report_from_plain(plain: Mapping[str, Any]) -> Report:
    """Return the report of `report_to_plain`.

    Raises:
        KeyError, TypeError: it is no report.
    """
    example = plain["counterexample"]
    return Report(
        **{
            **plain,
            "checks": tuple(CheckResult(**check) for check in plain["checks"]),
            "diagnosis": tuple(Finding(**finding) for finding in plain["diagnosis"]),
            "counterexample": None if example is None else Counterexample(**example),
            "dtypes": tuple(plain["dtypes"]),
            "isolation": tuple(plain["isolation"]),
        }
    )

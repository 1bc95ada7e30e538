"""What a run becomes: verdict, checks, diagnosis and the example that a learner sees.

Puts together what `attempt`, `diagnose` and `render` found. No processes here.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from studytrack.domain.verdict import (
    CheckResult,
    Counterexample,
    Finding,
    Report,
    Verdict,
    all_passed,
)
from studytrack.errors import GraderFault
from studytrack.grader.attempt import Attempt, for_show
from studytrack.grader.diagnose import diagnose
from studytrack.grader.ladder import Ladder
from studytrack.grader.render import counterexample
from studytrack.grader.suite import Suite

BROKEN_OFF: frozenset[Verdict] = frozenset({"timeout", "died", "protocol"})


def judged(attempt: Attempt) -> dict[str, Any]:
    """Return the report of an attempt whose checks have run, as plain data."""
    suite = attempt.suite
    failed = [result.name for result in attempt.results if result.outcome != "passed"]
    diagnosis: tuple[Finding, ...] = ()
    if failed and attempt.verdict != "forbidden":  # a closed call says all there is to say
        diagnosis = for_show(lambda: _diagnosis(attempt, failed)) or ()
    return report_of(
        suite,
        attempt.seed,
        attempt.verdict,
        checks=tuple(attempt.results),
        diagnosis=diagnosis,
        example=for_show(lambda: _example(attempt)),
    )


def _diagnosis(attempt: Attempt, failed: list[str]) -> tuple[Finding, ...]:
    """Return what the submission looks like."""
    complete = attempt.verdict not in BROKEN_OFF and all(
        result.outcome not in {"timeout", "not_run"} for result in attempt.results
    )
    return diagnose(attempt.suite, attempt.observations, failed, attempt.seed, complete=complete)


def _example(attempt: Attempt) -> Counterexample | None:
    """Return the smallest failing input of the first check that failed."""
    seen, smaller = attempt.failing, attempt.smaller
    if attempt.verdict == "forbidden" or seen is None or seen.difference is None:
        return None
    asked, difference = seen.asked, seen.difference
    if smaller is not None:
        asked, difference = smaller.asked, smaller.difference
    return counterexample(asked.question, difference, asked.tolerance, attempt.suite.reference)


def report_of(
    suite: Suite,
    seed: int,
    verdict: Verdict,
    *,
    checks: tuple[CheckResult, ...] | None = None,
    diagnosis: tuple[Finding, ...] = (),
    example: Counterexample | None = None,
    error: str = "",
) -> dict[str, Any]:
    """Return a report as plain data; without `checks` none of them has run.

    Raises:
        GraderFault: the verdict is "passed", and not every check passed.
    """
    if checks is None:
        names = [rung.name for rung in Ladder(suite, seed).rungs()]
        names += [check.name for check in suite.collected.checks]
        checks = tuple(CheckResult(name=name, outcome="not_run") for name in names)
    if verdict == "passed" and not all_passed(checks):
        raise GraderFault(
            "The grader gave no verdict.",
            "It found no fault, but not every check was run.",
            "Grade again. Please report it if it happens again.",
        )
    return asdict(
        Report(
            exercise=suite.exercise.id,
            verdict=verdict,
            checks=checks,
            diagnosis=diagnosis,
            counterexample=example,
            device="cpu",
            dtypes=suite.exercise.dtypes,
            seed=seed,
            seconds=0.0,
            isolation=(),
            error=error,
        )
    )

"""Proving exercises: the content's own checker behind `studytrack dev check`.

The reference and every alternative must pass, also at a quarter of the tolerance; the starter,
trivial answers and every mistake must fail; zeros must fail even at ten times the tolerance; and
every mistake must be named by the diagnosis. All of them go through the same grader as a learner's
file. One code for authors, CI and pytest. How submissions are made is `worth`'s business.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from studytrack.domain.exercise import Exercise
from studytrack.domain.verdict import Report
from studytrack.grader.client import Grader
from studytrack.services.worth import Known, submissions

MAX_NAMED, FEWEST_CATCHERS = 3, 2
BUDGET_MS = 300  # of a passing grade; a slower one is told, as machines differ
_BARE = b"pass\n"  # a run that forks and loads, and asks nothing
_BARE_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One run of a submission of known worth. `problem` is "" if all is well."""

    exercise: str
    known: Known
    report: Report
    problem: str

    @property
    def caught_by(self) -> tuple[str, ...]:
        """The checks that it did not pass."""
        return tuple(c.name for c in self.report.checks if c.outcome not in {"passed", "not_run"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the proofs of one exercise show; pairs are (as they should be, all).

    `named` and `catchers` are about mistakes; a catcher is a check that caught it in every run.
    `ms` is the median of the passing runs, `ratio` that to a run that asks nothing; both are None
    where nothing passed.
    """

    exercise: str
    right: tuple[int, int]
    wrong: tuple[int, int]
    named: tuple[int, int]
    ms: int | None
    ratio: float | None
    catchers: dict[str, tuple[str, ...]]
    problems: tuple[str, ...]
    proofs: tuple[Proof, ...]

    @property
    def slow(self) -> bool:
        """Whether a pass takes longer than the budget on this machine."""
        return self.ms is not None and self.ms > BUDGET_MS


def examine(
    exercise: Exercise,
    grader: Grader,
    *,
    seeds: int = 1,
    right_only: bool = False,
    device: str = "auto",
    on_proof: Callable[[Proof], None] | None = None,
) -> Summary:
    """Run every proof of an exercise and sum up.

    Args:
        exercise: what is proven.
        grader: a grader of this process.
        seeds: how often everything is run, with fresh inputs each time.
        right_only: leave out what must fail.
        device: "auto", "cpu" or "cuda".
        on_proof: called after each run.

    Raises:
        GraderFault, EnvironmentFault: there is no verdict.
    """
    examples = grader.examples(exercise)
    bare = [grader.grade(exercise, _BARE, device=device).seconds for _ in range(_BARE_RUNS)]
    proofs: list[Proof] = []
    for _ in range(seeds):
        for proof in prove(exercise, grader, right_only=right_only, device=device):
            proofs.append(proof)
            if on_proof is not None:
                on_proof(proof)
    return _summed_up(exercise.id, proofs, statistics.median(bare), examples)


def prove(
    exercise: Exercise,
    grader: Grader,
    seed: int | None = None,
    *,
    right_only: bool = False,
    device: str = "auto",
) -> Iterator[Proof]:
    """Grade everything whose worth is known, one after another.

    Args:
        exercise: what is proven.
        grader: a grader of this process.
        seed: of all runs; None draws a fresh one for each.
        right_only: leave out what must fail.
        device: "auto", "cpu" or "cuda".
    """
    for known in submissions(exercise):
        if right_only and not known.right:
            continue
        report = grader.grade(
            exercise,
            known.source.encode(),
            device=device,
            seed=seed,
            tolerance_factor=known.tolerance_factor,
        )
        proof = Proof(exercise=exercise.id, known=known, report=report, problem="")
        yield Proof(exercise=exercise.id, known=known, report=report, problem=_problem(proof))


def _problem(proof: Proof) -> str:
    known, report = proof.known, proof.report
    if known.right:
        if report.passed:
            return ""
        failed = report.first_failed
        why = f"{failed.name}: {failed.message}" if failed and not report.error else report.error
        return f"A right solution is rejected ({why}; seed {report.seed})."
    if report.passed:
        return (
            f"A wrong solution is accepted (seed {report.seed}): add a case or check that "
            "catches it."
        )
    if known.kind == "mistake":
        named = _named(proof)
        if known.name in named[:MAX_NAMED]:
            return ""
        shown = ", ".join(named) if any(named) else "nothing"
        return (
            f"The diagnosis names {shown} instead (seed {report.seed}): add a case that tells "
            "them apart."
        )
    if known.kind == "trivial" and len(proof.caught_by) < FEWEST_CATCHERS:
        shown = ", ".join(proof.caught_by) or "none"
        return f"Fewer than two checks catch it ({shown}): add a case or check."
    return ""


def _named(proof: Proof) -> list[str]:
    return [finding.mistake for finding in proof.report.diagnosis]


def _summed_up(
    exercise: str, proofs: list[Proof], bare_seconds: float, examples: list[str]
) -> Summary:
    right = [proof for proof in proofs if proof.known.right]
    wrong = [proof for proof in proofs if not proof.known.right]
    mistakes = [proof for proof in wrong if proof.known.kind == "mistake"]
    took = [p.report.seconds for p in right if p.report.passed]
    median = statistics.median(took) if took else None
    caught = _catchers(mistakes)
    problems = [f"statement: {problem}" for problem in examples]
    problems += [f"{p.known.kind} {p.known.name}: {p.problem}" for p in proofs if p.problem]
    problems += [
        f"mistake {name}: no check catches it in every run."
        for name, by in caught.items()
        if not by
    ]
    return Summary(
        exercise=exercise,
        right=_share(right, lambda proof: proof.report.passed),
        wrong=_share(wrong, lambda proof: not proof.report.passed),
        named=_share(mistakes, lambda proof: proof.known.name in _named(proof)[:MAX_NAMED]),
        ms=None if median is None else round(median * 1000),
        ratio=None if median is None else round(median / bare_seconds, 1),
        catchers=caught,
        problems=tuple(dict.fromkeys(problems)),
        proofs=tuple(proofs),
    )


def _share(proofs: list[Proof], good: Callable[[Proof], bool]) -> tuple[int, int]:
    return sum(map(good, proofs)), len(proofs)


def _catchers(mistakes: Iterable[Proof]) -> dict[str, tuple[str, ...]]:
    """Return the checks that caught each mistake in all of its runs, in the checks' order."""
    found: dict[str, tuple[str, ...]] = {}
    for proof in mistakes:
        before = found.get(proof.known.name, proof.caught_by)
        found[proof.known.name] = tuple(name for name in before if name in proof.caught_by)
    return found

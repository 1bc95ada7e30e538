"""Proving exercises: the content's own checker behind `studytrack dev check`.

The reference and every alternative must pass; the starter, trivial answers and every mistake must
fail; and every mistake must be named by the diagnosis. All of them go through the same grader as
a learner's file. One code for authors, CI and pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studytrack.content.source import decorated, extract_submission
from studytrack.domain.exercise import CHECKS, REFERENCE, Exercise
from studytrack.domain.verdict import Report
from studytrack.grader.client import Grader

ProofKind = Literal["reference", "alternative", "starter", "trivial", "mistake"]
MAX_NAMED = 3

_TRIVIAL = {
    "zeros": "return torch.zeros_like(args[0]) if torch.is_tensor(args[0]) else 0",
    "identity": "return args[0] if args else None",
    "constant": "return torch.ones(3)",
    "nan": "return args[0] * float('nan') if torch.is_tensor(args[0]) else float('nan')",
    "nothing": "return None",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One submission of known worth and what became of it. `problem` is "" if all is well."""

    exercise: str
    kind: ProofKind
    name: str
    report: Report
    problem: str


def prove(exercise: Exercise, grader: Grader, seed: int | None = None) -> Iterator[Proof]:
    """Grade everything whose worth is known, one after another.

    Args:
        exercise: what is proven.
        grader: a started grader.
        seed: of all runs; None draws a fresh one for each.
    """
    for kind, name, source in submissions(exercise):
        report = grader.grade(exercise, source.encode(), seed=seed)
        yield Proof(
            exercise=exercise.id,
            kind=kind,
            name=name,
            report=report,
            problem=_problem(kind, name, report),
        )


def submissions(exercise: Exercise) -> Iterator[tuple[ProofKind, str, str]]:
    """Yield the submissions of an exercise whose worth is known: kind, name, source."""
    folder = Path(exercise.folder)
    checks = (folder / CHECKS).read_text(encoding="utf-8")
    yield "reference", REFERENCE, (folder / REFERENCE).read_text(encoding="utf-8")
    for name in decorated(checks, "alternative"):
        yield "alternative", name, extract_submission(checks, name, exercise.entry)
    yield "starter", "starter", exercise.starter
    for name, body in _TRIVIAL.items():
        yield "trivial", name, _trivial(exercise, body)
    for name in decorated(checks, "mistake"):
        yield "mistake", name, extract_submission(checks, name, exercise.entry)


def _trivial(exercise: Exercise, body: str) -> str:
    if exercise.kind == "class":
        return (
            "import torch\n\n\n"
            f"class {exercise.entry}(torch.nn.Module):\n"
            "    def __init__(self, *args, **kwargs):\n        super().__init__()\n\n"
            f"    def forward(self, *args, **kwargs):\n        {body}\n"
        )
    return f"import torch\n\n\ndef {exercise.entry}(*args, **kwargs):\n    {body}\n"


def _problem(kind: ProofKind, name: str, report: Report) -> str:
    if kind in {"reference", "alternative"}:
        if report.passed:
            return ""
        failed = report.first_failed
        why = f"{failed.name}: {failed.message}" if failed and not report.error else report.error
        return f"A right solution is rejected ({why})."
    if report.passed:
        return "A wrong solution is accepted: add a case or check that catches it."
    if kind != "mistake":
        return ""
    named = [finding.mistake for finding in report.diagnosis]
    if name not in named[:MAX_NAMED]:
        shown = ", ".join(named) if any(named) else "nothing"
        return f"The diagnosis names {shown} instead: add a case that tells them apart."
    return ""

"""Which known mistake a failed submission looks like.

The exercise's mistakes answer the questions that the submission answered. A mistake matches if it
agrees with the submission on every question where it differs from the reference, and those are
at least two, or one whose answer holds eight numbers or more. Where values tell nothing apart,
the set of failed properties must be equal. "Looks like", never "you did"; at most three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from studytrack.domain.verdict import Finding
from studytrack.grader.attempt import Observation, run_check
from studytrack.grader.authoring import Mistake
from studytrack.grader.compare import Tolerance
from studytrack.grader.ladder import Asked
from studytrack.grader.local import LocalClass, LocalFunction
from studytrack.grader.subject import Answer, LocalSubject, tensors_of
from studytrack.grader.suite import Suite
from studytrack.grader.symptoms import symptom
from studytrack.grader.verify import verify

MAX_FINDINGS, MANY_NUMBERS, MAX_OBSERVATIONS = 3, 8, 60


def diagnose(
    suite: Suite, observations: Sequence[Observation], failed: Sequence[str], seed: int
) -> tuple[Finding, ...]:
    """Return what a failed submission looks like, the most likely first; empty if unknown.

    Args:
        suite: the exercise.
        observations: what was asked and answered.
        failed: names of the checks that did not pass.
        seed: the run's seed.
    """
    reference = LocalSubject(suite.reference)
    known = [(seen, seen.want or reference.answer(seen.asked.question)) for seen in observations]
    known = known[:MAX_OBSERVATIONS]
    matches = [m for m in suite.collected.mistakes if _matches(m, known)]
    if not matches:
        matches = [
            m for m in suite.collected.mistakes if _fails_alike(suite, m, known, failed, seed)
        ]
    if matches and len(matches) <= MAX_FINDINGS:
        return tuple(Finding(mistake=m.name, text=m.text) for m in matches)
    first = next((seen for seen in observations if seen.difference is not None), None)
    text = symptom(first, observations) if first is not None else ""
    return (Finding(mistake="", text=text),) if text else ()


def _matches(mistake: Mistake, known: Sequence[tuple[Observation, Answer]]) -> bool:
    subject = LocalSubject(mistake.wrong)
    separating = numbers = 0
    for seen, want in known:
        theirs = subject.answer(seen.asked.question)
        if agree(seen.asked, theirs, want):
            continue
        if not agree(seen.asked, seen.got, theirs):
            return False
        separating += 1
        numbers = max(numbers, _weight(seen.got))
    return separating > 1 or numbers >= MANY_NUMBERS


def agree(asked: Asked, one: Answer, other: Answer) -> bool:
    """Tell whether two answers are the same: value, exception class, inputs and gradients."""
    if one.error is not None or other.error is not None:
        if one.error is None or other.error is None:
            return False
        return one.error.type_name == other.error.type_name
    loose = Asked(
        question=asked.question,
        tolerance=Tolerance({"float64": (1e-6, 1e-6), "float32": (1e-3, 1e-4)}),
        dtype=asked.dtype,
        case=asked.case,
        mutates=tuple(range(len(asked.question.call.args))),
    )
    return verify(loose, _tamed(one), _tamed(other)) is None


def _tamed(answer: Answer) -> Answer:
    """Return an answer whose NaNs compare equal: here two wrong answers are held together."""
    return Answer(
        value=_without_nan(answer.value),
        inputs=_without_nan(answer.inputs),
        gradients={k: _without_nan(v) for k, v in answer.gradients.items()},
        gradient_error=answer.gradient_error and "error",
    )


def _without_nan(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().nan_to_num(nan=12345.678, posinf=float("inf"), neginf=float("-inf"))
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN
        return 12345.678
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_without_nan(item) for item in value)
    return value


def _weight(answer: Answer) -> int:
    if isinstance(answer.value, (list, str)):
        return len(answer.value)
    return sum(tensor.numel() for tensor in tensors_of(answer.value))


def _fails_alike(
    suite: Suite,
    mistake: Mistake,
    known: Sequence[tuple[Observation, Answer]],
    failed: Sequence[str],
    seed: int,
) -> bool:
    """Tell whether a mistake answers as the submission does and fails the same properties."""
    subject = LocalSubject(mistake.wrong)
    if not all(agree(s.asked, s.got, subject.answer(s.asked.question)) for s, _ in known):
        return False
    wrap = LocalClass if suite.exercise.kind == "class" else LocalFunction
    names = {check.name for check in suite.collected.checks}
    ours = set()
    for check in suite.collected.checks:
        try:
            run_check(suite, check, wrap(mistake.wrong), seed)
        except Exception:  # noqa: BLE001 - a mistake may raise anything
            ours.add(check.name)
    return bool(ours) and ours == names & set(failed)

"""Which known mistake a failed submission looks like.

The exercise's mistakes answer the questions that the submission answered. A mistake matches if it
agrees with the submission on every question where it differs from the reference, and those are
at least two, or one whose answer holds eight numbers or more. Where values tell nothing apart,
the set of failed properties must be equal. "Looks like", never "you did"; at most three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from studytrack.domain.verdict import Finding
from studytrack.grader.attempt import Observation, run_check
from studytrack.grader.authoring import Mistake
from studytrack.grader.compare import EXACT, Tolerance, differ
from studytrack.grader.ladder import Asked, gradient_tolerance
from studytrack.grader.local import LocalClass, LocalFunction
from studytrack.grader.subject import Answer, LocalSubject, tensors_of
from studytrack.grader.suite import Suite
from studytrack.grader.symptoms import symptom
from studytrack.grader.verify import bits

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
    known = [
        (seen, seen.want or reference.answer(seen.asked.question)) for seen in _chosen(observations)
    ]
    mistakes = suite.collected.mistakes
    if any(_is_wrong(seen) for seen, _ in known):
        matches = [m for m in mistakes if _explains(m, known)]
    else:
        alike = [m for m in mistakes if _fails_alike(suite, m, failed, seed)]
        matches = [m for m in alike if _is_silent(m, known)]
    if matches and len(matches) <= MAX_FINDINGS:
        return tuple(Finding(mistake=m.name, text=m.text) for m in matches)
    first = next((seen for seen in observations if seen.difference is not None), None)
    text = symptom(first, observations) if first is not None else ""
    return (Finding(mistake="", text=text),) if text else ()


def _chosen(observations: Sequence[Observation]) -> list[Observation]:
    """Return at most so many observations: wrong answers first, then right ones, each in order.

    Most mistakes are told apart by the first wrong answer, so the rest is seldom computed.
    """
    wrong = [seen for seen in observations if _is_wrong(seen)][: MAX_OBSERVATIONS // 2]
    right = [seen for seen in observations if not _is_wrong(seen)]
    return wrong + right[: MAX_OBSERVATIONS - len(wrong)]


def _is_wrong(seen: Observation) -> bool:
    """Tell whether the answer itself was wrong, not a property of several."""
    return seen.difference is not None and seen.difference.kind != "property"


def _explains(mistake: Mistake, known: Sequence[tuple[Observation, Answer]]) -> bool:
    """Tell whether a mistake gives the submission's answers, the first wrong one among them."""
    subject = LocalSubject(mistake.wrong)
    separating = numbers = 0
    for index, (seen, want) in enumerate(known):
        theirs = subject.answer(seen.asked.question)
        if agree(seen.asked, theirs, want):
            if index == 0:
                return False  # the first wrong answer is not this mistake's
            continue
        if not agree(seen.asked, seen.got, theirs):
            return False
        separating += 1
        numbers = max(numbers, _weight(seen.got))
    return separating > 1 or numbers >= MANY_NUMBERS


def _is_silent(mistake: Mistake, known: Sequence[tuple[Observation, Answer]]) -> bool:
    """Tell whether a mistake answers every single question as the submission did."""
    subject = LocalSubject(mistake.wrong)
    return all(agree(s.asked, s.got, subject.answer(s.asked.question)) for s, _ in known)


def agree(asked: Asked, one: Answer, other: Answer) -> bool:
    """Tell whether two answers are the same: value, exception class, inputs and gradients.

    As strict as grading: what fails there must be told apart here.
    """
    if one.error is not None or other.error is not None:
        if one.error is None or other.error is None:
            return False
        return one.error.type_name == other.error.type_name
    if differ(_without_nan(one.value), _without_nan(other.value), asked.tolerance) is not None:
        return False
    if differ(bits(one.inputs), bits(other.inputs), EXACT) is not None:
        return False
    return asked.question.cotangent_seed is None or _same_gradients(asked, one, other)


def _same_gradients(asked: Asked, one: Answer, other: Answer) -> bool:
    if one.gradient_error or other.gradient_error:
        return bool(one.gradient_error) == bool(other.gradient_error)
    if one.gradients.keys() != other.gradients.keys():
        return False
    tolerance = gradient_tolerance(asked)
    return all(
        _same_gradient(gradient, other.gradients[name], tolerance)
        for name, gradient in one.gradients.items()
    )


def _same_gradient(one: Tensor | None, other: Tensor | None, tolerance: Tolerance) -> bool:
    """Tell whether two gradients agree; none that flows is a zero."""
    if one is None and other is None:
        return True
    like = one if one is not None else other
    assert like is not None
    left = torch.zeros_like(like) if one is None else one
    right = torch.zeros_like(like) if other is None else other
    return differ(_without_nan(left), _without_nan(right), tolerance) is None


def _without_nan(value: Any) -> Any:
    """Return a value whose NaNs compare equal: here two wrong answers are held together."""
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().nan_to_num(nan=12345.678, posinf=float("inf"), neginf=float("-inf"))
    if isinstance(value, float) and math.isnan(value):
        return 12345.678
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not set(map(type, value)) <= {int, str, bool}:
        return type(value)(_without_nan(item) for item in value)
    return value


def _weight(answer: Answer) -> int:
    if isinstance(answer.value, (list, str)):
        return len(answer.value)
    return sum(tensor.numel() for tensor in tensors_of(answer.value))


def _fails_alike(suite: Suite, mistake: Mistake, failed: Sequence[str], seed: int) -> bool:
    """Tell whether a mistake fails the same properties as the submission."""
    checks = sorted(suite.collected.checks, key=lambda check: check.name not in failed)
    wrap = LocalClass if suite.exercise.kind == "class" else LocalFunction
    for check in checks:  # failed ones first: a mistake that passes one is out at once
        try:
            run_check(suite, check, wrap(mistake.wrong), seed)
            fails = False
        except Exception:  # noqa: BLE001 - a mistake may raise anything
            fails = True
        if fails != (check.name in failed):
            return False
    return bool(checks)

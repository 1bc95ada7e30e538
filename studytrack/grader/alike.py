"""When two answers are the same answer: value, exception class, inputs and gradients.

Unlike `compare`, which holds a submission against the right answer, this holds two possibly wrong
answers together: NaN equals NaN here. As strict as grading otherwise: what fails there must be
told apart here. No wording and no search for mistakes.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.compare import EXACT, Tolerance, differ
from studytrack.grader.ladder import Asked, gradient_tolerance
from studytrack.grader.subject import Answer, tensors_of
from studytrack.grader.verify import bits

_NAN = 12345.678  # stands for NaN on both sides


def agree(asked: Asked, one: Answer, other: Answer) -> bool:
    """Tell whether two answers to a question are the same."""
    if one.error is not None or other.error is not None:
        if one.error is None or other.error is None:
            return False
        return one.error.type_name == other.error.type_name
    return (
        same_value(one.value, other.value, asked.tolerance)
        and same_inputs(one, other)
        and same_gradients(asked, one, other)
    )


def same_value(one: Any, other: Any, tolerance: Tolerance) -> bool:
    """Tell whether two values agree, NaN with NaN."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and bool(equal_entries(one.detach(), other.detach(), tolerance).all())
    return differ(_without_nan(one), _without_nan(other), tolerance) is None


def equal_entries(left: Tensor, right: Tensor, tolerance: Tolerance) -> Tensor:
    """Return where two tensors of one shape and dtype agree, NaN with NaN, infinities in place."""
    if not right.is_floating_point():
        return left == right
    near = (left.double() - right.double()).abs() <= tolerance.allowed(right)
    return (left == right) | (near & right.isfinite()) | (left.isnan() & right.isnan())


def same_inputs(one: Answer, other: Answer) -> bool:
    """Tell whether both left their inputs alike, bit for bit."""
    return differ(bits(one.inputs), bits(other.inputs), EXACT) is None


def same_gradients(asked: Asked, one: Answer, other: Answer) -> bool:
    """Tell whether the gradients agree, where they were asked for."""
    if asked.question.cotangent_seed is None:
        return True
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
    return same_value(left, right, tolerance)


def _without_nan(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().nan_to_num(nan=_NAN, posinf=float("inf"), neginf=float("-inf"))
    if isinstance(value, float) and math.isnan(value):
        return _NAN
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not set(map(type, value)) <= {int, str, bool}:
        return type(value)(_without_nan(item) for item in value)
    return value


def weight(answer: Answer) -> int:
    """Return how many numbers or items an answer holds: how much its agreement tells."""
    if isinstance(answer.value, (list, str)):
        return len(answer.value)
    return sum(tensor.numel() for tensor in tensors_of(answer.value))

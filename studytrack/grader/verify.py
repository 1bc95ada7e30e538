"""Judging one answer: the submission's against the reference's.

Order: exception, value (type, subclass, dtype, shape, non-finite, numbers), device, inputs,
gradients.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from studytrack.grader.compare import EXACT, Difference, differ
from studytrack.grader.ladder import Asked, gradient_tolerance
from studytrack.grader.subject import Answer


def verify(asked: Asked, got: Answer, want: Answer) -> Difference | None:
    """Return why `got` is wrong, or None if it is right.

    An exception where a value is due is left to the caller (`got.error` is then the message).
    """
    if want.error is not None:
        return _exception(got, want)
    if got.error is not None:
        text = f"expected a value, got {got.error}"
        return Difference("exception", text, "", got.error, want.value)
    if any(got.subclasses):
        name = next(name for name in got.subclasses if name)
        text = f"expected a plain torch.Tensor, got the subclass {name}"
        return Difference("subclass", text, "", got.value, want.value)
    found = differ(got.value, want.value, asked.tolerance)
    if found is not None:
        return found
    if got.strayed:
        text = f"the result lies on {got.strayed}, the inputs do not; make new tensors on x.device"
        return Difference("device", text, "", got.value, want.value)
    found = _inputs(asked, got, want)
    if found is not None or asked.question.cotangent_seed is None:
        return found
    return _gradients(asked, got, want)


def _exception(got: Answer, want: Answer) -> Difference | None:
    assert want.error is not None
    name = want.error.type_name
    if got.error is None:
        text = f"expected {name} to be raised, got a value"
        return Difference("exception", text, "", got.value, want.error)
    if name not in got.error.mro:
        text = f"expected {name} to be raised, got {got.error}"
        return Difference("exception", text, "", got.error, want.error)
    return None


def _inputs(asked: Asked, got: Answer, want: Answer) -> Difference | None:
    before, after = asked.question.call, got.inputs
    for index, sent in enumerate(before.args):
        expected = want.inputs[0][index] if index in asked.mutates else sent
        if differ(bits(after[0][index]), bits(expected), EXACT) is None:
            continue
        text = f"your code changed its input number {index + 1}; it must stay as it was"
        if index in asked.mutates:
            text = f"input number {index + 1} is not changed as it should be"
        return Difference("inputs", text, "", after[0][index], expected)
    for name, sent in before.kwargs.items():
        if differ(bits(after[1].get(name)), bits(sent), EXACT) is not None:
            text = f"your code changed its input `{name}`; it must stay as it was"
            return Difference("inputs", text, "", after[1].get(name), sent)
    return None


def bits(value: Any) -> Any:
    """Return float tensors as integers of the same bits: NaN and -inf inputs equal themselves."""
    if isinstance(value, Tensor) and value.is_floating_point():
        width = {2: torch.int16, 4: torch.int32, 8: torch.int64}[value.element_size()]
        return value.detach().contiguous().view(width)
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(
        isinstance(item, (Tensor, list, tuple, dict)) for item in value
    ):
        return type(value)(bits(item) for item in value)
    return value


def _gradients(asked: Asked, got: Answer, want: Answer) -> Difference | None:
    if got.gradient_error:
        text = f"the gradient cannot be computed: {got.gradient_error}"
        return Difference("gradient", text, "", None, None)
    for name, right in want.gradients.items():
        given = got.gradients.get(name)
        if right is None and given is None:
            continue
        like = right if right is not None else given
        assert like is not None
        ours = torch.zeros_like(like) if right is None else right
        theirs = torch.zeros_like(ours) if given is None else given
        found = differ(theirs, ours, gradient_tolerance(asked))
        if found is None:
            continue
        if given is None:
            text = f"no gradient flows to {name}; do not leave torch or detach on the way"
            return Difference("gradient", text, name, theirs, ours)
        text = f"wrong gradient for {name}: {found.message}"
        return Difference("gradient", text, name, theirs, ours)
    return None

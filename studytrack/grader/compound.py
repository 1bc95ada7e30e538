"""Whether two mistakes together give an answer, though each is written as a whole solution.

Two whole solutions cannot be run through one another, but their traces in an answer can be told
apart: where only one of them differs from the reference, the submission must show that one; where
neither does, it must be right. An answer has three aspects (value, inputs, gradients), and a
value is looked at entry by entry. Where both differ in the same entries, a factor or an offset
still composes; anything else there speaks neither for the pair nor against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.alike import (
    agree,
    equal_entries,
    same_gradients,
    same_inputs,
    same_value,
    weight,
)
from studytrack.grader.compare import Tolerance
from studytrack.grader.ladder import Asked
from studytrack.grader.subject import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one answer says about a pair.

    `fits` is False where it contradicts the pair. `first` and `second` count the entries that
    only this mistake can explain; `unclear` tells of entries that both change, in no known way.
    """

    fits: bool
    first: int = 0
    second: int = 0
    unclear: bool = False


_NO = Trace(fits=False)


def composed(asked: Asked, want: Answer, got: Answer, one: Answer, other: Answer) -> Trace:
    """Return what an answer says about the mistakes that answered `one` and `other`."""
    if any(answer.error is not None for answer in (want, got, one, other)):
        return _wholes(
            one_wrong=not agree(asked, one, want),
            other_wrong=not agree(asked, other, want),
            right=agree(asked, got, want),
            as_one=agree(asked, got, one),
            as_other=agree(asked, got, other),
            size=1,
        )
    first = second = 0
    unclear = False
    for part in _aspects(asked, want, got, one, other):
        if not part.fits:
            return _NO
        first, second = first + part.first, second + part.second
        unclear = unclear or part.unclear
    return Trace(fits=True, first=first, second=second, unclear=unclear)


def _aspects(
    asked: Asked, want: Answer, got: Answer, one: Answer, other: Answer
) -> Iterator[Trace]:
    yield _values(asked.tolerance, want, got, one, other)
    yield _wholes(
        one_wrong=not same_inputs(one, want),
        other_wrong=not same_inputs(other, want),
        right=same_inputs(got, want),
        as_one=same_inputs(got, one),
        as_other=same_inputs(got, other),
        size=1,
    )
    if asked.question.cotangent_seed is not None:
        yield _wholes(
            one_wrong=not same_gradients(asked, one, want),
            other_wrong=not same_gradients(asked, other, want),
            right=same_gradients(asked, got, want),
            as_one=same_gradients(asked, got, one),
            as_other=same_gradients(asked, got, other),
            size=weight(got),
        )


def _wholes(
    *, one_wrong: bool, other_wrong: bool, right: bool, as_one: bool, as_other: bool, size: int
) -> Trace:
    """Judge an aspect that is looked at as a whole."""
    if one_wrong and other_wrong:
        return Trace(fits=not right, unclear=not (as_one or as_other))
    if one_wrong:
        return Trace(fits=as_one, first=size)
    if other_wrong:
        return Trace(fits=as_other, second=size)
    return Trace(fits=right)


def _values(tolerance: Tolerance, want: Answer, got: Answer, one: Answer, other: Answer) -> Trace:
    values = (want.value, got.value, one.value, other.value)
    if not _alike_tensors(values):
        return _wholes(
            one_wrong=not same_value(one.value, want.value, tolerance),
            other_wrong=not same_value(other.value, want.value, tolerance),
            right=same_value(got.value, want.value, tolerance),
            as_one=same_value(got.value, one.value, tolerance),
            as_other=same_value(got.value, other.value, tolerance),
            size=weight(got),
        )
    right, ours, a, b = (value.detach() for value in values)
    a_wrong = ~equal_entries(a, right, tolerance)
    b_wrong = ~equal_entries(b, right, tolerance)
    only_a, only_b, both = a_wrong & ~b_wrong, b_wrong & ~a_wrong, a_wrong & b_wrong
    expected = torch.where(only_a, a, torch.where(only_b, b, right))
    if bool((~equal_entries(ours, expected, tolerance) & ~both).any()):
        return _NO
    if bool(both.any()) and bool((equal_entries(ours, right, tolerance) | ~both).all()):
        return _NO  # both would have changed these entries
    return Trace(
        fits=True,
        first=int(only_a.sum()),
        second=int(only_b.sum()),
        unclear=bool(both.any()) and not _composes(ours, right, a, b, both, tolerance),
    )


def _alike_tensors(values: tuple[Any, ...]) -> bool:
    return all(
        isinstance(value, Tensor)
        and value.shape == values[0].shape
        and value.dtype == values[0].dtype
        for value in values
    )


def _composes(
    got: Tensor, right: Tensor, a: Tensor, b: Tensor, where: Tensor, tolerance: Tolerance
) -> bool:
    """Tell whether the entries that both change show both: a factor, an offset, or either one."""
    if not right.is_floating_point():
        return bool((((got == a) | (got == b)) | ~where).all())
    wide, one, other = right.double(), a.double(), b.double()
    for both in (one * other / wide, one + other - wide, one, other):
        if bool((equal_entries(got, both.to(right.dtype), tolerance) | ~where).all()):
            return True
    return False

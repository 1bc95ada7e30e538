"""General symptoms of a wrong answer, where no known mistake matches.

Each looks at one failed question and says what relation holds between the two results. The first
that holds is told; no diagnosis is better than a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from studytrack.grader.attempt import Observation

_MIN_ENTRIES = 4


def symptom(first: Observation, observations: Sequence[Observation]) -> str:
    """Return one sentence about the first failure, or ""."""
    difference = first.difference
    if difference is None:
        return ""
    got, want = difference.got, difference.want
    if difference.kind == "gradient":
        return "The values are right, but the gradient is not."
    if not (isinstance(got, Tensor) and isinstance(want, Tensor)):
        return _of_sequences(got, want)
    got, want = got.detach().double(), want.detach().double()
    if difference.kind == "shape":
        return _of_shapes(got, want)
    if difference.kind == "nonfinite":
        return _of_nonfinite(got, want)
    if difference.kind != "value" or want.numel() < _MIN_ENTRIES:
        return ""
    for look in _LOOKS:
        text = look(got, want)
        if text:
            return text
    if first.asked.dtype == "float32" and _right_in_float64(first, observations):
        return "Right in float64 but not in float32: a step loses precision."
    return ""


def _of_sequences(got: object, want: object) -> str:
    if not isinstance(want, (list, tuple)) or type(got) is not type(want) or got == want:
        return ""
    assert isinstance(got, (list, tuple))  # it has the type of `want`
    if not got or not want:
        return ""
    if list(got) == list(reversed(want)):
        return "The right items, in reverse order."
    try:
        if sorted(got) == sorted(want):
            return "The right items, in another order."
    except TypeError:
        return ""
    if list(got) == list(want[: len(got)]):
        return f"The first {len(got)} items are right, then {len(want) - len(got)} are missing."
    if list(want) == list(got[: len(want)]):
        return (
            f"All {len(want)} items are right, but {len(got) - len(want)} follow that are too many."
        )
    return ""


def _of_shapes(got: Tensor, want: Tensor) -> str:
    if got.dim() == want.dim() and sorted(got.shape) == sorted(want.shape):
        return (
            "The dimensions are right but in another order: a transpose is missing or one too many."
        )
    if got.numel() == want.numel():
        return "The number of entries is right: a reshape or view is missing."
    if got.dim() == want.dim() + 1 and 1 in got.shape:
        return "One dimension of size 1 is left over: keepdim or unsqueeze without a squeeze."
    return ""


def _of_nonfinite(got: Tensor, want: Tensor) -> str:
    if torch.isnan(got).any() and not torch.isnan(want).any():
        return "NaN appears where there is none: look for 0/0, inf - inf, or log of 0."
    if torch.isposinf(got).any():
        return "Infinity appears: exp overflows, or something is divided by 0."
    return ""


def _ratio(got: Tensor, want: Tensor) -> str:
    used = (want.abs() > want.abs().max() * 1e-6) & torch.isfinite(got) & torch.isfinite(want)
    if int(used.sum()) < _MIN_ENTRIES:
        return ""
    ratios = got[used] / want[used]
    middle = ratios.median().item()
    if (
        not math.isfinite(middle)
        or middle == 0
        or not torch.allclose(ratios, ratios.new_tensor(middle), rtol=1e-3, atol=0)
    ):
        return ""
    if math.isclose(middle, 1.0, rel_tol=5e-3):
        return ""  # a loss of precision is no scale
    if math.isclose(middle, -1.0, rel_tol=1e-3):
        return "Every entry has the wrong sign."
    squared = middle * middle
    origin = ""
    if math.isclose(squared, round(squared), rel_tol=2e-3) and round(squared) > 1:
        origin = f", the square root of {round(squared)}"
    elif math.isclose(1 / squared, round(1 / squared), rel_tol=2e-3) and round(1 / squared) > 1:
        origin = f", one over the square root of {round(1 / squared)}"
    return f"Every entry is {middle:.4g} times what it should be{origin}: a scale is wrong."


def _offset(got: Tensor, want: Tensor) -> str:
    if not (torch.isfinite(got).all() and torch.isfinite(want).all()):
        return ""
    gaps = got - want
    middle = gaps.median().item()
    scale = float(want.abs().max())
    if abs(middle) > 1e-6 * scale and torch.allclose(
        gaps, gaps.new_tensor(middle), rtol=1e-3, atol=1e-6 * scale
    ):
        return f"Every entry is off by the same {middle:.4g}."
    return ""


def _transposed(got: Tensor, want: Tensor) -> str:
    square = want.dim() > 1 and want.shape[-1] == want.shape[-2]
    if square and torch.allclose(got, want.transpose(-1, -2), rtol=1e-4, equal_nan=True):
        return "The result is the transpose of the right one."
    return ""


def _permuted(got: Tensor, want: Tensor) -> str:
    ours, theirs = got.flatten().sort().values, want.flatten().sort().values
    if torch.allclose(ours, theirs, rtol=1e-4, atol=1e-6, equal_nan=True):
        return "The right numbers, in the wrong places."
    return ""


def _first_batch_only(got: Tensor, want: Tensor) -> str:
    if (
        want.dim() > 1
        and want.shape[0] > 1
        and torch.allclose(got[0], want[0], rtol=1e-4, atol=1e-6)
    ):
        return "Right for the first entry of the leading dimension, wrong for others."
    return ""


_LOOKS: tuple[Callable[[Tensor, Tensor], str], ...] = (
    _ratio,
    _offset,
    _transposed,
    _permuted,
    _first_batch_only,
)


def _right_in_float64(first: Observation, observations: Sequence[Observation]) -> bool:
    return any(
        seen.check == first.check and seen.asked.dtype == "float64" and seen.difference is None
        for seen in observations
    )

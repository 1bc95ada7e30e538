"""Relations between a wrong result and the right one that a learner can act on.

Each looks at two tensors of one shape and says in a sentence what holds between them, or "". They
are strict: a relation that a lucky input could show is not told. Which failure is looked at, and
what holds over several questions, is decided in `symptoms`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

MIN_ENTRIES, MIN_DISTINCT = 4, 3
RTOL, ATOL_SHARE = 1e-4, 1e-6
_TABLE, _BATCHED, _LONG = 2, 3, 3  # dims of a table and of a batch; positions that tell


def near(left: Tensor, right: Tensor) -> Tensor:
    """Return where two float64 tensors agree, NaN with NaN and infinities in place."""
    finite = right[torch.isfinite(right)]
    scale = finite.square().mean().sqrt().item() if finite.numel() else 0.0
    close = (left - right).abs() <= RTOL * right.abs() + ATOL_SHARE * scale
    return (left == right) | (close & right.isfinite()) | (torch.isnan(left) & torch.isnan(right))


def distinct(values: Tensor) -> int:
    """Return how many different values a tensor holds."""
    return len(torch.unique(values))


def constant_ratio(got: Tensor, want: Tensor) -> float:
    """Return the factor between all entries, or 0.0 if there is none or it is 1."""
    if not want.numel():
        return 0.0
    finite = torch.isfinite(got) & torch.isfinite(want)
    if not bool(torch.equal(torch.isfinite(got), torch.isfinite(want))) or not bool(finite.any()):
        return 0.0
    scale = want[finite].abs().max()
    used = finite & (want.abs() > scale * 1e-6)
    if int(used.sum()) < MIN_ENTRIES:
        return 0.0
    ratios = got[used] / want[used]
    middle = ratios.median().item()
    if middle == 0 or math.isclose(middle, 1.0, rel_tol=5e-3):
        return 0.0  # a loss of precision is no scale
    same = torch.allclose(ratios, ratios.new_tensor(middle), rtol=1e-3, atol=0)
    rest = finite & ~used
    small = bool((got[rest].abs() <= abs(middle) * scale * 2e-6).all())
    return middle if same and small else 0.0


def offset(got: Tensor, want: Tensor) -> str:
    """Tell that all entries are off by one number."""
    if not (torch.isfinite(got).all() and torch.isfinite(want).all()):
        return ""
    gaps = got - want
    middle = gaps.median().item()
    scale = float(want.abs().max())
    if abs(middle) > 1e-3 * scale and torch.allclose(
        gaps, gaps.new_tensor(middle), rtol=1e-3, atol=1e-6 * scale
    ):
        return f"Every entry is off by the same {middle:.4g}."
    return ""


def signs(got: Tensor, want: Tensor) -> str:
    """Tell that only signs are wrong."""
    if not bool(near(got.abs(), want.abs()).all()):
        return ""
    wrong = ~near(got, want)
    if bool(near(got, -want).all()):
        return "Every entry has the wrong sign."
    if int((want != 0).sum()) < MIN_ENTRIES or not bool(wrong.any()):
        return ""
    return f"The sizes are right, but {int(wrong.sum())} of {wrong.numel()} signs are wrong."


def row_sums(got: Tensor, want: Tensor) -> str:
    """Tell that rows do not add up to 1 where they must."""
    if want.shape[-1] < 2 or not _adds_up(want, -1) or not bool(torch.isfinite(got).all()):  # noqa: PLR2004 - a row
        return ""
    sums = got.sum(-1)
    if _adds_up(got, -1):
        return ""
    if want.dim() >= _TABLE and want.shape[-2] > 1 and _adds_up(got, -2):
        return "The columns add up to 1 instead of the rows: another dimension is normalised."
    low, high = sums.min().item(), sums.max().item()
    if math.isclose(low, high, rel_tol=1e-3):
        return f"Every row must add up to 1, but adds up to {low:.4g}."
    return f"Every row must add up to 1; these add up to {low:.4g} up to {high:.4g}."


def _adds_up(values: Tensor, dim: int) -> bool:
    sums = values.sum(dim)
    inside = bool(torch.isfinite(values).all()) and bool((values >= 0).all())
    return inside and torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-5)


def places(got: Tensor, want: Tensor) -> str:
    """Tell that the right numbers stand in wrong places: transposed, turned, shifted, mixed."""
    if distinct(want) < MIN_DISTINCT:
        return ""
    square = want.dim() > 1 and want.shape[-1] == want.shape[-2]
    if square and bool(near(got, want.transpose(-1, -2)).all()):
        return "The result is the transpose of the right one."
    for dim in range(-1, -want.dim() - 1, -1):
        text = _turned(got, want, dim)
        if text:
            return text
    if bool(near(got.sort(-1).values, want.sort(-1).values).all()):
        along = " of each row" if want.dim() > 1 else ""
        return f"The right numbers{along}, in another order."
    if bool(near(got.flatten().sort().values, want.flatten().sort().values).all()):
        return "The right numbers, in the wrong places."
    return ""


def _turned(got: Tensor, want: Tensor, dim: int) -> str:
    size = want.shape[dim]
    if size < _LONG:
        return ""
    along = f"along {_dim(dim, want.dim())}"
    if bool(near(got, want.flip(dim)).all()):
        return f"The right numbers in reverse order {along}."
    for step, word in ((1, "late"), (-1, "early")):
        if bool(near(got, want.roll(step, dim)).all()):
            return f"Everything stands one position too {word} {along}, going round at the end."
        inner = want.narrow(dim, 0 if step > 0 else 1, size - 1)
        moved = got.narrow(dim, 1 if step > 0 else 0, size - 1)
        if distinct(inner) >= MIN_DISTINCT and bool(near(moved, inner).all()):
            return f"Everything stands one position too {word} {along}: it is off by one."
    return ""


def _dim(dim: int, dims: int) -> str:
    if dims == 1:
        return "the row"
    return "the last dimension" if dim == -1 else f"dimension {dim}"


def positions(got: Tensor, want: Tensor) -> str:
    """Tell that only the first or the last position is right, or only this one wrong."""
    for dim in (-1, -2):
        if want.dim() < (_BATCHED if dim == -2 else 1) or want.shape[dim] < _LONG:  # noqa: PLR2004 - the last but one
            continue
        text = _position(_wrong_share(got, want, dim), _dim(dim, want.dim()))
        if text:
            return text
    return ""


def _wrong_share(got: Tensor, want: Tensor, dim: int) -> list[float]:
    """Return the share of wrong entries at each position of a dimension."""
    wrong = (~near(got, want)).double().movedim(dim, 0).reshape(want.shape[dim], -1)
    return [float(share) for share in wrong.mean(1)]


def _position(shares: list[float], name: str) -> str:
    many = 0.5
    for word, here, others in (
        ("first", shares[0], shares[1:]),
        ("last", shares[-1], shares[:-1]),
    ):
        if here == 0 and min(others) >= many:
            return f"Right at the {word} position of {name} only."
        if here >= many and max(others) == 0:
            return f"Only the {word} position of {name} is wrong."
    return ""


def batch(got: Tensor, want: Tensor) -> str:
    """Tell that the first entry of a batch is right and the others are not."""
    if want.dim() < _TABLE or want.shape[0] < 2:  # noqa: PLR2004 - a batch has two entries
        return ""
    shares = _wrong_share(got, want, 0)
    if shares[0] == 0 and min(shares[1:]) > 0 and want[0].numel() >= MIN_ENTRIES:
        return "Right for the first entry of the leading dimension, wrong for the others."
    return ""


Look = Callable[[Tensor, Tensor], str]
AFTER_RATIO: tuple[Look, ...] = (offset, signs, row_sums, places, positions, batch)

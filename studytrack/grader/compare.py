"""Comparing a submission's value with the reference's, in the judge.

Order: type, subclass, dtype, shape, device, non-finite positions, values. The tolerance is
scale-aware: with `s` the root mean square of the reference's finite values, an entry passes if
|got - want| <= rtol*|want| + atol*s, in float64, so that zeros never pass by being small.
NaN equals nothing; infinities must stand where the reference has them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.codec import NAMES

TOLERANCES: Mapping[str, tuple[float, float]] = {
    "float64": (1e-7, 1e-8),
    "float32": (1e-4, 1e-5),
    "float16": (2e-3, 1e-3),
    "bfloat16": (2e-2, 1e-2),
}
GRADIENT_FACTOR, FLOOR_SHARE = 10.0, 0.05
SCALAR_RTOL = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """Where and how two values part.

    `kind` is one of type, subclass, dtype, shape, device, nonfinite, value, count, exception,
    inputs, gradient. `where` names the place in a nested result; `got` and `want` are the leaves.
    """

    kind: str
    message: str
    where: str = ""
    got: Any = None
    want: Any = None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How close is close: `override` replaces the profile of a dtype; `factor` widens all.

    `floor` is an absolute error that torch itself makes (low precision), added on top; never more
    than a twentieth of the scale, so that zeros fail even at ten times the tolerance.
    """

    override: Mapping[str, tuple[float, float]]
    factor: float = 1.0
    floor: float = 0.0

    def allowed(self, want: Tensor) -> Tensor:
        """Return the allowed error of every entry, float64."""
        name = NAMES.get(want.dtype, "")
        rtol, atol = self.override.get(name, TOLERANCES.get(name, (0.0, 0.0)))
        wide = want.double()
        finite = wide[torch.isfinite(wide)]
        scale = finite.square().mean().sqrt().item() if finite.numel() else 0.0
        floor = min(self.floor, FLOOR_SHARE * scale)
        return self.factor * (rtol * wide.abs() + atol * scale + floor)


EXACT = Tolerance({})
_EXACT = {int, str, bool, bytes, type(None)}


def differ(got: Any, want: Any, tolerance: Tolerance = EXACT, where: str = "") -> Difference | None:
    """Return the first difference of two values, or None if they agree."""
    if isinstance(want, Tensor):
        return _tensors(got, want, tolerance, where)
    if isinstance(want, float) and type(got) is float:
        return _floats(got, want, where)
    if type(got) is not type(want):
        text = f"{_at(where)}expected {_kind(want)}, got {_kind(got)}"
        return Difference("type", text, where, got, want)
    if isinstance(want, (list, tuple)):
        return _sequences(got, want, tolerance, where)
    if isinstance(want, dict):
        return _dicts(got, want, tolerance, where)
    if got != want:
        return Difference("value", f"{_at(where)}expected {want!r}, got {got!r}", where, got, want)
    return None


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _at(where: str) -> str:
    return f"at {where}: " if where else ""


def _floats(got: float, want: float, where: str) -> Difference | None:
    if math.isclose(got, want, rel_tol=SCALAR_RTOL, abs_tol=1e-300) and not math.isnan(want):
        return None
    return Difference("value", f"{_at(where)}expected {want!r}, got {got!r}", where, got, want)


def _sequences(got: Any, want: Any, tolerance: Tolerance, where: str) -> Difference | None:
    if set(map(type, want)) <= _EXACT and set(map(type, got)) <= _EXACT and got == want:
        return _differ_types(got, want, where)
    for index, (left, right) in enumerate(zip(got, want, strict=False)):
        found = differ(left, right, tolerance, f"{where}[{index}]")
        if found:
            return (
                found
                if isinstance(right, (Tensor, list, tuple, dict))
                else Difference(found.kind, found.message, where, got, want)
            )
    if len(got) != len(want):
        text = f"{_at(where)}expected {len(want)} items, got {len(got)}"
        return Difference("count", text, where, got, want)
    return None


def _differ_types(got: Any, want: Any, where: str) -> Difference | None:
    """Return the first place where equal items differ in type, as True and 1 do."""
    kinds = zip(map(type, got), map(type, want), strict=True)
    index = next((n for n, (left, right) in enumerate(kinds) if left is not right), None)
    if index is None:
        return None
    text = f"{_at(f'{where}[{index}]')}expected {_kind(want[index])}, got {_kind(got[index])}"
    return Difference("type", text, where, got, want)


def _dicts(got: Any, want: Any, tolerance: Tolerance, where: str) -> Difference | None:
    missing = [key for key in want if key not in got]
    extra = [key for key in got if key not in want]
    if missing or extra:
        parts = [f"missing {missing[:5]!r}"] if missing else []
        parts += [f"unexpected {extra[:5]!r}"] if extra else []
        return Difference("count", f"{_at(where)}keys differ: {', '.join(parts)}", where, got, want)
    for key, value in want.items():
        found = differ(got[key], value, tolerance, f"{where}[{key!r}]")
        if found:
            return found
    return None


def _tensors(got: Any, want: Tensor, tolerance: Tolerance, where: str) -> Difference | None:
    if not isinstance(got, Tensor):
        text = f"{_at(where)}expected a tensor, got {_kind(got)}"
        return Difference("type", text, where, got, want)
    if got.dtype != want.dtype:
        text = f"{_at(where)}expected dtype {NAMES.get(want.dtype)}, got {NAMES.get(got.dtype)}"
        return Difference("dtype", text, where, got, want)
    if got.shape != want.shape:
        text = f"{_at(where)}expected shape {tuple(want.shape)}, got {tuple(got.shape)}"
        return Difference("shape", text, where, got, want)
    got, want = got.detach(), want.detach()
    if not want.is_floating_point():
        wrong = got != want
        return _wrong_entries("value", wrong, got, want, where) if wrong.any() else None
    misplaced = (
        (torch.isfinite(got) != torch.isfinite(want))
        | (~torch.isfinite(want) & ~torch.isnan(want) & (got != want))
        | torch.isnan(got)
    )
    if misplaced.any():
        return _wrong_entries("nonfinite", misplaced, got, want, where)
    finite = torch.isfinite(want)
    error = (got.double() - want.double()).abs()
    wrong = finite & (error > tolerance.allowed(want))
    return _wrong_entries("value", wrong, got, want, where) if wrong.any() else None


def _wrong_entries(kind: str, wrong: Tensor, got: Tensor, want: Tensor, where: str) -> Difference:
    count, total = int(wrong.sum()), wrong.numel()
    index = tuple(int(i) for i in wrong.nonzero()[0]) if wrong.dim() else ()
    place = f"{list(index)}" if index else "the value"
    values = f"expected {_number(want[index])}, got {_number(got[index])}"
    amount = "" if total == 1 else f" ({count} of {total} entries differ{_worst(got, want, index)})"
    return Difference(kind, f"{_at(where)}at {place}: {values}{amount}", where, got, want)


def _worst(got: Tensor, want: Tensor, first: tuple[int, ...]) -> str:
    """Return the largest error and where it is, unless it is the one already told."""
    if got.dtype == torch.bool:
        return ""
    errors = (got.double() - want.double()).abs().nan_to_num(nan=0.0, posinf=0.0)
    worst = _place(int(errors.argmax()), errors.shape)
    if worst == first or not errors[worst] > errors[first]:
        return ""
    return f", most at {list(worst)}: by {errors[worst].item():.4g}"


def _place(flat: int, shape: torch.Size) -> tuple[int, ...]:
    """Return the index of the entry that stands at a place of the flat tensor."""
    index: list[int] = []
    for size in reversed(shape):
        flat, at = divmod(flat, size)
        index.insert(0, at)
    return tuple(index)


def _number(entry: Tensor) -> str:
    value = entry.item()
    return f"{value:.6g}" if isinstance(value, float) else str(value)

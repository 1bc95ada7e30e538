"""Where a constant factor comes from: a size of the inputs, its root, or a logarithm.

An origin is told only if it explains the factor of every answer that shows one.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from studytrack.grader.subject import Question

_CLOSE, _TELLING = 2e-3, 2  # relative error; so many origins are still told


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A constant factor in the answer to one question."""

    question: Question
    ratio: float


_CONSTANTS: tuple[tuple[str, float], ...] = (
    ("ln 2: another base of the logarithm", math.log(2)),
    ("1 / ln 2: another base of the logarithm", 1 / math.log(2)),
    ("ln 10: another base of the logarithm", math.log(10)),
    ("1 / ln 10: another base of the logarithm", 1 / math.log(10)),
)
_FORMS: tuple[tuple[str, Callable[[int], float]], ...] = (
    ("the square root of {n}", math.sqrt),
    ("one over the square root of {n}", lambda n: 1 / math.sqrt(n)),
    ("{n}", float),
    ("1 / {n}", lambda n: 1 / n),
    ("{n} / {m}", lambda n: n / (n - 1)),
    ("{m} / {n}", lambda n: (n - 1) / n),
    ("the square root of {n} / {m}", lambda n: math.sqrt(n / (n - 1))),
    ("the square root of {m} / {n}", lambda n: math.sqrt((n - 1) / n)),
)


def origin(factors: Sequence[Factor], reference: Callable[..., Any]) -> str:
    """Return where the factors come from, worded for the first of them, or "".

    Args:
        factors: of all answers that show one; the first is the one that is told.
        reference: gives the inputs their names.
    """
    first = factors[0].ratio
    for text, value in _CONSTANTS:
        if all(math.isclose(factor.ratio, value, rel_tol=_CLOSE) for factor in factors):
            return text
    sizes = [_sizes(factor.question, reference) for factor in factors]
    for text, form in _FORMS:
        found = [
            name
            for name, size in sizes[0].items()
            if _matches(first, form, size)
            and all(
                name in there and _matches(factor.ratio, form, there[name])
                for factor, there in zip(factors, sizes, strict=True)
            )
        ]
        if found:
            size = sizes[0][found[0]]
            shown = text.format(n=size, m=size - 1)
            return f"{shown}, {found[0]}" if len(found) <= _TELLING else shown
    return ""


def _matches(ratio: float, form: Callable[[int], float], size: int) -> bool:
    return size > 1 and math.isclose(ratio, form(size), rel_tol=_CLOSE)


def _sizes(question: Question, reference: Callable[..., Any]) -> dict[str, int]:
    """Return what a factor may depend on, named."""
    return {
        label: size
        for name, value in arguments(question, reference).items()
        for label, size in _of_value(name, value)
    }


def _of_value(name: str, value: Any) -> Iterator[tuple[str, int]]:
    if type(value) is int:
        yield f"`{name}`", value
    if isinstance(value, Tensor):
        for dim in range(-1, -value.dim() - 1, -1):
            place = "last size" if dim == -1 else f"size {dim}"
            yield f"the {place} of `{name}`", value.shape[dim]
        if value.dim() > 1:
            yield f"the number of entries of `{name}`", value.numel()


def arguments(question: Question, reference: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the arguments of a question by name; those of a constructor too."""
    names: list[str] = []
    if question.ctor is None:
        try:
            names = list(inspect.signature(reference).parameters)
        except (TypeError, ValueError):
            names = []
    named: dict[str, Any] = dict(question.ctor or {})
    for index, value in enumerate(question.call.args):
        named[names[index] if index < len(names) else f"input {index + 1}"] = value
    return named | dict(question.call.kwargs)

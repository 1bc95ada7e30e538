"""Inputs and results as text that a learner can compare: small tables, differing cells marked.

At most 76 columns, 6 by 6 cells, 4 significant digits; the slice with the first difference is
chosen and its index named. A differing cell ends in `*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from studytrack.domain.verdict import Counterexample
from studytrack.grader.authoring import RemoteError
from studytrack.grader.codec import NAMES
from studytrack.grader.compare import Difference, Tolerance
from studytrack.grader.origins import arguments
from studytrack.grader.subject import Question

WIDTH, CELLS, ITEMS = 76, 6, 12


def counterexample(
    question: Question,
    difference: Difference,
    tolerance: Tolerance,
    reference: Callable[..., Any],
) -> Counterexample:
    """Return the failing input with what was expected and what came."""
    got, want = difference.got, difference.want
    focus: tuple[int, ...] = ()
    marks: Tensor | None = None
    if isinstance(got, Tensor) and isinstance(want, Tensor) and got.shape == want.shape:
        marks = _wrong(got.detach(), want.detach(), tolerance)
        found = marks.nonzero()
        focus = tuple(int(i) for i in found[0]) if len(found) and marks.dim() else ()
    return Counterexample(
        inputs=_arguments(question, reference),
        expected=show(want, focus, marks) if want is not None else "",
        got=show(got, focus, marks),
    )


def _wrong(got: Tensor, want: Tensor, tolerance: Tolerance) -> Tensor:
    if not want.is_floating_point() or not got.is_floating_point():
        return got != want
    same = (got == want) | ((got.double() - want.double()).abs() <= tolerance.allowed(want))
    return ~same


def _arguments(question: Question, reference: Callable[..., Any]) -> str:
    named = arguments(question, reference)
    return "\n".join(_argument(name, value) for name, value in named.items())


def _argument(name: str, value: Any) -> str:
    text = show(value)
    if "\n" not in text:
        return _cut(f"{name} = {text}")
    first, rest = text.split("\n", 1)
    return f"{name} = {first}\n{rest}"


def show(value: Any, focus: tuple[int, ...] = (), marks: Tensor | None = None) -> str:
    """Return a value as text; tensors as their shape, dtype and the slice at `focus`."""
    if isinstance(value, RemoteError):
        return _cut(f"raises {value}")
    if isinstance(value, Tensor):
        return _tensor(value.detach(), focus, marks)
    if isinstance(value, (list, tuple)):
        opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
        inner = ", ".join(_short(item) for item in value[:ITEMS])
        more = f", … {len(value) - ITEMS} more" if len(value) > ITEMS else ""
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return _cut(f"{opening}{inner}{more}{comma}{closing}")
    if isinstance(value, Mapping):
        inner = ", ".join(f"{k!r}: {_short(v)}" for k, v in list(value.items())[:ITEMS])
        return _cut("{" + inner + (", …" if len(value) > ITEMS else "") + "}")
    return _cut(repr(value))


def _short(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"tensor{list(value.shape)}"
    return repr(value)


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDTH else flat[: WIDTH - 1] + "…"


def _tensor(value: Tensor, focus: tuple[int, ...], marks: Tensor | None) -> str:
    head = f"tensor{list(value.shape)} {NAMES.get(value.dtype, value.dtype)}"
    if not value.numel():
        return f"{head}, empty"
    lead = value.dim() - 2
    chosen = focus[:lead] if len(focus) == value.dim() else (0,) * max(lead, 0)
    if lead > 0:
        value = value[chosen]
        marks = marks[chosen] if marks is not None else None
        head += f", the slice {list(chosen)}"
    table = value.reshape(1, -1) if value.dim() < 2 else value  # noqa: PLR2004 - rows and columns
    marked = None if marks is None else marks.reshape(table.shape)
    tail = focus[-table.dim() :] if focus else ()
    row = _window(table.shape[0], tail[0] if len(tail) == 2 and value.dim() == 2 else 0)  # noqa: PLR2004
    column = _window(table.shape[1], tail[-1] if tail else 0)
    lines = _rows(table, marked, row, column)
    if len(lines) == 1 and len(head) + len(lines[0]) + 2 <= WIDTH and value.dim() == 0:
        return f"{lines[0].strip()} ({head})"
    return "\n".join([head, *lines])


def _window(size: int, at: int) -> range:
    start = max(0, min(at - CELLS // 2, size - CELLS))
    return range(start, min(size, start + CELLS))


def _rows(table: Tensor, marks: Tensor | None, rows: range, columns: range) -> list[str]:
    cells = [
        [
            _cell(table[r, c]) + ("*" if marks is not None and bool(marks[r, c]) else "")
            for c in columns
        ]
        for r in rows
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = [
        ("  … " if columns.start else "  ")
        + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        + (" …" if columns.stop < table.shape[1] else "")
        for line in cells
    ]
    above = ["  …"] if rows.start else []
    below = ["  …"] if rows.stop < table.shape[0] else []
    return above + lines + below


def _cell(entry: Tensor) -> str:
    value = entry.item()
    if isinstance(value, bool):
        return "T" if value else "F"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def size_of(question: Question) -> int:
    """Return how large a question's inputs are, to find the smallest failing one."""
    total = 0
    for value in (*question.call.args, *question.call.kwargs.values()):
        if isinstance(value, Tensor):
            total += value.numel() + value.dim()
        elif isinstance(value, (list, tuple, str, dict)):
            total += len(value)
    return total

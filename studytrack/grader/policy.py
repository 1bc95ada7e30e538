"""Forbidden calls, found in the text: a stated policy that teaches, not a boundary.

Reads the syntax tree only. A name is forbidden as an attribute (`F.softmax`, `x.softmax`), as an
import, or as a string that spells it exactly (`getattr(torch, "softmax")`) or as the end of a
dotted path; the learner's own function of that name is theirs to define and call. What a name
built at run time reaches is `forbid`'s business, in the runner. No torch here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

# What a family of names can be written from; the first that fits counts.
_SIMPLER: tuple[tuple[str, str], ...] = (
    (r"attention|transformer", "matrix products and a softmax"),
    (r"cross_?entropy|nll_?loss|kl_?div", "exponentials and logarithms"),
    (r"soft(max|min)|logsumexp", "`exp` and sums"),
    (r"norm", "means and square roots"),
    (r"linear", "a matrix product"),
)
_DOTTED = re.compile(r"[\w.:]+")


def teaching(name: str, shown: str = "") -> str:
    """Return the sentence for the learner who used a forbidden name.

    Args:
        name: the bare name, as the exercise lists it.
        shown: how the submission writes it, such as `F.softmax`.
    """
    simpler = (text for pattern, text in _SIMPLER if re.search(pattern, name, re.IGNORECASE))
    return (
        f"`{shown or name}` is part of what you are building here. This exercise asks you to "
        f"write it from {next(simpler, 'simpler operations')}."
    )


@dataclass(frozen=True, slots=True)
class Forbidden:
    """One use of a forbidden name; `shown` is how the submission writes it."""

    name: str
    line: int
    shown: str = ""

    @property
    def message(self) -> str:
        """The sentence for the learner."""
        return f"Line {self.line}: {teaching(self.name, self.shown)}"


def find_forbidden(source: str, names: Collection[str]) -> list[Forbidden]:
    """Return every forbidden use, in order of lines.

    Args:
        source: a submission that parses.
        names: bare names such as `softmax` or `MultiheadAttention`.
    """
    banned = set(names)
    found: list[Forbidden] = []
    if not banned:
        return found
    tree = ast.parse(source)
    annotations = _annotations(tree)
    for node in ast.walk(tree):
        if id(node) in annotations:
            continue
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute) and node.attr in banned and not _is_self(node.value):
            found.append(Forbidden(node.attr, line, _dotted(node)))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            hits = [a.name for a in node.names if _last(a.name) in banned]
            found.extend(Forbidden(_last(name), line, name) for name in hits)
        elif isinstance(node, ast.Constant) and _spells(node.value, banned):
            found.append(Forbidden(_last(node.value), line, str(node.value)))
    return sorted(found, key=lambda use: use.line)


def _spells(value: object, banned: set[str]) -> bool:
    return isinstance(value, str) and bool(_DOTTED.fullmatch(value)) and _last(value) in banned


def _last(path: Any) -> str:
    return str(re.split(r"[.:]", path)[-1])


def _dotted(node: ast.expr) -> str:
    """Return `F.softmax` where the code says so; the bare name after a longer expression."""
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        plain = before and isinstance(node.value, (ast.Attribute, ast.Name))
        return f"{before}.{node.attr}" if plain else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _annotations(tree: ast.Module) -> set[int]:
    """Return the ids of all nodes inside annotations: naming a type there calls nothing."""
    found: set[int] = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            inner = getattr(node, name, None)
            if isinstance(inner, ast.AST):
                found |= {id(part) for part in ast.walk(inner)}
    return found


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}

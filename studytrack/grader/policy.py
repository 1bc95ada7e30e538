"""Forbidden calls, found in the text: a stated policy that teaches, not a boundary.

Reads the syntax tree only. A name is forbidden as an attribute (`F.softmax`, `x.softmax`), as an
import, or as a string that spells it exactly (`getattr(torch, "softmax")`); the learner's own
function of that name is theirs to define and call.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forbidden:
    """One use of a forbidden name."""

    name: str
    line: int

    @property
    def message(self) -> str:
        """The sentence for the learner."""
        return (
            f"Line {self.line} uses `{self.name}`. "
            "This exercise asks you to write it from simpler operations."
        )


def find_forbidden(source: str, names: Collection[str]) -> list[Forbidden]:
    """Return every forbidden use, in order of lines.

    Args:
        source: a submission that parses.
        names: bare names such as `softmax` or `MultiheadAttention`.
    """
    banned = set(names)
    found: list[Forbidden] = []
    tree = ast.parse(source)
    annotations = _annotations(tree)
    for node in ast.walk(tree):
        if id(node) in annotations:
            continue
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute) and node.attr in banned and not _is_self(node.value):
            found.append(Forbidden(node.attr, line))
        elif isinstance(node, ast.ImportFrom):
            hits = [a.name for a in node.names if a.name in banned]
            found.extend(Forbidden(name, line) for name in hits)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in banned
        ):
            found.append(Forbidden(node.value, line))
    return sorted(found, key=lambda use: use.line)


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

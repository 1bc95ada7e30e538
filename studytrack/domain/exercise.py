"""The record of an exercise: what its front matter says.

The reference, checks and mistakes are code and are loaded only by the grader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STATEMENT, REFERENCE, CHECKS = "statement.md", "reference.py", "checks.py"
SOURCE_CAP = 64 << 10  # bytes of a submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise folder.

    `id` is the folder's and the learner's file name; `entry` the function or class to write.
    `statement` is Markdown, `starter` the generated source with the solution taken out. `needs`
    are exercises worth solving first. `folder` is where it was found. A *form* of an exercise asks
    for it in another way: `whole` is then the id of the exercise itself, and `form` says how.
    """

    id: str
    title: str
    topic: str
    entry: str
    level: int
    minutes: int
    hints: tuple[str, ...]
    statement: str
    starter: str
    folder: str
    kind: Literal["function", "class"] = "function"
    topics: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    gradients: bool = False
    mutates: tuple[int, ...] = ()
    status: Literal["draft", "ready"] = "ready"
    whole: str = ""
    form: Literal["", "debug"] = ""

"""The curriculum: parts, their topics, the topics' points.

Only what the plan says. What the learner has reached lives in the log (`domain.log`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The smallest entry of the plan. `id` extends the topic's: `pytorch.basics.autograd`."""

    id: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One line of the plan, such as `pytorch.basics`.

    `needs` names topics worth knowing first; `own` marks the two that the plan does not have.
    """

    id: str
    title: str
    points: tuple[Point, ...]
    needs: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chapter of the plan: `I` to `VI`, and `notes` and `glossary` for our two topics."""

    id: str
    title: str
    topics: tuple[Topic, ...]
    text: str = ""

"""Which mistakes of an exercise no probe tells apart, for its author.

A diagnosis can only name such a pair together. Mistakes with one sentence are one to the learner
and are declared equal by it; any other pair wants a case that separates the two.
"""

from __future__ import annotations

from itertools import combinations

from studytrack.grader.alike import agree
from studytrack.grader.authoring import Mistake
from studytrack.grader.diagnose import fails
from studytrack.grader.ladder import Asked, Ladder
from studytrack.grader.subject import Answer, LocalSubject
from studytrack.grader.suite import Suite


def indistinguishable(suite: Suite, seed: int) -> list[tuple[str, str]]:
    """Return the pairs of mistakes that answer every question alike and fail the same properties.

    Args:
        suite: the exercise.
        seed: of the inputs; two seeds may differ where a case is drawn unluckily.
    """
    asked = [asked for rung in Ladder(suite, seed).rungs() for asked in rung.asked]
    groups: list[list[Mistake]] = [list(suite.collected.mistakes)]
    for question in asked:
        if all(len(group) == 1 for group in groups):
            break
        groups = [part for group in groups for part in _split(question, group)]
    return [
        (one.name, other.name)
        for group in groups
        for one, other in combinations(group, 2)
        if one.text != other.text and _fail_alike(suite, one, other, seed)
    ]


def _split(asked: Asked, group: list[Mistake]) -> list[list[Mistake]]:
    """Return a group as parts that answer one question alike."""
    if len(group) == 1:
        return [group]
    parts: list[tuple[Answer, list[Mistake]]] = []
    for mistake in group:
        answer = LocalSubject(mistake.wrong).answer(asked.question)
        for known, part in parts:
            if agree(asked, known, answer):
                part.append(mistake)
                break
        else:
            parts.append((answer, [mistake]))
    return [part for _, part in parts]


def _fail_alike(suite: Suite, one: Mistake, other: Mistake, seed: int) -> bool:
    return all(
        fails(suite, one, check.name, seed) == fails(suite, other, check.name, seed)
        for check in suite.collected.checks
    )

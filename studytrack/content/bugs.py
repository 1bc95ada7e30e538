"""Known wrong versions as tasks: a card that asks what is wrong, an exercise that repairs it.

They are made from the exercise's own mistakes, so that they cannot drift from what its checks
reject. Works on text only; which of them a learner gets, and when, is decided elsewhere.
"""

from __future__ import annotations

import ast
import hashlib
import random
from dataclasses import replace
from pathlib import Path

from studytrack.content.source import decorated, extract_definition
from studytrack.domain.cards import LETTERS, Card
from studytrack.domain.exercise import CHECKS, Exercise

MOST_LINES, DISTRACTORS, FEWEST_CHOICES = 40, 3, 2
REPAIR_SHARE = 0.4  # of the exercise's minutes: reading and one repair, no writing from nothing


def mistake_texts(checks: str) -> dict[str, str]:
    """Return the sentence of each mistake by its name, in order.

    Args:
        checks: the text of a `checks.py`.
    """
    names = set(decorated(checks, "mistake"))
    found: dict[str, str] = {}
    for node in ast.parse(checks).body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name not in names:
            continue
        for used in node.decorator_list:
            if isinstance(used, ast.Call) and used.args and isinstance(used.args[0], ast.Constant):
                found[node.name] = str(used.args[0].value)
    return found


def bug_card_id(exercise_id: str, mistake: str) -> str:
    """Return the id of the bug card of a mistake.

    >>> bug_card_id("top_k", "keeps_ties")
    'bug.top_k.keeps_ties'
    """
    return f"bug.{exercise_id}.{mistake}"


def bug_card(exercise: Exercise, mistake: str) -> Card | None:
    """Return the card that shows a wrong version and asks for the mistake in it.

    The other choices are sentences of the exercise's other mistakes, drawn by the card's id, so
    that the same card always looks the same. None if there is no such mistake, if the version is
    too long for a card, or if there are too few others to choose from.

    Args:
        exercise: read from its folder.
        mistake: the name in its `checks.py`.
    """
    checks = _checks_of(exercise)
    texts = mistake_texts(checks)
    if mistake not in texts:
        return None
    code = extract_definition(checks, mistake, exercise.entry)
    rng = random.Random(hashlib.sha256(bug_card_id(exercise.id, mistake).encode()).digest())
    others = sorted({text for text in texts.values() if text != texts[mistake]})
    choices = [texts[mistake], *rng.sample(others, min(DISTRACTORS, len(others)))]
    if len(choices) < FEWEST_CHOICES or len(code.splitlines()) > MOST_LINES:
        return None
    rng.shuffle(choices)
    return Card(
        id=bug_card_id(exercise.id, mistake),
        kind="choice",
        topic=exercise.topic,
        front=f"This version of “{exercise.title}” is wrong. Which sentence tells why?",
        code=code,
        choices=tuple(choices),
        answer=LETTERS[choices.index(texts[mistake])],
        back=texts[mistake],
        level=exercise.level,
        exercise=exercise.id,
        source=f"bug.{exercise.id}",
    )


def debug_id(exercise_id: str) -> str:
    """Return the id of the debug form of an exercise."""
    return f"{exercise_id}.debug"


def debug_form(exercise: Exercise, mistake: str) -> Exercise | None:
    """Return the exercise of repairing a wrong version; None if there is no such mistake.

    The same checks judge it, so any right solution passes.

    Args:
        exercise: read from its folder.
        mistake: the name in its `checks.py`.
    """
    checks = _checks_of(exercise)
    texts = mistake_texts(checks)
    if mistake not in texts:
        return None
    task = (
        "This version holds one mistake: it passes some checks and fails others. "
        "Find it and repair it."
    )
    return replace(
        exercise,
        id=debug_id(exercise.id),
        title=f"Repair: {exercise.title}",
        minutes=max(2, round(exercise.minutes * REPAIR_SHARE)),
        hints=(
            "Go through the statement sentence by sentence: which one does this version break?",
            texts[mistake],
        ),
        statement=f"{task}\n\n{exercise.statement}",
        starter=extract_definition(checks, mistake, exercise.entry, imports=True) + "\n",
        needs=(exercise.id,),
        whole=exercise.id,
        form="debug",
    )


def next_mistake(exercise: Exercise, turn: int) -> str:
    """Return the mistake for the `turn`-th debug round (from 0); "" if the exercise has none.

    The order is drawn by the exercise's id, so that the easiest are not always the first.
    """
    names = list(mistake_texts(_checks_of(exercise)))
    rng = random.Random(hashlib.sha256(debug_id(exercise.id).encode()).digest())
    rng.shuffle(names)
    return names[turn % len(names)] if names else ""


def _checks_of(exercise: Exercise) -> str:
    """Return the text of an exercise's checks; "" where its folder is gone."""
    try:
        return (Path(exercise.folder) / CHECKS).read_text(encoding="utf-8")
    except OSError:
        return ""

"""Rules for exercise folders, from their text and syntax trees; nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from studytrack.content.collect import Collected, Found, Problem
from studytrack.content.rules import HIGHEST_LEVEL, circle, unknown
from studytrack.content.source import decorated, solution_lines
from studytrack.domain.exercise import CHECKS, REFERENCE, STATEMENT, Exercise

FEWEST_HINTS = 2
LONGEST_SOLUTION = 40
LONGEST_TIME = 240
DTYPES = frozenset({"float64", "float32", "float16", "bfloat16"})


def exercise_problems(collected: Collected) -> Iterator[Problem]:
    """Yield every broken rule of the exercise folders."""
    for found in collected.exercises:
        yield from _references(found, collected)
        yield from _front_matter(found)
        yield from _starter(found)
        yield from _sources(found)
        yield from _stray(found)
    round_trip = circle({one.record.id: one.record.needs for one in collected.exercises})
    if round_trip:
        file = next(one.file for one in collected.exercises if one.record.id == round_trip[0])
        way = " -> ".join(round_trip)
        yield Problem(str(file), round_trip[0], f"The exercises need each other: {way}. Cut one.")


def _references(found: Found[Exercise], collected: Collected) -> Iterator[Problem]:
    exercise, statement = found.record, found.file / STATEMENT
    if not exercise.topic:
        yield Problem(str(statement), exercise.id, "`topic` is empty. Name a topic.")
    for kind, wanted in (("term", exercise.terms), ("exercise", exercise.needs)):
        known = collected.ids(kind)
        for name in wanted:
            if name not in known:
                yield unknown(statement, exercise.id, kind, name, known)


def _front_matter(found: Found[Exercise]) -> Iterator[Problem]:
    exercise = found.record
    faults: list[str] = []
    if not exercise.statement.strip():
        faults.append("The statement is empty. Write what is asked.")
    if exercise.status == "ready" and len(exercise.hints) < FEWEST_HINTS:
        faults.append(f"Write at least {FEWEST_HINTS} hints, from the vague to the plain.")
    if any(not hint.strip() for hint in exercise.hints):
        faults.append("A hint is empty. Write it or take it out.")
    if not 1 <= exercise.level <= HIGHEST_LEVEL:
        faults.append(f"`level` goes from 1 to {HIGHEST_LEVEL}.")
    if not 1 <= exercise.minutes <= LONGEST_TIME:
        faults.append(f"`minutes` goes from 1 to {LONGEST_TIME}.")
    if any(place < 0 for place in exercise.mutates):
        faults.append("`mutates` counts arguments from 0.")
    faults += [
        f"`{dtype}` is no dtype to judge in. Use {', '.join(sorted(DTYPES))}."
        for dtype in sorted(set(exercise.dtypes) - DTYPES)
    ]
    for fault in faults:
        yield Problem(str(found.file / STATEMENT), exercise.id, fault)


def _starter(found: Found[Exercise]) -> Iterator[Problem]:
    exercise, reference = found.record, found.file / REFERENCE
    count = solution_lines(reference.read_text(encoding="utf-8"))
    if count > LONGEST_SOLUTION:
        message = f"The solution has {count} lines; {LONGEST_SOLUTION} are allowed. Shorten it."
        yield Problem(str(reference), exercise.id, message)
    try:
        body = ast.parse(exercise.starter).body
    except SyntaxError as error:
        message = f"The starter, the reference without its solution, does not parse: {error}."
        yield Problem(str(reference), exercise.id, message)
        return
    wanted = ast.ClassDef if exercise.kind == "class" else ast.FunctionDef
    if not any(isinstance(node, wanted) and node.name == exercise.entry for node in body):
        message = (
            f"The starter defines no {exercise.kind} `{exercise.entry}`. Name it so, or set `entry`"
            " and `kind`; the markers stand inside its body."
        )
        yield Problem(str(reference), exercise.id, message)
    if any(isinstance(node, ast.Raise) for node in body):
        message = "`# solution` stands outside of a function; then the starter cannot be loaded."
        yield Problem(str(reference), exercise.id, message)


def _sources(found: Found[Exercise]) -> Iterator[Problem]:
    exercise, checks = found.record, found.file / CHECKS
    text = checks.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield Problem(str(checks), exercise.id, f"The file does not parse: {error}.")
        return
    if exercise.status == "draft":
        return
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    if not called & {"case", "check"}:
        yield Problem(str(checks), exercise.id, "There is no case and no check. Declare some.")
    for declared in ("mistake", "alternative"):
        if not decorated(text, declared):
            message = f"There is no @{declared}. Declare one, so that the checks are proven."
            yield Problem(str(checks), exercise.id, message)


def _stray(found: Found[Exercise]) -> Iterator[Problem]:
    own = {STATEMENT, REFERENCE, CHECKS}
    code = "".join((found.file / name).read_text(encoding="utf-8") for name in (REFERENCE, CHECKS))
    for path in sorted(found.file.iterdir()):
        if path.name in own or path.name == "__pycache__" or _is_asset(path, code):
            continue
        message = f"`{path.name}` is a stray file: no code of the folder names it. Take it out."
        yield Problem(str(path), found.record.id, message)


def _is_asset(path: Path, code: str) -> bool:
    return path.is_file() and path.name in code

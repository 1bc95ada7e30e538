"""The examples of a statement, run against the reference in the judge.

Statements are trusted like the reference beside them; nothing of a learner's comes in.
"""

from __future__ import annotations

import doctest

import torch

from studytrack.grader.suite import Suite


def run_examples(suite: Suite) -> list[str]:
    """Return a line for each example that does not hold, or one if there is no example."""
    exercise = suite.exercise
    shown = exercise.statement.replace("```python\n", "\n").replace("```", "\n")
    known = {"torch": torch, exercise.entry: suite.reference}
    try:
        test = doctest.DocTestParser().get_doctest(shown, known, exercise.id, None, 0)
    except ValueError as error:
        return [f"The examples cannot be read: {error}."]
    if not test.examples:
        return ["The statement shows no example: add one with `>>>`."]
    runner, told = doctest.DocTestRunner(verbose=False), list[str]()
    runner.run(test, out=told.append)
    return ["An example of the statement does not hold: " + _short(text) for text in told]


def _short(text: str) -> str:
    """Return a failure of doctest on one line, from the failed example on."""
    _, _, failed = text.partition("Failed example:\n")
    return " ".join((failed or text).split())[:300]

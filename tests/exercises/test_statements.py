"""The examples of a statement are what the reference gives."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.exercise import REFERENCE

EXERCISES = load_catalogue([content_root()]).exercises


@pytest.mark.parametrize("name", EXERCISES)
def test_the_statement_s_examples_hold(name) -> None:
    """Every statement shows at least one example, and each is true to the letter."""
    exercise = EXERCISES[name]
    place = Path(exercise.folder) / REFERENCE
    known: dict[str, object] = {}
    exec(compile("import torch\n" + place.read_text(encoding="utf-8"), str(place), "exec"), known)
    shown = exercise.statement.replace("```python\n", "\n").replace("```", "\n")

    test = doctest.DocTestParser().get_doctest(shown, known, name, None, 0)
    result = doctest.DocTestRunner(verbose=False).run(test)

    assert result.attempted > 0
    assert result.failed == 0

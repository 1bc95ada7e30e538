"""The examples of a statement are what the reference gives, told by the judge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.grader.client import Grader

pytestmark = pytest.mark.xdist_group("grader")
EXERCISES = load_catalogue([content_root()]).exercises


@pytest.fixture(scope="module")
def grader():
    """A grader of our own."""
    with Grader() as service:
        yield service


@pytest.mark.parametrize("name", EXERCISES)
def test_the_statement_s_examples_hold(grader, name) -> None:
    """Every statement shows at least one example, and each is true to the letter."""
    assert grader.examples(EXERCISES[name]) == []


def test_a_wrong_example_is_told(grader) -> None:
    """With what was expected; a statement without examples is told as well."""
    known = EXERCISES["bpe_merge"]

    wrong = grader.examples(replace(known, statement=">>> merge([1, 2], (1, 2), 9)\n[8]\n"))
    none = grader.examples(replace(known, statement="Nothing is shown."))

    assert len(wrong) == len(none) == 1
    assert "[8]" in wrong[0]

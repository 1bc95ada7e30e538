"""Every exercise is proven: right solutions pass, wrong ones fail and are named."""

from __future__ import annotations

import functools

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.catalogue import Catalogue
from studytrack.grader.client import Grader
from studytrack.services.proofs import examine

MINIMUM_MISTAKES, MANY = 3, 50
pytestmark = pytest.mark.xdist_group("grader")


@functools.cache
def catalogue() -> Catalogue:
    """The shipped content."""
    return load_catalogue([content_root()])


@pytest.fixture(scope="session")
def grader():
    """A warm grader with the product's own limits."""
    with Grader() as service:
        service.start()
        yield service


@pytest.mark.parametrize("name", catalogue().exercises)
def test_the_exercise_is_proven(grader, name) -> None:
    """Right solutions pass; starter, trivial answers and mistakes fail; examples hold."""
    summary = examine(catalogue().exercises[name], grader)

    alternatives = {p.known.name for p in summary.proofs if p.known.kind == "alternative"}
    assert summary.problems == ()
    assert summary.named[1] >= MINIMUM_MISTAKES
    assert alternatives


@pytest.mark.slow
@pytest.mark.parametrize("name", catalogue().exercises)
def test_right_solutions_pass_with_any_inputs(grader, name) -> None:
    """Fifty runs with fresh seeds accept every right solution."""
    summary = examine(catalogue().exercises[name], grader, seeds=MANY, right_only=True)

    assert summary.problems == ()

"""Every exercise is proven: right solutions pass, wrong ones fail and are named."""

from __future__ import annotations

import functools

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.catalogue import Catalogue
from studytrack.grader.client import Grader
from studytrack.services.proofs import prove

MINIMUM_MISTAKES = 3


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
    """Reference and alternatives pass; starter, trivial answers and mistakes fail, each named."""
    exercise = catalogue().exercises[name]

    proofs = list(prove(exercise, grader))

    kinds = [proof.kind for proof in proofs]
    assert [f"{p.kind} {p.name}: {p.problem}" for p in proofs if p.problem] == []
    assert kinds.count("mistake") >= MINIMUM_MISTAKES
    assert kinds.count("alternative") >= 1

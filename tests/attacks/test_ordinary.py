"""A learner's ordinary file works in the sandbox, and what is refused says so in known words."""

from __future__ import annotations

from pathlib import Path

import pytest

from studytrack.content.loader import load_exercise
from studytrack.grader import landlock, seccomp
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.limits import Layers
from tests.attacks.attack import HONEST
from tests.attacks.ordinary import REFUSED, WORKS

pytestmark = [
    pytest.mark.xdist_group("attacks"),
    pytest.mark.skipif(
        not landlock.abi() or seccomp.machine() is None,
        reason="this kernel or machine has no Landlock or no seccomp table",
    ),
]
ADD_ONE = load_exercise(
    Path(__file__).parents[1] / "catalogue" / "exercises" / "basics" / "add_one"
)


@pytest.fixture(scope="module", params=[True, pytest.param(False, marks=pytest.mark.slow)])
def grader(request):
    """A warm grader, with and without namespaces."""
    layers = Layers(namespaces=request.param)
    with Grader(GraderSettings(question_seconds=20.0, run_seconds=40.0, layers=layers)) as service:
        service.start()
        yield service


@pytest.mark.parametrize("name", WORKS)
def test_an_ordinary_file_passes(grader, name) -> None:
    """It loads without an error, and its answers count."""
    report = grader.grade(ADD_ONE, f"{WORKS[name]}\n{HONEST}".encode())

    assert report.passed, (report.error, report.first_failed, report.output)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_so(grader, name) -> None:
    """The learner reads the line, and the words of the system."""
    code, words = REFUSED[name]

    report = grader.grade(ADD_ONE, f"{code}\n{HONEST}".encode())

    assert "error" == report.verdict
    assert any(text in report.error for text in words.split("|")), report.error

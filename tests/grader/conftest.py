"""One warm grader for the whole test process, and the tiny exercises."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studytrack.content.loader import load_exercise
from studytrack.domain.exercise import Exercise
from studytrack.grader.client import Grader, GraderSettings


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    """A grader with short limits."""
    with Grader(GraderSettings(question_seconds=3.0, run_seconds=20.0)) as service:
        service.start()
        yield service


@pytest.fixture(scope="session")
def add_one() -> Exercise:
    """A function on tensors."""
    return _tiny("add_one")


@pytest.fixture(scope="session")
def row_sum() -> Exercise:
    """A function with gradients."""
    return _tiny("row_sum")


@pytest.fixture(scope="session")
def scale() -> Exercise:
    """A module with one parameter."""
    return _tiny("counter")


def _tiny(name: str) -> Exercise:
    return load_exercise(Path(__file__).parent.parent / "catalogue" / "exercises" / "basics" / name)


@pytest.fixture
def with_check(tmp_path: Path) -> Callable[[Exercise, str], Exercise]:
    """Copy an exercise and let its checks end with a text."""

    def make(exercise: Exercise, text: str) -> Exercise:
        copy = tmp_path / Path(exercise.folder).parent.name / Path(exercise.folder).name
        shutil.copytree(exercise.folder, copy)
        checks = copy / "checks.py"
        names = "import alternative, case, check, mistake, raises"
        whole = checks.read_text(encoding="utf-8").replace(
            "import alternative, case, mistake", names
        )
        checks.write_text(whole + text, encoding="utf-8")
        return load_exercise(copy)

    return make

"""Opening the interface from the command line, without drawing it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from studytrack.cli.front import Front
from studytrack.cli.interface import open_interface


@pytest.fixture
def opened(monkeypatch) -> list:
    """What the interface was opened with."""
    calls: list = []
    module = ModuleType("studytrack.tui.app")
    module.run_app = lambda study, grader, problem: calls.append((study, grader, problem))
    monkeypatch.setitem(sys.modules, "studytrack.tui.app", module)
    return calls


def test_it_gets_the_study_and_a_way_to_grade(opened, home) -> None:
    """The grader is made when an exercise needs it, not before."""
    open_interface(Front(home, (), debug=False))

    ((study, grader, problem),) = opened
    assert "" == problem
    assert 25 == study.settings.study_minutes
    assert callable(grader)


def test_settings_that_cannot_be_used_give_way_to_the_defaults(opened, home) -> None:
    """The interface shows the reason; the file stays."""
    file = home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[study]\nminuts = 3\n")

    open_interface(Front(home, (), debug=False))

    ((study, _, problem),) = opened
    assert "Did you mean `study.minutes`?" in problem
    assert "Running on the defaults; your file is untouched." in problem
    assert 25 == study.settings.study_minutes
    assert "[study]\nminuts = 3\n" == file.read_text()

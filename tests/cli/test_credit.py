"""Credit for prerequisites as the command line tells it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from studytrack.config import Settings
from studytrack.paths import find_paths
from studytrack.services.grading import grade
from studytrack.services.study import Study
from tests.services.test_consequences import FakeGrader


@pytest.fixture
def credited(home, tiny, now):
    """`add_one` was passed five days ago; passing `row_sum` has just given it credit."""
    moments: list[datetime] = [now - timedelta(days=5)]
    settings = Settings(study_zone="Europe/Berlin", memory_credit=True)
    study = Study(find_paths({}, home), settings, lambda: moments[-1], [tiny])
    grade(study, "add_one", b"x = 1\n", grader=FakeGrader("passed"))
    moments.append(now)
    grade(study, "row_sum", b"x = 1\n", grader=FakeGrader("passed"))
    study.close()


def test_the_history_tells_where_credit_came_from(ask, credited) -> None:
    """The newest first, beside the attempts; with weight and due day for scripts."""
    rows = ask("exercise", "history", "add_one").rows
    newest, first = ask("exercise", "history", "add_one", "--json").data

    assert [row[2] for row in rows] == ["verdict", "credit from `row_sum`", "passed"]
    assert newest["title"] == "credit from `row_sum`"
    assert (newest["because"], newest["weight"]) == ("row_sum", 0.25)
    assert newest["due"] == ask("exercise", "show", "add_one", "--json").data["due"]
    assert set(first) <= set(newest)


def test_the_page_tells_what_moved_the_due_day(ask, credited) -> None:
    """In the line of the status; without credit there is nothing to read."""
    assert ", credit from `row_sum`.\n" in ask("exercise", "show", "add_one").out
    assert "credit" not in ask("exercise", "show", "row_sum").out
    assert ask("exercise", "show", "add_one", "--json").data["credit_from"] == "row_sum"


def test_credit_is_switched_on_by_a_setting(ask) -> None:
    """Off at first; the words of a switch are understood."""
    assert ask("config", "get", "memory.credit", "--json").data["value"] is False
    ask("config", "set", "memory.credit", "on")
    assert ask("config", "get", "memory.credit", "--json").data["value"] is True


def test_a_forecast_says_what_credit_would_change(ask, credited) -> None:
    """One sentence, with the state of the setting; figures for scripts."""
    said = ask("simulate", "--days", "200").out
    data = ask("simulate", "--days", "200", "--json").data["exercises"]

    reviews = [round(data[name]["reviews"]) for name in ("with_credit", "without_credit")]
    assert f"{reviews[0]} exercise reviews instead of {reviews[1]} in 200 days" in said
    assert "It is off (`memory.credit`)." in said
    assert (data["solved"], data["credit"]) == (2, False)


def test_a_forecast_without_solved_exercises_leaves_credit_out(ask) -> None:
    """There is nothing that it could change."""
    assert "credit" not in ask("simulate", "--days", "30").out
    assert ask("simulate", "--days", "30", "--json").data["exercises"] is None

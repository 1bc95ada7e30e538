"""Thirty days of a learner through the command line alone, kept books beside it.

The clock is `STUDYTRACK_NOW`; the books know nothing but what the commands say. Every day: what is
due equals what the answers before scheduled, the streak counts on, the forecast of yesterday holds,
and a solved exercise comes back on its day.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from studytrack.cli.main import run
from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("grader")]
ZONE = timezone(timedelta(hours=1))
FIRST, DAYS, PER_DAY = datetime(2026, 2, 10, 9, tzinfo=ZONE), 30, 40
EXERCISES = {0: "softmax", 3: "top_k", 6: "causal_mask"}  # solved on these days


@dataclass
class Learner:
    """Somebody who types commands, and their books."""

    home: Path
    moment: datetime = FIRST
    due: dict[str, date] = field(default_factory=dict)
    answers: Counter[date] = field(default_factory=Counter)

    def ask(self, *words: str) -> Any:
        """Run a command with `--json` and return its data."""
        os.environ["STUDYTRACK_NOW"] = self.moment.isoformat()
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--home", str(self.home), *words, "--json"])
        assert 0 == code, (words, code, err.getvalue())
        return json.loads(out.getvalue())["data"]

    @property
    def today(self) -> date:
        """The study day."""
        return self.moment.date()

    def study(self) -> None:
        """Answer what is asked today, ten seconds each."""
        for _ in range(PER_DAY):
            asked = self.ask("card", "next")
            if asked is None or asked.get("id") is None:
                return
            answered = self.ask("card", "answer", asked["id"], str(self.rating(asked["id"])))
            self.answers[self.today] += 1
            self.moment += timedelta(seconds=10)
            if answered["scheduled"] > 0:
                due = date.fromisoformat(answered["due"])
                assert due == self.today + timedelta(days=answered["scheduled"])
                self.due[asked["id"]] = due
            else:
                self.due[asked["id"]] = self.today
                self.moment += timedelta(minutes=1)

    def rating(self, name: str) -> int:
        """Recall that is seeded by card and day: 1 in 10 again, 1 in 10 hard, 1 in 10 easy."""
        drawn = hashlib.sha256(f"{name} {self.today}".encode()).digest()[0] / 256
        return 1 if drawn < 0.1 else 2 if drawn < 0.2 else 4 if drawn > 0.9 else 3


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Learner:
    """A new learner, at nine in the morning; the content is read from its files once."""
    monkeypatch.setenv("STUDYTRACK_NOW", FIRST.isoformat())  # restored afterwards
    content = load_catalogue([content_root()])
    monkeypatch.setattr("studytrack.services.study.load_catalogue", lambda roots: content)
    return Learner(tmp_path / "home")


def test_thirty_days_add_up(learner: Learner) -> None:
    """Due counts, intervals, streak and forecast agree with the answers; exercises come back."""
    comes_back: dict[str, date] = {}
    solved_again = 0
    forecast: list[int] = []
    for number in range(DAYS):
        learner.moment = FIRST + timedelta(days=number)
        waiting = sum(due <= learner.today for due in learner.due.values())
        returned = [name for name, due in comes_back.items() if due <= learner.today]
        before = learner.ask("stats")
        if number:
            assert forecast[1] == before["upcoming"][0] - overdue(learner, comes_back)
        assert waiting + len(returned) == before["upcoming"][0]
        assert set(returned) == {
            row["id"] for row in learner.ask("exercise", "list") if row["status"] == "due"
        }

        learner.study()
        for name in [EXERCISES[number]] if number in EXERCISES else returned[:1]:
            solved_again += name in comes_back
            comes_back[name] = solve(learner, name)

        after = learner.ask("stats")
        assert number + 1 == after["streak"]
        solved = sum(due > learner.today for due in comes_back.values())
        assert after["per_day"][-1] >= learner.answers[learner.today]
        assert solved == after["exercises_passed"]
        forecast = after["upcoming"]
    assert len(comes_back) == len(EXERCISES)
    assert solved_again > 0


def overdue(learner: Learner, comes_back: dict[str, date]) -> int:
    """Return what was due before today and left over."""
    every = [*learner.due.values(), *comes_back.values()]
    return sum(due < learner.today for due in every)


def solve(learner: Learner, name: str) -> date:
    """Hand in the reference from an empty body and return the day on which it comes back."""
    learner.ask("exercise", "open", name)
    learner.moment += timedelta(minutes=4)
    reference = next(content_root().glob(f"exercises/*/{name}/reference.py"))
    text = f"# written on {learner.today}\n{reference.read_text(encoding='utf-8')}"
    file = learner.home / "written.py"
    file.write_text(text, encoding="utf-8")
    graded = learner.ask("grade", name, str(file))
    assert graded["passed"]
    assert graded["rating"] is not None
    shown = next(row for row in learner.ask("exercise", "list") if row["id"] == name)
    return date.fromisoformat(shown["due"])

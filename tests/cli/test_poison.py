"""Homes and files that hold one poisoned row, at the command line."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

CARD = "recall.topk-tie"
ATTEMPT = {
    "attempt_id": "ab" * 16, "device_id": "d", "clock": 1_795_500_000_000,
    "utc_ms": 1_795_500_000_000, "offset_min": 0, "study_day": 739_944, "exercise": "add_one",
    "source": "x", "verdict": "failed", "passed": 0, "device": "cpu", "seed": 1, "seconds": 0.1,
    "report": '{"checks": ["x"]}', "evidence": "{}",
}  # fmt: skip


@pytest.fixture
def poisoned(ask, home: Path) -> Path:
    """A home with an answer and an attempt whose report is none; its database."""
    ask("card", "answer", CARD, "good")
    (database,) = home.rglob("studytrack.db")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        marks = ", ".join("?" * len(ATTEMPT))
        connection.execute(
            f"INSERT INTO attempt ({', '.join(ATTEMPT)}) VALUES ({marks})", [*ATTEMPT.values()]
        )
        connection.commit()
    return database


def test_a_failing_command_names_the_repair(ask, poisoned) -> None:
    """Not 70 and a traceback: the data is at fault, and one command mends it."""
    for words in (("today",), ("stats",), ("exercise", "list")):
        said = ask(*words, code=4)
        assert "studytrack doctor --repair" in said.err

    ask("doctor", "--repair")

    for words in (("today",), ("stats",), ("exercise", "list"), ("card", "undo")):
        ask(*words)


def test_doctor_says_which_rule_is_broken(ask, poisoned) -> None:
    """With the count, the row and the remedy; afterwards it names the file that keeps it."""
    line = next(text for text in ask("doctor", code=1).out.splitlines() if "rows:" in text)
    assert line.startswith("✗ fail  rows: 1 row of the database breaks a rule: report (1).")

    said = ask("doctor", "--repair")

    assert "1 row broke a rule and lies aside now: report (1)." in said.err
    assert "studytrack.aside.jsonl" in said.out
    kept = poisoned.with_name("studytrack.aside.jsonl").read_text(encoding="utf-8")
    assert json.loads(kept)["attempt"]["report"] == {"checks": ["x"]}


def test_a_poisoned_export_exits_with_one_and_names_the_line(ask, tmp_path) -> None:
    """What is whole comes in, and a dry run says the same."""
    ask("card", "answer", CARD, "good")
    path = tmp_path / "export.json"
    ask("export", "json", "-o", str(path))
    whole = json.loads(path.read_text(encoding="utf-8"))
    (row,) = whole["data"]["log"]
    fresh = {**row, "event_id": "cd" * 16, "clock": row["clock"] + 1}
    whole["data"]["log"] += [{**row, "event_id": "ef" * 16, "rating": -5}, fresh]
    path.write_text(json.dumps(whole, indent=1), encoding="utf-8")

    dry = ask("import", str(path), "--dry-run", code=1)
    said = ask("import", str(path), code=1)

    assert "1 new, 0 merged, 1 unchanged, 1 refused" in dry.out
    assert "1 new, 0 merged, 1 unchanged, 1 refused" in said.out
    assert "refused: log row 2: `rating` is -5" in dry.err
    assert dry.err == said.err


def test_the_way_back_from_a_wrong_date(ask, monkeypatch) -> None:
    """A union and an answer of 2031 move no later day; each command says how to go back."""
    ask("card", "answer", CARD, "good")
    monkeypatch.setenv("STUDYTRACK_NOW", "2031-03-01T08:00:00+01:00")
    ask("card", "answer", CARD, "good", code=5)
    ask("--date-is-right", "card", "answer", CARD, "easy")
    monkeypatch.setenv("STUDYTRACK_NOW", "2026-11-25T08:00:00+01:00")

    told = ask("today")
    ask("undo", "--ahead")
    again = ask("today")

    assert "studytrack undo --ahead" in told.err
    assert told.out.startswith("Sat 1 Mar")
    assert again.err == ""
    assert again.out.startswith("Wed 25 Nov")
    assert ask("undo", "--ahead", code=1).out == "No answer stands on a day to come.\n"

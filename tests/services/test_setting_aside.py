"""Homes that hold rows which break a rule: doctor finds them, a repair keeps everything else."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import Any

import pytest

from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.row_rules import SOURCE_CAP
from studytrack.errors import StoreFault
from studytrack.services import repair, review, undo
from studytrack.services.setting_aside import examine_rows, faulty_home
from studytrack.services.transfer import import_file
from studytrack.storage import aside
from studytrack.storage.aside import aside_file
from tests.services.poison import ATTEMPT, DAY, ROWS, use_everything

CARD = "recall.topk-tie"
POISON: dict[str, dict[str, Any]] = {
    "rating": {**ROWS[0], "rating": -5},
    "kind": {**ROWS[0], "kind": "nap"},
    "scheduled": {**ROWS[1], "scheduled": 2**40},
    "evidence": {**ROWS[0], "evidence": {"step": "x"}},
    "report": {**ATTEMPT, "report": {**ATTEMPT["report"], "checks": ["x"]}},
}


def take_unseen(study, *rows: dict[str, Any]) -> None:
    """Bring rows in without a look at them, as older versions did; states follow or not."""
    dump = {
        "log": [row for row in rows if "event_id" in row],
        "attempts": [row for row in rows if "event_id" not in row],
    }
    with contextlib.suppress(ValueError, OverflowError, TypeError):
        study.store.merge(dump)
        return
    with contextlib.closing(sqlite3.connect(study.paths.database)) as connection:
        for row in dump["log"]:
            values = [json.dumps(one) if isinstance(one, dict) else one for one in row.values()]
            defaults = {
                name: "" for name in LogRow._fields if LogRow._field_defaults.get(name) == ""
            } | {"evidence": "{}", "fields": "{}"}
            missing = {name: one for name, one in defaults.items() if name not in row}
            names = ", ".join([*row, *missing])
            marks = ", ".join("?" * (len(row) + len(missing)))
            connection.execute(
                f"INSERT INTO log ({names}) VALUES ({marks})", [*values, *missing.values()]
            )
        connection.commit()


def kept(study) -> list[dict[str, Any]]:
    """Return what lies aside."""
    text = aside_file(study.paths.data).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def rows_line(study) -> tuple[str, str]:
    """Return what doctor says of the rows."""
    (found,) = examine_rows(study.paths, study)
    return found.state, found.text


@pytest.mark.parametrize("field", POISON)
def test_a_poisoned_row_is_found_and_set_aside(study, field) -> None:
    """It is counted by its rule, kept in a file, and gone from database and journal for good."""
    answered = review.answer(study, CARD, 3).row
    take_unseen(study, POISON[field])
    before = rows_line(study)

    sentences = repair.repair(study).sentences

    assert before[0] == "fail"
    assert f"{field} (1)" in before[1]
    assert f"1 row broke a rule and lies aside now: {field} (1)." in sentences
    assert rows_line(study)[0] == "ok"
    assert str(aside_file(study.paths.data)) in rows_line(study)[1]
    assert [row.event_id for row in study.store.rows()] == [answered.event_id]
    table = "log" if "event_id" in POISON[field] else "attempt"
    assert kept(study)[0][table]["clock"] == POISON[field]["clock"]
    use_everything(study)


def test_what_was_set_aside_does_not_come_back(study, reopen) -> None:
    """Neither from the journal at the next start nor by another repair; that one has no work."""
    review.answer(study, CARD, 3)
    take_unseen(study, POISON["rating"])
    repair.repair(study)
    study.close()
    again = reopen()

    notices = again.notices()
    sentences = repair.repair(again).sentences

    assert notices == []
    assert sentences == ("All states rebuilt from the log; 0 of them differed.",)
    assert len(again.store.rows()) == 1
    assert len(kept(again)) == 1  # of database and journal


def test_answers_after_a_poisoned_day_keep_their_place(study, clock) -> None:
    """They took the impossible day over; each gets the day of its own time, and none is lost."""
    poison = {**ROWS[0], "study_day": 2**40}
    review.answer(study, CARD, 3)
    take_unseen(study, poison)
    clock.forward(days=1)
    row = review.answer(study, CARD, 3).row
    wrong = row._replace(event_id="ee" * 16, clock=row.clock + 1, study_day=2**40)
    take_unseen(study, wrong._asdict())
    today = study.stamp().study_day

    repair.repair(study)

    days = {row.event_id: row.study_day for row in study.store.rows()}
    assert len(days) == 4
    assert days["ee" * 16] == today
    assert days[poison["event_id"]] == DAY + 1  # it is after four o'clock there
    assert rows_line(study)[0] == "ok"
    use_everything(study)


def test_impossible_clocks_follow_the_time_in_their_order(study) -> None:
    """Rows after a clock of 2^62 keep their order, and the next answer can be stored."""
    rows = [{**ROWS[0], "event_id": f"{n:032x}", "clock": 2**62 + n} for n in range(5)]
    review.answer(study, CARD, 3)
    take_unseen(study, *reversed(rows))

    repair.repair(study)

    found = [row.event_id for row in study.store.rows() if row.event_id.startswith("0000")]
    assert found == [row["event_id"] for row in rows]
    assert review.answer(study, CARD, 3).row.clock < 2**62


def test_a_long_source_is_cut_in_database_and_journal(study) -> None:
    """The whole lies aside; the attempt stays with the beginning of its source."""
    review.answer(study, CARD, 3)
    take_unseen(study, {**ATTEMPT, "source": "x = 1\n" * 500_000})
    size = study.paths.journal.stat().st_size
    before = rows_line(study)

    repair.repair(study)

    (attempt,) = study.store.attempts()
    assert "source (1)" in before[1]
    assert len(attempt.source) == SOURCE_CAP
    assert "cut here: the whole has 3,000,000 characters" in attempt.source
    assert study.paths.journal.stat().st_size < size / 10
    assert len(kept(study)[0]["attempt"]["source"]) == 3_000_000
    assert rows_line(study)[0] == "ok"


def test_a_repair_needs_the_home_for_itself(study, reopen) -> None:
    """Another window that has it open is not written away under its hands."""
    take_unseen(study, POISON["rating"])
    other = reopen()
    assert other.store.size() == 1

    with pytest.raises(StoreFault, match="open elsewhere"):
        repair.repair(study)

    assert not aside_file(study.paths.data).exists()


@pytest.mark.parametrize("step", ["_keep", "_take_out", "sync_folder", "lines_of"])
def test_a_repair_that_was_killed_is_done_again(study, reopen, monkeypatch, step) -> None:
    """Wherever it ends, nothing is lost and nothing is doubled in the log."""
    answered = review.answer(study, CARD, 3).row
    undo.undo(study)
    take_unseen(study, POISON["rating"], {**ATTEMPT, "source": "#" * 100_000})

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(aside, step, killed)
        with pytest.raises(KeyboardInterrupt):
            repair.repair(study)
    study.close()
    again = reopen()
    repair.repair(again)

    rows = again.store.rows()
    assert [row.event_id for row in rows if row.kind != "undo"] == [answered.event_id]
    assert [row.kind for row in rows] == ["learn", "undo"]
    assert len(again.store.attempts()) == 1
    assert any(one.get("log", {}).get("rating") == -5 for one in kept(again))
    assert rows_line(again)[0] == "ok"
    use_everything(again)


def test_a_restored_backup_loses_its_poison_too(study) -> None:
    """Backups of before hold the row; what is put in place does not."""
    review.answer(study, CARD, 3)
    take_unseen(study, POISON["scheduled"])
    repair.make_backup(study)

    repair.restore(study)

    assert rows_line(study)[0] == "ok"
    assert kept(study)
    use_everything(study)


def test_a_failed_command_blames_the_rows_only_if_they_are_bad(study, tmp_path) -> None:
    """The error names the repair. A sound or missing home gives no error."""
    empty = faulty_home(study.paths)
    review.answer(study, CARD, 3)
    sound = faulty_home(study.paths)
    take_unseen(study, POISON["report"])
    bad = faulty_home(study.paths)

    assert empty is sound is None
    assert bad is not None
    assert "doctor --repair" in bad.remedy
    assert bad.exit_code == 4


def test_what_lies_aside_is_refused_by_an_import(study) -> None:
    """The file is read as a journal, and each line is named with what is wrong."""
    review.answer(study, CARD, 3)
    take_unseen(study, POISON["rating"], POISON["kind"])
    repair.repair(study)

    summary = import_file(study, aside_file(study.paths.data), "journal")

    assert summary.new == 0
    assert all(line.startswith("line ") for line in summary.refused)


def test_a_row_and_an_attempt_are_what_the_rules_know() -> None:
    """A new field of either must get a rule."""
    assert {name for row in ROWS for name in row} <= set(LogRow._fields)
    assert set(ATTEMPT) == set(Attempt.__dataclass_fields__)


@pytest.mark.parametrize("field", ["kind", "evidence"])
def test_a_backup_from_before_rows_were_set_aside_is_still_of_use(study, field) -> None:
    """It differs from the journal only in what a repair has taken out or put right since."""
    study.store.merge({"log": [{**ROWS[1], "event_id": "e" * 32, "clock": 5}], "attempts": []})
    take_unseen(study, POISON[field])
    study.store.backup("test")
    repair.repair(study)
    study.close()
    with study.paths.database.open("r+b") as file:
        file.write(bytes(4096))

    done = repair.repair(study)

    assert not [one for one in done.sentences if "passed over" in one]
    assert [one for one in done.sentences if "rebuilt from the backup" in one]
    assert "ok" == rows_line(study)[0]

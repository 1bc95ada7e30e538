"""What may come in from outside: nothing that breaks anything, and what is refused is named."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studytrack.domain.row_rules import DAY_MS, SOURCE_CAP
from studytrack.paths import find_paths
from studytrack.services import review
from studytrack.services.study import Study
from studytrack.services.transfer import import_file
from studytrack.storage.lines import sealed, unsealed
from tests.services.poison import ATTEMPT, DAY, NOON, ROWS, spoiled, use_everything


def export_of(rows: list[dict[str, Any]], indent: int | None = 1) -> str:
    """Return an export that holds rows and attempts."""
    data = {
        "log": [row for row in rows if "event_id" in row],
        "attempts": [row for row in rows if "event_id" not in row],
    }
    return json.dumps({"schema": "studytrack/1", "data": data}, indent=indent)


@pytest.fixture
def fresh(tmp_path, settings, clock, tiny):
    """Open an empty home, over and over; the one before is gone."""
    opened: list[Study] = []

    def make() -> Study:
        for one in opened:
            one.close()
        opened.clear()
        shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
        opened.append(Study(find_paths({}, tmp_path / "fresh"), settings, clock, [tiny]))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_rows_of_every_kind_come_in(fresh, tmp_path) -> None:
    """None of what the program itself writes is refused, and everything works on it."""
    path = tmp_path / "all.json"
    path.write_text(export_of([*ROWS, ATTEMPT]), encoding="utf-8")
    study = fresh()

    summary = import_file(study, path)

    assert summary.refused == ()
    assert summary.new == len(ROWS) + 1
    use_everything(study)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(spoiled(), min_size=1, max_size=8))
def test_spoiled_rows_are_refused_or_harmless(fresh, tmp_path, rows) -> None:
    """Whatever one changes in rows: they are refused, or everything works with them."""
    study = fresh()
    path = tmp_path / "some.json"
    path.write_text(export_of(rows), encoding="utf-8")

    dry = import_file(study, path, dry_run=True)
    summary = import_file(study, path)

    assert dry == summary
    assert len(summary.refused) + summary.new <= len(rows)
    use_everything(study)


def of(kind: str, item_kind: str, item_id: str = "") -> dict[str, Any]:
    """Return a valid row of a kind."""
    wanted = (kind, item_kind)
    return next(
        row
        for row in ROWS
        if (row["kind"], row["item_kind"]) == wanted and item_id in ("", row["item_id"])
    )


LEARN, REVIEW, RELEARN = (of(kind, "card") for kind in ("learn", "review", "relearn"))
HINT, MOVED, UNDO = of("hint", "exercise"), of("reschedule", "card"), of("undo", "card")
TOPIC, DAY_MORE, PARAMS = (of("set", kind) for kind in ("topic", "day", "params"))
DEEP, POST = of("set", "reading", "deep-book"), of("set", "reading", "own-post")


def spoil(row: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a valid row with some fields changed."""
    return {**row, **fields}


SPOILT: list[tuple[dict[str, Any], str]] = [
    (spoil(LEARN, clock=2**63 - 1), "clock"),
    (spoil(LEARN, clock=10**30), "clock"),
    (spoil(LEARN, clock=LEARN["clock"] - 1), "clock"),
    (spoil(LEARN, study_day=2**62), "study_day"),
    (spoil(LEARN, study_day=10**12), "study_day"),
    (spoil(LEARN, study_day=DAY + 3), "study_day"),
    (spoil(LEARN, study_day=DAY - 2), "study_day"),
    (spoil(LEARN, utc_ms=2**60), "utc_ms"),
    (spoil(LEARN, offset_min=1440), "offset_min"),
    (spoil(LEARN, rating=-5), "rating"),
    (spoil(LEARN, rating=True), "rating"),
    (spoil(MOVED, rating=3), "rating"),
    (spoil(LEARN, kind="nap"), "kind"),
    (spoil(LEARN, item_kind="planet"), "item_kind"),
    (spoil(LEARN, item_kind="reading"), "item_kind"),
    (spoil(LEARN, item_id=""), "item_id"),
    (spoil(LEARN, item_id="a\nb"), "item_id"),
    (spoil(LEARN, event_id="é" * 8), "event_id"),
    (spoil(LEARN, device_id="d" * 33), "device_id"),
    (spoil(LEARN, duration_ms=-1), "duration_ms"),
    (spoil(LEARN, scheduled=2**40), "scheduled"),
    (spoil(LEARN, s_after=float("inf")), "s_after"),
    (spoil(LEARN, r_before=float("nan")), "r_before"),
    (spoil(LEARN, d_after=0.5), "d_after"),
    (spoil(LEARN, retention=1.5), "retention"),
    (spoil(LEARN, evidence={"step": "x"}), "evidence"),
    (spoil(LEARN, evidence={"step": -50}), "evidence"),
    (spoil(LEARN, evidence=[1]), "evidence"),
    (spoil(LEARN, evidence={"x": 2**64}), "evidence"),
    (spoil(LEARN, evidence=json.loads('{"a":' * 60 + "1" + "}" * 60)), "evidence"),
    (spoil(LEARN, evidence={"x": list(range(30_000))}), "evidence"),
    (spoil(LEARN, fields={"status": "done"}), "fields"),
    (spoil(LEARN, rhythm=1), "rhythm"),
    (spoil(LEARN, target="b" * 32), "target"),
    (spoil(UNDO, target=UNDO["event_id"]), "target"),
    (spoil(UNDO, target=""), "target"),
    (spoil(HINT, evidence={"number": [1]}), "evidence"),
    (spoil(DEEP, fields={"status": "paused"}), "fields"),
    (spoil(DEEP, fields={"progress": 101}), "fields"),
    (spoil(DEEP, fields={"takeaways": [{"x": 1}]}), "fields"),
    (spoil(DEEP, fields={"finished": "yesterday"}), "fields"),
    (spoil(TOPIC, fields={"marked": "maybe"}), "fields"),
    (spoil(DAY_MORE, fields={"extra_new": "a"}), "fields"),
    (spoil(PARAMS, fields={"use": "abc", "set:abc": {"usable": "x"}}), "fields"),
    ({**ATTEMPT, "report": {**ATTEMPT["report"], "checks": ["x"]}}, "report"),
    ({**ATTEMPT, "report": {**ATTEMPT["report"], "checks": [{"name": "a"}]}}, "report"),
    ({**ATTEMPT, "report": {"verdict": "failed"}}, "report"),
    ({**ATTEMPT, "verdict": "lovely"}, "verdict"),
    ({**ATTEMPT, "passed": True}, "passed"),
    ({**ATTEMPT, "passed": 0}, "passed"),
    ({**ATTEMPT, "seed": 2**63}, "seed"),
    ({**ATTEMPT, "seconds": -1}, "seconds"),
    ({**ATTEMPT, "exercise": ""}, "exercise"),
]


@pytest.mark.parametrize(("row", "field"), SPOILT)
def test_a_row_is_refused_by_its_field(study, tmp_path, row, field) -> None:
    """Number in the list, line in the file and field are named, and nothing comes in."""
    path = tmp_path / "one.json"
    path.write_text(export_of([row]), encoding="utf-8")

    summary = import_file(study, path)

    name = "log row 1" if "event_id" in row else "attempt 1"
    (refused,) = summary.refused
    assert refused.startswith(f"{name}: `{field}` ")
    assert re.search(r"\(line \d+\)$", refused)
    assert (summary.new, study.store.rows(), study.store.attempts()) == (0, [], [])


RECORDS: list[tuple[str, dict[str, Any]]] = [
    ("reading", {"id": "other", "title": "t", "url": "https://a.example", "kind": "post"}),
    ("reading", {"id": "x", "title": "t", "url": "http://[bad", "kind": "post"}),
    ("reading", {"id": "x", "title": "t", "url": "https://a.example", "kind": "smell"}),
    ("reading", {"id": "x", "title": 3, "url": "https://a.example", "kind": "post"}),
    ("card", {"id": "x", "kind": "choice", "topic": "", "front": "?", "answer": "z"}),
    ("card", {"id": "x", "kind": "numeric", "topic": "", "front": "?", "answer": "many"}),
    ("card", {"id": "x", "kind": "cloze", "topic": "", "front": "{{a}} " * 1000}),
    ("card", {"id": "x", "kind": "cloze", "topic": "", "front": "{" * 20_000 + "{{a}}"}),
    ("term", {"id": "x", "title": "t", "text": "u", "aliases": ["a"] * 5000}),
    ("note", {"id": "x", "title": "t"}),
    ("advice", {"id": "x", "category": "c", "text": "t", "source": "s"}),
]


@pytest.mark.parametrize(("item_kind", "record"), RECORDS)
def test_an_item_that_could_not_be_shown_is_refused(study, tmp_path, item_kind, record) -> None:
    """Another id than the row's, an address that is none, a question without an answer."""
    row = spoil(DEEP, item_kind=item_kind, item_id="x", fields={"record": record})
    path = tmp_path / "one.json"
    path.write_text(export_of([row]), encoding="utf-8")

    summary = import_file(study, path)

    assert summary.new == 0
    assert summary.refused[0].startswith("log row 1: `fields` break a rule: `record`")


def test_what_a_newer_version_adds_comes_in(study, tmp_path) -> None:
    """Unknown fields of a tracked item and of a record wait in the log for that version."""
    record = {**POST["fields"]["record"], "mood": "calm"}
    rows = [spoil(POST, fields={"record": record, "weather": {"rain": 1}})]
    path = tmp_path / "newer.json"
    path.write_text(export_of(rows), encoding="utf-8")

    assert import_file(study, path).refused == ()
    use_everything(study)


def test_the_other_rows_come_in(study, tmp_path) -> None:
    """One poisoned row takes none with it, and its line is where it begins."""
    rows = [LEARN, spoil(REVIEW, rating=9), RELEARN]
    text = export_of(rows)
    path = tmp_path / "three.json"
    path.write_text(text, encoding="utf-8")

    summary = import_file(study, path)

    line = [n for n, part in enumerate(text.split("\n"), 1) if '"rating": 9' in part]
    start = [n for n, part in enumerate(text.split("\n"), 1) if part.strip() == "{"]
    begins = max(n for n in start if n < line[0])
    assert summary.new == 2
    assert summary.refused[0].endswith(f"(line {begins})")


def test_one_id_twice_with_other_words_is_refused(study, tmp_path) -> None:
    """The first counts; the same row twice is no fault."""
    rows = [LEARN, LEARN, spoil(LEARN, rating=1)]
    path = tmp_path / "twice.json"
    path.write_text(export_of(rows), encoding="utf-8")

    summary = import_file(study, path)

    assert summary.new == 1
    assert [text.split(":")[0] for text in summary.refused] == ["log row 3"]
    assert study.store.rows()[0].rating == 3


def test_a_journal_and_a_database_are_judged_too(study, fresh, tmp_path) -> None:
    """The line of the journal is named, and the row of the database."""
    other = fresh()
    for row in (LEARN, REVIEW):
        other.store.merge({"log": [row]})
    other.close()
    journal = tmp_path / "copy.jsonl"
    lines = other.paths.journal.read_text(encoding="utf-8").splitlines()
    lines[2] = sealed(unsealed(lines[2].encode()).decode().replace('"rating":3', '"rating":-5'))
    journal.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with contextlib.closing(sqlite3.connect(other.paths.database)) as connection:
        connection.execute("UPDATE log SET study_day = ? WHERE rowid = 1", (2**62,))
        connection.execute("UPDATE log SET item_id = ? WHERE rowid = 2", (b"\xff",))
        connection.commit()

    of_journal = import_file(study, journal)
    of_database = import_file(study, other.paths.database)

    assert of_journal.new == 1
    assert of_journal.refused[0].startswith("line 3: `rating` is -5")
    assert of_database.new == 0
    assert [text.split(":")[0] for text in of_database.refused] == [
        "row 1 of the table `log`",
        "row 2 of the table `log`",
    ]


def test_texts_without_end_are_cut(study, tmp_path) -> None:
    """A source over the cap and half a surrogate pair come in as what can be stored."""
    attempt = {**ATTEMPT, "source": "#" * 200_000}
    row = spoil(LEARN, answer="\ud800")
    path = tmp_path / "long.json"
    path.write_text(export_of([row, attempt]), encoding="utf-8")

    summary = import_file(study, path)

    assert (summary.new, summary.refused) == (2, ())
    assert "2 of them had texts that were cut to size." in summary.details
    assert len(study.store.attempts()[0].source) == SOURCE_CAP
    assert study.store.rows()[0].answer == "\ufffd"
    use_everything(study)


@pytest.mark.parametrize(
    "moved",
    [
        {"utc_ms": 400 * DAY_MS, "clock": 400 * DAY_MS, "study_day": 400},
        {"clock": 400 * DAY_MS, "study_day": 400},
        {"clock": 400 * DAY_MS},
    ],
)
def test_rows_far_ahead_are_refused_unless_the_date_is_right(study, tmp_path, moved) -> None:
    """By their time, by a day that a wrong clock held, or by a clock beyond every time."""
    row = spoil(LEARN, **{name: LEARN[name] + by for name, by in moved.items()})
    path = tmp_path / "ahead.json"
    path.write_text(export_of([row]), encoding="utf-8")

    summary = import_file(study, path)
    confirmed = import_file(study, path, dry_run=True, confirmed=True)

    assert (summary.new, len(summary.refused)) == (0, 1)
    assert "a year" in summary.refused[0]
    assert (confirmed.new, confirmed.refused) == (1, ())


def test_clocks_that_ran_ahead_since_are_no_fault(study, tmp_path) -> None:
    """After a wrong date was taken back, a device's clocks stay ahead of its times."""
    ahead = 1000 * DAY_MS
    wrong = spoil(LEARN, utc_ms=NOON + ahead, clock=NOON + ahead, study_day=DAY + 1000)
    later = spoil(REVIEW, clock=NOON + ahead + 5)
    path = tmp_path / "since.json"
    path.write_text(export_of([wrong, later]), encoding="utf-8")

    summary = import_file(study, path)

    assert (summary.new, len(summary.refused)) == (1, 1)
    assert review.answer(study, "recall.topk-tie", 3).row.study_day == study.stamp().study_day


def test_undos_that_lead_round_end(study, tmp_path) -> None:
    """Rows that undo each other, and a long chain of them, cost no endless loop."""
    names = [f"{number:032x}" for number in range(1500)]
    first = {**spoil(UNDO, event_id=names[0], target=names[-1]), "clock": NOON}
    chain = [
        spoil(UNDO, event_id=name, target=before, clock=NOON + number)
        for number, (before, name) in enumerate(pairwise(names), start=1)
    ]
    path = tmp_path / "round.json"
    path.write_text(export_of([LEARN, first, *chain]), encoding="utf-8")

    assert import_file(study, path).refused == ()
    use_everything(study)


def test_a_document_with_odd_items_loses_only_those(study, tmp_path) -> None:
    """A text without end is refused with its line; what stands beside it comes in."""
    path = tmp_path / "README.md"
    long = "word " * 300_000
    text = f"- [Odd](https://odd.example/o): {long}\n- [New](https://new.example/p)\n"
    path.write_text(f"# Reading List\n\n**Inbox:**\n\n{text}", encoding="utf-8")

    summary = import_file(study, path)

    assert summary.new == 1
    assert [line.split(":")[0] for line in summary.refused] == ["Line 5"]
    assert not any("odd" in line for line in summary.details)
    use_everything(study)


def test_a_document_of_any_name_is_imported(study, tmp_path) -> None:
    """A name whose bytes are no text is stored as one that is."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/READ\xff.md"))
    path.write_text("# Reading List\n\n**Inbox:**\n\n- [New](https://new.example/p)\n", "utf-8")

    import_file(study, path)

    assert study.store.rows()[0].item_id == "READ?.md"

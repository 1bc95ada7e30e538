"""The journal holds what the database holds, whatever happened to either."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from studytrack.storage.journal import Journal, is_journal, read_journal
from studytrack.storage.store import Store

START = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def write(store: Store, name: str = "x", minutes: int = 0, **fields) -> str:
    """Write one row and return its id."""
    stamp = store.stamp(START + timedelta(minutes=minutes), 240)
    row = store.new_row(stamp, kind="suspend", item_kind="card", item_id=name, **fields)
    store.append([row])
    return row.event_id


def events(paths) -> list[str]:
    """Return the ids in the journal, in order."""
    return [row["event_id"] for row in read_journal(paths.journal).log]


def test_a_committed_row_is_a_line_before_anything_is_closed(store, paths) -> None:
    """Every field comes back; what equals a default takes no room."""
    write(store, answer="größe 🎓\n", evidence={"step": 1}, r_before=0.5)
    (row,) = read_journal(paths.journal).log

    assert "rating" not in row
    assert row["answer"] == store.rows()[0].answer
    assert row["evidence"] == {"step": 1}
    assert store.merge({"log": [row], "attempts": []}) == 0


def test_undo_and_attempts_are_lines_too(store, paths) -> None:
    """An attempt with its rows, and the tombstone."""
    stamp = store.stamp(START, 240)
    made = store.new_attempt(
        stamp, exercise="e", source="s", verdict="passed", passed=True, device="cpu", seed=1,
        seconds=0.5, report={"checks": []}, rating=None, evidence={},
    )  # fmt: skip
    row = store.new_row(stamp, kind="learn", item_kind="exercise", item_id="e", rating=3)
    store.add_attempt(made, [row])
    store.undo(store.stamp(START, 240))
    contents = read_journal(paths.journal)

    assert [one["kind"] for one in contents.log] == ["learn", "undo"]
    assert [one["attempt_id"] for one in contents.attempts] == [made.attempt_id]
    assert contents.device_id == store.device_id


def test_a_failed_write_leaves_no_line(store, paths) -> None:
    """What was rolled back is in neither."""
    kept = write(store)
    row = store.new_row(store.stamp(START, 240), kind="suspend", item_kind="card", item_id="y")
    with pytest.raises(Exception, match="cannot be used"):
        store.append([row, row])
    more = write(store)

    assert events(paths) == [kept, more]


def test_opening_appends_what_the_journal_lacks(open_store, paths) -> None:
    """A journal that was deleted is whole again."""
    first = open_store()
    told = [write(first, minutes=number) for number in range(3)]
    first.close()
    paths.journal.unlink()

    open_store().close()

    assert events(paths) == told


def test_two_windows_write_one_journal(open_store, paths) -> None:
    """Each its own rows; nothing is missing and nothing stands twice after both settle."""
    one, other = open_store(), open_store()
    told = [write(store) for store in (one, other, other, one, other)]
    one.settle(), other.settle()
    one.close(), other.close()

    assert events(paths) == told
    assert len(paths.journal.read_text().splitlines()) == 1 + len(told)


def test_rows_of_a_window_that_died_before_its_line_are_appended(
    open_store, paths, monkeypatch
) -> None:
    """By the next one that settles."""
    one, other = open_store(), open_store()
    with monkeypatch.context() as patch:
        patch.setattr("studytrack.storage.journal.Journal.add", lambda *given: None)
        lost = write(one)
    kept = write(other)

    other.settle()

    assert set(events(paths)) == {lost, kept}


def test_a_checkpoint_saves_the_comparison(open_store, paths, monkeypatch) -> None:
    """Opening reads only what was appended since; all of it only where the file is another."""
    store = open_store()
    rows = [
        store.new_row(store.stamp(START, 240), kind="suspend", item_kind="card", item_id=f"c{n}")
        for n in range(400)
    ]
    store.append(rows)
    store.close()
    read: list[int] = []
    looked = Journal._ids_from
    monkeypatch.setattr(
        Journal, "_ids_from", lambda self, start: read.append(start) or looked(self, start)
    )
    Store.open(paths).close()
    quick = list(read)
    lines = paths.journal.read_bytes().splitlines(keepends=True)
    paths.journal.write_bytes(json.dumps({"journal": "other"}).encode() + b"\n" + b"".join(lines))
    Store.open(paths).close()

    assert quick == []
    assert read == [0]
    assert len(set(events(paths))) == 400


def test_a_large_merge_is_written_in_portions(store, paths) -> None:
    """All of it is in the journal."""
    rows = [
        {
            "event_id": f"{number:032x}",
            "device_id": "d",
            "clock": number,
            "utc_ms": number,
            "offset_min": 0,
            "study_day": 739_000,
            "kind": "suspend",
            "item_kind": "card",
            "item_id": f"c{number % 5}",
        }
        for number in range(1, 2500)
    ]

    store.merge({"log": rows})

    assert events(paths) == [row["event_id"] for row in rows]


def test_damaged_lines_are_counted_and_left_out(tmp_path) -> None:
    """Cut, no JSON, no event, an unknown field, or twice."""
    good = {
        "event_id": "a", "device_id": "d", "clock": 1, "utc_ms": 1, "offset_min": 0,
        "study_day": 1, "kind": "suspend",
    }  # fmt: skip
    lines = [
        json.dumps({"journal": "n", "device": "d"}),
        json.dumps({"log": good}),
        "",
        json.dumps({"log": good}),
        "[1]",
        "7",
        json.dumps({"log": {**good, "event_id": "b", "unknown": 1}}),
        json.dumps({"other": {}}),
        json.dumps({"log": good})[:-9],
    ]
    path = tmp_path / "j.jsonl"
    path.write_text("\n".join(lines))

    contents = read_journal(path)

    assert (contents.log, contents.device_id, contents.damaged) == ([good], "d", 5)


@pytest.mark.parametrize(
    ("start", "is_one"),
    [
        (b'{"journal": "x", "device": "d"}\n', True),
        (b'{"log":{"event_id":"a"}}', True),
        (b'{"schema": "studytrack/1", "data": {"log": []}}', False),
        (b"# A plan", False),
        (b"", False),
    ],
)
def test_a_journal_is_told_by_its_first_line(start, is_one) -> None:
    """An export and a document are none."""
    assert is_journal(start) is is_one

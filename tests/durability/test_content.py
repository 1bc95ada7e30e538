"""What a flipped bit makes of a value is found by comparing the copies, and put right."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3

import pytest

from studytrack.errors import StoreFault
from studytrack.services import repair, review
from studytrack.services.study import Study
from studytrack.storage.rescue import compare

SEAL = re.compile(r',"crc":"[0-9a-f]{8}"\}$', re.MULTILINE)


def answers(study: Study, count: int) -> list[str]:
    """Answer cards and return the ids of the events."""
    cards = sorted(study.catalogue.cards)
    return [
        review.answer(study, cards[number % len(cards)], 1 + number % 4).row.event_id
        for number in range(count)
    ]


def alter(database, event: str, column: str = "duration_ms", value: object = 77) -> None:
    """Change one cell, as a flipped bit would: SQLite's own check finds nothing."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute(f"UPDATE log SET {column} = ? WHERE event_id = ?", (value, event))
        connection.commit()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def alter_line(paths, event: str, old: str, new: str) -> None:
    """Change one value in the journal's line of an event; the line stays JSON."""
    lines = paths.journal.read_text().splitlines(keepends=True)
    changed = [line.replace(old, new) if event in line else line for line in lines]
    assert changed != lines
    paths.journal.write_text("".join(changed))


def without_seals(paths) -> None:
    """Make the journal one of an older version."""
    paths.journal.write_text(SEAL.sub("}", paths.journal.read_text()))


def whole(study: Study) -> tuple:
    """Return the log and the states."""
    return study.store.dump(), study.store.memories()


def checks(study: Study) -> dict[str, str]:
    """Return what `doctor` says of the journal."""
    return {one.name: one.state for one in repair.examine_safety(study.paths, study)}


@pytest.mark.parametrize(
    ("column", "value"),
    [("rating", 4), ("duration_ms", 77), ("fields", '{"a":1}'), ("answer", "other")],
)
def test_a_cell_that_changed_is_put_right_from_the_journal(study, paths, column, value) -> None:
    """`doctor` names the event; the line's checksum says which of the two is right."""
    events = answers(study, 6)
    before = whole(study)
    study.close()
    alter(paths.database, events[2], column, value)

    state = checks(study)["journal"]
    done = repair.repair(study)

    assert state == "fail"
    assert before == whole(study)
    assert events[2] in " ".join(done.sentences)
    assert checks(study)["journal"] == "ok"


def test_a_line_that_changed_gives_way_to_the_database(study, paths) -> None:
    """It is still JSON of an event, but its checksum is off; the journal is written anew."""
    events = answers(study, 6)
    before = whole(study)
    study.close()
    alter_line(paths, events[3], '"rating":', '"rating":1')

    state = checks(study)["journal"]
    repair.repair(study)

    assert state == "warn"
    assert before == whole(study)
    assert compare(paths).differing == ()
    assert checks(study)["journal"] == "ok"
    assert list(paths.data.glob("studytrack.jsonl.broken-1"))


def test_an_older_journal_is_outvoted_by_database_and_backup(study, paths) -> None:
    """Its lines have no checksum, so two against one decide."""
    events = answers(study, 6)
    repair.make_backup(study)
    before = whole(study)
    study.close()
    without_seals(paths)
    alter_line(paths, events[0], f'"item_id":"{before[0]["log"][0]["item_id"]}"', '"item_id":"z"')

    repair.repair(study)

    assert before == whole(study)
    assert checks(study)["journal"] == "ok"


def test_a_cell_is_outvoted_by_an_older_journal_and_a_backup(study, paths) -> None:
    """The other way round."""
    events = answers(study, 6)
    repair.make_backup(study)
    before = whole(study)
    study.close()
    without_seals(paths)
    alter(paths.database, events[1])

    repair.repair(study)

    assert before == whole(study)


def test_a_journal_of_an_older_version_is_taken_as_it_is(study, paths) -> None:
    """Nothing is off, and new lines get their checksum."""
    answers(study, 3)
    study.close()
    without_seals(paths)
    answers(study, 1)
    study.store.settle()

    assert checks(study)["journal"] == "ok"
    assert len(SEAL.findall(paths.journal.read_text())) == 1


def test_damaged_backups_are_passed_over_one_by_one_then_the_journal_alone(study, paths) -> None:
    """A changed cell, a wrong count, damaged pages: each for another reason; none is believed."""
    made = []
    events = []
    for _ in range(3):
        events += answers(study, 3)
        made.append(repair.make_backup(study))
    events += answers(study, 2)
    before = whole(study)
    study.close()
    alter(made[2].path, events[0])
    with contextlib.closing(sqlite3.connect(made[1].path)) as connection:
        connection.execute("DELETE FROM log WHERE event_id = ?", (events[1],))
        connection.commit()
    paths.database.write_bytes(paths.database.read_bytes()[:5000])

    done = repair.repair(study)
    told = " ".join(done.sentences)
    oldest = whole(study)
    study.close()
    data = made[0].path.read_bytes()
    made[0].path.write_bytes(data[:5000])
    paths.database.write_bytes(paths.database.read_bytes()[:5000])
    alone = " ".join(repair.repair(study).sentences)

    assert before == oldest == whole(study)
    assert f"rebuilt from the backup {made[0].name}" in told
    assert f"{made[2].name}: 1 of its events differ" in told
    assert f"{made[1].name}: It holds 5 events; its name says 6" in told
    assert "rebuilt from an empty database" in alone


def test_restore_passes_over_a_damaged_backup_and_refuses_a_named_one(study, paths) -> None:
    """`latest` is the newest good one."""
    answers(study, 3)
    first = repair.make_backup(study)
    events = answers(study, 2)
    second = repair.make_backup(study)
    before = whole(study)
    study.close()
    alter(second.path, events[0])

    done = repair.restore(study)
    with pytest.raises(StoreFault, match=r"1 of its events differ.*Nothing was changed"):
        repair.restore(study, second.name)

    assert done.name == first.name
    assert second.name in done.passed_over[0]
    assert before == whole(study)


def test_an_event_that_no_copy_shows_is_named(study, paths) -> None:
    """Its id, item and moment; all others come back, none twice."""
    events = answers(study, 6)
    lost = study.store.rows()[4]
    study.close()
    lines = paths.journal.read_text().splitlines(keepends=True)
    spoilt = [line.replace("rated", "xxxxx") if events[4] in line else line for line in lines]
    paths.journal.write_text("".join(spoilt))
    paths.database.unlink()

    done = repair.repair(study)
    told = " ".join(done.sentences)

    assert [row.event_id for row in study.store.rows()] == events[:4] + events[5:]
    assert f"Lost: event {lost.event_id} of `{lost.item_id}`, made 2026-11-24" in told
    assert told.count("Lost:") == 1


def test_an_id_that_changed_is_no_second_event(study, paths) -> None:
    """No device has two events of one clock."""
    events = answers(study, 4)
    before = whole(study)
    study.close()
    without_seals(paths)
    alter_line(paths, events[1], events[1], "f" + events[1][1:])

    repair.repair(study)

    assert before == whole(study)


@pytest.fixture
def other(tmp_path, study, tiny):
    """A study on another home, with three answers."""
    from studytrack.paths import find_paths

    there = Study(find_paths({}, tmp_path / "other"), study.settings, study.clock, [tiny])
    answers(there, 3)
    there.close()
    return there


def test_a_journal_of_another_home_is_not_united_unasked(study, paths, other) -> None:
    """It stays where it is, the message names the command, and `doctor` goes on saying so."""
    answers(study, 4)
    before = whole(study)
    study.close()
    paths.journal.write_bytes(other.paths.journal.read_bytes())

    notices = study.store and study.notices()
    done = repair.repair(study)
    told = " ".join(done.sentences)

    assert before == whole(study)
    assert "another home" in notices[0]
    assert f"studytrack import {paths.journal}" in told
    assert "3 events that are not of this one" in told
    assert checks(study)["journal"] == "fail"


@pytest.mark.parametrize("damaged", [False, True])
def test_a_journal_of_another_home_is_united_when_asked(study, paths, other, damaged) -> None:
    """The question says whose it is; a rebuild asks as well."""
    answers(study, 4)
    repair.make_backup(study)
    study.close()
    paths.journal.write_bytes(other.paths.journal.read_bytes())
    if damaged:
        paths.database.write_bytes(paths.database.read_bytes()[:5000])
    asked: list[str] = []

    repair.repair(study, lambda text: bool(asked.append(text)))
    without = len(study.store.rows())
    study.close()
    repair.repair(study, lambda text: not asked.append(text))

    assert without == 4
    assert len(study.store.rows()) == 7
    assert "another home" in asked[0]
    assert checks(study)["journal"] == "ok"


def test_restore_leaves_another_home_s_events_out(study, paths, other) -> None:
    """The newer events that are applied again are those of this home."""
    answers(study, 2)
    made = repair.make_backup(study)
    study.close()
    paths.journal.write_bytes(other.paths.journal.read_bytes())
    more = answers(study, 1)

    repair.restore(study, made.name)

    assert [row.event_id for row in study.store.rows()][2:] == more
    assert len(study.store.rows()) == 3


def test_a_lost_database_begins_again_as_the_home_that_the_journal_is_of(study, paths) -> None:
    """So that a repair after the next command need not ask."""
    answers(study, 3)
    device = study.store.device_id
    before = whole(study)
    study.close()
    paths.database.unlink()
    again = study.store.device_id

    done = repair.repair(study)

    assert again == device
    assert done.restored == 3
    assert before == whole(study)


def test_a_damaged_first_line_makes_no_journal_foreign(study, paths) -> None:
    """Its events say whose it is."""
    answers(study, 3)
    study.close()
    text = paths.journal.read_text()
    head = json.loads(text.splitlines()[0])
    paths.journal.write_text(text.replace(head["device"], "0" * 16, 1))
    answers(study, 1)
    before = whole(study)
    study.close()
    paths.database.write_bytes(paths.database.read_bytes()[:5000])

    repair.repair(study)

    assert before == whole(study)

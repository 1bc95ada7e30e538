"""A damaged database is noticed before it is written, and rebuilt without losing a review."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from studytrack.errors import NotFound, StoreFault
from studytrack.services import repair, review, undo

PAGE = 4096


def study_some(study, count: int = 14) -> None:
    """Answer cards and take one answer back."""
    for number, card in enumerate(sorted(study.catalogue.cards) * 3):
        if number == count:
            break
        review.answer(study, card, 1 + number % 4)
    undo.undo(study)


def everything(study) -> tuple:
    """Return the log and the states that follow."""
    return study.store.dump(), study.store.memories(), study.store.device_id


def pages_of(database, table: str) -> list[int]:
    """Return where the leaf pages of a table or an index begin."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
    return [root]


def damage(database, table: str) -> bytes:
    """Overwrite the page of a table, as a bad sector would; return the damaged bytes."""
    data = bytearray(database.read_bytes())
    for page in pages_of(database, table):
        data[(page - 1) * PAGE : page * PAGE] = bytes([0xA5]) * PAGE
    database.write_bytes(bytes(data))
    return bytes(data)


@pytest.mark.parametrize("table", ["log", "memory", "ix_log_order", "meta"])
def test_a_damaged_page_is_rebuilt_from_backup_and_journal(study, paths, table) -> None:
    """The backup lacks the last answers; the journal has them; the damaged file is kept."""
    study_some(study, 6)
    repair.make_backup(study)
    study_some(study, 9)
    before = everything(study)
    study.close()
    bad = damage(paths.database, table)

    done = repair.repair(study)

    assert before == everything(study)
    assert study.store.check() == []
    assert done.kept is not None
    assert done.kept.read_bytes() == bad
    assert str(done.kept) in " ".join(done.sentences)


def test_without_a_backup_the_journal_alone_gives_everything(study, paths) -> None:
    """Also the device, so that undo goes on where it was."""
    study_some(study)
    before = everything(study)
    last = study.store.live()[-1]
    study.close()
    damage(paths.database, "log")

    done = repair.repair(study)

    assert before == everything(study)
    assert done.restored == len(before[0]["log"])
    assert undo.undo(study).item_id == last.item_id


def test_a_damaged_journal_and_a_damaged_index_lose_nothing(study, paths) -> None:
    """What can still be read of the database is taken from it."""
    study_some(study)
    before = everything(study)[0]
    study.close()
    paths.journal.unlink()
    damage(paths.database, "ix_log_order")

    done = repair.repair(study)

    assert before == study.store.dump()
    assert done.restored == len(before["log"])


def test_a_lost_database_comes_back(study, paths) -> None:
    """The file was deleted; the journal is there."""
    study_some(study)
    before = everything(study)
    study.close()
    paths.database.unlink()

    repair.repair(study)

    assert before == everything(study)


def test_what_only_the_journal_has_is_told_and_brought_back(study, paths) -> None:
    """An older copy of the file was put in its place by hand."""
    study_some(study, 5)
    study.close()
    old = paths.database.read_bytes()
    study_some(study, 5)
    before = everything(study)
    study.close()
    paths.database.write_bytes(old)

    told = study.store and study.notices()
    done = repair.repair(study)

    assert "6 events that the database lacks" in told[0]
    assert "doctor --repair" in told[0]
    assert done.restored == 6
    assert before[:2] == everything(study)[:2]


def test_a_journal_cut_in_its_last_line_is_taken_as_far_as_it_goes(study, paths) -> None:
    """The line that was cut is in the database and is written again."""
    study_some(study)
    study.close()
    with paths.journal.open("rb+") as file:
        file.truncate(paths.journal.stat().st_size - 20)

    study_some(study, 1)
    before = everything(study)
    study.close()
    paths.database.unlink()
    done = repair.repair(study)

    assert before == everything(study)
    assert "damaged line" in " ".join(done.sentences)


def test_nothing_left_to_rebuild_from_changes_nothing(study, paths) -> None:
    """No backup, no journal, and no row can be read."""
    paths.data.mkdir(parents=True)
    paths.database.write_bytes(b"SQLite format 3\0" + bytes(5000))
    before = paths.database.read_bytes()

    with pytest.raises(StoreFault, match="cannot be rebuilt"):
        repair.repair(study)
    assert before == paths.database.read_bytes()


def test_a_writer_that_died_has_the_file_looked_at(study, paths) -> None:
    """A damaged one is read, never written; the message says what mends it."""
    study_some(study)
    study.close()
    damage(paths.database, "ix_log_study_day")
    (paths.data / "writers").mkdir(exist_ok=True)
    (paths.data / "writers" / "1-dead").touch()
    row = study.store.new_row(
        study.store.rows() and study_stamp(study), kind="suspend", item_kind="card", item_id="x"
    )

    for _ in range(2):
        with pytest.raises(StoreFault, match=r"damaged.*doctor --repair.*restore"):
            study.store.append([row])
    study.close()
    repair.repair(study)
    study.store.append([row])

    assert study.store.rows()[-1].event_id == row.event_id
    assert not (paths.data / "writers" / "1-dead").exists()


def study_stamp(study):
    """Return a stamp that needs no index."""
    from studytrack.storage.store import Stamp

    return Stamp(clock=9_000_000_000_000, utc_ms=1, offset_min=0, study_day=739_000)


def test_a_writer_that_died_over_a_whole_file_is_forgotten(study, paths) -> None:
    """The check is made once."""
    study_some(study)
    study.close()
    (paths.data / "writers" / "1-dead").touch()

    study_some(study, 1)

    assert not (paths.data / "writers" / "1-dead").exists()


def test_restore_brings_the_newer_answers_back(study) -> None:
    """The database is as it was, by way of an older backup; what was there is kept."""
    study_some(study, 5)
    made = repair.make_backup(study)
    study_some(study, 5)
    before = everything(study)

    done = repair.restore(study, made.name[:12])

    assert before == everything(study)
    assert (done.name, done.reapplied) == (made.name, 6)
    assert "before-restore" in done.kept.name


def test_an_exact_restore_is_the_backup_alone(study, paths) -> None:
    """The newer events stay in the journal that is kept beside, and do not come back."""
    study_some(study, 5)
    before = everything(study)
    made = repair.make_backup(study)
    study_some(study, 5)

    done = repair.restore(study, made.name, exact=True)
    again = repair.repair(study)

    assert before == everything(study)
    assert (done.reapplied, again.restored) == (0, 0)
    assert list(paths.data.glob("studytrack.jsonl.before-restore-1"))


def test_restore_says_what_it_lacks(study) -> None:
    """Neither a home without backups nor an unknown name changes anything."""
    study_some(study, 2)
    with pytest.raises(NotFound, match="There is no backup"):
        repair.restore(study)
    repair.make_backup(study)

    with pytest.raises(NotFound, match="nonesuch"):
        repair.restore(study, "nonesuch")


def test_a_damaged_backup_is_refused(study, paths) -> None:
    """And the database stays."""
    study_some(study, 5)
    made = repair.make_backup(study)
    before = everything(study)
    damage(made.path, "log")

    with pytest.raises(StoreFault, match="damaged"):
        repair.restore(study, made.name)
    assert before == everything(study)


def test_nothing_is_replaced_under_another_window(study, loop, monkeypatch) -> None:
    """What the other one writes would be lost with the file."""
    monkeypatch.setattr("studytrack.storage.presence._PATIENCE", 0.1)
    study_some(study, 3)
    made = repair.make_backup(study)
    other = loop()
    other.stdin.write("go\n")
    other.stdin.flush()
    other.stdout.readline()

    with pytest.raises(StoreFault, match="open elsewhere"):
        repair.restore(study, made.name)

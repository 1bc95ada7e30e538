"""Copies: whole, named by what they hold, and thinned so that a year of them stays few."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.errors import StoreFault
from studytrack.storage import copies
from studytrack.storage.backup import (
    ALL_OF,
    DAILY,
    MONTHLY,
    WEEKLY,
    Backup,
    back_up,
    backups,
    superfluous,
    verify,
)
from studytrack.storage.store import Store

START = datetime(2026, 1, 1, 7, 0, tzinfo=UTC)


def suspend(store: Store, when: datetime):
    """Write one row."""
    row = store.new_row(store.stamp(when, 240), kind="suspend", item_kind="card", item_id="x")
    return store.append([row])[0]


def copy_at(moment: datetime, events: int = 1) -> Backup:
    """Return a backup of a moment, without a file."""
    return Backup(
        path=Path(f"{moment:%Y%m%dT%H%M%S}-{events}"), moment=moment, events=events, label="day"
    )


def test_a_copy_is_named_by_what_it_holds(store, paths) -> None:
    """The moment of its newest row in UTC, how many rows, and why."""
    suspend(store, START)
    suspend(store, START + timedelta(minutes=5))

    made = store.backup("manual")
    (found,) = backups(paths.backups)

    assert made.name == "20260101T070500Z-2-manual.db"
    assert (found.path, found.events, found.label) == (made, 2, "manual")
    assert found.moment == START + timedelta(minutes=5)
    assert [made] == list(paths.backups.iterdir())


def test_a_copy_that_does_not_verify_is_none(store, paths, monkeypatch) -> None:
    """Nothing is left of it, and the error says that nothing was changed."""
    suspend(store, START)

    def damaged(path: Path, counts) -> None:
        raise sqlite3.DatabaseError("malformed")

    monkeypatch.setattr("studytrack.storage.backup.verify", damaged)

    with pytest.raises(StoreFault, match="No backup"):
        store.backup("manual")
    assert list(paths.backups.iterdir()) == []


def test_verifying_counts_the_rows(store) -> None:
    """A copy with fewer rows than its original is refused."""
    suspend(store, START)
    made = store.backup("manual")

    verify(made, (1, 0))
    with pytest.raises(sqlite3.DatabaseError, match="rows"):
        verify(made, (2, 0))


def test_a_copy_of_what_is_no_database_is_told(tmp_path) -> None:
    """As a fault of the store."""
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)

    with pytest.raises(StoreFault, match="No backup"):
        back_up(tmp_path / "x.db", tmp_path / "copies", "manual")


def test_a_simulated_year_leaves_few_copies_of_every_age() -> None:
    """Four copies a day for 400 days: all of two days, 12 days, 10 weeks and the months before."""
    kept: list[Backup] = []
    for number in range(400 * 4):
        kept.append(copy_at(START + timedelta(hours=6 * number), number))
        gone = {one.path for one in superfluous(kept)}
        kept = [one for one in kept if one.path not in gone]
        assert kept[-1].events == number
    newest = kept[-1].moment
    ages = [(newest - one.moment).days for one in kept]

    assert len([one for one in kept if one.moment > newest - ALL_OF]) == 8
    assert len(kept) <= 8 + DAILY + WEEKLY + MONTHLY
    assert {2, 5, 10, 13} <= set(ages)
    assert max(ages) > 300
    gaps = [second - first for first, second in zip(sorted(ages), sorted(ages)[1:], strict=False)]
    assert max(gaps) <= 35  # the newest week of each month


@given(st.lists(st.integers(0, 3 * 365 * 24), max_size=80, unique=True))
def test_thinning_keeps_the_newest_and_is_done_in_one_go(hours) -> None:
    """Thinning what was thinned deletes nothing more."""
    found = sorted(
        (copy_at(START + timedelta(hours=hour), hour) for hour in hours),
        key=lambda one: one.moment,
    )
    gone = {one.path for one in superfluous(found)}
    kept = [one for one in found if one.path not in gone]

    assert not found or found[-1] in kept
    assert superfluous(kept) == []


def test_a_new_study_day_begins_with_a_copy(open_store, paths) -> None:
    """The first day of all needs none, nor does a second answer of the day."""
    store = open_store()
    suspend(store, START)
    suspend(store, START + timedelta(minutes=10))
    first = backups(paths.backups)
    suspend(store, START + timedelta(days=1))
    suspend(store, START + timedelta(days=1, minutes=10))
    store.close()

    assert first == []
    assert [one.label for one in backups(paths.backups)] == ["day"]


def test_half_an_hour_of_use_ends_with_a_copy(open_store, paths) -> None:
    """Of a database that changed meanwhile; a large one waits for the next day."""
    store = open_store()
    suspend(store, START)
    suspend(store, START + timedelta(minutes=31))
    store.settle()
    suspend(store, START + timedelta(minutes=50))
    store.settle()
    once = [one.label for one in backups(paths.backups)]
    suspend(store, START + timedelta(minutes=70))
    store.settle()

    assert once == ["use"]
    assert [one.label for one in backups(paths.backups)] == ["use", "use"]


def test_a_large_database_is_not_copied_every_half_hour(store, paths, monkeypatch) -> None:
    """The journal has what the daily copy lacks."""
    monkeypatch.setattr(copies, "LARGE", 0)
    suspend(store, START)
    suspend(store, START + timedelta(minutes=31))
    store.settle()

    assert backups(paths.backups) == []


def test_a_copy_that_fails_is_told_and_costs_no_answer(store, paths) -> None:
    """A file stands where the folder should be."""
    paths.backups.write_text("in the way")
    suspend(store, START)
    suspend(store, START + timedelta(days=1))

    assert "backups" in store.notices()[0]
    assert len(store.rows()) == 2


def test_a_copy_is_one_file_that_opens_without_its_original(store, paths) -> None:
    """It needs no log beside it."""
    suspend(store, START)
    made = store.backup("manual")

    with contextlib.closing(sqlite3.connect(made)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("SELECT count(*) FROM log").fetchone() == (1,)

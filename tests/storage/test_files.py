"""A database opens in whatever state a crash or a copy left its files."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from studytrack.storage.files import COMPANIONS, beside, companions, connect_to_read, reading
from studytrack.storage.migrate import check_revision
from studytrack.storage.rescue import is_damaged, read_database
from studytrack.storage.store import Store

HALF_WRITTEN = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = DELETE")
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE more AS SELECT zeroblob(3000) AS x FROM "
                   "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) "
                   "SELECT i FROM n)")
connection.execute("UPDATE log SET kind = 'torn'")
os.kill(os.getpid(), 9)
"""


def write(store: Store, now) -> str:
    """Write one row and return its id."""
    row = store.new_row(store.stamp(now, 240), kind="suspend", item_kind="card", item_id="x")
    store.append([row])
    return row.event_id


def die_half_way(database: Path) -> None:
    """Leave a transaction half in the file, with the journal that takes it back."""
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(database)], check=False)
    assert beside(database, "-journal").stat().st_size > 0


@pytest.fixture
def hot(open_store, paths, now) -> str:
    """A home whose database has a hot journal; the id of its one row."""
    store = open_store()
    event = write(store, now)
    store.close()
    die_half_way(paths.database)
    return event


def test_a_hot_journal_is_rolled_back_by_the_next_opening(hot, open_store, paths) -> None:
    """The row is as it was written, and the journal is gone."""
    store = open_store()

    assert [(row.event_id, row.kind) for row in store.rows()] == [(hot, "suspend")]
    assert not beside(paths.database, "-journal").exists()


def test_every_look_at_a_hot_database_succeeds(hot, paths, tmp_path) -> None:
    """Its revision, whether it is damaged, and an import of it from elsewhere."""
    for number, look in enumerate((check_revision, is_damaged)):
        copied = tmp_path / f"{number}.db"
        for end in ("", *COMPANIONS):
            if beside(paths.database, end).exists():
                shutil.copy(beside(paths.database, end), beside(copied, end))
        assert look(copied) is False
    dump = read_database(paths.database, paths)

    assert [one.raw["event_id"] for one in dump if one.table == "log"] == [hot]


def test_an_interrupted_first_start_is_started_again(open_store, paths) -> None:
    """The file is empty or half made, and a journal stands beside it."""
    paths.data.mkdir(parents=True)
    code = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN IMMEDIATE')\n"
        "for n in range(50): c.execute(f'CREATE TABLE t{n} (x)')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(paths.database)], check=False)
    assert companions(paths.database)

    assert open_store().rows() == []


@pytest.mark.parametrize("mode", ["delete", "wal", "companions", "read-only"])
def test_a_backup_that_was_copied_can_be_restored(
    open_store, paths, settings, tiny, now, mode
) -> None:
    """In WAL mode, with what a copy takes along, or without the right to write it."""
    from studytrack.services import repair
    from studytrack.services.study import Study

    study = Study(paths, settings, lambda: now, [tiny])
    event = write(study.store, now)
    made = repair.make_backup(study)
    if mode != "delete":
        with contextlib.closing(sqlite3.connect(made.path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            if mode == "companions":
                connection.execute("INSERT INTO meta VALUES ('a', 'b')")
                for path in (made.path, *companions(made.path)):
                    shutil.copy(path, path.with_name(f"{path.name}.kept"))
        for path in made.path.parent.glob("*.kept"):
            path.replace(path.with_suffix(""))
    if mode == "read-only":
        made.path.chmod(0o400)

    done = repair.restore(study, made.name)

    assert done.events == 1
    assert [row.event_id for row in study.store.rows()] == [event]
    study.close()


def test_reading_a_backup_leaves_nothing_beside_it(open_store, paths, now) -> None:
    """Also where its header says WAL."""
    store = open_store()
    write(store, now)
    made = store.backup("manual")
    with contextlib.closing(sqlite3.connect(made)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    from studytrack.storage.backup import verify

    verify(made)

    assert list(paths.backups.iterdir()) == [made]


def test_database_journal_and_backups_are_their_owners_alone(open_store, paths, now) -> None:
    """A database that others may read is closed to them at the next opening."""
    store = open_store()
    write(store, now)
    made = store.backup("manual")
    files = [paths.database, paths.journal, made, *companions(paths.database)]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}
    store.close()
    paths.database.chmod(0o644)
    open_store()

    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(paths.database.stat().st_mode) == 0o600


def test_a_busy_database_is_busy_not_read_behind_its_back(open_store, paths, monkeypatch) -> None:
    """An exclusive lock is waited for, not stepped around."""
    open_store().close()
    with contextlib.closing(sqlite3.connect(paths.database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr("studytrack.storage.files._TIMEOUT", 0.1)

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            connect_to_read(paths.database)
        other.execute("ROLLBACK")
        with reading(paths.database) as connection:
            assert connection.execute("SELECT count(*) FROM log").fetchone() == (0,)

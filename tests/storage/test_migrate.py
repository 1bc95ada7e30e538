"""Migrations: from nothing, no drift, and a newer database is left alone."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from studytrack.errors import StoreFault
from studytrack.storage import migrate
from studytrack.storage.migrate import VERSIONS, check_revision, newest_revision
from studytrack.storage.store import Store
from studytrack.storage.tables import metadata

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def test_an_empty_home_ends_at_the_newest_revision(store, paths) -> None:
    """Nothing is due after the first opening."""
    assert not check_revision(paths.database)


def test_the_tables_are_what_the_code_thinks(store, paths) -> None:
    """The migrations and the declared tables do not drift apart."""
    engine = sa.create_engine(f"sqlite:///{paths.database}")
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert found == []


def test_revisions_are_numbered_without_a_gap() -> None:
    """There is one line from the first to the newest."""
    numbers = sorted(int(path.name[:4]) for path in VERSIONS.glob("[0-9]*.py"))

    assert list(range(1, len(numbers) + 1)) == numbers
    assert int(newest_revision()) == numbers[-1]


def test_a_newer_database_is_refused_and_not_touched(open_store, paths) -> None:
    """The message says what to do; the bytes stay."""
    open_store().close()
    with sqlite3.connect(paths.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = paths.database.read_bytes()

    with pytest.raises(StoreFault, match="newer"):
        Store.open(paths)
    assert before == paths.database.read_bytes()


def test_alembic_is_not_imported_when_nothing_is_due(open_store, paths) -> None:
    """Opening an up-to-date database stays cheap."""
    open_store().close()
    code = (
        "import sys; from pathlib import Path\n"
        "from studytrack.paths import find_paths\nfrom studytrack.storage.store import Store\n"
        f"Store.open(find_paths({{}}, Path({str(paths.data.parent)!r}))).close()\n"
        "print('alembic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "False"


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Ship one more revision; returns where its body goes."""
    folder = tmp_path / "migrations"
    shutil.copytree(VERSIONS.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    number = int(newest_revision())
    path = folder / "versions" / f"{number + 1:04}_next.py"

    def ship(body: str) -> None:
        path.write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision, down_revision = '{number + 1:04}', '{number:04}'\n"
            "branch_labels = depends_on = None\n"
            f"def upgrade():\n    op.add_column('meta', sa.Column('more', sa.Text))\n    {body}\n"
        )

    monkeypatch.setattr(migrate, "VERSIONS", folder / "versions")
    return ship


def columns(database) -> list[str]:
    """Return the columns of the table that the next revision changes."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return [row[1] for row in connection.execute("PRAGMA table_info(meta)")]


def test_an_older_database_is_copied_before_it_is_changed(open_store, paths, next_version) -> None:
    """Rows and device stay; the copy is a whole database of the older revision."""
    first = open_store()
    row = first.new_row(first.stamp(NOW, 240), kind="suspend", item_kind="card", item_id="x")
    first.append([row])
    first.close()
    next_version("pass")

    second = open_store()
    (copy,) = paths.backups.glob("*.db")

    assert second.rows() == [row]
    assert second.device_id == first.device_id
    assert "more" in columns(paths.database)
    assert "more" not in columns(copy)
    assert not check_revision(paths.database)


def test_a_revision_that_fails_changes_nothing(open_store, paths, next_version) -> None:
    """All of it is one transaction; the older database is still there and still old."""
    open_store().close()
    next_version("op.execute('this is no SQL')")

    with pytest.raises(StoreFault):
        open_store()
    assert "more" not in columns(paths.database)
    assert check_revision(paths.database)

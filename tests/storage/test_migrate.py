"""Migrations: from nothing, no drift, and a newer database is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from studytrack.errors import StoreFault
from studytrack.storage.migrate import VERSIONS, check_revision, newest_revision
from studytrack.storage.store import Store
from studytrack.storage.tables import metadata


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

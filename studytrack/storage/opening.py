"""Opening the database: one process among others, the schema brought up to date, the pragmas set.

Nothing here reads or writes rows.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from studytrack.paths import Paths, ensure
from studytrack.storage.backup import back_up
from studytrack.storage.faults import NOT_CHANGED, explained
from studytrack.storage.files import (
    connect_to_read,
    copy_database,
    in_memory,
    make_private,
    reading,
)
from studytrack.storage.migrate import check_revision, current_revision, migrate
from studytrack.storage.presence import Presence, alone
from studytrack.storage.swap import finish, staged

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a power cut must not lose an acknowledged answer
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",  # KiB; the upper pages of a long log's indexes
)


def finish_replacement(paths: Paths) -> list[str]:
    """Finish a repair or restore that was interrupted; return what to say about it.

    Raises:
        StoreFault, EnvironmentFault: another process has the database open, or a file stays put.
    """
    if not staged(paths.database).exists():
        return []
    with explained(paths.database, NOT_CHANGED), alone(paths.data):
        if not staged(paths.database).exists():  # another process was faster
            return []
        kept = finish(paths.database)
    old = "" if kept is None else f" The database that was there before is kept as {kept}."
    return [f"A repair or restore that was interrupted has been finished.{old}"]


@contextlib.contextmanager
def opened(paths: Paths) -> Iterator[tuple[sqlite3.Connection, Presence]]:
    """Open the database and hand it out; it is closed only if what is done with it fails.

    Raises:
        StoreFault: newer, damaged, busy or not a database.
        EnvironmentFault: the place cannot be written.
    """
    ensure(paths.data)
    database = paths.database
    with explained(database, NOT_CHANGED), contextlib.ExitStack() as undo:
        presence = Presence(paths.data)
        undo.callback(presence.end)
        make_private(database)
        if not os.access(database, os.W_OK):  # SQLite would say so only at the first write
            raise PermissionError(errno.EACCES, "The file is read-only", str(database))
        if check_revision(database):
            if (old := current_revision(database)) is not None:
                back_up(database, paths.backups, f"before-migration-from-{old}")
            migrate(database)
        connection = sqlite3.connect(
            database,
            timeout=5,
            isolation_level=None,  # transactions are written out
            check_same_thread=False,  # the store has a lock of its own
            cached_statements=256,
        )
        undo.callback(connection.close)
        for pragma in PRAGMAS:
            connection.execute(pragma).close()
        yield connection, presence
        undo.pop_all()


@contextlib.contextmanager
def opened_to_read(paths: Paths) -> Iterator[tuple[sqlite3.Connection, Presence]]:
    """Open a database that cannot be written; it is closed only if what is done with it fails.

    An older schema is upgraded in a copy; a home without a database is an empty one.

    Raises:
        StoreFault, EnvironmentFault: it cannot be read.
    """
    source = staged(paths.database) if staged(paths.database).exists() else paths.database
    with explained(source, NOT_CHANGED), contextlib.ExitStack() as undo:
        presence = Presence(paths.data, reading=True)
        undo.callback(presence.end)
        if source.exists() and not check_revision(source):
            connection = connect_to_read(source)
        else:
            connection = _connect_to_copy(source)
        undo.callback(connection.close)
        connection.execute("PRAGMA query_only = ON").close()
        yield connection, presence
        undo.pop_all()


def _connect_to_copy(source: Path) -> sqlite3.Connection:
    """Return a connection to a copy in memory, brought to the newest schema."""
    with tempfile.TemporaryDirectory(prefix="studytrack-") as folder:
        database = Path(folder) / source.name
        if source.exists() and source.stat().st_size:
            copy_database(source, database)
        if check_revision(database):
            migrate(database)
        with reading(database) as found:
            return in_memory(found)

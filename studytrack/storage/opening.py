"""Opening the database: one process among others, the schema brought up to date, the pragmas set.

Nothing here reads or writes rows.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from studytrack.paths import Paths, ensure
from studytrack.storage.backup import back_up
from studytrack.storage.faults import explained
from studytrack.storage.migrate import check_revision, current_revision, migrate
from studytrack.storage.presence import Presence

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a power cut must not lose an acknowledged answer
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",  # KiB; the upper pages of a long log's indexes
)


@contextlib.contextmanager
def opened(paths: Paths) -> Iterator[tuple[sqlite3.Connection, Presence]]:
    """Open the database and hand it out; it is closed only if what is done with it fails.

    Raises:
        StoreFault: newer, damaged, busy or not a database.
        EnvironmentFault: the place cannot be written.
    """
    ensure(paths.data)
    database = paths.database
    with explained(database), contextlib.ExitStack() as undo:
        presence = Presence(paths.data)
        undo.callback(presence.end)
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

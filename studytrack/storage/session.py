"""One open database: its connection, its transactions, and what follows a commit.

After a commit its lines go into the journal, and a copy is made where one is due. A database whose
last writer died is looked at before the first write. What the rows mean is the store's business.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from studytrack.domain.log import Attempt, LogRow
from studytrack.errors import StudytrackError
from studytrack.paths import Paths
from studytrack.storage.copies import Copies
from studytrack.storage.faults import damaged, explained, system_words
from studytrack.storage.journal import Journal, lines_of
from studytrack.storage.logbook import Logbook
from studytrack.storage.presence import Presence

PUT_META = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"
_PORTION = 1000  # lines that are handed to the journal at once


class Reading:
    """The lock, held; a class because this is entered ten times for an answer.

    Inside another one nothing is looked up: what was read at the start holds for all of it. With
    `trusting`, what was read before holds from the start.
    """

    __slots__ = ("_session", "_trusting")

    def __init__(self, session: Session, *, trusting: bool = False) -> None:
        self._session = session
        self._trusting = trusting

    def __enter__(self) -> None:
        session = self._session
        session.lock.acquire()
        if session.nested:
            session.nested += 1
            return
        try:
            if not self._trusting or session.unseen:
                session.notice_others()
        except BaseException as error:
            session.lock.release()
            _explain(session, error)
            raise
        session.nested = 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self._session.nested -= 1
        self._session.lock.release()
        if error is not None:
            _explain(self._session, error)


class Writing:
    """The lock and a transaction, held; a class for the same reason."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        session = self._session
        session.lock.acquire()
        try:
            session.begin()
        except BaseException as error:
            session.lock.release()
            _explain(session, error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        session = self._session
        try:
            if error is None:
                session.commit()
            else:
                session.roll_back()
        except BaseException as fault:
            _explain(session, fault)
            raise
        finally:
            session.lock.release()
        if error is not None:
            _explain(session, error)


def _explain(session: Session, error: BaseException) -> None:
    """Raise what SQLite or the system says as a fault with a remedy; anything else passes."""
    if isinstance(error, sqlite3.Error | OSError):
        with explained(session.database):
            raise error


class Session:
    """What the store does its reading and writing through.

    Args:
        paths: the learner's directories.
        connection: to the database, in autocommit mode.
        presence: this process among those that have it open.
        forget: called when what is held in memory may no longer be what is stored.
        copies: make copies while in use.
        barred: why nothing can be written, where that is so.
    """

    def __init__(
        self,
        paths: Paths,
        connection: sqlite3.Connection,
        presence: Presence,
        forget: Callable[[], None],
        *,
        copies: bool = True,
        barred: StudytrackError | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.changes = 0
        self.journal: Journal | None = None
        self.barred = barred
        self.database: Path = paths.database
        self._reading, self._writing = Reading(self), Writing(self)
        self._trusting = Reading(self, trusting=True)
        self._connection = connection
        self._presence = presence
        self._forget = forget
        self._logbook = Logbook(connection)
        self._copies = Copies(paths.database, paths.backups) if copies else None
        self._seen_version: int | None = None
        self._writes = False
        self._damage: list[str] = []
        self._rows: list[LogRow] = []
        self._attempts: list[Attempt] = []
        self._last_row = 0
        self._new_day = False
        self.nested = 0

    # --- transactions ------------------------------------------------------------------------

    def writing(self) -> Writing:
        """Hold the lock and one `BEGIN IMMEDIATE`; all of it is written, or nothing.

        Raises:
            StoreFault, EnvironmentFault: nothing was written.
        """
        return self._writing

    def begin(self) -> None:
        """Start a transaction that writes."""
        if not self._writes:
            self._begin_writing()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self.notice_others()
        except BaseException:
            self.roll_back()
            raise

    def commit(self) -> None:
        """Commit, and do what follows a commit."""
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise
        self.changes += 1
        self._follow_up()

    def roll_back(self) -> None:
        """Leave everything as it was before the transaction."""
        self._drop()
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def reading(self) -> Reading:
        """Hold the lock, and see what others wrote.

        Raises:
            StoreFault, EnvironmentFault: it cannot be read.
        """
        return self._reading

    def trusting(self) -> Reading:
        """Hold the lock, as `reading`, for a write that is about to look for others itself."""
        return self._trusting

    @property
    def unseen(self) -> bool:
        """Whether what is held in memory may not be used before others were looked for."""
        return self._seen_version is None

    def wrote(
        self,
        rows: list[LogRow],
        attempts: list[Attempt],
        *,
        last_row: int = 0,
        new_day: bool = False,
    ) -> None:
        """Remember what this transaction writes; it goes into the journal once it is committed.

        `last_row` is the number of the last of the rows, if there are any.
        """
        self._rows += rows
        self._last_row = last_row or self._last_row
        self._attempts += attempts
        self._new_day = self._new_day or new_day

    def meta(self, name: str) -> str:
        """Return what is stored under a name about the database itself, "" for nothing."""
        text = "SELECT value FROM meta WHERE name = ?"
        found = self._connection.execute(text, (name,)).fetchone()
        return str(found[0]) if found else ""

    def notice_others(self) -> None:
        """Forget what is held in memory if another connection wrote since it was read."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._seen_version:
            self._drop()
            self._seen_version = version
            self.changes += 1

    def _drop(self) -> None:
        self._seen_version = None
        self._rows, self._attempts, self._new_day = [], [], False
        self._forget()

    def _begin_writing(self) -> None:
        """Look at the database if its last writer died; say that it is being written from now."""
        if self.barred is not None:
            raise self.barred
        if self._damage:
            raise damaged(self.database, "; ".join(self._damage))
        dead = self._presence.dead_writers()
        if dead:
            self._damage = self.problems()
            if self._damage:
                raise damaged(self.database, "; ".join(self._damage))
            for path in dead:
                path.unlink(missing_ok=True)
        self._presence.begin_writing()
        self._writes = True

    def problems(self, *, whole: bool = False) -> list[str]:
        """Return what SQLite finds wrong with the file; `whole` also compares the indexes."""
        check = "integrity_check" if whole else "quick_check"
        try:
            found = [line for (line,) in self._connection.execute(f"PRAGMA {check}(10)")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [] if found == ["ok"] else [" ".join(line.split()) for line in found]

    # --- after a commit ----------------------------------------------------------------------

    def _follow_up(self) -> None:
        rows, attempts, new_day = self._rows, self._attempts, self._new_day
        self._rows, self._attempts, self._new_day = [], [], False
        if self.journal is not None and (rows or attempts):
            self._write_journal(self.journal, rows, attempts)
        if self._copies is not None and rows:
            moment = max([row.utc_ms for row in rows])
            label = self._copies.due(moment, self._logbook.first_moment, new_day=new_day)
            if label:
                self._copies.start(label, moment)

    def _write_journal(self, journal: Journal, rows: list[LogRow], attempts: list[Attempt]) -> None:
        if len(rows) + len(attempts) > _PORTION:
            journal.catch_up()  # in portions, from what is stored
            return
        made = 0
        if attempts:
            (made,) = self._connection.execute("SELECT max(rowid) FROM attempt").fetchone()
        journal.add(
            lines_of(rows, attempts),
            range(self._last_row - len(rows) + 1, self._last_row + 1),
            range(made - len(attempts) + 1, made + 1),
        )

    def settle(self, *, always: bool = False) -> None:
        """Bring the journal onto the disk, with what other processes left out of it."""
        with self.lock:
            if self._copies is not None:
                self._copies.finish()
            if self.journal is None or not self._writes:
                return
            with contextlib.suppress(sqlite3.Error):  # the next opening does the same
                self.journal.catch_up()
                self.journal.sync()
                reached = self.journal.checkpoint(always=always)
                if reached is not None:
                    self._connection.execute(PUT_META, ("journal", json.dumps(asdict(reached))))

    def complaints(self) -> list[str]:
        """Return what went wrong after commits, as sentences."""
        if self._copies is not None:
            self._copies.finish()
        found = []
        if self.journal is not None and self.journal.fault is not None:
            found.append(
                f"The journal cannot be written: {system_words(self.journal.fault)}. "
                "Everything is in the database; `studytrack doctor` says more."
            )
        if self._copies is not None and self._copies.fault:
            found.append(self._copies.fault)
        return found

    def close(self) -> None:
        """Settle and close."""
        with self.lock:
            self.settle()
            if self.journal is not None:
                self.journal.close()
            self._connection.close()
            self._presence.end()

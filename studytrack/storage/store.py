"""The store: writing the log and the attempts, and the caches that follow from them.

Every write is one `BEGIN IMMEDIATE`: rows go in, and the memory and fields of the items they touch
follow, so that the caches always equal a replay. Services decide what rows mean; nothing is
scheduled or judged here.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from studytrack.domain.days import offset_minutes, study_day, utc_ms
from studytrack.domain.log import Attempt, LogRow
from studytrack.errors import StudytrackError
from studytrack.paths import Paths
from studytrack.storage.backup import back_up
from studytrack.storage.caches import Caches
from studytrack.storage.faults import NOT_CHANGED, explained, stops_writing_only
from studytrack.storage.journal import Journal, journal_head
from studytrack.storage.leaps import Leaps
from studytrack.storage.logbook import Logbook, Order
from studytrack.storage.opening import finish_replacement, opened, opened_to_read
from studytrack.storage.place import remark
from studytrack.storage.presence import Presence
from studytrack.storage.reader import Reader
from studytrack.storage.rows import INSERT_ATTEMPT, attempt_values
from studytrack.storage.session import PUT_META, Session
from studytrack.storage.shapes import Guard, StaleItem, Stamp
from studytrack.storage.tidying import tidy

_DEVICE = re.compile(r"[0-9a-f]{16}")
__all__ = ["Guard", "StaleItem", "Stamp", "Store"]


def _event_id(clock: int) -> str:
    """Return an id that no other device makes: the clock, then 80 random bits.

    New rows so stand together at the end of the ids' index. With random ids a write among a
    million rows touched a page that nobody had read for long.
    """
    return f"{clock:012x}{secrets.token_hex(10)}"


class Store(Reader):
    """An open database. Safe to use from several threads; writers of other processes wait."""

    def __init__(
        self,
        paths: Paths,
        connection: sqlite3.Connection,
        presence: Presence,
        *,
        copies: bool,
        barred: StudytrackError | None = None,
    ) -> None:
        logbook = Logbook(connection)
        session = Session(paths, connection, presence, self._forget, copies=copies, barred=barred)
        super().__init__(connection, logbook, Caches(connection, logbook), session)
        self._paths = paths
        self._lock, self._writing = session.lock, session.writing
        self._leaps = Leaps(logbook)
        self.believe = self._leaps.believe
        self._last_clock = 0
        self._newest: tuple[int, int] | None = None
        self._undone: tuple[int, Order | None] = (-1, None)
        self._notices: list[str] = []
        self.device_id = self._device()

    @classmethod
    def open(cls, paths: Paths, *, copies: bool = True) -> Self:
        """Open the learner's database; create or migrate it as needed.

        Where nothing can be written it is opened to read, and every write is refused.

        Args:
            paths: the learner's directories.
            copies: keep the journal and the backups; only what is thrown away does without.

        Raises:
            StoreFault: newer, damaged, busy or not a database.
            EnvironmentFault: the place cannot be written.
        """
        try:
            finished = finish_replacement(paths)
            with opened(paths) as (connection, presence):
                store = cls(paths, connection, presence, copies=copies)
                store._notices += finished
                if copies:
                    store._notices += filter(None, [tidy(paths)])
                    store._begin_journal()
        except StudytrackError as error:
            if not stops_writing_only(error):
                raise
            with opened_to_read(paths) as (connection, presence):
                store = cls(paths, connection, presence, copies=False, barred=error)
            store._notices.append(store.barred())
        return store

    def close(self) -> None:
        """Bring the journal onto the disk and close the database."""
        self._session.close()

    def settle(self) -> None:
        """Bring the journal onto the disk: at the end of a quiz, and when nothing goes on."""
        self._session.settle()

    def barred(self) -> str:
        """Return why nothing can be stored, as a line; "" where it can."""
        error = self._session.barred
        if error is None:
            return ""
        why = "" if error.why == NOT_CHANGED else error.why
        return f"Nothing can be stored: {error.what} {why}".rstrip()

    def notices(self) -> list[str]:
        """Return what the learner should know about where and how this is stored, each once."""
        told = [*self._notices, *self._session.complaints()]
        self._notices.clear()
        return told

    def _begin_journal(self) -> None:
        """Bring the journal up to the database, and say what the learner should know."""
        journal = Journal(self._connection, self._paths.journal, self.device_id)
        with contextlib.suppress(ValueError, TypeError, RecursionError):  # see `faulty_rows`
            journal.catch_up()
        self._session.journal = journal
        if missing := journal.missing_here:
            events = f"{missing} event{'s'[: missing != 1]} that the database lacks"
            self._notices.append(
                f"The journal {self._paths.journal} is of another home; it holds {events}. "
                f"`studytrack import {self._paths.journal}` unites the two."
                if journal.is_foreign()
                else f"The journal holds {events}. `studytrack doctor --repair` brings them back."
            )
        if (text := remark(self._paths.data)) and self._session.meta("told_place") != text:
            self._notices.append(text)
            with contextlib.suppress(sqlite3.OperationalError):  # a full disk: it is said again
                self._connection.execute(PUT_META, ("told_place", text))

    # --- moments and rows -------------------------------------------------------------------

    def stamp(self, now: datetime, rollover_minutes: int) -> Stamp:
        """Return `now` for the log: its clock after all rows, its day not before own answers'."""
        with self._reading():
            clock, _ = self._newest_seen()
            moment = utc_ms(now)
            return Stamp(
                clock=max(moment, clock + 1, self._last_clock + 1),
                utc_ms=moment,
                offset_min=offset_minutes(now),
                study_day=self._leaps.held(self.device_id, study_day(now, rollover_minutes)),
            )

    def check_clock(self, stamp: Stamp) -> None:
        """Return if a moment is plausible.

        Raises:
            ClockLeap: it is more than 365 days after the newest row, and was not confirmed.
        """
        with self._reading():
            self._leaps.check(stamp.study_day, stamp.utc_ms)

    def changes(self) -> int:
        """Return a number that grows with every write, here or by another process."""
        with self._reading():
            return self._session.changes

    def new_row(self, stamp: Stamp, **fields: Any) -> LogRow:
        """Return a row of this device; each gets a later clock than the one before."""
        origin = self._origin(stamp)
        return LogRow(_event_id(origin[1]), *origin, **fields)

    def new_attempt(self, stamp: Stamp, **fields: Any) -> Attempt:
        """Return an attempt of this device."""
        device_id, clock, utc_ms, offset_min, day = self._origin(stamp)
        return Attempt(
            attempt_id=secrets.token_hex(16),
            device_id=device_id,
            clock=clock,
            utc_ms=utc_ms,
            offset_min=offset_min,
            study_day=day,
            **fields,
        )

    def append(self, rows: Sequence[LogRow], *, guard: Guard | None = None) -> list[LogRow]:
        """Write rows and the states that follow, all or nothing; return them as they were written.

        Their clocks move on if another process wrote later ones since they were made.

        Raises:
            ClockLeap: they are of more than 365 days after the newest row.
            StaleItem: the guarded item has a newer row than its reader saw.
            StoreFault, EnvironmentFault: nothing was written.
        """
        with self._writing():
            if guard is not None:
                self._check(guard)
            return self._add(rows)

    def add_attempt(self, made: Attempt, rows: Sequence[LogRow] = ()) -> None:
        """Write an attempt and the rows that come with it, all or nothing."""
        with self._writing():
            self._connection.execute(INSERT_ATTEMPT, attempt_values(made))
            self._session.wrote([], [made])
            self._add(rows)

    # --- undo --------------------------------------------------------------------------------

    def undo(self, stamp: Stamp) -> LogRow | None:
        """Take back the newest live row of this device and return it; None if there is none."""
        with self._writing():
            changes, order = self._undone
            below = order if changes == self._session.changes else None
            found = self._logbook.last_undoable(self.device_id, below)
            if found is not None:
                self._bury(stamp, found)
        if found is not None:  # all behind it is undone, until something else is written
            self._undone = self._session.changes, found.order
        return found

    def answers_after(self, day: int) -> list[LogRow]:
        """Return the live answers on study days after `day`, the oldest first."""
        with self._reading():
            return self._logbook.answers_after(day)

    def undo_after(self, stamp: Stamp, day: int) -> list[LogRow]:
        """Take back all live answers on study days after `day`; return them."""
        with self._writing():
            found = self._logbook.answers_after(day)
            self._add([self._tombstone(stamp, row) for row in found])
        return found

    def redo(self, stamp: Stamp) -> LogRow | None:
        """Bring back what was undone last, unless something new was done since."""
        with self._writing():
            undone = self._logbook.last_undone(self.device_id)
            done = self._logbook.last_undoable(self.device_id)
            if undone is None or (done is not None and done.clock > undone.clock):
                return None
            self._bury(stamp, undone)
            return self._logbook.get(undone.target)

    def _bury(self, stamp: Stamp, found: LogRow) -> LogRow:
        self._add([self._tombstone(stamp, found)])
        return found

    def _tombstone(self, stamp: Stamp, found: LogRow) -> LogRow:
        return self.new_row(
            stamp,
            kind="undo",
            item_kind=found.item_kind,
            item_id=found.item_id,
            target=found.event_id,
        )

    # --- the whole ---------------------------------------------------------------------------

    def merge(self, dump: Mapping[str, Any]) -> int:
        """Add the rows and attempts that are not here yet; return how many came in."""
        rows = {row["event_id"]: LogRow(**row) for row in dump.get("log", [])}
        attempts = {made["attempt_id"]: Attempt(**made) for made in dump.get("attempts", [])}
        with self._writing():
            here = self.known(rows, attempts)
            fresh = sorted(
                (row for name, row in rows.items() if name not in here), key=lambda row: row.order
            )
            graded = [made for name, made in attempts.items() if name not in here]
            self._connection.executemany(INSERT_ATTEMPT, map(attempt_values, graded))
            last = self._logbook.insert(fresh)
            self._session.wrote(fresh, graded, last_row=last)
            self._newest = None
            self._leaps.forget()
            seen: set[str] = set()
            self._caches.refold(item for row in fresh for item in self._logbook.touched(row, seen))
        return len(fresh) + len(graded)

    def rebuild(self) -> int:
        """Fold every item anew and return how many cached states differed."""
        with self._writing():
            return self._caches.rebuild()

    def check(self) -> list[str]:
        """Return what is wrong with the database, its indexes included; empty if nothing is."""
        with self._lock:
            return self._session.problems(whole=True)

    def backup(self, label: str) -> Path:
        """Return a verified copy of the database; the label says why it was made.

        Raises:
            StoreFault: none could be made.
        """
        with self._lock:
            if self._session.barred is not None:
                raise self._session.barred
            return back_up(self._paths.database, self._paths.backups, label)

    def adopt(self, device_id: str) -> None:
        """Go on as a device that was here before, so that its undo goes on too."""
        with self._writing():
            self._connection.execute(PUT_META, ("device_id", device_id))
        self.device_id = device_id

    # --- inside ------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._newest = None
        self._leaps.forget()
        self._caches.forget()

    def _newest_seen(self) -> tuple[int, int]:
        if self._newest is None:
            self._newest = self._logbook.newest()
        return self._newest

    def _origin(self, stamp: Stamp) -> tuple[str, int, int, int, int]:
        """Return what a row and an attempt say first: their device, clock and moment."""
        with self._lock:
            self._last_clock = max(stamp.clock, self._last_clock + 1)
            moment = stamp.utc_ms, stamp.offset_min, stamp.study_day
            return self.device_id, self._last_clock, *moment

    def _device(self) -> str:
        if not self._session.meta("device_id") and self._session.barred is None:
            # A new database beside an old journal is the same home, whose database was lost.
            known = journal_head(self._paths.journal)[1]
            name = known if _DEVICE.fullmatch(known) else secrets.token_hex(8)
            with explained(self._paths.database):  # OR IGNORE: whoever comes first names it
                self._connection.execute(
                    "INSERT OR IGNORE INTO meta (name, value) VALUES ('device_id', ?)", (name,)
                )
        return self._session.meta("device_id")

    def _check(self, guard: Guard) -> None:
        if self._caches.last_clock((guard.item_kind, guard.item_id)) != guard.clock:
            raise StaleItem(
                f"`{guard.item_id}` was answered elsewhere in the meantime.",
                "Another window or command changed it after it was shown here.",
                "It is shown again as it is now; nothing was saved twice.",
            )

    def _add(self, rows: Sequence[LogRow]) -> list[LogRow]:
        """Write rows behind all that are there, and fold them."""
        if not rows:
            return []
        self._leaps.check(rows[0].study_day, rows[0].utc_ms)  # all are of one moment
        newest, day = self._newest_seen()
        behind = newest + 1 - min([row.clock for row in rows])
        placed = list(rows)
        if behind > 0:
            placed = [row._replace(clock=row.clock + behind) for row in rows]
        last_row = self._logbook.insert(placed)
        for row in sorted(placed, key=lambda row: row.order) if len(placed) > 1 else placed:
            self._caches.add(row)
        days = [row.study_day for row in placed]
        self._session.wrote(placed, [], last_row=last_row, new_day=0 < day < min(days))
        last = max([row.clock for row in placed])
        self._last_clock = max(self._last_clock, last)
        self._newest = (last, max(days))
        self._leaps.note(placed)
        return placed

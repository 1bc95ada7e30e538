"""What is read of an open database: rows, attempts and the states that follow from them.

The reading half of the store; whatever is asked here changes nothing. Writing is `store`'s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from studytrack.domain.log import Attempt, LogRow, live_rows
from studytrack.domain.memory import Memory
from studytrack.domain.parameters import InUse
from studytrack.storage.caches import Caches
from studytrack.storage.every_row import Stored, faulty_rows
from studytrack.storage.logbook import Logbook, known_ids
from studytrack.storage.rows import SELECT_ATTEMPTS, attempt_of
from studytrack.storage.session import Session


class Reader:
    """Reads under the session's lock, and sees what other processes wrote."""

    def __init__(
        self, connection: sqlite3.Connection, logbook: Logbook, caches: Caches, session: Session
    ) -> None:
        self._connection = connection
        self._logbook = logbook
        self._caches = caches
        self._session = session
        self._reading = session.reading
        self.reading = session.reading  # several reads that look for other writers once
        self.trusting = session.trusting  # … or not at all: a guarded write follows

    def rows(
        self,
        *,
        item_kind: str = "",
        item_id: str = "",
        since_day: int | None = None,
        kinds: Collection[str] = (),
    ) -> list[LogRow]:
        """Return rows in order, also undone ones and the undo rows themselves."""
        with self._reading():
            return self._logbook.find(
                item_kind=item_kind, item_id=item_id, since_day=since_day, kinds=kinds
            )

    def live(
        self,
        *,
        item_kind: str = "",
        item_id: str = "",
        since_day: int | None = None,
        kinds: Collection[str] = (),
    ) -> list[LogRow]:
        """Return the rows that count, in order."""
        with self._reading():
            found = self._logbook.find(
                item_kind=item_kind, item_id=item_id, since_day=since_day, kinds=kinds
            )
            rows = {row.event_id: row for row in [*found, *self._logbook.tombstones(found)]}
        wanted = {row.event_id for row in found}
        return [row for row in live_rows(rows.values()) if row.event_id in wanted]

    def memories(self, item_kind: str = "") -> dict[tuple[str, str], Memory]:
        """Return the memory of all items, or of one kind."""
        with self._reading():
            found = self._caches.memories()
            return {item: memory for item, memory in found.items() if item_kind in ("", item[0])}

    def memory(self, item_kind: str, item_id: str) -> Memory:
        """Return the memory of one item; a new one if it was never asked."""
        with self._reading():
            found = self._caches.memory((item_kind, item_id))
        return found or Memory(item_kind=item_kind, item_id=item_id)

    def entities(self, item_kind: str) -> dict[str, dict[str, Any]]:
        """Return the folded fields of one kind of item, by id, in the order they came."""
        with self._reading():
            return self._caches.entities(item_kind)

    def in_use(self, item_kind: str) -> InUse:
        """Return the parameters that a kind of item is scheduled with."""
        with self._reading():
            return self._caches.in_use(item_kind)

    def attempts(self, exercise: str = "") -> list[Attempt]:
        """Return attempts, the oldest first."""
        where = " WHERE exercise = ?" if exercise else ""
        text = f"{SELECT_ATTEMPTS}{where} ORDER BY clock, attempt_id"
        with self._reading():
            found = self._connection.execute(text, (exercise,) if exercise else ())
            return [attempt_of(one) for one in found]

    def durations(self, item_kind: str, most: int) -> list[tuple[str, int]]:
        """Return item ids and milliseconds of the newest timed answers, the newest first."""
        with self._reading():
            return self._logbook.durations(item_kind, most)

    def last_moment(self) -> int:
        """Return when the newest row was made, in UTC milliseconds; zero for an empty log."""
        with self._reading():
            return self._logbook.last_moment()

    def study_days(self, kinds: Collection[str]) -> set[int]:
        """Return the study days on which a live row of these kinds stands."""
        with self._reading():
            return self._logbook.study_days(kinds)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON-ready data, in order."""
        with self._reading():
            return {
                "log": [row._asdict() for row in self._logbook.find()],
                "attempts": [asdict(made) for made in self.attempts()],
            }

    def faulty_rows(self) -> list[Stored]:
        """Return the rows and attempts that break a rule, as they are stored."""
        with self._reading():
            return faulty_rows(self._connection)

    def size(self) -> int:
        """Return how many rows the log holds."""
        with self._reading():
            (count,) = self._connection.execute("SELECT count(*) FROM log").fetchone()
        return int(count)

    def known(self, event_ids: Collection[str], attempt_ids: Collection[str] = ()) -> set[str]:
        """Return those of the ids that are here already."""
        with self._reading():
            graded = known_ids(self._connection, "attempt", "attempt_id", attempt_ids)
            return self._logbook.known(event_ids) | graded

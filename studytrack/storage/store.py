"""The store: the log and the attempts, and the caches that follow from them.

Every write is one `BEGIN IMMEDIATE`: rows go in, and the memory and fields of the items they touch
follow, so that the caches always equal a replay. Services decide what rows mean; nothing is
scheduled or judged here.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from studytrack.domain.days import offset_minutes, study_day, utc_ms
from studytrack.domain.log import Attempt, LogRow, live_rows
from studytrack.domain.scheduler import Memory
from studytrack.errors import StoreFault
from studytrack.paths import Paths, ensure
from studytrack.storage.backup import back_up
from studytrack.storage.caches import WITH_MEMORY, Caches
from studytrack.storage.faults import explained
from studytrack.storage.logbook import Logbook
from studytrack.storage.migrate import check_revision, current_revision, migrate
from studytrack.storage.tables import attempt, meta

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a power cut must not lose an acknowledged answer
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment as the log records it."""

    clock: int
    utc_ms: int
    offset_min: int
    study_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What the writer saw of an item: refuses an answer to a question that has moved on.

    `clock` is the `last_clock` of its memory; for items without one, that of its newest row.
    """

    item_kind: str
    item_id: str
    clock: int


class StaleItem(StoreFault):
    """Another window answered the item in the meantime; nothing was written."""


class Store:
    """An open database. Safe to use from several threads; writers of other processes wait."""

    def __init__(self, paths: Paths, connection: sa.Connection) -> None:
        self._paths = paths
        self._connection = connection
        self._lock = threading.RLock()
        self._logbook = Logbook(connection)
        self._caches = Caches(connection, self._logbook)
        self._last_clock = 0
        self._newest: tuple[int, int] | None = None
        self._seen_version: int | None = None
        self._changes = 0
        self.device_id = self._device()

    @classmethod
    def open(cls, paths: Paths) -> Self:
        """Open the learner's database; create or migrate it as needed.

        Raises:
            StoreFault: newer, damaged, busy or not a database.
            EnvironmentFault: the place cannot be written.
        """
        ensure(paths.data)
        database = paths.database
        with explained(database):
            due = check_revision(database)
            if due and (old := current_revision(database)) is not None:
                back_up(database, paths.backups, f"before-migration-from-{old}")
            engine = sa.create_engine(
                sa.URL.create("sqlite", database=str(database)),
                poolclass=StaticPool,
                connect_args={"check_same_thread": False, "timeout": 5.0},
                isolation_level="AUTOCOMMIT",  # transactions are written out below
            )
            try:
                connection = engine.connect()
                for pragma in PRAGMAS:
                    connection.exec_driver_sql(pragma).close()
                if due:
                    migrate(connection)
                return cls(paths, connection)
            except BaseException:
                engine.dispose()
                raise

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()
            self._connection.engine.dispose()

    # --- moments and rows -------------------------------------------------------------------

    def stamp(self, now: datetime, rollover_minutes: int) -> Stamp:
        """Return `now` for the log: never before the newest row, in clock and study day."""
        with self._reading():
            clock, day = self._newest_seen()
            moment = utc_ms(now)
            return Stamp(
                clock=max(moment, clock + 1, self._last_clock + 1),
                utc_ms=moment,
                offset_min=offset_minutes(now),
                study_day=max(study_day(now, rollover_minutes), day),
            )

    def changes(self) -> int:
        """Return a number that grows with every write, here or by another process."""
        with self._reading():
            return self._changes

    def new_row(self, stamp: Stamp, **fields: Any) -> LogRow:
        """Return a row of this device; each gets a later clock than the one before."""
        return LogRow(event_id=secrets.token_hex(16), **self._origin(stamp), **fields)

    def new_attempt(self, stamp: Stamp, **fields: Any) -> Attempt:
        """Return an attempt of this device."""
        return Attempt(attempt_id=secrets.token_hex(16), **self._origin(stamp), **fields)

    def append(self, rows: Sequence[LogRow], *, guard: Guard | None = None) -> list[LogRow]:
        """Write rows and the states that follow, all or nothing; return them as they were written.

        Their clocks move on if another process wrote later ones since they were made.

        Raises:
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
            self._connection.execute(attempt.insert(), asdict(made))
            self._add(rows)

    # --- undo --------------------------------------------------------------------------------

    def undo(self, stamp: Stamp) -> LogRow | None:
        """Take back the newest live row of this device and return it; None if there is none."""
        with self._writing():
            found = self._logbook.last_undoable(self.device_id)
            return None if found is None else self._bury(stamp, found)

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
        tombstone = self.new_row(
            stamp,
            kind="undo",
            item_kind=found.item_kind,
            item_id=found.item_id,
            target=found.event_id,
        )
        self._add([tombstone])
        return found

    # --- reading -----------------------------------------------------------------------------

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

    def attempts(self, exercise: str = "") -> list[Attempt]:
        """Return attempts, the oldest first."""
        query = sa.select(attempt).order_by(attempt.c.clock, attempt.c.attempt_id)
        if exercise:
            query = query.where(attempt.c.exercise == exercise)
        with self._reading():
            return [Attempt(**row) for row in self._connection.execute(query).mappings()]

    def study_days(self, kinds: Collection[str]) -> set[int]:
        """Return the study days on which a live row of these kinds stands."""
        with self._reading():
            return self._logbook.study_days(kinds)

    # --- the whole ---------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON-ready data, in order."""
        with self._reading():
            return {
                "log": [asdict(row) for row in self._logbook.find()],
                "attempts": [asdict(made) for made in self.attempts()],
            }

    def merge(self, dump: Mapping[str, Any]) -> int:
        """Add the rows and attempts that are not here yet; return how many came in."""
        rows = [LogRow(**row) for row in dump.get("log", [])]
        attempts = [Attempt(**made) for made in dump.get("attempts", [])]
        with self._writing():
            known = self._logbook.event_ids()
            made = set(self._connection.scalars(sa.select(attempt.c.attempt_id)))
            fresh = {row.event_id: row for row in rows if row.event_id not in known}
            graded = {one.attempt_id: one for one in attempts if one.attempt_id not in made}
            if graded:
                self._connection.execute(attempt.insert(), [asdict(a) for a in graded.values()])
            self._logbook.insert(fresh.values())
            self._newest = None
            self._caches.refold(
                item for row in fresh.values() for item in self._logbook.touched(row)
            )
        return len(fresh) + len(graded)

    def rebuild(self) -> int:
        """Fold every item anew and return how many cached states differed."""
        with self._writing():
            return self._caches.rebuild()

    def check(self) -> list[str]:
        """Return what is wrong with the database; empty if nothing is."""
        with self._reading():
            found = self._connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
        return [] if found == ["ok"] else [str(line) for line in found]

    def backup(self, label: str) -> Path:
        """Return a verified copy of the database; it replaces the last one of the same label."""
        with self._lock:
            return back_up(self._paths.database, self._paths.backups, label)

    # --- inside a transaction ----------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, explained(self._paths.database):
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                self._notice_others()
                yield
                self._connection.exec_driver_sql("COMMIT")
            except BaseException:
                self._forget()
                with contextlib.suppress(sa.exc.DBAPIError):
                    self._connection.exec_driver_sql("ROLLBACK")
                raise
            self._changes += 1

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, explained(self._paths.database):
            self._notice_others()
            yield

    def _notice_others(self) -> None:
        """Forget what is held in memory if another connection wrote since it was read."""
        version = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
        if version != self._seen_version:
            self._forget()
            self._seen_version = version
            self._changes += 1

    def _forget(self) -> None:
        self._newest = None
        self._seen_version = None
        self._caches.forget()

    def _newest_seen(self) -> tuple[int, int]:
        if self._newest is None:
            self._newest = self._logbook.newest()
        return self._newest

    def _origin(self, stamp: Stamp) -> dict[str, Any]:
        """Return where and when a new row or attempt comes from."""
        with self._lock:
            self._last_clock = max(stamp.clock, self._last_clock + 1)
            return {
                "device_id": self.device_id,
                "clock": self._last_clock,
                "utc_ms": stamp.utc_ms,
                "offset_min": stamp.offset_min,
                "study_day": stamp.study_day,
            }

    def _device(self) -> str:
        query = sa.select(meta.c.value).where(meta.c.name == "device_id")
        if not self._connection.scalar(query):
            with self._writing():
                made = {"name": "device_id", "value": secrets.token_hex(8)}
                self._connection.execute(meta.insert().prefix_with("OR IGNORE"), made)
        return str(self._connection.scalar(query))

    def _check(self, guard: Guard) -> None:
        if guard.item_kind in WITH_MEMORY:
            memory = self._caches.memory((guard.item_kind, guard.item_id))
            clock = memory.last_clock if memory else 0
        else:
            clock = self._logbook.newest_of(guard.item_kind, guard.item_id)
        if clock != guard.clock:
            raise StaleItem(
                f"`{guard.item_id}` was answered elsewhere in the meantime.",
                "Another window or command changed it after it was shown here.",
                "It is shown again as it is now; nothing was saved twice.",
            )

    def _add(self, rows: Sequence[LogRow]) -> list[LogRow]:
        """Write rows behind all that are there, and fold them."""
        if not rows:
            return []
        newest, day = self._newest_seen()
        behind = max(0, newest + 1 - min(row.clock for row in rows))
        placed = [replace(row, clock=row.clock + behind) for row in rows] if behind else list(rows)
        self._logbook.insert(placed)
        for row in sorted(placed, key=lambda row: row.order):
            self._caches.add(row)
        last = max(row.clock for row in placed)
        self._last_clock = max(self._last_clock, last)
        self._newest = (last, max(day, *(row.study_day for row in placed)))
        return placed

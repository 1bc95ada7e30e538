"""The store: the log and the attempts, and the caches that follow from them.

Every write is one `BEGIN IMMEDIATE`: rows go in, and the memory and fields of the items they touch
are folded anew, so that the caches always equal a replay. Services decide what rows mean; nothing
is scheduled or judged here.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import StaticPool

from studytrack.domain.days import offset_minutes, study_day, utc_ms
from studytrack.domain.log import UNDOABLE, Attempt, LogRow, fold_fields, live_rows
from studytrack.domain.scheduler import Memory, fold
from studytrack.errors import StoreFault
from studytrack.paths import Paths, ensure
from studytrack.storage.backup import back_up
from studytrack.storage.faults import explained
from studytrack.storage.migrate import check_revision, current_revision, migrate
from studytrack.storage.tables import attempt, entity, log, memory, meta

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a power cut must not lose an acknowledged answer
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
)
WITH_MEMORY: frozenset[str] = frozenset({"card", "exercise"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment as the log records it."""

    clock: int
    utc_ms: int
    offset_min: int
    study_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What the writer saw of an item: refuses an answer to a question that has moved on."""

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
        self._last_clock = 0
        with self._writing():
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
            connection = engine.connect()
            for pragma in PRAGMAS:
                connection.exec_driver_sql(pragma).close()
            if due:
                _migrate(connection)
            return cls(paths, connection)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()
            self._connection.engine.dispose()

    # --- moments and rows -------------------------------------------------------------------

    def stamp(self, now: datetime, rollover_minutes: int) -> Stamp:
        """Return `now` for the log: never before the newest row, in clock and study day."""
        with self._reading():
            newest = sa.select(sa.func.max(log.c.clock), sa.func.max(log.c.study_day))
            clock, day = self._connection.execute(newest).one()
        moment = utc_ms(now)
        return Stamp(
            clock=max(moment, (clock or 0) + 1, self._last_clock + 1),
            utc_ms=moment,
            offset_min=offset_minutes(now),
            study_day=max(study_day(now, rollover_minutes), day or 0),
        )

    def new_row(self, stamp: Stamp, **fields: Any) -> LogRow:
        """Return a row of this device; each gets a later clock than the one before."""
        self._last_clock = max(stamp.clock, self._last_clock + 1)
        return LogRow(
            event_id=secrets.token_hex(16),
            device_id=self.device_id,
            clock=self._last_clock,
            utc_ms=stamp.utc_ms,
            offset_min=stamp.offset_min,
            study_day=stamp.study_day,
            **fields,
        )

    def append(self, rows: Sequence[LogRow], *, guard: Guard | None = None) -> None:
        """Write rows and the states that follow, all or nothing.

        Raises:
            StaleItem: the guarded item has a newer row than its reader saw.
            StoreFault, EnvironmentFault: nothing was written.
        """
        with self._writing():
            if guard is not None:
                self._check(guard)
            self._insert(rows)

    def add_attempt(self, made: Attempt, rows: Sequence[LogRow] = ()) -> None:
        """Write an attempt and the rows that come with it, all or nothing."""
        with self._writing():
            self._connection.execute(attempt.insert(), asdict(made))
            self._insert(rows)

    def new_attempt(self, stamp: Stamp, **fields: Any) -> Attempt:
        """Return an attempt of this device."""
        self._last_clock = max(stamp.clock, self._last_clock + 1)
        return Attempt(
            attempt_id=secrets.token_hex(16),
            device_id=self.device_id,
            clock=self._last_clock,
            utc_ms=stamp.utc_ms,
            offset_min=stamp.offset_min,
            study_day=stamp.study_day,
            **fields,
        )

    # --- undo --------------------------------------------------------------------------------

    def undo(self, stamp: Stamp) -> LogRow | None:
        """Take back the newest live row of this device and return it; None if there is none."""
        with self._writing():
            found = self._last_undoable()
            return None if found is None else self._bury(stamp, found)

    def redo(self, stamp: Stamp) -> LogRow | None:
        """Bring back what was undone last, unless something new was done since."""
        with self._writing():
            tombstones = self._rows(log.c.kind == "undo")
            dead, names = _undone(tombstones), {row.event_id for row in tombstones}
            undos = [
                row
                for row in tombstones
                if row.device_id == self.device_id
                and row.event_id not in dead
                and row.target not in names
            ]
            done = self._last_undoable()
            if not undos or (done is not None and done.clock > undos[-1].clock):
                return None
            self._bury(stamp, undos[-1])
            return self._rows(log.c.event_id == undos[-1].target)[0]

    def _last_undoable(self) -> LogRow | None:
        """Return the newest live row of this device that undo takes back."""
        dead = _undone(self._rows(log.c.kind == "undo"))
        newest = (
            sa.select(log)
            .where(log.c.device_id == self.device_id, log.c.kind.in_(UNDOABLE), log.c.batch == "")
            .order_by(log.c.clock.desc(), log.c.event_id.desc())
        )
        with self._connection.execute(newest) as rows:
            return next((LogRow(**r) for r in rows.mappings() if r["event_id"] not in dead), None)

    def _bury(self, stamp: Stamp, found: LogRow) -> LogRow:
        tombstone = self.new_row(
            stamp,
            kind="undo",
            item_kind=found.item_kind,
            item_id=found.item_id,
            target=found.event_id,
        )
        self._insert([tombstone])
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
        wanted: list[sa.ColumnElement[bool]] = [sa.true()]
        if item_kind:
            wanted.append(log.c.item_kind == item_kind)
        if item_id:
            wanted.append(log.c.item_id == item_id)
        if since_day is not None:
            wanted.append(log.c.study_day >= since_day)
        if kinds:
            wanted.append(log.c.kind.in_(list(kinds)))
        with self._reading():
            return self._rows(sa.and_(*wanted))

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
            found = self.rows(
                item_kind=item_kind, item_id=item_id, since_day=since_day, kinds=kinds
            )
            rows = {row.event_id: row for row in [*found, *self._tombstones(found)]}
        wanted = {row.event_id for row in found}
        return [row for row in live_rows(rows.values()) if row.event_id in wanted]

    def memories(self, item_kind: str = "") -> dict[tuple[str, str], Memory]:
        """Return the memory of all items, or of one kind."""
        query = sa.select(memory)
        if item_kind:
            query = query.where(memory.c.item_kind == item_kind)
        with self._reading():
            found = self._connection.execute(query).mappings().all()
        return {(row["item_kind"], row["item_id"]): Memory(**row) for row in found}

    def memory(self, item_kind: str, item_id: str) -> Memory:
        """Return the memory of one item; a new one if it was never asked."""
        query = sa.select(memory).where(
            memory.c.item_kind == item_kind, memory.c.item_id == item_id
        )
        with self._reading():
            row = self._connection.execute(query).mappings().one_or_none()
        return Memory(**row) if row else Memory(item_kind=item_kind, item_id=item_id)

    def entities(self, item_kind: str) -> dict[str, dict[str, Any]]:
        """Return the folded fields of one kind of item, by id, in the order they came."""
        query = sa.select(entity).where(entity.c.item_kind == item_kind)
        with self._reading():
            found = self._connection.execute(query.order_by(sa.literal_column("rowid"))).all()
        return {row.item_id: dict(row.fields) for row in found}

    def attempts(self, exercise: str = "") -> list[Attempt]:
        """Return attempts, the oldest first."""
        query = sa.select(attempt).order_by(attempt.c.clock, attempt.c.attempt_id)
        if exercise:
            query = query.where(attempt.c.exercise == exercise)
        with self._reading():
            return [Attempt(**row) for row in self._connection.execute(query).mappings()]

    def study_days(self, kinds: Collection[str]) -> set[int]:
        """Return the study days on which a live row of these kinds stands."""
        counted = (
            sa.select(log.c.study_day, sa.func.count())
            .where(log.c.kind.in_(list(kinds)))
            .group_by(log.c.study_day)
        )
        with self._reading():
            dead = sorted(_undone(self._rows(log.c.kind == "undo")))
            days = {row[0]: row[1] for row in self._connection.execute(counted)}
            for start in range(0, len(dead), 500):
                part = dead[start : start + 500]
                gone = sa.or_(log.c.event_id.in_(part), log.c.batch.in_(part))
                for row in self._rows(sa.and_(gone, log.c.kind.in_(list(kinds)))):
                    days[row.study_day] -= 1
        return {day for day, number in days.items() if number > 0}

    # --- the whole ---------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON-ready data, in order."""
        with self._reading():
            rows = self._rows(sa.true())
            return {
                "log": [asdict(row) for row in rows],
                "attempts": [asdict(made) for made in self.attempts()],
            }

    def merge(self, dump: Mapping[str, Any]) -> int:
        """Add the rows and attempts that are not here yet; return how many came in."""
        rows = [LogRow(**row) for row in dump.get("log", [])]
        attempts = [Attempt(**made) for made in dump.get("attempts", [])]
        with self._writing():
            known = set(self._connection.scalars(sa.select(log.c.event_id)))
            made = set(self._connection.scalars(sa.select(attempt.c.attempt_id)))
            fresh = [row for row in rows if row.event_id not in known]
            fresh_attempts = [asdict(one) for one in attempts if one.attempt_id not in made]
            if fresh_attempts:
                self._connection.execute(attempt.insert(), fresh_attempts)
            self._insert(fresh)
        return len(fresh) + len(fresh_attempts)

    def rebuild(self) -> int:
        """Fold every item anew and return how many cached states differed."""
        with self._writing():
            before = self._caches()
            self._connection.execute(memory.delete())
            self._connection.execute(entity.delete())
            items = sa.select(log.c.item_kind, log.c.item_id).distinct()
            self._refold((row[0], row[1]) for row in self._connection.execute(items).all())
            after = self._caches()
        return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())

    def check(self) -> list[str]:
        """Return what is wrong with the database; empty if nothing is."""
        with self._reading():
            found = self._connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
        return [] if found == ["ok"] else [str(line) for line in found]

    def backup(self, label: str) -> Any:
        """Return a verified copy of the database in the backups folder."""
        with self._lock:
            return back_up(self._paths.database, self._paths.backups, label)

    def _caches(self) -> dict[tuple[str, str, str], Any]:
        found: dict[tuple[str, str, str], Any] = {}
        for table in (memory, entity):
            for row in self._connection.execute(sa.select(table)).mappings():
                found[table.name, row["item_kind"], row["item_id"]] = dict(row)
        return found

    # --- inside a transaction ----------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, explained(self._paths.database):
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):
                    self._connection.exec_driver_sql("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, explained(self._paths.database):
            yield

    def _device(self) -> str:
        known = self._connection.scalar(sa.select(meta.c.value).where(meta.c.name == "device_id"))
        if known:
            return str(known)
        made = secrets.token_hex(8)
        self._connection.execute(meta.insert(), {"name": "device_id", "value": made})
        return made

    def _rows(self, wanted: sa.ColumnElement[bool]) -> list[LogRow]:
        query = sa.select(log).where(wanted).order_by(log.c.clock, log.c.device_id, log.c.event_id)
        return [LogRow(**row) for row in self._connection.execute(query).mappings()]

    def _check(self, guard: Guard) -> None:
        newest = self._connection.scalar(
            sa.select(sa.func.max(log.c.clock)).where(
                log.c.item_kind == guard.item_kind, log.c.item_id == guard.item_id
            )
        )
        if (newest or 0) != guard.clock:
            raise StaleItem(
                f"`{guard.item_id}` was answered elsewhere in the meantime.",
                "Another window or command changed it after it was shown here.",
                "It is shown again as it is now; nothing was saved twice.",
            )

    def _insert(self, rows: Sequence[LogRow]) -> None:
        if not rows:
            return
        self._connection.execute(log.insert(), [asdict(row) for row in rows])
        self._refold(dict.fromkeys(item for row in rows for item in self._touched(row)))

    def _touched(self, row: LogRow) -> list[tuple[str, str]]:
        """Return the items whose state a row can change; an undone batch changes many."""
        items: list[tuple[str, str]] = [(row.item_kind, row.item_id)]
        target: str | None = row.target
        while target:
            batch = sa.select(log.c.item_kind, log.c.item_id).where(log.c.batch == target)
            items += [(found[0], found[1]) for found in self._connection.execute(batch.distinct())]
            above = sa.select(log.c.target).where(log.c.event_id == target)
            target = self._connection.scalar(above)
        return items

    def _tombstones(self, rows: Sequence[LogRow]) -> list[LogRow]:
        """Return the undo rows that reach these rows, directly, by batch or by a chain of undos."""
        found: dict[str, LogRow] = {}
        asked: set[str] = set()
        wanted = {row.event_id for row in rows} | {row.batch for row in rows if row.batch}
        while wanted - asked:
            part = sorted(wanted - asked)[:500]
            asked.update(part)
            for row in self._rows(log.c.target.in_(part)):
                found[row.event_id] = row
                wanted.add(row.event_id)
        return list(found.values())

    def _refold(self, items: Iterable[tuple[str, str]]) -> None:
        for item_kind, item_id in items:
            if not item_id:
                continue
            own = self._rows(sa.and_(log.c.item_kind == item_kind, log.c.item_id == item_id))
            every = {row.event_id: row for row in [*own, *self._tombstones(own)]}
            rows = [row for row in live_rows(every.values()) if row.item_id == item_id]
            if item_kind in WITH_MEMORY:
                self._store_memory(item_kind, item_id, fold(item_kind, item_id, rows))
            self._store_fields(item_kind, item_id, fold_fields(rows))

    def _store_memory(self, item_kind: str, item_id: str, folded: Memory | None) -> None:
        key = sa.and_(memory.c.item_kind == item_kind, memory.c.item_id == item_id)
        if folded is None:
            self._connection.execute(memory.delete().where(key))
            return
        values = asdict(folded)
        statement = insert(memory).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["item_kind", "item_id"], set_=values)
        )

    def _store_fields(self, item_kind: str, item_id: str, fields: Mapping[str, Any]) -> None:
        key = sa.and_(entity.c.item_kind == item_kind, entity.c.item_id == item_id)
        if not fields:
            self._connection.execute(entity.delete().where(key))
            return
        statement = insert(entity).values(item_kind=item_kind, item_id=item_id, fields=dict(fields))
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["item_kind", "item_id"], set_={"fields": dict(fields)}
            )
        )


def _undone(rows: Sequence[LogRow]) -> set[str]:
    """Return the ids of rows that a live undo row targets."""
    dead: set[str] = set()
    for row in reversed(rows):
        if row.kind == "undo" and row.event_id not in dead:
            dead.add(row.target)
    return dead


def _migrate(connection: sa.Connection) -> None:
    """Run due revisions in one transaction; a second process that waited finds none."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        migrate(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with contextlib.suppress(sa.exc.DBAPIError):
            connection.exec_driver_sql("ROLLBACK")
        raise

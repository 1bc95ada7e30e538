"""The log in the database: appending rows, finding them, and which of them are undone.

Rows are never changed or removed. What rows mean for an item is folded in `storage.caches`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from studytrack.domain.log import UNDOABLE, LogRow
from studytrack.storage.rows import (
    IN_ORDER,
    INSERT_ROW,
    NEWEST_FIRST,
    SELECT_ROWS,
    one_of,
    row_of,
    row_values,
)

CHUNK = 500  # bound values of one statement; SQLite allows 999 in old builds
_UNDO_ROWS = "SELECT event_id, target, device_id FROM log WHERE target > ''"
_ITEMS_OF_BATCH = "SELECT DISTINCT item_kind, item_id FROM log WHERE batch = ?"
_ALL_ITEMS = "SELECT item_kind, item_id FROM log GROUP BY item_kind, item_id ORDER BY min(clock)"


class Logbook:
    """The rows of one database; the caller holds the lock and the transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def insert(self, rows: Iterable[LogRow]) -> None:
        """Write rows."""
        for row in rows:
            self._connection.exec_driver_sql(INSERT_ROW, row_values(row))

    def find(
        self,
        *,
        item_kind: str = "",
        item_id: str = "",
        since_day: int | None = None,
        kinds: Collection[str] = (),
    ) -> list[LogRow]:
        """Return rows in order, also undone ones and the undo rows themselves."""
        wanted: list[str] = []
        values: list[Any] = []
        for condition, value in (
            ("item_kind = ?", item_kind),
            ("item_id = ?", item_id),
            ("study_day >= ?", since_day),
        ):
            if value not in ("", None):
                wanted.append(condition)
                values.append(value)
        if kinds:
            wanted.append(one_of("kind", sorted(kinds)))
            values += sorted(kinds)
        return self._select(" AND ".join(wanted), values)

    def newest(self) -> tuple[int, int]:
        """Return the largest clock and study day; zeros for an empty log."""
        clock, day = (
            self._connection.exec_driver_sql(f"SELECT max({name}) FROM log").scalar()  # noqa: S608 - two fixed names
            for name in ("clock", "study_day")
        )
        return clock or 0, day or 0

    def newest_of(self, item_kind: str, item_id: str) -> int:
        """Return the largest clock of one item's rows; zero without any."""
        found = self._connection.exec_driver_sql(
            "SELECT max(clock) FROM log WHERE item_kind = ? AND item_id = ?", (item_kind, item_id)
        )
        return found.scalar() or 0

    def event_ids(self) -> set[str]:
        """Return the ids of all rows."""
        return set(self._connection.exec_driver_sql("SELECT event_id FROM log").scalars())

    def items(self) -> list[tuple[str, str]]:
        """Return every item that a row names, in the order of their first rows."""
        return [(kind, name) for kind, name in self._connection.exec_driver_sql(_ALL_ITEMS)]

    def tombstones(self, rows: Iterable[LogRow]) -> list[LogRow]:
        """Return the undo rows that reach these rows, directly, by batch or by a chain of undos."""
        found: dict[str, LogRow] = {}
        asked: set[str] = set()
        wanted: set[str] = set()
        for row in rows:
            wanted |= {row.event_id, row.batch} if row.batch else {row.event_id}
        while open_ids := sorted(wanted - asked):
            part = open_ids[:CHUNK]
            asked.update(part)
            for row in self._select(one_of("target", part), part):
                found[row.event_id] = row
                wanted.add(row.event_id)
        return list(found.values())

    def touched(self, row: LogRow) -> list[tuple[str, str]]:
        """Return the items whose state a row can change; an undone batch changes many."""
        items: list[tuple[str, str]] = [(row.item_kind, row.item_id)]
        target: str | None = row.target
        while target:
            batch = self._connection.exec_driver_sql(_ITEMS_OF_BATCH, (target,))
            items += [(kind, name) for kind, name in batch]
            above = self._connection.exec_driver_sql(
                "SELECT target FROM log WHERE event_id = ?", (target,)
            )
            target = above.scalar()
        return items

    def last_undoable(self, device_id: str) -> LogRow | None:
        """Return the newest live row of a device that undo takes back."""
        dead = {target for _, target, _ in self._undos()[1]}
        kinds = sorted(UNDOABLE)
        mine = f"{SELECT_ROWS} WHERE device_id = ? AND {one_of('kind', kinds)} AND batch = ''"
        found = self._connection.exec_driver_sql(mine + NEWEST_FIRST, (device_id, *kinds))
        with found as records:
            return next((row_of(one) for one in records if one.event_id not in dead), None)

    def last_undone(self, device_id: str) -> LogRow | None:
        """Return the newest live undo row of a device that took something back, not an undo."""
        names, undos = self._undos()
        for event_id, target, device in reversed(undos):
            if device == device_id and target not in names:
                return self.get(event_id)
        return None

    def get(self, event_id: str) -> LogRow | None:
        """Return one row by its id."""
        found = self._select("event_id = ?", (event_id,))
        return found[0] if found else None

    def study_days(self, kinds: Collection[str]) -> set[int]:
        """Return the study days on which a live row of these kinds stands."""
        names = sorted(kinds)
        counted = f"SELECT study_day, count(*) FROM log WHERE {one_of('kind', names)} GROUP BY 1"  # noqa: S608 - placeholders only
        found = self._connection.exec_driver_sql(counted, tuple(names))
        days: Counter[int] = Counter()
        for day, number in found:
            days[day] = number
        dead = sorted({target for _, target, _ in self._undos()[1]})
        gone: dict[str, int] = {}
        for start in range(0, len(dead), CHUNK):
            part = dead[start : start + CHUNK]
            for column in ("event_id", "batch"):
                for row in self._select(one_of(column, part), part):
                    if row.kind in kinds:
                        gone[row.event_id] = row.study_day
        days.subtract(gone.values())
        return {day for day, number in days.items() if number > 0}

    def _select(self, where: str, values: Sequence[Any]) -> list[LogRow]:
        text = SELECT_ROWS + (f" WHERE {where}" if where else "") + IN_ORDER
        return [row_of(one) for one in self._connection.exec_driver_sql(text, tuple(values))]

    def _undos(self) -> tuple[set[str], list[tuple[str, str, str]]]:
        """Return the ids of all undo rows; and id, target and device of those that count."""
        rows = self._connection.exec_driver_sql(_UNDO_ROWS + IN_ORDER).all()
        dead: set[str] = set()
        live: list[tuple[str, str, str]] = []
        for event_id, target, device in reversed(rows):  # an undo is undone by later rows only
            if event_id not in dead:
                dead.add(target)
                live.append((event_id, target, device))
        return {row[0] for row in rows}, live[::-1]

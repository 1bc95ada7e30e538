"""The log in the database: appending rows, finding them, and which of them are undone.

Rows are never changed or removed. What rows mean for an item is folded in `storage.caches`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from studytrack.domain.log import ANSWERS, UNDOABLE, LogRow
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
# `target > ''` and `batch > ''` are written out: only so are the partial indexes used.
_UNDOS_OF = (
    "SELECT clock, device_id, event_id FROM log WHERE target = ? AND target > '' AND kind = 'undo'"
)
_ITEMS_OF_BATCH = "SELECT DISTINCT item_kind, item_id FROM log WHERE batch = ? AND batch > ''"
_NEXT_DAY = "SELECT min(study_day) FROM log WHERE study_day > ?"
_TIMED = (
    "SELECT item_id, duration_ms FROM "  # noqa: S608 - fixed words
    f"(SELECT * FROM log INDEXED BY ix_log_order{NEWEST_FIRST} LIMIT ?) "
    "WHERE item_kind = ? AND duration_ms > 0 AND rating IS NOT NULL LIMIT ?"
)
# An answer holds the day that its own clock said, not a later one that was held then.
_ANSWERS_AFTER = (
    "SELECT study_day, event_id FROM log INDEXED BY ix_log_study_day "  # noqa: S608 - fixed words
    "WHERE study_day > ? AND batch = '' "
    f"AND kind IN ({', '.join(repr(kind) for kind in sorted(ANSWERS))})"
)
_OWN_DAY = " AND device_id = ? AND study_day <= (utc_ms + offset_min * 60000) / 86400000 + 719163"
Order = tuple[int, str, str]
_ALL_ITEMS = "SELECT item_kind, item_id FROM log GROUP BY item_kind, item_id ORDER BY min(clock)"


class Logbook:
    """The rows of one database; the caller holds the lock and the transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, rows: Iterable[LogRow]) -> int:
        """Write rows; return the number of the last one, before which the others stand."""
        last: int | None = 0
        for row in rows:
            last = self._connection.execute(INSERT_ROW, row_values(row)).lastrowid
        return last or 0

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
        # The planner would take the index of items for `item_kind = ?`: half the log, or all of it.
        recent = since_day is not None and not item_id
        return self._select(" AND ".join(wanted), values, "ix_log_study_day" if recent else "")

    def newest(self) -> tuple[int, int]:
        """Return clock and study day of the newest row; zeros for an empty log."""
        text = f"SELECT clock, study_day FROM log{NEWEST_FIRST} LIMIT 1"  # noqa: S608 - fixed words
        found = self._connection.execute(text).fetchone()
        return found or (0, 0)

    def held_day(self, device_id: str, above: int) -> int:
        """Return the last study day after `above` on which a live answer of a device stands.

        It is 0 where there is none. What stands later than the answer's own clock said is not
        counted.
        """
        text = f"{_ANSWERS_AFTER}{_OWN_DAY} ORDER BY study_day DESC"
        with contextlib.closing(self._connection.execute(text, (above, device_id))) as found:
            return next((day for day, event_id in found if not self._is_dead(event_id)), 0)

    def answers_after(self, day: int) -> list[LogRow]:
        """Return the live answers on study days after `day`, the oldest first."""
        with contextlib.closing(self._connection.execute(_ANSWERS_AFTER, (day,))) as found:
            names = [event_id for _, event_id in found if not self._is_dead(event_id)]
        rows = [row for name in names if (row := self.get(name)) is not None]
        return sorted(rows, key=lambda row: row.order)

    def last_moment(self) -> int:
        """Return when the newest row was made, in UTC milliseconds; zero for an empty log."""
        return self._moment("DESC")

    def first_moment(self) -> int:
        """Return when the oldest row was made, in UTC milliseconds; zero for an empty log."""
        return self._moment("ASC")

    def _moment(self, direction: str) -> int:
        found = self._connection.execute(
            f"SELECT utc_ms FROM log ORDER BY clock {direction} LIMIT 1"  # noqa: S608 - two fixed words
        ).fetchone()
        return found[0] if found else 0

    def newest_of(self, item_kind: str, item_id: str) -> int:
        """Return the largest clock of one item's rows; zero without any."""
        (clock,) = self._connection.execute(
            "SELECT max(clock) FROM log WHERE item_kind = ? AND item_id = ?", (item_kind, item_id)
        ).fetchone()
        return clock or 0

    def known(self, event_ids: Collection[str]) -> set[str]:
        """Return those of the ids that are here."""
        return known_ids(self._connection, "log", "event_id", event_ids)

    def items(self) -> list[tuple[str, str]]:
        """Return every item that a row names, in the order of their first rows."""
        return [(kind, name) for kind, name in self._connection.execute(_ALL_ITEMS)]

    def tombstones(self, rows: Iterable[LogRow]) -> list[LogRow]:
        """Return the undo rows that reach these rows, directly, by batch or by a chain of undos."""
        found: dict[str, LogRow] = {}
        asked: set[str] = set()
        wanted: set[str] = set()
        for row in rows:
            wanted |= {row.event_id, row.batch} if row.batch else {row.event_id}
        while open_ids := sorted(wanted - asked):
            asked |= wanted
            for start in range(0, len(open_ids), CHUNK):
                part = open_ids[start : start + CHUNK]
                for row in self._select(f"{one_of('target', part)} AND target > ''", part):
                    found[row.event_id] = row
                    wanted.add(row.event_id)
        return list(found.values())

    def touched(self, row: LogRow, seen: set[str] | None = None) -> list[tuple[str, str]]:
        """Return the items whose state a row can change; an undone batch changes many.

        What is reached through `seen` rows is left out; it grows by those that are looked at.
        """
        items: list[tuple[str, str]] = [(row.item_kind, row.item_id)]
        target: str | None = row.target
        seen = set() if seen is None else seen
        while target and target not in seen:  # rows that undo each other would lead round
            seen.add(target)
            batch = self._connection.execute(_ITEMS_OF_BATCH, (target,))
            items += [(kind, name) for kind, name in batch]
            above = self._connection.execute(
                "SELECT target FROM log WHERE event_id = ?", (target,)
            ).fetchone()
            target = above[0] if above else None
        return items

    def last_undoable(self, device_id: str, below: Order | None = None) -> LogRow | None:
        """Return the newest live row of a device that undo takes back.

        Where nothing from some place on is left to undo, that is looked for `below` it.
        """
        for order, kind, _ in self._backwards(device_id, below):
            if kind != "undo" and not self._is_dead(order[2]):
                return self.get(order[2])
        return None

    def last_undone(self, device_id: str) -> LogRow | None:
        """Return a device's newest live undo row that took something back, not an undo.

        None if something that undo takes back was done since.
        """
        for order, kind, target in self._backwards(device_id):
            if self._is_dead(order[2], order if kind == "undo" else None):
                continue
            if kind != "undo":
                return None
            undone = self.get(target)
            if undone is None or undone.kind != "undo":
                return self.get(order[2])
        return None

    def _backwards(
        self, device_id: str, below: Order | None = None
    ) -> Iterator[tuple[Order, str, str]]:
        """Yield order, kind and target of a device's undo rows and of what undo takes back."""
        kinds = sorted(UNDOABLE | {"undo"})
        start = " AND (clock, device_id, event_id) < (?, ?, ?)" if below else ""
        text = (
            "SELECT clock, event_id, kind, target FROM log INDEXED BY ix_log_order "  # noqa: S608 - placeholders only
            f"WHERE device_id = ? AND {one_of('kind', kinds)} AND batch = ''{start}{NEWEST_FIRST}"
        )
        values = (device_id, *kinds, *(below or ()))
        with contextlib.closing(self._connection.execute(text, values)) as found:
            for clock, event_id, kind, target in found:
                yield (clock, device_id, event_id), kind, target

    def _is_dead(self, event_id: str, after: Order | None = None) -> bool:
        """Tell whether a live undo row takes a row back; an undo is undone by later rows only."""
        undos: dict[str, list[Order]] = {}
        waiting = [event_id]
        while waiting:  # the chain of undos upwards, of any length
            name = waiting.pop()
            if name not in undos:
                undos[name] = self._connection.execute(_UNDOS_OF, (name,)).fetchall()
                waiting += [undo[2] for undo in undos[name]]
        if not undos[event_id]:
            return False
        dead: dict[str, bool] = {}
        every = sorted({undo for found in undos.values() for undo in found}, reverse=True)
        for order in every:
            later = [undo for undo in undos[order[2]] if undo > order]
            dead[order[2]] = any(not dead[undo[2]] for undo in later)
        return any(not dead[undo[2]] for undo in undos[event_id] if after is None or undo > after)

    def get(self, event_id: str) -> LogRow | None:
        """Return one row by its id."""
        found = self._select("event_id = ?", (event_id,))
        return found[0] if found else None

    def durations(self, item_kind: str, most: int) -> list[tuple[str, int]]:
        """Return item ids and milliseconds of timed answers, the newest first.

        They are looked for among the newest rows only: four times as many as are wanted.
        """
        found = self._connection.execute(_TIMED, (4 * most, item_kind, most))
        return [(name, duration) for name, duration in found]

    def study_days(self, kinds: Collection[str]) -> set[int]:
        """Return the study days on which a live row of these kinds stands."""
        names = sorted(kinds)
        text = (
            "SELECT event_id, batch FROM log "  # noqa: S608 - placeholders only
            f"WHERE study_day = ? AND {one_of('kind', names)}"
        )
        days: set[int] = set()
        (day,) = self._connection.execute(_NEXT_DAY, (0,)).fetchone()
        while day is not None:  # a day at a time: the first live row of each decides
            with contextlib.closing(self._connection.execute(text, (day, *names))) as found:
                if any(self._counts(event_id, batch) for event_id, batch in found):
                    days.add(day)
            (day,) = self._connection.execute(_NEXT_DAY, (day,)).fetchone()
        return days

    def _counts(self, event_id: str, batch: str) -> bool:
        return not self._is_dead(event_id) and not (batch and self._is_dead(batch))

    def _select(self, where: str, values: Sequence[Any], index: str = "") -> list[LogRow]:
        hint = f" INDEXED BY {index}" if index else ""
        text = SELECT_ROWS + hint + (f" WHERE {where}" if where else "") + IN_ORDER
        return [row_of(one) for one in self._connection.execute(text, tuple(values))]


def known_ids(
    connection: sqlite3.Connection, table: str, column: str, wanted: Collection[str]
) -> set[str]:
    """Return those of the wanted ids that a table holds."""
    found: set[str] = set()
    names = list(wanted)
    for start in range(0, len(names), CHUNK):
        part = names[start : start + CHUNK]
        text = f"SELECT {column} FROM {table} WHERE {one_of(column, part)}"  # noqa: S608 - fixed names
        found.update(name for (name,) in connection.execute(text, part))
    return found

"""The states that follow from the log: memories of cards and exercises, fields of tracked items.

A new row is folded onto the cached state; undo and merge fold the whole item anew. Either way the
caches equal a replay of the log, and `rebuild` proves it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from studytrack.domain.log import LogRow, fold_fields, live_rows
from studytrack.domain.memory import Memory
from studytrack.domain.parameters import PARAMS, InUse, in_use
from studytrack.domain.scheduler import fold, fold_one
from studytrack.storage.bulk import uncollected
from studytrack.storage.logbook import Logbook
from studytrack.storage.rows import (
    PUT_MEMORY,
    SELECT_MEMORIES,
    from_json,
    memory_of,
)

WITH_MEMORY: frozenset[str] = frozenset({"card", "exercise"})
_ENTITIES = """
    SELECT item_id, fields FROM entity AS e WHERE item_kind = ? ORDER BY (
        SELECT min(clock) FROM log WHERE log.item_kind = e.item_kind AND log.item_id = e.item_id
    ), item_id
"""

Item = tuple[str, str]


class Caches:
    """Cached states; the caller holds the lock and the transaction."""

    def __init__(self, connection: sqlite3.Connection, logbook: Logbook) -> None:
        self._connection = connection
        self._logbook = logbook
        self._memories: dict[Item, Memory] | None = None
        self._in_use: dict[str, InUse] = {}

    def forget(self) -> None:
        """Read again at the next use: another process wrote, or a transaction was rolled back."""
        self._memories = None
        self._in_use = {}

    def memories(self) -> dict[Item, Memory]:
        """Return the memory of every item; the dict is the cache itself."""
        if self._memories is None:
            with uncollected():
                found = map(memory_of, self._connection.execute(SELECT_MEMORIES))
                self._memories = {(one.item_kind, one.item_id): one for one in found}
        return self._memories

    def memory(self, item: Item) -> Memory | None:
        """Return the memory of one item."""
        if self._memories is not None:
            return self._memories.get(item)
        text = f"{SELECT_MEMORIES} WHERE item_kind = ? AND item_id = ?"
        record = self._connection.execute(text, item).fetchone()
        return memory_of(record) if record else None

    def last_clock(self, item: Item) -> int:
        """Return what a guard compares: the clock of the newest row folded, or of any row."""
        if item[0] not in WITH_MEMORY:
            return self._logbook.newest_of(*item)
        memory = self.memory(item)
        return memory.last_clock if memory else 0

    def entities(self, item_kind: str) -> dict[str, dict[str, Any]]:
        """Return the fields of one kind of item, in the order in which they were first set."""
        with uncollected():
            found = self._connection.execute(_ENTITIES, (item_kind,))
            return {name: from_json(text) for name, text in found}

    def in_use(self, item_kind: str) -> InUse:
        """Return the parameters that a kind of item is scheduled with."""
        if item_kind not in self._in_use:
            self._in_use[item_kind] = in_use(self._fields((PARAMS, item_kind)))
        return self._in_use[item_kind]

    def add(self, row: LogRow) -> None:
        """Fold one new row, later than all before it, onto its item."""
        item = (row.item_kind, row.item_id)
        if row.kind == "undo" or row.batch:
            self.refold(self._logbook.touched(row))
            return
        if row.item_kind in WITH_MEMORY:
            before = self.memory(item)
            after = fold_one(before, *item, row, self.in_use(row.item_kind).model)
            if after is not before:
                self._put_memory(item, after)
        if row.kind == "set" and row.item_id:
            self._put_fields(item, {**self._fields(item), **row.fields})

    def refold(self, items: Iterable[Item]) -> None:
        """Fold items anew from all their rows."""
        for item_kind, item_id in dict.fromkeys(items):
            if not item_id:
                continue
            own = self._logbook.find(item_kind=item_kind, item_id=item_id)
            every = {row.event_id: row for row in [*own, *self._logbook.tombstones(own)]}
            rows = [row for row in live_rows(every.values()) if row.item_id == item_id]
            if item_kind in WITH_MEMORY:
                model = self.in_use(item_kind).model
                self._put_memory((item_kind, item_id), fold(item_kind, item_id, rows, model))
            self._put_fields((item_kind, item_id), fold_fields(rows))

    def rebuild(self) -> int:
        """Fold everything anew; return how many states differed."""
        before = self._all()
        self._connection.execute("DELETE FROM memory")
        self._connection.execute("DELETE FROM entity")
        self.forget()
        items = self._logbook.items()
        self.refold(sorted(items, key=lambda item: item[0] != PARAMS))  # they fold the others
        after = self._all()
        return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())

    def _all(self) -> dict[tuple[str, str, str], Any]:
        """Return every state as the tables hold it."""
        self.forget()
        found: dict[tuple[str, str, str], Any] = {
            ("memory", *item): memory for item, memory in self.memories().items()
        }
        for kind, name, text in self._connection.execute(
            "SELECT item_kind, item_id, fields FROM entity"
        ):
            with contextlib.suppress(ValueError, TypeError):  # a damaged one differs
                found["entity", kind, name] = json.loads(text)
        return found

    def _put_memory(self, item: Item, memory: Memory | None) -> None:
        if memory is None:
            self._connection.execute("DELETE FROM memory WHERE item_kind = ? AND item_id = ?", item)
        else:
            self._connection.execute(PUT_MEMORY, memory)
        if self._memories is not None:
            if memory is None:
                self._memories.pop(item, None)
            else:
                self._memories[item] = memory

    def _fields(self, item: Item) -> dict[str, Any]:
        found = self._connection.execute(
            "SELECT fields FROM entity WHERE item_kind = ? AND item_id = ?", item
        ).fetchone()
        return from_json(found[0]) if found else {}

    def _put_fields(self, item: Item, fields: Mapping[str, Any]) -> None:
        kept = {name: value for name, value in fields.items() if value is not None}
        before = self.in_use(item[1]).id if item[0] == PARAMS else ""
        if kept:
            self._connection.execute(
                "INSERT OR REPLACE INTO entity (item_kind, item_id, fields) VALUES (?, ?, ?)",
                (*item, json.dumps(kept)),
            )
        else:
            self._connection.execute("DELETE FROM entity WHERE item_kind = ? AND item_id = ?", item)
        if item[0] == PARAMS:
            self._follow(item[1], before)

    def _follow(self, item_kind: str, before: str) -> None:
        """Fold a kind of item anew where another set of parameters came into use."""
        self._in_use.pop(item_kind, None)
        if self.in_use(item_kind).id != before:
            self.refold([item for item in self.memories() if item[0] == item_kind])

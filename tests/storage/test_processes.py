"""Several processes on one home: writers wait for each other, and a killed one loses nothing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from studytrack.errors import StoreFault
from studytrack.storage import opening as module

WORKER = """
import sys
from datetime import datetime
from pathlib import Path
from studytrack.domain.memory import CARDS, Moment
from studytrack.domain.scheduler import answer
from studytrack.paths import find_paths
from studytrack.storage.store import Store

home, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
now = datetime.fromisoformat("2026-11-24T08:00:00+01:00")
print("started", flush=True)
sys.stdin.readline()
store = Store.open(find_paths({}, home))
for number in range(count):
    stamp = store.stamp(now, 240)
    card = f"{name}{number % 7}"
    outcome = answer(store.memory("card", card), 3, Moment(day=stamp.study_day, utc_ms=1), CARDS)
    row = store.new_row(
        stamp, kind=outcome.kind, item_kind="card", item_id=card, rating=3,
        scheduled=outcome.scheduled, evidence={"step": outcome.memory.step},
    )
    store.append([row])
    print(row.event_id, flush=True)
store.close()
"""


def start(paths, name: str, count: int) -> subprocess.Popen[str]:
    """Start a process that answers cards; it waits for a line before it opens the database."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(paths.data.parent), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "started\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    """Let it begin."""
    process.stdin.write("go\n")
    process.stdin.flush()


def test_processes_that_begin_together_all_get_their_answers_in(paths, open_store) -> None:
    """They create one database together; every acknowledged row is in it, in one order."""
    workers = [start(paths, name, 12) for name in "abc"]
    for worker in workers:
        go(worker)
    told = [line for worker in workers for line in worker.communicate(timeout=120)[0].split()]

    store = open_store()
    rows = store.rows()

    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sorted(told) == sorted(row.event_id for row in rows)
    assert len({row.clock for row in rows}) == len(rows) == 36
    assert len({row.device_id for row in rows}) == 1
    assert store.rebuild() == 0


def killed(paths, open_store, after: int) -> tuple[set[str], set[str]]:
    """Kill a process in mid-session; return what it acknowledged and what is stored."""
    worker = start(paths, "k", 100_000)
    go(worker)
    told = {worker.stdout.readline().strip() for _ in range(after)}
    worker.send_signal(signal.SIGKILL)
    rest, _ = worker.communicate(timeout=60)
    told |= set(rest.split()[:-1] if not rest.endswith("\n") else rest.split())
    store = open_store()
    stored = {row.event_id for row in store.rows()}
    assert store.check() == []
    assert store.rebuild() == 0
    return told, stored


def test_a_kill_loses_no_acknowledged_answer(paths, open_store) -> None:
    """What was told is there, the database is whole, and the states follow from the log."""
    told, stored = killed(paths, open_store, after=5)

    assert told <= stored


@pytest.mark.slow
def test_a_hundred_kills_lose_no_acknowledged_answer(paths, open_store) -> None:
    """The same, a hundred times over."""
    for number in range(100):
        told, stored = killed(paths, open_store, after=1 + number % 9)

        assert told <= stored


def test_rows_made_before_another_window_wrote_move_behind_its_rows(open_store) -> None:
    """The order of the log is the order of writing, so an undo always follows what it undoes."""
    now = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    one, other = open_store(), open_store()
    early = one.stamp(now, 240)
    for _ in range(5):
        row = other.new_row(other.stamp(now, 240), kind="set", item_kind="note", item_id="n")
        other.append([row])

    (written,) = one.append([one.new_row(early, kind="suspend", item_kind="card", item_id="x")])
    undone = other.undo(early)

    assert undone == written == one.rows()[-2]
    assert one.rows()[-1].kind == "undo"
    assert one.memories() == {}


def test_a_window_sees_what_another_wrote(open_store) -> None:
    """States held in memory are read again after a foreign write."""
    now = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    one, other = open_store(), open_store()
    before = (one.memories(), one.changes())
    other.append([other.new_row(other.stamp(now, 240), kind="bury", item_kind="card", item_id="x")])

    assert before[0] == {}
    assert ("card", "x") in one.memories()
    assert one.changes() > before[1]


def test_a_lock_that_is_held_for_long_is_told(open_store, paths, monkeypatch) -> None:
    """The answer is not acknowledged; the message says that nothing was saved."""
    monkeypatch.setattr(module, "PRAGMAS", ("PRAGMA busy_timeout = 50", *module.PRAGMAS[1:]))
    now = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    store = open_store()
    other = sqlite3.connect(paths.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    row = store.new_row(store.stamp(now, 240), kind="suspend", item_kind="card", item_id="x")

    with pytest.raises(StoreFault, match=r"busy.*Nothing was saved"):
        store.append([row])
    other.execute("ROLLBACK")
    other.close()
    store.append([row])

    assert store.rows() == [row]

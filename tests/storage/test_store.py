"""The log is the truth: caches equal a replay, undo is unlimited, nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studytrack.domain.log import LogRow
from studytrack.domain.memory import CARDS, Moment
from studytrack.domain.scheduler import answer
from studytrack.errors import EnvironmentFault, StoreFault
from studytrack.paths import Paths, find_paths
from studytrack.storage.store import Guard, StaleItem, Store

START = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def rate(store: Store, name: str, rating: int, when: datetime = START) -> LogRow:
    """Answer a card as the service does."""
    stamp = store.stamp(when, 240)
    moment = Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)
    outcome = answer(store.memory("card", name), rating, moment, CARDS)
    row = store.new_row(
        stamp,
        kind=outcome.kind,
        item_kind="card",
        item_id=name,
        rating=rating,
        scheduled=outcome.scheduled,
        evidence={"step": outcome.memory.step},
    )
    store.append([row])
    return row


def note(store: Store, name: str, batch: str = "", **fields) -> LogRow:
    """Set fields of a tracked reading."""
    row = store.new_row(
        store.stamp(START, 240),
        kind="set",
        item_kind="reading",
        item_id=name,
        fields=fields,
        batch=batch,
    )
    store.append([row])
    return row


def test_a_row_comes_back_as_it_was_written(store) -> None:
    """Every field survives, also text beyond ASCII and nested evidence."""
    row = store.new_row(
        store.stamp(START, 240),
        kind="review",
        item_kind="card",
        item_id="größe.λ",
        rating=3,
        answer='a\n"b" 🎓',
        evidence={"nested": [1, None, {"x": 0.5}]},
        scheduled=4,
        r_before=0.91,
        variant_seed=2**60,
    )
    store.append([row])

    assert [row] == store.rows()


def test_an_answer_survives_a_restart(open_store) -> None:
    """What was acknowledged is there when the database is opened again."""
    first = open_store()
    rate(first, "x", 4)
    before = first.memories()
    first.close()

    assert before == open_store().memories()


def test_clock_and_study_day_never_go_back(store) -> None:
    """A wall clock that jumps backwards keeps the order of the log and the day."""
    rate(store, "x", 3, START + timedelta(days=2))
    late = store.stamp(START, 240)
    row = rate(store, "y", 3, START)

    assert late.study_day == START.date().toordinal() + 2
    assert [row.event_id] == [store.rows()[-1].event_id]
    assert row.utc_ms == round(START.timestamp() * 1000)


def test_undo_takes_back_one_thing_at_a_time(store) -> None:
    """The newest first, of whatever kind, until nothing is left."""
    rate(store, "x", 3)
    note(store, "paper", status="reading")
    rate(store, "x", 4)
    stamp = store.stamp(START, 240)

    kinds = [store.undo(stamp).kind for _ in range(3)]

    assert kinds == ["learn", "set", "learn"]
    assert store.undo(stamp) is None
    assert {} == store.memories() == store.entities("reading")


def test_undo_restores_exactly_what_was(store) -> None:
    """Answer and undo leave the state as before."""
    rate(store, "x", 3)
    before = store.memories()["card", "x"]
    rate(store, "x", 1)
    store.undo(store.stamp(START, 240))

    assert before == store.memories()["card", "x"]


def test_undo_goes_on_where_it_was_and_sees_what_came_since(open_store) -> None:
    """A step of its own, of another window or brought back in between is the next one undone."""
    here, there = open_store(), open_store()
    for name in ("a", "b", "c", "d"):
        rate(here, name, 3)
    stamp = here.stamp(START, 240)
    first = [here.undo(stamp).item_id, here.undo(stamp).item_id]
    here.redo(stamp)
    again = here.undo(stamp).item_id
    rate(here, "e", 3)
    own = here.undo(stamp).item_id
    rate(there, "f", 3)
    other = here.undo(stamp).item_id

    left = [here.undo(stamp).item_id, here.undo(stamp).item_id]

    assert (first, again, own, other, left) == (["d", "c"], "c", "e", "f", ["b", "a"])
    assert here.undo(stamp) is None


def test_undo_works_after_a_restart(open_store) -> None:
    """There is no session to lose."""
    first = open_store()
    rate(first, "x", 3)
    first.close()
    second = open_store()

    assert second.undo(second.stamp(START, 240)).item_id == "x"
    assert second.memories() == {}


def test_redo_brings_back_what_was_undone(store) -> None:
    """As often as was undone, in the reverse order."""
    rate(store, "x", 3)
    rate(store, "y", 4)
    full = store.memories()
    stamp = store.stamp(START, 240)
    store.undo(stamp), store.undo(stamp)

    assert [store.redo(stamp).item_id, store.redo(stamp).item_id] == ["x", "y"]
    assert store.redo(stamp) is None
    assert full == store.memories()


def test_something_new_ends_redo(store) -> None:
    """After a new answer there is nothing to bring back."""
    rate(store, "x", 3)
    store.undo(store.stamp(START, 240))
    rate(store, "y", 3)

    assert store.redo(store.stamp(START, 240)) is None


def test_undoing_a_batch_takes_all_of_it_back(store) -> None:
    """The rows that came with a row go and come back with it."""
    first = note(store, "a", status="done")
    note(store, "b", batch=first.event_id, status="done")
    stamp = store.stamp(START, 240)

    undone = store.undo(stamp)
    empty = store.entities("reading")
    store.redo(stamp)

    assert undone.event_id == first.event_id
    assert empty == {}
    assert {"a", "b"} == set(store.entities("reading"))


def test_later_fields_win_and_none_removes(store) -> None:
    """The current state of a reading is the fold of its rows."""
    note(store, "a", status="next", progress=10)
    note(store, "a", status="reading", progress=None)

    assert store.entities("reading") == {"a": {"status": "reading"}}


def test_a_stale_answer_is_refused(open_store) -> None:
    """Two windows showing one card cannot both answer it."""
    one, other = open_store(), open_store()
    rate(one, "x", 3)
    seen = Guard(item_kind="card", item_id="x", clock=one.rows()[-1].clock)
    rate(other, "x", 4)

    with pytest.raises(StaleItem, match="elsewhere"):
        one.append(
            [
                one.new_row(
                    one.stamp(START, 240),
                    kind="learn",
                    item_kind="card",
                    item_id="x",
                    rating=3,
                    scheduled=1,
                )
            ],
            guard=seen,
        )
    assert len(one.rows()) == 2


def test_a_failed_write_leaves_nothing_behind(store) -> None:
    """One transaction: a row that cannot be written takes its companions with it."""
    row = store.new_row(
        store.stamp(START, 240), kind="set", item_kind="reading", item_id="a", fields={"x": 1}
    )
    with pytest.raises(StoreFault):
        store.append([row, row])

    assert store.rows() == []
    assert store.entities("reading") == {}


def test_merging_is_a_union(tmp_path) -> None:
    """In either order, once or twice, two logs give the same rows and states."""
    one, other = (Store.open(find_paths({}, tmp_path / name)) for name in ("one", "other"))
    rate(one, "x", 3)
    rate(one, "y", 1)
    rate(other, "x", 4, START + timedelta(minutes=5))
    left, right = one.dump(), other.dump()

    assert one.merge(json.loads(json.dumps(right))) == 1
    assert other.merge(left) == 2
    assert one.merge(right) == 0
    assert one.dump() == other.dump()
    assert one.memories() == other.memories()
    one.close(), other.close()


KINDS = {"s": "suspend", "w": "resume", "b": "bury", "z": "reset"}
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from("1234334uuurrpqswbz"),
        st.sampled_from("xyz"),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=30,
)


def act(stores: Sequence[Store], actions) -> None:
    """Answer, mark, undo, redo and the rest, in one window or the other."""
    when = START
    for what, name, days, second in actions:
        store = stores[-second]
        when += timedelta(days=days)
        stamp = store.stamp(when, 240)
        store.believe(stamp.study_day)  # notes are of the start, which may be long ago
        if what in "1234":
            rate(store, name, int(what), when)
        elif what == "u":
            store.undo(stamp)
        elif what == "r":
            store.redo(stamp)
        elif what in KINDS:
            row = store.new_row(stamp, kind=KINDS[what], item_kind="card", item_id=name)
            store.append([row])
        else:
            note(store, name, status=what, progress=days or None)


@pytest.fixture(scope="module")
def blank(tmp_path_factory) -> Path:
    """A migrated database without a device: copying one is quicker than migrating."""
    paths = find_paths({}, tmp_path_factory.mktemp("blank"))
    Store.open(paths).close()
    with contextlib.closing(sqlite3.connect(paths.database)) as connection:
        connection.execute("DELETE FROM meta")
        connection.commit()
    return paths.database


def homes(blank: Path, folder: Path, count: int) -> list[Paths]:
    """Return fresh homes, each a device of its own."""
    made = [find_paths({}, folder / str(number)) for number in range(count)]
    for paths in made:
        paths.data.mkdir(parents=True)
        shutil.copy(blank, paths.database)
    return made


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(ACTIONS)
def test_caches_always_equal_a_replay(blank, tmp_path_factory, actions) -> None:
    """After any writes in two windows both see the same, and a rebuild changes nothing."""
    (paths,) = homes(blank, tmp_path_factory.mktemp("home"), 1)
    windows = [Store.open(paths), Store.open(paths)]
    act(windows, actions)
    seen = [(store.memories(), store.entities("reading")) for store in windows]
    for store in windows:
        store.close()
    again = Store.open(paths)
    differed, states = again.rebuild(), (again.memories(), again.entities("reading"))
    again.close()

    assert differed == 0
    assert [states, states] == seen


def test_a_thousand_undos_end_where_it_began(store) -> None:
    """There is no limit."""
    rng = random.Random(4)
    for _ in range(150):
        rate(store, rng.choice("abc"), rng.randint(1, 4))
    stamp = store.stamp(START, 240)

    undone = 0
    while store.undo(stamp) is not None:
        undone += 1

    assert undone == 150
    assert store.memories() == {}


def test_a_backup_is_a_database_of_its_own(store, paths) -> None:
    """It opens and holds the rows."""
    rate(store, "x", 3)

    copy = store.backup("test")

    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM log").fetchone()[0] == 1
    connection.close()


def test_a_file_that_is_no_database_is_left_alone(paths) -> None:
    """The message names the file; its bytes stay."""
    paths.data.mkdir(parents=True)
    paths.database.write_text("not a database, but somebody's text file " * 40)
    before = paths.database.read_bytes()

    with pytest.raises(StoreFault, match="cannot be used"):
        Store.open(paths)
    assert before == paths.database.read_bytes()


def test_a_home_that_is_a_file_is_named(paths) -> None:
    """A place where nothing can be made is an error of the environment."""
    paths.data.parent.write_text("in the way")

    with pytest.raises(EnvironmentFault, match="Cannot create"):
        Store.open(paths)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(ACTIONS, min_size=3, max_size=3), st.permutations(range(3)))
def test_merging_keeps_its_laws(blank, tmp_path_factory, histories, order) -> None:
    """Three devices that merge in any order, some twice, end with the same log and states."""
    stores = [Store.open(paths) for paths in homes(blank, tmp_path_factory.mktemp("homes"), 4)]
    for store, actions in zip(stores, histories, strict=False):
        act([store], actions)
    dumps = [json.loads(json.dumps(store.dump())) for store in stores[:3]]

    for number in (0, 1, 2):
        stores[0].merge(dumps[number])
    for number in (*order, order[0]):
        stores[3].merge(dumps[number])
    same = (stores[0].dump(), stores[0].memories(), stores[0].entities("reading"))
    other = (stores[3].dump(), stores[3].memories(), stores[3].entities("reading"))
    differed = stores[3].rebuild()
    for store in stores:
        store.close()

    assert same == other
    assert list(same[2]) == list(other[2])
    assert differed == 0


def test_redo_keeps_the_order_of_own_items(store) -> None:
    """What was added first stays first, also after undo and redo."""
    note(store, "b", record={"x": 1})
    note(store, "a", record={"x": 1})
    stamp = store.stamp(START, 240)
    store.undo(stamp), store.undo(stamp), store.redo(stamp), store.redo(stamp)

    assert list(store.entities("reading")) == ["b", "a"]
    assert store.rebuild() == 0
    assert list(store.entities("reading")) == ["b", "a"]


def test_days_of_study_count_live_rows_only(store) -> None:
    """A day whose every answer was taken back is no day of study."""
    rate(store, "x", 3)
    rate(store, "y", 3, START + timedelta(days=1))
    both = store.study_days({"learn"})
    store.undo(store.stamp(START, 240))

    assert both == {START.date().toordinal(), START.date().toordinal() + 1}
    assert store.study_days({"learn"}) == {START.date().toordinal()}

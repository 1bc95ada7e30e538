"""Credit in the store: folded one by one, from the whole log, and back by undo."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studytrack.domain.credit import scheduled_days, takes_credit
from studytrack.domain.fsrs import Fsrs
from studytrack.domain.memory import EXERCISES, Moment
from studytrack.domain.scheduler import answer
from studytrack.paths import find_paths
from studytrack.storage.store import Store

START = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
MODEL = Fsrs()


def rate(store: Store, name: str, rating: int, when: datetime) -> None:
    """Rate an exercise and credit the two others, where they take it, as the service does."""
    stamp = store.stamp(when, 240)
    moment = Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)
    outcome = answer(store.memory("exercise", name), rating, moment, EXERCISES)
    rated = store.new_row(
        stamp,
        kind=outcome.kind,
        item_kind="exercise",
        item_id=name,
        rating=rating,
        scheduled=outcome.scheduled,
    )
    rows = [rated]
    for other, weight in zip(sorted({*"xyz"} - {name}), (0.25, 0.0625), strict=True):
        memory = store.memory("exercise", other)
        if takes_credit(memory, stamp.study_day):
            days = scheduled_days(memory, weight, stamp.study_day, EXERCISES, MODEL)
            credit = store.new_row(
                stamp,
                kind="implicit",
                item_kind="exercise",
                item_id=other,
                batch=rated.event_id,
                evidence={"because": name, "weight": weight},
                scheduled=days,
            )
            rows.append(credit)
    store.append(rows)


ACTIONS = st.lists(
    st.tuples(st.sampled_from("13334uursw"), st.sampled_from("xyz"), st.integers(0, 30)),
    max_size=25,
)


def act(store: Store, actions) -> datetime:
    """Rate, undo, redo, suspend and resume; return the last moment."""
    when = START
    for what, name, days in actions:
        when += timedelta(days=days)
        stamp = store.stamp(when, 240)
        store.believe(stamp.study_day)  # where nothing is left to undo, nothing is written for long
        if what.isdigit():
            rate(store, name, int(what), when)
        elif what in "ur":
            store.undo(stamp) if what == "u" else store.redo(stamp)
        else:
            kind = {"s": "suspend", "w": "resume"}[what]
            row = {"kind": kind, "item_kind": "exercise", "item_id": name}
            store.append([store.new_row(stamp, **row)])
    return when


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(ACTIONS, st.sampled_from("xyz"), st.integers(1, 30))
def test_credit_is_replayed_and_undone_exactly(tmp_path_factory, actions, name, later) -> None:
    """The caches equal a rebuild, undo restores every memory, and redo brings all of it back."""
    store = Store.open(find_paths({}, tmp_path_factory.mktemp("home")))
    when = act(store, actions) + timedelta(days=later)
    stamp = store.stamp(when, 240)
    store.believe(stamp.study_day)
    before = dict(store.memories())

    rate(store, name, 3, when)
    rated = dict(store.memories())
    differed = store.rebuild()
    store.undo(stamp)
    undone = dict(store.memories())
    store.redo(stamp)
    again = dict(store.memories())
    store.close()

    assert differed == 0
    assert undone == before
    assert again == rated

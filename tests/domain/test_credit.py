"""Credit for prerequisites: who gets it, what it moves, and what it must never touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.credit import DIRECT, SECOND, credited, scheduled_days, shares, takes_credit
from studytrack.domain.exercise import Exercise
from studytrack.domain.fsrs import GOOD, Fsrs, State
from studytrack.domain.log import LogRow, live_rows
from studytrack.domain.memory import EXERCISES, Memory, Moment
from studytrack.domain.scheduler import answer, fold, fold_one
from studytrack.domain.usable import histories

MODEL, DAY, MS = Fsrs(), 739_578, 1_795_500_000_000
KNOWN = Memory(
    item_kind="exercise",
    item_id="x",
    state="review",
    stability=20.0,
    difficulty=5.0,
    due_day=DAY + 4,
    last_day=DAY - 10,
    interval=14,
    reps=3,
    lapses=1,
)


def task(name: str, *needs: str, **more) -> Exercise:
    """Return an exercise that needs others."""
    plain = dict.fromkeys(("topic", "entry", "statement", "starter", "folder"), "")
    return Exercise(id=name, title=name, level=1, minutes=5, hints=(), needs=needs, **plain, **more)


def row(kind: str, clock: int = 1, day: int = DAY, **fields) -> LogRow:
    """Return a row about the exercise."""
    return LogRow(
        event_id=f"{clock:032}",
        device_id="d",
        clock=clock,
        utc_ms=MS + clock,
        offset_min=0,
        study_day=day,
        kind=kind,
        item_kind="exercise",
        item_id="x",
        **fields,
    )


def credit(memory: Memory, weight: float, clock: int = 1, day: int = DAY, **fields) -> LogRow:
    """Return the row of a credit as it is written."""
    days = scheduled_days(memory, weight, day, EXERCISES, MODEL)
    given = {"because": "y", "weight": weight}
    return row("implicit", clock, day, evidence=given, scheduled=days, **fields)


def test_two_steps_down_get_credit_and_the_shorter_way_counts() -> None:
    """What is needed directly gets a quarter, what that needs a sixteenth, anything deeper none."""
    listed = [task("a", "b", "c"), task("b", "c", "d"), task("c", "e"), task("d", "f"), task("e")]

    found = shares("a", {one.id: one for one in listed})

    assert found == {"b": DIRECT, "c": DIRECT, "d": SECOND, "e": SECOND}
    assert (DIRECT, SECOND) == (0.25, 0.0625)


def test_nobody_gives_credit_to_themselves_or_for_a_repair() -> None:
    """A circle of needs, an exercise that is gone, and the debug form, which needs its whole."""
    listed = [task("a", "b"), task("b", "a"), task("a.debug", "a", whole="a", form="debug")]
    known = {one.id: one for one in listed}

    assert shares("a", known) == {"b": DIRECT}
    assert shares("a.debug", known) == {}
    assert shares("gone", known) == {}
    assert shares("b", {"b": task("b", "gone")}) == {"gone": DIRECT}


def test_credit_is_a_part_of_a_good_answer() -> None:
    """S' = S·(S_good/S)^weight, and the interval of S' counts from the study day."""
    good = MODEL.next(State(20.0, 5.0), GOOD, 10).stability
    firmer = 20.0 * (good / 20.0) ** 0.25

    after = fold_one(KNOWN, "exercise", "x", credit(KNOWN, 0.25), MODEL)

    assert after.stability == pytest.approx(firmer)
    assert after.interval == round(MODEL.interval(State(firmer, 5.0), 0.85))
    assert after.due_day == DAY + after.interval
    assert fold_one(KNOWN, "exercise", "x", credit(KNOWN, 1.0)).stability == pytest.approx(good)


def test_credit_moves_stability_and_due_day_alone() -> None:
    """Difficulty, last day, repetitions, lapses and state stay as the last review left them."""
    after = fold_one(KNOWN, "exercise", "x", credit(KNOWN, 0.25, 9))

    moved = {"stability": after.stability, "due_day": after.due_day, "interval": after.interval}
    assert after == KNOWN._replace(**moved, last_clock=9)


@given(st.floats(0.01, 3000), st.integers(1, 900), st.integers(-50, 5000), st.floats(0.001, 1))
def test_credit_never_brings_a_due_day_forward(stability, late, due, weight) -> None:
    """However firm and late: never weaker, never sooner, never firmer than a good answer."""
    memory = KNOWN._replace(stability=stability, last_day=DAY - late, due_day=DAY + due)

    after = fold_one(memory, "exercise", "x", credit(memory, weight))

    good = answer(memory, GOOD, Moment(DAY, MS), EXERCISES).known.stability
    assert after.due_day >= max(memory.due_day, DAY + 1)
    assert memory.stability <= after.stability <= good * (1 + 1e-9)


@pytest.mark.parametrize(
    "memory",
    [
        Memory(item_kind="exercise", item_id="x"),
        KNOWN._replace(state="learning"),
        KNOWN._replace(state="relearning"),
        KNOWN._replace(state="mastered"),
        KNOWN._replace(suspended=True),
        KNOWN._replace(last_day=DAY),
        KNOWN._replace(last_day=DAY + 3),
    ],
)
def test_what_takes_no_credit_is_left_alone(memory) -> None:
    """New, in steps, out of rotation, or reviewed on the same study day (or by a fast clock)."""
    assert not takes_credit(memory, DAY)
    assert memory == fold_one(memory, "exercise", "x", credit(KNOWN, 0.25))


def test_credit_alone_is_no_memory() -> None:
    """A first review is never made up."""
    assert fold("exercise", "x", [credit(KNOWN, 0.25)]) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"evidence": {"weight": 0.25}},
        {"scheduled": 20},
        {"evidence": {"weight": "much"}, "scheduled": 20},
        {"evidence": {"weight": True}, "scheduled": 20},
        {"evidence": {"weight": None}, "scheduled": 20},
        *[
            {"evidence": {"weight": weight}, "scheduled": 20}
            for weight in (0, -0.25, 1.5, float("nan"), float("inf"), 10**400)
        ],
        *[{"evidence": {"weight": 0.25}, "scheduled": days} for days in (0, -600, 10**12)],
    ],
)
def test_a_malformed_row_changes_nothing(fields) -> None:
    """Whatever an import brought."""
    assert fold_one(KNOWN, "exercise", "x", row("implicit", **fields)) == KNOWN


STEPS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, 0.25, 0.0625]), st.integers(0, 40)), max_size=25
)


def lived(steps) -> tuple[Memory, list[LogRow]]:
    """Answer and give credit as the program does; return the memory and its rows."""
    memory, rows, day = Memory(item_kind="exercise", item_id="x"), [], DAY
    for clock, (what, days) in enumerate(steps, start=1):
        day += days
        if isinstance(what, int):
            outcome = answer(memory, what, Moment(day, MS + clock), EXERCISES)
            rows.append(row(outcome.kind, clock, day, rating=what, scheduled=outcome.scheduled))
            memory = outcome.memory._replace(last_clock=clock)
        elif takes_credit(memory, day):
            rows.append(credit(memory, what, clock, day))
            promised = rows[-1].scheduled
            memory = credited(memory, what, day, promised, MODEL)._replace(last_clock=clock)
    return memory, rows


@given(STEPS)
def test_the_fold_of_a_log_with_credit_is_the_state(steps) -> None:
    """Living through it and replaying the rows give the same memory."""
    memory, rows = lived(steps)

    assert (memory if rows else None) == fold("exercise", "x", rows)


@given(STEPS, st.integers(1, 30))
def test_without_the_rating_its_credit_is_gone(steps, later) -> None:
    """Undoing the event that the credit belongs to restores the state exactly."""
    memory, rows = lived(steps)
    clock, day = len(steps) + 1, (rows[-1].study_day if rows else DAY) + later
    because = row("review", clock, day, rating=3, scheduled=5)._replace(item_id="y")
    given_credit = credit(KNOWN, 0.25, clock + 1, day, batch=because.event_id)
    undone = row("undo", clock + 2, day, target=because.event_id)

    live = live_rows([*rows, because, given_credit, undone])

    assert fold("exercise", "x", live) == (memory if rows else None)


@given(STEPS)
def test_credit_is_never_in_the_fit(steps) -> None:
    """The fit reads the same reviews, days and outcomes as if it had not been given."""
    _, rows = lived(steps)
    reviews = [one for one in rows if one.kind != "implicit"]

    with_credit = [[(r.days, r.rating, r.usable) for r in item] for item in histories(rows)]

    assert with_credit == [
        [(r.days, r.rating, r.usable) for r in item] for item in histories(reviews)
    ]

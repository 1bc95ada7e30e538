"""Due days with about the same work each, easy days, siblings apart."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.balance import AHEAD, LONGEST, Load, Pace, Spread, choose_day
from studytrack.domain.fuzz import draw, legal
from studytrack.domain.log import LogRow
from studytrack.domain.memory import CARDS, EXERCISES, Memory, Moment
from studytrack.domain.scheduler import Offer, answer, fold, preview

MONDAY = 739_950  # 30 November 2026
WEEKEND_FREE = (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0)
UNIT = st.floats(0, 1, exclude_max=True)
WORK = st.lists(st.floats(0, 5000), max_size=AHEAD + 1)


def moment(day: int) -> Moment:
    """Return the noon of a study day."""
    return Moment(day=day, utc_ms=day * 86_400_000)


@given(WORK, st.integers(1, 90), st.integers(0, 12), UNIT)
def test_the_day_is_a_legal_one(work, low, width, u) -> None:
    """Whatever stands on the days."""
    spread = Spread(today=MONDAY, seconds=work, easy=WEEKEND_FREE, siblings=(MONDAY + low,))

    assert low <= choose_day(spread, low, low + width, u) <= low + width


def test_without_work_every_legal_day_is_as_likely() -> None:
    """An empty calendar is plain fuzz."""
    drawn = Counter(choose_day(Spread(today=MONDAY), 5, 9, n / 5000) for n in range(5000))

    assert set(drawn) == {5, 6, 7, 8, 9}
    assert max(drawn.values()) - min(drawn.values()) <= 1


def test_a_full_day_is_rarely_taken() -> None:
    """A day with all the work is drawn far less often than the empty ones beside it."""
    work = [0.0] * 10
    work[7] = 1500.0
    spread = Spread(today=MONDAY, seconds=work)

    drawn = Counter(choose_day(spread, 5, 9, n / 1000) for n in range(1000))

    assert drawn[7] < 30
    assert min(drawn[day] for day in (5, 6, 8, 9)) > 200


def test_minutes_count_and_not_items() -> None:
    """One exercise of half an hour weighs more than five cards of a quarter of a minute."""
    load = Load()
    load.add(MONDAY + 3, 1800)
    for _ in range(5):
        load.add(MONDAY + 4, 15)
    spread = Spread(today=MONDAY, seconds=load.ahead(MONDAY))

    drawn = Counter(choose_day(spread, 3, 4, n / 1000) for n in range(1000))

    assert drawn[4] > 5 * drawn[3]


def test_an_empty_free_day_stays_empty() -> None:
    """It is not taken because nothing stands on it, while another legal day is there."""
    busy = [3000.0] * 20
    busy[5] = busy[6] = 0.0  # Saturday and Sunday
    spread = Spread(today=MONDAY, seconds=busy, easy=WEEKEND_FREE)

    drawn = {choose_day(spread, 3, 8, n / 1000) for n in range(1000)}

    assert drawn == {3, 4, 7, 8}


def test_where_all_legal_days_are_free_one_is_taken() -> None:
    """An item is never lost to a calendar without days."""
    spread = Spread(today=MONDAY, easy=(0.0,) * 7)

    assert {choose_day(spread, 2, 4, n / 10) for n in range(10)} == {2, 3, 4}


def test_an_easy_day_gets_its_share() -> None:
    """Half a day is drawn about half as often as a whole one."""
    spread = Spread(today=MONDAY, easy=(1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0))

    drawn = Counter(choose_day(spread, 1, 2, n / 3000) for n in range(3000))

    assert drawn[2] == pytest.approx(1000, abs=5)


def test_siblings_do_not_meet() -> None:
    """The day of a sibling is as good as out, and those beside it are less likely."""
    spread = Spread(today=MONDAY, siblings=(MONDAY + 7,))

    drawn = Counter(choose_day(spread, 5, 9, n / 1000) for n in range(1000))

    assert drawn[7] <= 1
    assert drawn[6] < drawn[5]


def test_the_work_of_the_days_ahead_is_counted() -> None:
    """What was put on a day can be taken away again."""
    load = Load()
    load.add(MONDAY + 2, 30)
    load.add(MONDAY + 2, 12)
    load.add(MONDAY + 2, -30)

    ahead = load.ahead(MONDAY)

    assert ahead[2] == 12
    assert len(ahead) == AHEAD + 1
    assert legal(LONGEST, 0, 36500)[1] <= AHEAD


def test_a_pace_is_the_median_of_the_last_five_answers() -> None:
    """An item without answers takes as long as the others do, one without any as assumed."""
    slow = [("slow", 40_000)] * 5 + [("slow", 1_000)] * 20
    pace = Pace([*slow, ("quick", 2_000)], usual=20)

    assert pace.seconds("slow") == 40
    assert pace.seconds("quick") == 2
    assert pace.seconds("never asked") == 1
    assert Pace([], usual=20).seconds("x") == 20


MEMORIES = st.builds(
    Memory,
    item_kind=st.just("card"),
    item_id=st.text("abc", min_size=1, max_size=4),
    state=st.just("review"),
    stability=st.floats(0.1, 400),
    difficulty=st.floats(1, 10),
    interval=st.integers(1, 200),
    reps=st.integers(1, 40),
    last_day=st.integers(MONDAY - 300, MONDAY - 1),
)
SPREADS = st.builds(
    Spread,
    today=st.just(MONDAY),
    seconds=WORK,
    easy=st.sampled_from([WEEKEND_FREE, (1.0,) * 7, (0.5,) * 7]),
    siblings=st.lists(st.integers(MONDAY, MONDAY + 60), max_size=3),
)


@given(MEMORIES, SPREADS, st.sampled_from([CARDS, EXERCISES]))
def test_the_preview_is_what_happens(memory, spread, preset) -> None:
    """The same days and the same draw: what a button shows is what is scheduled."""
    now = moment(MONDAY)

    shown = Offer(memory, now, preset, spread=spread).promised
    outcomes = [answer(memory, rating, now, preset, spread=spread) for rating in (1, 2, 3, 4)]

    assert list(shown) == [one.scheduled for one in outcomes]
    assert list(preview(memory, now, preset, spread=spread)) == outcomes


@given(MEMORIES, SPREADS)
def test_better_ratings_never_come_back_sooner(memory, spread) -> None:
    """Balancing keeps the order of the buttons and what a success may not fall back to."""
    _, hard, good, easy = Offer(memory, moment(MONDAY), CARDS, spread=spread).promised

    assert 1 <= hard <= good <= easy
    assert hard < good < easy or easy == 36500


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40), SPREADS), max_size=12))
def test_replay_gives_the_live_run_s_due_days(answers) -> None:
    """The work of that time is gone; the log has the day that was drawn."""
    memory, day, rows = Memory(item_kind="card", item_id="x"), MONDAY, []
    for clock, (rating, gap, spread) in enumerate(answers, start=1):
        day += gap
        spread = spread._replace(today=day)  # noqa: PLW2901 - of the day of this answer
        outcome = answer(memory, rating, moment(day), CARDS, spread=spread)
        memory = outcome.memory._replace(last_clock=clock)
        rows.append(
            LogRow(
                event_id=f"{clock:032}",
                device_id="d",
                clock=clock,
                utc_ms=moment(day).utc_ms,
                offset_min=0,
                study_day=day,
                kind=outcome.kind,
                item_kind="card",
                item_id="x",
                rating=rating,
                scheduled=outcome.scheduled,
                evidence={"step": outcome.memory.step},
            )
        )

    assert (memory if answers else None) == fold("card", "x", rows)


def ninety_days(seed: int, *, balanced: bool, easy=(1.0,) * 7) -> list[float]:
    """Return the minutes of each day from the 60th to the 150th of a learner's calendar."""
    rng, load, minutes = random.Random(seed), Load(), [0.0] * 150
    due: dict[int, list[tuple[Memory, float]]] = {}
    for today in range(150):
        begun = [
            (
                Memory(item_kind="card", item_id=f"{seed}.{today}.{n}"),
                900.0 if n == today % 12 else rng.lognormvariate(2.8, 0.7),
            )
            for n in range(6)
        ]
        for memory, seconds in [*due.pop(today, []), *begun]:
            if memory.reps:
                minutes[today] += seconds / 60
                load.add(MONDAY + today, -seconds)
            spread = Spread(today=MONDAY + today, seconds=load.ahead(MONDAY + today), easy=easy)
            preset = replace(CARDS, learning_steps=(), relearning_steps=())
            rating = 3 if rng.random() < 0.9 else 1
            done = answer(
                memory,
                rating,
                moment(MONDAY + today),
                preset,
                spread=spread if balanced else None,
            )
            load.add(done.memory.due_day, seconds)
            due.setdefault(today + done.scheduled, []).append((done.memory, seconds))
    return minutes[60:]


def test_the_spread_of_minutes_over_ninety_days_falls() -> None:
    """Against plain fuzz on the same learners, whose days hold long exercises too."""
    plain, balanced = (
        mean(
            pstdev(minutes) / mean(minutes)
            for minutes in (ninety_days(seed, balanced=how) for seed in range(4))
        )
        for how in (False, True)
    )

    assert balanced < 0.9 * plain


def test_free_days_get_little_over_ninety_days() -> None:
    """Only what is due after one or two days, where no other day is legal, falls on them."""
    minutes = ninety_days(7, balanced=True, easy=WEEKEND_FREE)

    weekend = [m for day, m in enumerate(minutes, start=60) if day % 7 in {5, 6}]
    week = [m for day, m in enumerate(minutes, start=60) if day % 7 not in {5, 6}]
    assert mean(weekend) < 0.4 * mean(week)


def test_the_draw_is_the_one_of_plain_fuzz() -> None:
    """Undoing and answering again gives the same day while the calendar stays as it is."""
    spread = Spread(today=MONDAY, seconds=[float(n % 5) * 300 for n in range(60)])
    memory = Memory(item_kind="card", item_id="x", state="review", stability=20, difficulty=5,
                    last_day=MONDAY - 20, interval=15, reps=4)  # fmt: skip

    days = {answer(memory, 3, moment(MONDAY), CARDS, spread=spread).scheduled for _ in range(3)}

    assert len(days) == 1
    assert draw("x", 4) == draw("x", 4)

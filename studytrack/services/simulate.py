"""The workload to come: from today's cards, the learner's plan and how long answers take.

Cards, and apart from them the reviews of solved exercises, with and without credit for what they
need. What a run does is the business of `domain.simulate` and `domain.rehearsal`, and nothing is
stored.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import mean, median

from studytrack.domain.credit import shares
from studytrack.domain.limits import answer_ms
from studytrack.domain.log import REVIEW_KINDS, LogRow
from studytrack.domain.memory import CARDS, Memory
from studytrack.domain.rehearsal import Solved, Work, rehearse
from studytrack.domain.simulate import CURVE, Course, Habits, Known, Plan, simulate
from studytrack.errors import UsageFault
from studytrack.services.consequences import put_off_by
from studytrack.services.presets import preset
from studytrack.services.study import Study

MOST_DAYS = 3650
ENOUGH_DRAWS, MOST_RUNS = 2000, 6  # a small deck is run several times, so that the curve is smooth
REHEARSALS = 20  # exercises are few, so chance would show in fewer runs
ENOUGH = 20  # answers of a sort; with fewer, the usual time and shares are assumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the workload curve: what a wanted retention costs and keeps."""

    retention: float
    minutes_a_day: float
    answers: int
    remembered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsals:
    """The reviews of exercises: means of some runs, with and without credit for prerequisites.

    `solved` exercises are in rotation; `credit` tells whether the setting is on.
    """

    solved: int
    credit: bool
    with_credit: Work
    without_credit: Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The days to come. `finish` is the day on which the last new card begins, None if later.

    `known` cards are in rotation, `waiting` ones have not begun; `curve` has a point for each
    retention that one may want. `exercises` is None where none is in rotation.
    """

    days: int
    today: date
    retention: float
    known: int
    waiting: int
    course: Course
    finish: date | None
    curve: tuple[Point, ...]
    exercises: Rehearsals | None


def forecast(study: Study, days: int = 365, *, seed: int = 1, curve: bool = True) -> Forecast:
    """Return what the days to come look like under the plan.

    Args:
        study: the open study.
        days: how many, today included.
        seed: the same seed gives the same answers.
        curve: also run it for other retentions.

    Raises:
        UsageFault: `days` is not between 1 and 3650.
    """
    if not 1 <= days <= MOST_DAYS:
        raise UsageFault(
            f"A simulation over {days} days.", f"It takes 1 to {MOST_DAYS}.", "Try --days 365."
        )
    today = study.stamp().study_day
    known, waiting = _cards(study, today)
    habits = _habits(study.store.live(item_kind="card", kinds=REVIEW_KINDS))
    plan = _plan(study, days, waiting)
    model = study.model("card")
    course = simulate(known, plan, habits, model, random.Random(seed))
    runs = min(max(ENOUGH_DRAWS // max(len(known) + waiting, 1), 1), MOST_RUNS)
    points = [
        _point(
            [
                simulate(known, replace(plan, retention=wanted), habits, model, random.Random(one))
                for one in range(seed, seed + runs)
            ],
            wanted,
        )
        for wanted in (CURVE if curve else ())
    ]
    finish = None if course.last_begun is None else date.fromordinal(today + course.last_begun)
    return Forecast(
        days=days,
        today=date.fromordinal(today),
        retention=plan.retention,
        known=len(known),
        waiting=waiting,
        course=course,
        finish=finish,
        curve=tuple(points),
        exercises=_rehearsals(study, days, seed),
    )


def _point(courses: Sequence[Course], retention: float) -> Point:
    """Return the mean of some runs."""
    return Point(
        retention=retention,
        minutes_a_day=mean(one.minutes_a_day for one in courses),
        answers=round(mean(sum(one.answers) for one in courses)),
        remembered=mean(one.remembered for one in courses),
    )


def _rehearsals(study: Study, days: int, seed: int) -> Rehearsals | None:
    solved = _solved(study)
    if not solved:
        return None
    today, model = study.stamp().study_day, study.model("exercise")
    how = preset(study.settings, "exercise")

    def work(credit: bool) -> Work:
        runs = [
            rehearse(solved, how, model, random.Random(one), today=today, days=days, credit=credit)
            for one in range(seed, seed + REHEARSALS)
        ]
        return Work(mean(run.reviews for run in runs), mean(run.minutes for run in runs))

    return Rehearsals(
        solved=len(solved),
        credit=study.settings.memory_credit,
        with_credit=work(credit=True),
        without_credit=work(credit=False),
    )


def _solved(study: Study) -> dict[str, Solved]:
    """Return the exercises in rotation, their debug forms included."""
    known, memories = study.catalogue.exercises, study.store.memories("exercise")
    return {
        name: Solved(
            memory=memory,
            minutes=exercise.minutes,
            puts_off=frozenset(put_off_by(exercise, known)),
            shares=shares(name, known),
        )
        for name, exercise in known.items()
        if (memory := memories.get(("exercise", name))) is not None
        and memory.state == "review"
        and not memory.resting
    }


def _cards(study: Study, today: int) -> tuple[list[Known], int]:
    """Return the cards in rotation, and how many have not begun."""
    memories = study.store.memories("card")
    known, waiting = [], 0
    for card in study.catalogue.cards.values():
        memory = memories.get(("card", card.id))
        if card.retired or (memory is not None and memory.resting):
            continue
        if memory is None or memory.state == "new":
            waiting += 1
        else:
            known.append(_known(memory, today))
    return known, waiting


def _known(memory: Memory, today: int) -> Known:
    return Known(
        stability=memory.stability,
        difficulty=memory.difficulty,
        last_day=memory.last_day - today,
        due_day=max(memory.due_day - today, 0),
    )


def _plan(study: Study, days: int, waiting: int) -> Plan:
    settings = study.settings
    return Plan(
        days=days,
        waiting=waiting,
        new_per_day=settings.study_new_cards,
        reviews=settings.study_reviews,
        retention=settings.memory_retention_cards,
        learning_steps=len(CARDS.learning_steps),
        relearning_steps=len(CARDS.relearning_steps),
        maximum=CARDS.maximum,
    )


def _habits(rows: Iterable[LogRow]) -> Habits:
    """Return how the learner answers, as far as the log tells."""
    seconds: dict[str, list[float]] = defaultdict(list)
    ratings: dict[str, Counter[int]] = {"first": Counter(), "passed": Counter()}
    for row in rows:
        if row.rating is None:
            continue
        sort = _sort(row)
        if row.duration_ms is not None:
            seconds[sort].append(answer_ms(row.duration_ms) / 1000)
        if sort == "first":
            ratings["first"][row.rating] += 1
        elif sort == "pass":
            ratings["passed"][row.rating] += 1
    usual = Habits()

    def time(sort: str, otherwise: float) -> float:
        listed = seconds[sort]
        return median(listed) if len(listed) >= ENOUGH else otherwise

    return Habits(
        first_seconds=time("first", usual.first_seconds),
        pass_seconds=time("pass", usual.pass_seconds),
        fail_seconds=time("fail", usual.fail_seconds),
        step_seconds=time("step", usual.step_seconds),
        first=_shares(ratings["first"], usual.first, lowest=1),
        passed=_shares(ratings["passed"], usual.passed, lowest=2),
    )


def _shares(found: Counter[int], otherwise: tuple[float, ...], *, lowest: int) -> tuple[float, ...]:
    """Return the shares of ratings from the lowest up; the usual ones count as one answer."""
    if found.total() < ENOUGH:
        return otherwise
    return tuple(found[lowest + place] + share for place, share in enumerate(otherwise))


def _sort(row: LogRow) -> str:
    """Return what sort of answer a row is: first, pass, fail or step."""
    if row.r_before is None and row.kind == "learn":
        return "first"
    if row.kind != "review":
        return "step"
    return "pass" if (row.rating or 0) > 1 else "fail"

"""The exercises to come: reviews drawn as the memory model believes, with or without credit.

Every exercise is reviewed on the day it comes due, the hardest of a day first, since passing that
puts off what it needs. Where the memories come from is the caller's business, and so is the random
number generator. Credit is believed here, as by the schedule; whether it is earned, only the
learner's own reviews can tell.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from studytrack.domain.credit import credited, scheduled_days, takes_credit
from studytrack.domain.days import elapsed
from studytrack.domain.fsrs import AGAIN, EASY, GOOD, HARD, Fsrs, State
from studytrack.domain.memory import Memory, Moment, Preset
from studytrack.domain.scheduler import answer

PASSED = (0.12, 0.78, 0.10)  # usual shares of hard, good and easy among passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """An exercise in rotation: what a review of it takes, and what a pass means for others.

    `puts_off` wait until the next day where they are due; `shares` are the weights of the credit.
    """

    memory: Memory
    minutes: int
    puts_off: frozenset[str]
    shares: Mapping[str, float]


class Work(NamedTuple):
    """Reviews and the minutes they took."""

    reviews: float
    minutes: float


def rehearse(
    exercises: Mapping[str, Solved],
    preset: Preset,
    model: Fsrs,
    rng: random.Random,
    *,
    today: int,
    days: int,
    credit: bool,
) -> Work:
    """Return the work of one run.

    Args:
        exercises: those in rotation, by id.
        preset: how they are scheduled.
        model: the model of memory.
        rng: draws recall and ratings.
        today: the first study day.
        days: how many.
        credit: whether a pass rated good or easy gives credit.
    """
    return _Run(exercises, preset, model, rng, credit).work(today, days)


class _Run:
    def __init__(
        self,
        exercises: Mapping[str, Solved],
        preset: Preset,
        model: Fsrs,
        rng: random.Random,
        credit: bool,
    ) -> None:
        self.exercises, self.preset, self.model, self.rng = exercises, preset, model, rng
        self.credit = credit
        self.served: dict[str, int] = {}  # when credit was last given; at most once a day
        self.memories = {name: one.memory for name, one in exercises.items()}

    def work(self, today: int, days: int) -> Work:
        """Run through the days."""
        calendar: dict[int, list[str]] = defaultdict(list)  # each exercise stands on one day
        for name, memory in self.memories.items():
            calendar[max(memory.due_day, today)].append(name)
        reviews = minutes = 0
        for day in range(today, today + days):
            waits: set[str] = set()
            for name in sorted(calendar.pop(day, ()), key=self._place):
                if self.memories[name].due_day <= day and name not in waits:
                    waits |= self._review(name, day)
                    reviews += 1
                    minutes += self.exercises[name].minutes
                calendar[max(self.memories[name].due_day, day + 1)].append(name)
        return Work(reviews, minutes)

    def _place(self, name: str) -> tuple[int, str]:
        return -len(self.exercises[name].puts_off), name

    def _review(self, name: str, day: int) -> frozenset[str]:
        """Answer by chance; return what waits until the next day."""
        before, one = self.memories[name], self.exercises[name]
        known = State(before.stability, before.difficulty)
        recall = self.model.recall(known, elapsed(before.last_day, day))
        rating = AGAIN
        if self.rng.random() < recall:
            (rating,) = self.rng.choices((HARD, GOOD, EASY), PASSED)
        outcome = answer(before, rating, Moment(day=day, utc_ms=0), self.preset, self.model)
        self.memories[name] = outcome.memory
        if self.credit and rating >= GOOD:
            self._give(one.shares, day)
        return one.puts_off if rating > AGAIN else frozenset()

    def _give(self, shares: Mapping[str, float], day: int) -> None:
        for name, weight in shares.items():
            memory = self.memories.get(name)
            if memory is not None and takes_credit(memory, day) and self.served.get(name) != day:
                self.served[name] = day
                days = scheduled_days(memory, weight, day, self.preset, self.model)
                self.memories[name] = credited(memory, weight, day, days, self.model)

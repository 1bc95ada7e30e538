"""What the days to come look like: cards answered by chance, as the memory model believes it.

One run draws every answer from the recall that the model gives, schedules it as the program would,
and adds up the time. Where the cards come from and how long an answer takes is the caller's
business; so is the random number generator, from which all else follows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from studytrack.domain.fsrs import AGAIN, EASY, GOOD, HARD, Fsrs, State
from studytrack.domain.fuzz import bounds

CURVE = (0.70, 0.75, 0.80, 0.85, 0.90, 0.95)  # wanted retentions that the workload is shown for


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A card in rotation. Days are counted from today, which is 0; the last answer lies before."""

    stability: float
    difficulty: float
    last_day: int
    due_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the learner answers: seconds by kind of answer, and shares of ratings.

    `first_seconds` is for a new card and `step_seconds` for each repetition on the same day;
    `first` are the shares of the first ratings 1 to 4, `passed` those of 2 to 4 where the card was
    remembered.
    """

    first_seconds: float = 20.0
    pass_seconds: float = 20.0
    fail_seconds: float = 20.0
    step_seconds: float = 20.0
    first: tuple[float, ...] = (0.22, 0.13, 0.50, 0.15)
    passed: tuple[float, ...] = (0.12, 0.78, 0.10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What comes in and what a day holds. `reviews` is None where they are not limited."""

    days: int = 365
    waiting: int = 0
    new_per_day: int = 8
    reviews: int | None = None
    retention: float = 0.9
    learning_steps: int = 2
    relearning_steps: int = 1
    maximum: int = 36500


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One simulated run.

    `seconds`, `answers` and `begun` are per day. `last_begun` is the day on which the last waiting
    card began, None if that lies beyond. `remembered` is the number of cards expected to be
    recalled at the end, `left` how many reviews are overdue then.
    """

    seconds: tuple[float, ...]
    answers: tuple[int, ...]
    begun: tuple[int, ...]
    last_begun: int | None
    remembered: float
    left: int

    @property
    def minutes_a_day(self) -> float:
        """The mean over all days."""
        return sum(self.seconds) / 60 / max(len(self.seconds), 1)


def simulate(
    cards: Sequence[Known], plan: Plan, habits: Habits, model: Fsrs, rng: random.Random
) -> Course:
    """Return one run of the days to come.

    >>> simulate([], Plan(days=2), Habits(), Fsrs(), random.Random(1)).answers
    (0, 0)
    """
    return _Run(cards, plan, habits, model, rng).course()


@dataclass(slots=True)
class _Card:
    state: State
    last_day: int


@dataclass(slots=True)
class _Day:
    seconds: float = 0.0
    answers: int = 0
    begun: int = 0
    due: list[_Card] = field(default_factory=list)


class _Run:
    def __init__(
        self,
        cards: Sequence[Known],
        plan: Plan,
        habits: Habits,
        model: Fsrs,
        rng: random.Random,
    ) -> None:
        self.plan, self.habits, self.model, self.rng = plan, habits, model, rng
        self.days = [_Day() for _ in range(plan.days)]
        self.every: list[_Card] = []
        for known in sorted(cards, key=lambda one: one.due_day):
            card = _Card(State(known.stability, known.difficulty), known.last_day)
            self.every.append(card)
            self._place(card, known.due_day)

    def course(self) -> Course:
        """Run through the days."""
        waiting, late, last_begun = self.plan.waiting, [], None
        for number, day in enumerate(self.days):
            late += day.due
            most = len(late) if self.plan.reviews is None else self.plan.reviews
            today, late = late[:most], late[most:]
            for card in today:
                self._review(card, number, day)
            begun = min(waiting, self.plan.new_per_day)
            for _ in range(begun):
                self._begin(number, day)
            waiting -= begun
            if begun and not waiting:
                last_begun = number
        return Course(
            seconds=tuple(day.seconds for day in self.days),
            answers=tuple(day.answers for day in self.days),
            begun=tuple(day.begun for day in self.days),
            last_begun=last_begun,
            remembered=sum(
                self.model.recall(card.state, max(self.plan.days - card.last_day, 0))
                for card in self.every
            ),
            left=len(late),
        )

    def _review(self, card: _Card, number: int, day: _Day) -> None:
        elapsed = max(number - card.last_day, 0)
        passed = self.rng.random() < self.model.recall(card.state, elapsed)
        rating = self._drawn((HARD, GOOD, EASY), self.habits.passed) if passed else AGAIN
        card.state = self.model.next(card.state, rating, elapsed)
        day.seconds += self.habits.pass_seconds if passed else self.habits.fail_seconds
        day.answers += 1
        if not passed:
            self._repeat(card, self.plan.relearning_steps, day)
        self._schedule(card, number)

    def _begin(self, number: int, day: _Day) -> None:
        rating = self._drawn((AGAIN, HARD, GOOD, EASY), self.habits.first)
        card = _Card(self.model.first(rating), number)
        self.every.append(card)
        day.seconds += self.habits.first_seconds
        day.answers += 1
        day.begun += 1
        steps = self.plan.learning_steps
        left = {AGAIN: steps, HARD: steps, GOOD: max(steps - 1, 0), EASY: 0}
        self._repeat(card, left[rating], day)
        self._schedule(card, number)

    def _repeat(self, card: _Card, times: int, day: _Day) -> None:
        """Pass the steps of the same day, each with a good answer."""
        for _ in range(times):
            card.state = self.model.next(card.state, GOOD, 0)
            day.seconds += self.habits.step_seconds
            day.answers += 1

    def _schedule(self, card: _Card, number: int) -> None:
        card.last_day = number
        exact = min(self.model.interval(card.state, self.plan.retention), self.plan.maximum)
        low, high = bounds(exact, 1, self.plan.maximum)
        days = low if low == high else low + int(self.rng.random() * (high - low + 1))
        self._place(card, number + days)

    def _place(self, card: _Card, due_day: int) -> None:
        if due_day < len(self.days):
            self.days[max(due_day, 0)].due.append(card)

    def _drawn(self, ratings: tuple[int, ...], shares: tuple[float, ...]) -> int:
        left = self.rng.random() * sum(shares)
        for rating, share in zip(ratings, shares, strict=True):
            left -= share
            if left < 0:
                return rating
        return ratings[-1]

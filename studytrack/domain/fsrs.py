"""FSRS-6, the model of memory: pure functions of stability, difficulty, days and ratings.

Stability S is in days (the time until recall falls to 90 %), difficulty D from 1 (easy) to 10,
elapsed time t in whole study days, ratings 1 again, 2 hard, 3 good, 4 easy. Source: the FSRS-6
algorithm of the open-spaced-repetition project (21 parameters, as shipped by Anki and py-fsrs).
Steps, fuzz, queues and storage must not come in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

DEFAULTS: tuple[float, ...] = (
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
    1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
)  # fmt: skip
BOUNDS: tuple[tuple[float, float], ...] = (
    (0.001, 100.0), (0.001, 100.0), (0.001, 100.0), (0.001, 100.0), (1.0, 10.0), (0.001, 4.0),
    (0.001, 4.0), (0.001, 0.75), (0.0, 4.5), (0.0, 0.8), (0.001, 3.5), (0.001, 5.0),
    (0.001, 0.25), (0.001, 0.9), (0.0, 4.0), (0.0, 1.0), (1.0, 6.0), (0.0, 2.0), (0.0, 2.0),
    (0.0, 0.8), (0.1, 0.8),
)  # fmt: skip
S_MIN, S_MAX = 0.001, 36500.0
D_MIN, D_MAX = 1.0, 10.0
RETENTION_MIN, RETENTION_MAX = 0.70, 0.97
AGAIN, HARD, GOOD, EASY = _RATINGS = 1, 2, 3, 4


class State(NamedTuple):
    """What is known of one item: stability in days, difficulty from 1 to 10."""

    stability: float
    difficulty: float


class Fsrs:
    """The model with one set of parameters.

    Raises:
        ValueError: not 21 finite numbers inside their bounds; the index is named.
    """

    algorithm = "fsrs6"

    def __init__(self, parameters: Sequence[float] = DEFAULTS) -> None:
        if len(parameters) != len(DEFAULTS):
            raise ValueError(f"FSRS-6 has {len(DEFAULTS)} parameters, not {len(parameters)}.")
        for index, (value, (low, high)) in enumerate(zip(parameters, BOUNDS, strict=True)):
            if not math.isfinite(value) or not low <= value <= high:
                raise ValueError(f"Parameter {index} is {value}; it lies in [{low}, {high}].")
        self.w = tuple(float(value) for value in parameters)
        self._factor = 0.9 ** (-1 / self.w[20]) - 1
        self._growth = math.exp(self.w[8])
        self._relief = math.exp(self.w[17] * self.w[18])  # a lapse costs at least this factor
        self._target = self.w[7] * self._first_difficulty(EASY)  # not clamped here
        self._moves = [-self.w[6] * (rating - 3) for rating in range(EASY + 1)]
        self._kept = 1 - self.w[7]
        self._spans: dict[float, float] = {}  # by retention: the interval of a stability of 1
        self._asked: tuple[State, int, tuple[State, State, State, State]] | None = None

    def recall(self, state: State, days: float) -> float:
        """Return the chance of recall after `days`; 0.9 at `days == stability`."""
        return float((1 + self._factor * days / state.stability) ** -self.w[20])

    def interval(self, state: State, retention: float) -> float:
        """Return the days, not rounded, until recall falls to `retention`.

        Raises:
            ValueError: the wanted retention lies outside 0.70 to 0.97.
        """
        span = self._spans.get(retention)
        if span is None:
            span = self._spans[retention] = self._span(retention)
        return state.stability * span

    def _span(self, retention: float) -> float:
        if not RETENTION_MIN <= retention <= RETENTION_MAX:
            raise ValueError(
                f"The wanted retention is {retention}; it lies in "
                f"[{RETENTION_MIN}, {RETENTION_MAX}]."
            )
        return float((retention ** (-1 / self.w[20]) - 1) / self._factor)

    def first(self, rating: int) -> State:
        """Return the state after the first review."""
        return State(
            _clamp(self.w[rating - 1], S_MIN, S_MAX),
            _clamp(self._first_difficulty(rating), D_MIN, D_MAX),
        )

    def next(self, state: State, rating: int, days: int) -> State:
        """Return the state after a later review, `days` study days after the last one."""
        asked = self._asked  # an answer asks again for one of the four that its question showed
        if asked is not None and asked[1] == days and asked[0] == state:
            return asked[2][rating - 1]
        if days == 0:
            return self._after(state, rating, self._same_day(state, rating))
        recall = self.recall(state, days)
        if rating == AGAIN:
            return self._after(state, rating, self._lapse(state, recall))
        return self._after(state, rating, self._success(state, rating, self._gain(state, recall)))

    def each(self, state: State, days: int) -> tuple[State, State, State, State]:
        """Return the states after again, hard, good and easy, as `next` gives them one by one."""
        if days == 0:
            again, hard, good, easy = (self._same_day(state, rating) for rating in _RATINGS)
        else:
            recall = self.recall(state, days)
            gain = self._gain(state, recall)
            again = self._lapse(state, recall)
            hard = self._success(state, HARD, gain)
            good = self._success(state, GOOD, gain)
            easy = self._success(state, EASY, gain)
        found = (
            self._after(state, AGAIN, again),
            self._after(state, HARD, hard),
            self._after(state, GOOD, good),
            self._after(state, EASY, easy),
        )
        self._asked = state, days, found
        return found

    def _after(self, state: State, rating: int, stability: float) -> State:
        moved = state.difficulty + (10 - state.difficulty) * self._moves[rating] / 9
        difficulty = self._target + self._kept * moved
        return State(_clamp(stability, S_MIN, S_MAX), _clamp(difficulty, D_MIN, D_MAX))

    def _first_difficulty(self, rating: int) -> float:
        return float(self.w[4] - math.exp(self.w[5] * (rating - 1)) + 1)

    def _same_day(self, state: State, rating: int) -> float:
        w = self.w
        gain: float = math.exp(w[17] * (rating - 3 + w[18])) * state.stability ** -w[19]
        return state.stability * (max(gain, 1.0) if rating >= HARD else gain)

    def _gain(self, state: State, recall: float) -> float:
        """Return what a good answer adds to stability, as a share of it."""
        w = self.w
        return float(
            self._growth
            * (11 - state.difficulty)
            * state.stability ** -w[9]
            * (math.exp(w[10] * (1 - recall)) - 1)
        )

    def _success(self, state: State, rating: int, gain: float) -> float:
        penalty = self.w[15] if rating == HARD else 1.0
        bonus = self.w[16] if rating == EASY else 1.0
        return state.stability * (1 + gain * penalty * bonus)

    def _lapse(self, state: State, recall: float) -> float:
        w = self.w
        forgotten: float = (
            w[11]
            * state.difficulty ** -w[12]
            * ((state.stability + 1) ** w[13] - 1)
            * math.exp(w[14] * (1 - recall))
        )
        return min(forgotten, state.stability / self._relief)


def _clamp(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value  # noqa: FURB136 - half the time of min()

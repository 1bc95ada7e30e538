"""How well the model's predictions of recall came true.

Predictions are the chances that were stored with each answer; nothing is computed with hindsight.
Answers on the day of the last one are no test of them and must be left out by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BINS = 10
ENOUGH = 100  # reviews; fewer say nothing
Z = 1.959964  # of a 95 % interval
LEAST = 1e-6  # a prediction of 0 or 1 that fails would make the loss infinite


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Reviews of like prediction: the mean of it, the share recalled, and its 95 % interval."""

    reviews: int
    predicted: float
    recalled: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A kind of item: how often it was recalled, how often that was wanted, and the fit.

    The last three are None, and there are no bins, where fewer than `ENOUGH` reviews stand.
    `rmse` is the mean distance of the bins' recall from what was predicted, weighted by reviews.
    """

    kind: str
    reviews: int
    enough: bool
    wanted: float | None = None
    recalled: float | None = None
    log_loss: float | None = None
    rmse: float | None = None
    bins: tuple[Bin, ...] = ()


def calibrate(
    kind: str, predictions: Sequence[tuple[float, bool]], wanted: float | None
) -> Calibration:
    """Return how predictions came true.

    Args:
        kind: of item.
        predictions: the chance of recall before an answer, and whether it was recalled.
        wanted: the mean chance of recall that was wanted.
    """
    count = len(predictions)
    if count < ENOUGH:
        return Calibration(kind=kind, reviews=count, enough=False)
    ordered = sorted(predictions, key=lambda one: one[0])  # equal ones stay in order of time
    edges = [count * n // BINS for n in range(BINS + 1)]
    bins = tuple(_bin(ordered[first:last]) for first, last in pairwise(edges))
    error = sum(one.reviews * (one.recalled - one.predicted) ** 2 for one in bins) / count
    return Calibration(
        kind=kind,
        reviews=count,
        enough=True,
        wanted=wanted,
        recalled=sum(recalled for _, recalled in ordered) / count,
        log_loss=sum(_loss(chance, recalled) for chance, recalled in ordered) / count,
        rmse=math.sqrt(error),
        bins=bins,
    )


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), which also holds near 0 and 1.

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    share, square = successes / count, Z * Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    spread = math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    width = Z * spread / (1 + square / count)
    return max(0.0, middle - width), min(1.0, middle + width)


def _bin(part: Sequence[tuple[float, bool]]) -> Bin:
    recalled = sum(known for _, known in part)
    low, high = wilson(recalled, len(part))
    return Bin(
        reviews=len(part),
        predicted=sum(chance for chance, _ in part) / len(part),
        recalled=recalled / len(part),
        low=low,
        high=high,
    )


def _loss(chance: float, recalled: bool) -> float:
    kept = min(max(chance, LEAST), 1 - LEAST)
    return -math.log(kept if recalled else 1 - kept)

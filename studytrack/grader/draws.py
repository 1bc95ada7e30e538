"""Whether a sampler's draws follow a distribution: a check that right samplers do not fail by luck.

Chi-square with rare outcomes pooled; its threshold by the approximation of Wilson and Hilferty
(1931), "The distribution of chi-square", PNAS 17(12). A first excess asks for a second set of
draws with another seed; only two in a row fail, about one right sampler in a million.
No submission is called here but through the function that a check hands in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

MIN_DRAWS, MIN_EXPECTED = 2000, 5.0
Z = 3.09  # one right sampler in a thousand goes beyond it


class Seeds(Protocol):
    """What gives the seeds of the draws: `authoring.Rng`."""

    def int(self, low: int, high: int) -> int:
        """Draw one int from low to high, both included."""


def threshold(freedom: int) -> float:
    """Return the chi-square that a right sampler seldom exceeds, for so many degrees of freedom."""
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + Z * math.sqrt(part)) ** 3)


def chi_square(counts: Tensor, probabilities: Tensor) -> tuple[float, int]:
    """Return chi-square and its degrees of freedom; outcomes expected under 5 times are pooled.

    Args:
        counts: [K] how often each outcome came.
        probabilities: [K] of the outcomes, adding up to 1.
    """
    seen, expected = counts.double(), probabilities.double() * counts.sum()
    order = expected.argsort(descending=True)
    seen, expected = seen[order], expected[order]
    kept = int((expected >= MIN_EXPECTED).sum())
    rest = float(expected[kept:].sum())
    if rest >= MIN_EXPECTED:
        seen = torch.cat([seen[:kept], seen[kept:].sum()[None]])
        expected = torch.cat([expected[:kept], expected[kept:].sum()[None]])
    elif rest > 0 and kept:  # too little for a bin of its own: it joins the rarest
        seen = torch.cat([seen[: kept - 1], seen[kept - 1 :].sum()[None]])
        expected = torch.cat([expected[: kept - 1], expected[kept - 1 :].sum()[None]])
    else:
        seen, expected = seen[:kept], expected[:kept]
    if len(expected) < 2:  # noqa: PLR2004 - one bin tells nothing
        return 0.0, 0
    return float(((seen - expected).square() / expected).sum()), len(expected) - 1


def follows(
    draw: Callable[[int], Any],
    probabilities: Tensor | Sequence[float],
    rng: Seeds,
    *,
    draws: int = MIN_DRAWS,
) -> None:
    """Assert that draws of outcomes 0 to K - 1 follow `probabilities`.

    Args:
        draw: takes a seed and returns at least `draws` outcomes (int tensor or list), in one
            question to the submission.
        probabilities: [K]; an outcome of probability 0 must never come.
        rng: gives the seeds; the same rng gives the same verdict on the same draws.
        draws: how many are asked for, 2000 or more.

    Raises:
        AssertionError: for the learner, in one sentence.
        ValueError: fewer than 2000 draws, or no distribution: a fault of the check.
    """
    wanted = torch.as_tensor(probabilities, dtype=torch.float64).flatten()
    total = float(wanted.sum())
    if draws < MIN_DRAWS or bool((wanted < 0).any()) or not math.isclose(total, 1, abs_tol=1e-6):
        raise ValueError("a check of draws needs 2000 of them or more, and a distribution")
    counts = torch.zeros_like(wanted)
    for _ in range(2):
        counts = _counted(draw(rng.int(0, 2**31 - 1)), wanted, draws)
        value, freedom = chi_square(counts, wanted)
        if freedom == 0 or value <= threshold(freedom):
            return
    shares = counts / counts.sum()
    worst = int((shares - wanted).abs().argmax())
    right, came = float(wanted[worst]), float(shares[worst])
    raise AssertionError(
        "the draws do not follow the distribution, twice in a row: outcome "
        f"{worst} has probability {right:.3g} and came in a share of {came:.3g}"
    )


def _counted(outcomes: Any, wanted: Tensor, draws: int) -> Tensor:
    """Return how often each outcome came.

    Raises:
        AssertionError: too few draws, no whole numbers, or one that cannot come.
    """
    values = torch.as_tensor(outcomes)
    whole = not values.is_floating_point() and not values.is_complex()
    assert whole, "draws must be whole numbers, the positions of the outcomes"
    values = values.flatten().long()
    assert len(values) >= draws, f"expected {draws} draws, got {len(values)}"
    outside = values[(values < 0) | (values >= len(wanted))]
    assert not len(outside), (
        f"{int(outside[0])} was drawn; there are outcomes 0 to {len(wanted) - 1}"
    )
    counts = torch.bincount(values, minlength=len(wanted)).double()
    impossible = ((counts > 0) & (wanted == 0)).nonzero()
    assert not len(impossible), f"{int(impossible[0])} was drawn, and it has probability 0"
    return counts

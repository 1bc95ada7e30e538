"""Draws of a sampler against a distribution."""

from __future__ import annotations

import pytest
import torch

from studytrack.grader.authoring import Rng
from studytrack.grader.draws import chi_square, follows, threshold

LOGITS = torch.tensor([2.0, 1.0, 0.5, 0.0, -1.0, -3.0], dtype=torch.float64)
RIGHT = LOGITS.softmax(-1)


def sampler(probabilities, count=2000):
    """A sampler of these probabilities."""

    def draw(seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.multinomial(probabilities, count, replacement=True, generator=generator)

    return draw


def test_a_right_sampler_passes_200_seeds() -> None:
    """Chance alone never fails a right sampler."""
    for seed in range(200):
        follows(sampler(RIGHT), RIGHT, Rng(seed))


def test_a_single_excess_is_as_rare_as_the_threshold_says() -> None:
    """One set of right draws exceeds the threshold about once in a thousand; two hardly ever."""
    generator = torch.Generator().manual_seed(1)
    trials = 4000
    exceeded = 0
    for _ in range(trials):
        drawn = torch.multinomial(RIGHT, 2000, replacement=True, generator=generator)
        value, freedom = chi_square(torch.bincount(drawn, minlength=6), RIGHT)
        exceeded += value > threshold(freedom)

    assert exceeded / trials < 0.004


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "wrong",
    [
        torch.full_like(RIGHT, 1 / 6),
        (LOGITS / 1.3).softmax(-1),
        (LOGITS * 1.3).softmax(-1),
        (LOGITS * 2).softmax(-1),
        RIGHT.flip(0),
        torch.nn.functional.one_hot(torch.tensor(0), 6).double(),
    ],
    ids=["uniform", "too warm", "too cold", "squared", "reversed", "greedy"],
)
def test_a_wrong_sampler_fails_with_every_seed(wrong, seed) -> None:
    """Known wrong distributions are told from the right one in each of five seeds."""
    with pytest.raises(AssertionError, match="do not follow"):
        follows(sampler(wrong), RIGHT, Rng(seed))


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        ([0] * 1999 + [6], "6 was drawn"),
        ([0] * 1999 + [-1], "-1 was drawn"),
        ([0] * 1999 + [2], "2 was drawn, and it has probability 0"),
        ([0] * 500, "expected 2000 draws, got 500"),
        ([0.5] * 2000, "whole numbers"),
    ],
)
def test_one_impossible_draw_is_enough(drawn, message) -> None:
    """What cannot come fails at once, whatever the rest looks like."""
    wanted = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    asked = []

    with pytest.raises(AssertionError, match=message):
        follows(lambda seed: asked.append(seed) or torch.tensor(drawn), wanted, Rng(1))

    assert len(asked) == 1


def test_an_excess_asks_a_second_time_with_another_seed() -> None:
    """Bad luck once is forgiven; the second seed differs."""
    seeds = []

    def draw(seed):
        seeds.append(seed)
        return sampler(RIGHT.flip(0) if len(seeds) == 1 else RIGHT)(seed)

    follows(draw, RIGHT, Rng(3))

    assert len(set(seeds)) == 2


def test_the_same_rng_asks_for_the_same_draws() -> None:
    """A run can be replayed."""
    seeds = []

    for _ in range(2):
        follows(lambda seed: seeds.append(seed) or sampler(RIGHT)(seed), RIGHT, Rng(9))

    assert seeds[0] == seeds[1]


def test_rare_outcomes_are_pooled() -> None:
    """Bins expected under five times never inflate chi-square."""
    wanted = torch.tensor([0.9] + [0.001] * 100, dtype=torch.float64)
    counts = torch.tensor([1800.0] + [2.0] * 100)

    value, freedom = chi_square(counts, wanted)

    assert freedom == 1
    assert value < 1e-9


def test_a_certain_outcome_passes() -> None:
    """A distribution with one outcome has nothing to test but its support."""
    follows(lambda _seed: [0] * 2000, [1.0, 0.0], Rng(0))


@pytest.mark.parametrize(("wanted", "draws"), [([0.5, 0.4], 2000), ([1.5, -0.5], 2000), ([1.0], 9)])
def test_a_check_that_cannot_work_is_the_authors_fault(wanted, draws) -> None:
    """No distribution, or too few draws to tell."""
    with pytest.raises(ValueError, match="2000"):
        follows(lambda _seed: [0] * 2000, wanted, Rng(0), draws=draws)


@pytest.mark.parametrize(("freedom", "exact"), [(1, 10.83), (5, 20.52), (10, 29.59), (100, 149.45)])
def test_the_threshold_is_close_to_the_exact_quantile(freedom, exact) -> None:
    """Within four per cent of the 0.999 quantile of chi-square."""
    assert threshold(freedom) == pytest.approx(exact, rel=0.04)

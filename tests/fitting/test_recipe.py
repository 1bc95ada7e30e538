"""The recipe of the fit on learners whose truth is known."""

from __future__ import annotations

import random

import pytest
import torch

from studytrack.domain.fsrs import DEFAULTS, Fsrs
from studytrack.fitting.curves import batch
from studytrack.fitting.recipe import fit, search
from tests.bench.fit import gain, later, mean_loss
from tests.bench.learners import drawn_truth, histories, upto


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """As in the fit's own process."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def learner(seed: str, usable: int, truth: Fsrs | None = None) -> list[list]:
    """The histories of a learner, far from the defaults if no truth is given."""
    return histories(
        truth or drawn_truth(random.Random(seed)), random.Random(f"log {seed}"), usable, rate=8
    )


def test_a_fit_predicts_what_comes_better_than_the_defaults() -> None:
    """After 6,400 reviews the next 3,000 are predicted better by at least 0.003."""
    whole = learner("far", 9400)

    found = search(upto(whole, 6400), DEFAULTS)

    judged = later(whole, 6400)
    assert found.better
    assert mean_loss(judged, found.parameters) <= mean_loss(judged, DEFAULTS) - 0.003


def test_a_fit_is_the_same_every_time_and_makes_a_legal_set() -> None:
    """The same log gives the same parameters to the last bit, and the model takes them."""
    log = learner("twice", 500)

    first, second = search(log, DEFAULTS), search(log, DEFAULTS)

    assert first == second
    assert Fsrs(first.parameters).w == first.parameters
    assert list(first.parameters[:4]) == sorted(first.parameters[:4])


def test_the_verdict_is_that_of_the_last_quarter() -> None:
    """A set is better exactly if it lost less on reviews that it was not trained on."""
    for seed in range(6):
        found = search(learner(f"gate {seed}", 240, Fsrs()), DEFAULTS)

        assert found.better == (found.loss_after < found.loss_before)
        assert (found.trained, found.held_out) == (180, 60)
        assert 0 <= found.share <= 1


def test_a_fit_stays_at_the_defaults_without_evidence() -> None:
    """A handful of reviews moves no parameter far; the prior holds it."""
    held = fit(batch(learner("few", 5)), torch.tensor(DEFAULTS, dtype=torch.float64))

    assert held.tolist() == pytest.approx(list(DEFAULTS), rel=0.35, abs=0.05)


def test_chance_does_not_wear_difficulty_away() -> None:
    """The default of mean reversion lies on its bound: few reviews cannot lift it off by chance."""
    for seed in range(6):
        found = fit(batch(learner(f"chance {seed}", 400, Fsrs())), torch.tensor(DEFAULTS).double())

        assert found[7] < 0.01


def test_several_relearning_steps_never_gain_by_a_lapse() -> None:
    """The two short-term parameters are capped, so that lapse and steps end below the start."""
    log, start = learner("steps", 400), torch.tensor(DEFAULTS, dtype=torch.float64)

    capped = fit(batch(log), start, relearning_steps=3)

    free = fit(batch(log), start, relearning_steps=1)
    assert torch.equal(capped[:17], free[:17])
    assert capped[17] <= free[17]
    assert capped[18] <= free[18]


@pytest.mark.slow
def test_fits_help_as_much_as_a_plain_one_and_hardly_ever_harm() -> None:
    """Over 24 learners no tuning saw: the mean of a fit without guard, and no harm above 0.002."""
    found = [gain(f"unseen {index}", 400, compared=True) for index in range(24)]

    assert sum(one.fit for one in found) <= sum(one.plain for one in found)
    assert max(one.fit for one in found) <= 0.002

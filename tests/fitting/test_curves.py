"""The batched arithmetic of the fit against the model itself."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.fsrs import BOUNDS, DEFAULTS, Fsrs
from studytrack.domain.usable import Review
from studytrack.fitting.curves import LONGEST, batch, recalls
from tests.bench.learners import drawn_truth, histories

answers = st.tuples(st.sampled_from((0, 0, 1, 2, 5, 20, 90, 400)), st.integers(1, 4))


@st.composite
def logs(draw) -> list[list[Review]]:
    """A few histories of any shape, with places in time of their own."""
    found, order = [], 0
    for drawn in draw(st.lists(st.lists(answers, min_size=1, max_size=12), max_size=6)):
        items = []
        for place, (days, rating) in enumerate(drawn):
            passed = days if place else 0
            items.append(Review(passed, rating, passed > 0, order))
            order += 1
        found.append(items)
    return found


def expected(items: list[list[Review]], model: Fsrs) -> dict[int, float]:
    """The recall at each usable review, by its place in time, one review after the other."""
    found = {}
    for reviews in items:
        state = model.first(reviews[0].rating)
        for one in reviews[1:]:
            if one.usable:
                found[one.order] = model.recall(state, one.days)
            state = model.next(state, one.rating, one.days)
    return found


def parameters(seed: int) -> tuple[float, ...]:
    """Random parameters inside their bounds, near the defaults."""
    rng = random.Random(seed)
    moved = [value * 2 ** rng.uniform(-0.4, 0.4) for value in DEFAULTS]
    return tuple(
        min(max(value, low), high) for value, (low, high) in zip(moved, BOUNDS, strict=True)
    )


@given(logs(), st.integers(0, 99))
def test_all_histories_at_once_give_the_model_s_recall(items, seed) -> None:
    """Side by side or one after the other, the chances are the same."""
    w = parameters(seed)

    together = batch(items)
    found, _ = recalls(together, torch.tensor(w, dtype=torch.float64), slopes=False)

    named = dict(zip(together.order.tolist(), found.tolist(), strict=True))
    assert named == pytest.approx(expected(items, Fsrs(w)), rel=1e-9)


def test_the_slopes_are_those_of_small_steps() -> None:
    """Derivatives by hand agree with differences, for each of the 21 parameters."""
    rng = random.Random("slopes")
    truth = drawn_truth(rng)
    together = batch(histories(truth, rng, 300, rate=5))
    w = torch.tensor(truth.w, dtype=torch.float64)

    _, slopes = recalls(together, w, slopes=True)

    for index in range(21):
        step = torch.zeros(21, dtype=torch.float64)
        step[index] = 1e-6 * max(1e-2, abs(float(w[index])))
        up, down = (recalls(together, w + sign * step, slopes=False)[0] for sign in (1, -1))
        assert torch.allclose((up - down) / (2 * step[index]), slopes[index], atol=1e-6)


def test_a_very_long_history_is_cut() -> None:
    """Reviews beyond the limit take no part, and neither does an empty log."""
    many = [Review(int(place > 0), 3, place > 0, place) for place in range(LONGEST + 20)]

    assert len(batch([many]).passed) == LONGEST - 1
    assert len(batch([]).passed) == 0
    assert len(recalls(batch([]), torch.tensor(DEFAULTS).double(), slopes=True)[0]) == 0

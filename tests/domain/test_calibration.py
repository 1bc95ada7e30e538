"""Predictions against what came true."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.calibration import BINS, ENOUGH, calibrate, wilson

PREDICTIONS = st.lists(
    st.tuples(st.floats(0, 1), st.booleans()), min_size=ENOUGH, max_size=3 * ENOUGH
)


def drawn(count: int, true: float = 1.0) -> list[tuple[float, bool]]:
    """Return predictions and outcomes; recall is `true` times what was predicted."""
    rng = random.Random(5)
    chances = [rng.uniform(0.5, 0.99) for _ in range(count)]
    return [(chance, rng.random() < chance * true) for chance in chances]


def test_a_right_model_lies_inside_its_intervals() -> None:
    """Of ten 95 % intervals nine or ten hold the prediction."""
    found = calibrate("card", drawn(5000), 0.9)

    inside = [one.low <= one.predicted <= one.high for one in found.bins]
    assert sum(inside) >= 9
    assert found.rmse < 0.03


def test_a_model_that_promises_too_much_is_found_out() -> None:
    """Its predictions stand above the intervals, and its error is what it promises too much."""
    found = calibrate("card", drawn(5000, true=0.8), 0.9)

    assert all(one.predicted > one.high for one in found.bins)
    assert found.rmse == pytest.approx(0.15, abs=0.03)


def test_bins_hold_equal_counts_in_order_of_the_prediction() -> None:
    """Each review stands in one bin."""
    found = calibrate("card", drawn(1234), None)

    assert len(found.bins) == BINS
    assert sum(one.reviews for one in found.bins) == 1234
    assert {one.reviews for one in found.bins} == {123, 124}
    assert list(found.bins) == sorted(found.bins, key=lambda one: one.predicted)
    assert found.wanted is None


def test_few_reviews_say_nothing() -> None:
    """Below a hundred there are no figures that could be taken for some."""
    found = calibrate("exercise", drawn(ENOUGH - 1), 0.85)

    assert (found.reviews, found.enough) == (ENOUGH - 1, False)
    assert found.log_loss is found.rmse is found.recalled is None
    assert found.bins == ()


def test_the_loss_is_that_of_the_predictions() -> None:
    """An even chance costs ln 2 whatever happens; certainty that fails costs much, not all."""
    even = calibrate("card", [(0.5, n % 2 == 0) for n in range(200)], None)
    wrong = calibrate("card", [(1.0, False)] * 200, None)

    assert even.log_loss == pytest.approx(math.log(2))
    assert math.isfinite(wrong.log_loss)


@given(PREDICTIONS)
def test_every_share_lies_inside_its_interval(predictions) -> None:
    """And every interval inside 0 to 1."""
    for one in calibrate("card", predictions, None).bins:
        assert 0 <= one.low <= one.recalled + 1e-12
        assert one.recalled - 1e-12 <= one.high <= 1


@given(st.integers(1, 400), st.data())
def test_more_successes_move_the_interval_up(count, data) -> None:
    """The interval of a share is monotone, and never empty."""
    successes = data.draw(st.integers(0, count - 1))

    low, high = wilson(successes, count)
    more_low, more_high = wilson(successes + 1, count)

    assert low < high
    assert low <= more_low
    assert high <= more_high


def test_equal_predictions_are_not_parted_by_their_outcome() -> None:
    """A model that says 0.9 and is right nine times in ten is as right in every group."""
    found = calibrate("card", [(0.9, number % 10 != 0) for number in range(400)], 0.9)

    assert {0.9} == {one.recalled for one in found.bins}
    assert found.rmse == pytest.approx(0.0)

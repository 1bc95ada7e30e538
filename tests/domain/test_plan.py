from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.plan import card_minutes, reading_minutes, share_minutes


def test_a_common_day_has_all_three() -> None:
    """Few cards leave the exercise its time and the reading the rest."""
    assert share_minutes(25, 5, 12, 10) == (5, 12, 8)


def test_a_backlog_leaves_room_for_code_and_reading() -> None:
    """Two hundred due cards take 60 % of the day, not all of it."""
    assert share_minutes(25, 67, 12, 10) == (15, 5, 5)


def test_cards_alone_may_take_the_whole_day() -> None:
    """Where nothing else waits, the backlog gets every minute."""
    assert share_minutes(25, 67, 0, 0) == (25, 0, 0)


def test_a_long_exercise_leaves_the_reading_a_few_minutes() -> None:
    """An exercise may be continued tomorrow; the reading is not pushed out."""
    assert share_minutes(25, 3, 40, 10) == (3, 17, 5)


def test_minutes_left_over_go_back_to_the_cards() -> None:
    """A backlog takes what exercise and reading do not need."""
    assert share_minutes(60, 67, 10, 5) == (45, 10, 5)


@given(st.integers(1, 600), *(st.integers(0, 300) for _ in range(3)))
def test_the_plan_fits_the_day(budget: int, review: int, exercise: int, reading: int) -> None:
    """Nothing gets more than it wants, all of it fits, and waiting cards are never left out."""
    shares = share_minutes(budget, review, exercise, reading)

    assert sum(shares) <= budget
    assert all(
        0 <= got <= want for got, want in zip(shares, (review, exercise, reading), strict=True)
    )
    assert not review or shares[0]


def test_estimates_are_whole_minutes() -> None:
    """One card is a minute; a reading's portion is what is left of it, at most ten minutes."""
    assert [card_minutes(n) for n in (0, 1, 3, 4)] == [0, 1, 1, 2]
    assert reading_minutes(None, 0) == 10
    assert reading_minutes(116, 40) == 10
    assert reading_minutes(10, 100) == 1

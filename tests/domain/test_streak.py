from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.streak import per_day, streak, upcoming


@pytest.mark.parametrize(
    ("days", "run"),
    [
        (set(), 0),
        ({10}, 1),
        ({9}, 1),
        ({8}, 0),
        ({8, 9, 10}, 3),
        ({7, 8, 9}, 3),
        ({6, 8, 9}, 2),
        ({11, 12}, 0),
    ],
)
def test_a_run_ends_today_or_yesterday(days: set[int], run: int) -> None:
    """Today without study keeps the run of yesterday; a missed day ends it."""
    assert streak(days, 10) == run


@given(st.lists(st.integers(1, 60)), st.integers(1, 60), st.integers(1, 40))
def test_counted_days_never_exceed_what_was_given(days: list[int], today: int, count: int) -> None:
    """Each day is counted once at most, and only within the window."""
    inside = [day for day in days if today - count < day <= today]

    counted = per_day(days, today, count)

    assert len(counted) == count
    assert sum(counted) == len(inside)


@given(st.lists(st.integers(1, 60)), st.integers(1, 60), st.integers(1, 40))
def test_overdue_items_are_due_today(days: list[int], today: int, count: int) -> None:
    """What is overdue counts for today, what lies beyond the window not at all."""
    counted = upcoming(days, today, count)

    assert counted[0] == sum(day <= today for day in days)
    assert sum(counted) == sum(day < today + count for day in days)

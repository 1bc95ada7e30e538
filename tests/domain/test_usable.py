"""Which reviews may teach the memory model."""

from __future__ import annotations

import pytest

from studytrack.domain.log import LogRow
from studytrack.domain.usable import histories, usable_count


def row(number: int, day: int, **fields) -> LogRow:
    """One answer to a card."""
    given = {
        "kind": "review",
        "item_kind": "card",
        "item_id": "a",
        "rating": 3,
        "scheduled": 1,
        "duration_ms": 5000,
    }
    return LogRow(
        event_id=f"e{number}",
        device_id="d",
        clock=number,
        utc_ms=number,
        offset_min=0,
        study_day=day,
        **(given | fields),
    )


def test_days_count_from_the_last_answer_and_same_days_teach_nothing() -> None:
    """The first answer and those of the same study day move the state only."""
    (found,) = histories([row(1, 10), row(2, 10), row(3, 15, rating=1), row(4, 16)])

    assert [(one.days, one.rating, one.usable) for one in found] == [
        (0, 3, False),
        (0, 3, False),
        (5, 1, True),
        (1, 3, True),
    ]


@pytest.mark.parametrize("kind", ["cram", "copy", "open", "suspend", "bury", "forward", "implicit"])
def test_rows_that_are_no_reviews_change_nothing(kind) -> None:
    """They neither teach nor move the state that the fit sees."""
    plain = [row(1, 10), row(3, 15)]

    with_other = histories([plain[0], row(2, 12, kind=kind), plain[1]])

    assert [(one.days, one.usable) for one in with_other[0]] == [(0, False), (5, True)]


def test_answers_nobody_read_do_not_count() -> None:
    """Under half a second, or five in a row under one: the outcome says nothing."""
    held = [row(n, 10 + n, duration_ms=900, item_id=f"c{n % 2}") for n in range(1, 7)]
    (single,) = histories([row(1, 10), row(2, 15, duration_ms=400), row(3, 20, duration_ms=900)])

    assert [one.usable for one in single] == [False, False, True]
    assert usable_count(histories(held)) == 0
    assert usable_count(histories(held[:4])) == 2


def test_an_untimed_answer_counts_and_ends_a_hasty_run() -> None:
    """Without a duration nothing is held against an answer."""
    rows = [row(n, 10 + n, duration_ms=None if n == 3 else 900) for n in range(1, 7)]

    assert usable_count(histories(rows)) == 5


def test_suspended_cards_and_old_outcomes_are_left_out() -> None:
    """Old answers still move the state; suspended cards are not there at all."""
    rows = [row(1, 10), row(2, 15), row(3, 20), row(4, 10, item_id="b"), row(5, 20, item_id="b")]

    found = histories(rows, left_out={"b"}, since_day=18)

    assert [[(one.days, one.usable) for one in items] for items in found] == [
        [(0, False), (5, False), (5, True)]
    ]


def test_a_reset_begins_a_new_history() -> None:
    """What was forgotten on purpose is not a lapse."""
    reset = row(2, 30, kind="reset", rating=None, scheduled=None)

    found = histories([row(1, 10), reset, row(3, 40), row(4, 45)])

    assert [[one.days for one in items] for items in found] == [[0], [0, 5]]
    assert usable_count(found) == 1

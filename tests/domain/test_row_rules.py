"""The rules of a row: what is let through, how texts are cut, how a day follows from a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.clock import YEARS
from studytrack.domain.days import offset_minutes, study_day, utc_ms
from studytrack.domain.plain_data import DEEPEST, TEXT_CAP, mended, object_fault
from studytrack.domain.row_rules import (
    attempt_fault,
    mended_attempt,
    mended_row,
    redated,
    row_fault,
)
from studytrack.domain.verdict import report_from_plain
from tests.services.poison import ATTEMPT, ROWS, spoiled

START, END = datetime(YEARS[0], 1, 2, tzinfo=UTC), datetime(YEARS[-1], 12, 30, tzinfo=UTC)
MOMENTS = st.integers(0, int((END - START).total_seconds())).map(
    lambda seconds: START + timedelta(seconds=seconds)
)


@given(
    MOMENTS,
    st.integers(-1439, 1439),
    st.integers(0, 1439),
    st.integers(0, 40_000),
    st.integers(0, 10**6),
)
def test_every_moment_that_a_store_can_stamp_is_allowed(
    moment, offset, rollover, days, more
) -> None:
    """In any zone, with any rollover, also on a day that a clock held which was ahead once."""
    local = moment.astimezone(timezone(timedelta(minutes=offset)))
    now, ahead = utc_ms(local), days * 86_400_000
    if utc_ms(moment) + ahead > 221_845_392_000_000:
        ahead = days = 0
    row = {
        **ROWS[0],
        "utc_ms": now,
        "clock": now + ahead + more if ahead else now,
        "offset_min": offset_minutes(local),
        "study_day": study_day(local, rollover) + days,
    }

    assert row_fault(row) is None
    assert redated(row, 0) == row


@given(spoiled())
def test_the_rules_answer_whatever_comes(row) -> None:
    """No value of any type makes a rule fail, and a report that is let through can be read."""
    if "event_id" in row or "exercise" not in row:
        row_fault(mended_row(row))
    fault = attempt_fault(mended_attempt(row))
    redated(row, 5)
    if fault is None and row.get("report"):
        report_from_plain(row["report"])


def test_valid_rows_have_no_fault_and_need_no_mending() -> None:
    """They are returned as they are, not as copies."""
    assert [row_fault(row) for row in ROWS] == [None] * len(ROWS)
    assert all(mended_row(row) is row for row in ROWS)
    assert attempt_fault(ATTEMPT) is None
    assert mended_attempt(ATTEMPT) is ATTEMPT


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1, 5000])
def test_nesting_has_an_end(depth) -> None:
    """Depth is counted without recursion, so that no depth can break the count."""
    value: dict = {"a": 1}
    for _ in range(depth - 1):
        value = {"a": value}

    assert bool(object_fault(value)) == (depth > DEEPEST)
    assert mended(value) is value


def test_long_texts_are_cut_wherever_they_stand() -> None:
    """Inside of lists and as values; the whole length is named, and the rest stays."""
    value = {"a": ["x" * (TEXT_CAP + 5), 1], "b": "\udc80"}

    made = mended(value)

    assert len(made["a"][0]) == TEXT_CAP
    assert f"{TEXT_CAP + 5:,} characters" in made["a"][0]
    assert made["a"][1] == 1
    assert made["b"] == "\ufffd"


@pytest.mark.parametrize(
    ("field", "value"), [("study_day", 2**62), ("study_day", 5), ("clock", 2**63 - 1), ("clock", 0)]
)
def test_an_impossible_moment_follows_from_the_own_time(field, value) -> None:
    """The day is that of the own wall clock from four o'clock, the clock comes after the last."""
    now = datetime(2026, 11, 24, 3, 59, tzinfo=timezone(timedelta(hours=1)))
    row = {**ROWS[0], "utc_ms": utc_ms(now), "clock": utc_ms(now) + 9, "study_day": 739_943}
    bad = {**row, field: value}

    made = redated(bad, after=utc_ms(now) + 100)

    assert row_fault(bad) is not None
    assert row_fault(made) is None
    assert made["study_day"] == 739_943
    assert made["clock"] == (row["clock"] if field == "study_day" else utc_ms(now) + 101)


def test_without_an_own_time_nothing_is_put_right() -> None:
    """There is nothing to tell the day by."""
    bad = {**ROWS[0], "utc_ms": "noon", "study_day": 2**62}

    assert redated(bad, 0) is bad


def test_card_records_that_can_be_asked_are_let_through() -> None:
    """Whatever the shipped rules allow for a card of each kind."""
    kinds = {
        row["fields"]["record"]["kind"]
        for row in ROWS
        if row["item_kind"] == "card" and "record" in row.get("fields", {})
    }
    assert kinds == {"choice", "cloze", "numeric", "shape"}

"""Study days over the rollover, daylight saving and time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.days import day_start, elapsed, study_day

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]


def day(*when: int, zone: str = "Europe/Berlin", rollover: int = 240) -> date:
    """Return the study day of a local moment as a date."""
    moment = datetime(*when, tzinfo=ZoneInfo(zone))
    return date.fromordinal(study_day(moment, rollover))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ((2026, 11, 24, 3, 59), date(2026, 11, 23)),
        ((2026, 11, 24, 4, 0), date(2026, 11, 24)),
        ((2026, 11, 24, 23, 59), date(2026, 11, 24)),
        ((2028, 2, 29, 12, 0), date(2028, 2, 29)),
        ((2028, 3, 1, 3, 0), date(2028, 2, 29)),
        ((2026, 3, 29, 3, 30), date(2026, 3, 28)),  # the day of 23 hours
        ((2026, 10, 25, 2, 30), date(2026, 10, 24)),  # the hour that comes twice
    ],
)
def test_a_study_day_runs_from_rollover_to_rollover(when, expected) -> None:
    """Also across leap days and both changes of the clock."""
    assert expected == day(*when)


@pytest.mark.parametrize(
    ("zone", "today", "rollover"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 150),  # 02:30 does not exist
        ("Europe/Berlin", date(2026, 10, 25), 150),  # 02:30 comes twice
        ("America/New_York", date(2026, 3, 8), 125),
        ("Australia/Lord_Howe", date(2026, 10, 4), 125),  # half an hour is skipped
        ("Africa/Cairo", date(2026, 4, 24), 0),  # midnight does not exist
        ("Pacific/Apia", date(2011, 12, 30), 240),  # the day itself does not exist
        ("Asia/Kolkata", date(2026, 11, 24), 240),
    ],
)
def test_a_study_day_starts_with_its_first_instant(zone, today, rollover) -> None:
    """No earlier minute belongs to it or a later day, also when the clock skips the rollover."""
    tz, wanted = ZoneInfo(zone), today.toordinal()
    moment = datetime.combine(today, datetime.min.time(), UTC) - timedelta(hours=20)
    while study_day(moment.astimezone(tz), rollover) < wanted:
        moment += timedelta(minutes=1)

    assert moment == day_start(wanted, tz, rollover)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(ZONES),
    st.sampled_from([0, 150, 240, 1439]),
)
def test_a_day_starts_before_every_moment_in_it(moment, zone, rollover) -> None:
    """A moment lies between the start of its study day and the start of the next."""
    tz = ZoneInfo(zone)
    now = moment.replace(tzinfo=UTC).astimezone(tz)
    today = study_day(now, rollover)

    assert day_start(today, tz, rollover) <= now
    assert now < day_start(today + 1, tz, rollover) + timedelta(hours=1)  # an hour may come twice


def test_elapsed_days_never_go_below_zero() -> None:
    """A journey westwards repeats a day; it does not undo one."""
    assert elapsed(739579, 739578) == 0
    assert elapsed(739578, 739581) == 3

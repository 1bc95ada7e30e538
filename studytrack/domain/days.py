"""Study days: from the rollover hour to the next, in the learner's own time zone.

A study day is a proleptic ordinal (`date.toordinal`). It is computed from the wall clock, so days
of 23 and 25 hours are one day each. Zone and rollover come in; nothing here asks the system.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo


def study_day(now: datetime, rollover_minutes: int = 240) -> int:
    """Return the study day of an aware moment, in that moment's own zone.

    >>> from zoneinfo import ZoneInfo
    >>> study_day(datetime(2026, 11, 24, 3, 59, tzinfo=ZoneInfo("Europe/Berlin")))
    739943
    """
    wall = now.hour * 60 + now.minute
    return now.toordinal() - (wall < rollover_minutes)


def day_start(day: int, zone: tzinfo, rollover_minutes: int = 240) -> datetime:
    """Return the first instant of a study day, in UTC.

    Where the clock shows the rollover twice, the first counts; where it skips it, the day starts
    with the first instant after the gap.

    >>> from zoneinfo import ZoneInfo
    >>> day_start(739944, ZoneInfo("Europe/Berlin")).isoformat()
    '2026-11-24T03:00:00+00:00'
    """
    wall = datetime.combine(date.fromordinal(day), datetime.min.time()) + timedelta(
        minutes=rollover_minutes
    )
    start = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) == wall:
        return start
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # before the gap, `start` behind it
    while start - early > timedelta(seconds=1):
        middle = early + (start - early) / 2
        before = middle.astimezone(zone).replace(tzinfo=None) < wall
        early, start = (middle, start) if before else (early, middle)
    return start.replace(microsecond=0)


def utc_ms(now: datetime) -> int:
    """Return milliseconds since 1970 in UTC."""
    return round(now.timestamp() * 1000)


def offset_minutes(now: datetime) -> int:
    """Return the offset from UTC in minutes."""
    offset = now.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)


def elapsed(last_day: int, day: int) -> int:
    """Return whole study days between two reviews; travel backwards counts as the same day."""
    return max(0, day - last_day)

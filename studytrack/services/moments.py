"""What front ends ask and say of the clock; `storage.leaps` decides whether it can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from studytrack.domain.days import study_day
from studytrack.services.examined import Examined
from studytrack.services.study import Study
from studytrack.storage.leaps import LEAP_DAYS, moment
from studytrack.storage.shapes import ClockLeap

__all__ = [
    "NEAR_DAYS",
    "ClockLeap",
    "believe_clock",
    "check_clock",
    "clock_warning",
    "examine_clock",
    "held_warning",
    "today_by_clock",
]
NEAR_DAYS = 2  # ahead of the clock; journeys over the date line leave as much
BACK = "If the clock is right now, `studytrack undo --ahead` takes them back."
BEHIND_MS = 120_000  # clocks are set right by seconds all the time


def check_clock(study: Study) -> None:
    """Return if the clock is plausible, or was confirmed; every write looks at this too.

    Raises:
        ClockLeap: it is more than 365 days after the last entry.
    """
    study.store.check_clock(study.stamp())


def believe_clock(study: Study) -> None:
    """Take the date as right although it is far from the last entry."""
    study.store.believe(study.stamp().study_day)


def today_by_clock(study: Study) -> int:
    """Return the study day that the clock alone gives, whatever earlier answers hold."""
    return study_day(study.now(), study.rollover)


def held_warning(study: Study) -> str:
    """Return what a date that was far ahead left behind, and the way back; "" for nothing.

    Answers that were given then keep the study day there, more than a year ahead of the clock.
    """
    today, stamp = today_by_clock(study), study.stamp()
    if stamp.study_day - today <= LEAP_DAYS:
        return ""
    count = len(study.store.answers_after(today + NEAR_DAYS))
    answers = f"{count} answer{'s'[: count != 1]} stand{'s'[: count == 1]}"
    return (
        f"The clock says {moment(stamp.utc_ms)}, but {answers} on days up to "
        f"{date.fromordinal(stamp.study_day)}, and whatever you answer now is put there too. "
        f"{BACK} If it is wrong, set it."
    )


def clock_warning(study: Study) -> str:
    """Return a sentence if the clock is behind the last entry, else ""."""
    if far := held_warning(study):
        return far
    now = study.stamp().utc_ms
    last = study.store.last_moment()
    if last - now <= BEHIND_MS:
        return ""
    return (
        f"The clock says {moment(now)}, but your last entry is of {moment(last)}. "
        "Answers keep the time that the clock gives; their study day does not go back."
    )


def examine_clock(study: Study) -> Iterator[Examined]:
    """Yield how the clock stands to the last entry, if there is one."""
    last = study.store.last_moment()
    if not last:
        return
    remedy = "Look whether the system's clock and `study.zone` are right."
    if warning := clock_warning(study):
        yield Examined(name="entries", state="warn", text=warning, remedy=remedy)
        return
    ahead = study.store.answers_after(today_by_clock(study) + NEAR_DAYS)
    if ahead:
        day = date.fromordinal(max(row.study_day for row in ahead))
        text = f"{len(ahead)} answer{'s'[: len(ahead) != 1]} stand on days to come, up to {day}."
        yield Examined(name="entries", state="warn", text=text, remedy=BACK)
        return
    try:
        check_clock(study)
    except ClockLeap as leap:
        yield Examined(name="entries", state="warn", text=f"{leap.what} {leap.why}", remedy=remedy)
        return
    yield Examined(name="entries", state="ok", text=f"the last one is of {moment(last)}")

"""Whether the clock can be believed, before an answer is stored under its day.

A study day is kept for ever. A clock that runs behind does no harm (days never go back, and the
true time is kept); one that leapt ahead would put every later answer on its day, so it is asked
about first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from studytrack.errors import EnvironmentFault
from studytrack.services.study import Study

if TYPE_CHECKING:
    from studytrack.storage.store import Stamp

DAY_MS = 86_400_000
LEAP_DAYS = 365
BEHIND_MS = 120_000  # clocks are set right by seconds all the time
_BELIEVED = "clock"


class ClockLeap(EnvironmentFault):
    """The clock is more than a year after the last entry; nothing was stored."""


def check_clock(study: Study, stamp: Stamp | None = None) -> None:
    """Return if the clock is plausible, or was confirmed.

    Raises:
        ClockLeap: it is more than 365 days after the last entry.
    """
    stamp = stamp or study.stamp()
    if study.kept.get(_BELIEVED) == stamp.study_day:
        return
    last = study.store.last_moment()
    days = (stamp.utc_ms - last) // DAY_MS
    if last and days > LEAP_DAYS:
        raise ClockLeap(
            f"The clock says {_date(stamp.utc_ms)}, {days} days after your last entry.",
            "If it is wrong, everything stored now would stand on a wrong day for good.",
            "Set the clock, or confirm the date with --yes; nothing was saved.",
        )
    study.kept[_BELIEVED] = stamp.study_day


def believe_clock(study: Study) -> None:
    """Take the date as right although it is far from the last entry."""
    study.kept[_BELIEVED] = study.stamp().study_day


def clock_warning(study: Study) -> str:
    """Return a sentence if the clock is behind the last entry, else ""."""
    now = study.stamp().utc_ms
    last = study.store.last_moment()
    if last - now <= BEHIND_MS:
        return ""
    return (
        f"The clock says {_date(now)}, but your last entry is of {_date(last)}. "
        "Answers keep the time that the clock gives; their study day does not go back."
    )


def _date(utc_ms: int) -> str:
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"

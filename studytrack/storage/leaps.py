"""Whether the clock can be believed, before anything is stored under its day.

A study day is kept for ever. A clock that runs behind does no harm (days never go back, and the
true time is kept); one that leapt ahead would put all that comes later on its day, so every write
stops there until the learner says that the date is right.
"""

from __future__ import annotations

from datetime import UTC, datetime

from studytrack.storage.logbook import Logbook
from studytrack.storage.shapes import ClockLeap

DAY_MS = 86_400_000
LEAP_DAYS = 365


class Leaps:
    """The days that are known to be plausible; the caller holds the lock."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook
        self._believed = 0

    def believe(self, study_day: int) -> None:
        """Take a day as right although it is far from the newest row."""
        self._believed = study_day

    def check(self, study_day: int, utc_ms: int) -> None:
        """Return if a moment is plausible, or its day was confirmed.

        Raises:
            ClockLeap: it is more than 365 days after the newest row.
        """
        if study_day == self._believed:
            return
        last = self._logbook.last_moment()
        days = (utc_ms - last) // DAY_MS
        if last and days > LEAP_DAYS:
            raise ClockLeap(
                f"The clock says {moment(utc_ms)}, {days} days after your last entry.",
                "If it is wrong, everything stored now would stand on a wrong day for good.",
                "Set the clock. If the date is right, say so: `studytrack --date-is-right …` with "
                "the same command. Nothing was saved.",
            )
        self._believed = study_day


def moment(utc_ms: int) -> str:
    """Return a moment for a sentence."""
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"

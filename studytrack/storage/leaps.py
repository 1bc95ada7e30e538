"""Whether the clock can be believed, before anything is stored under its day.

A study day is kept for ever. A clock that runs behind does no harm (days do not go back, and the
true time is kept); one that leapt ahead would put all that comes later on its day, so every write
stops there until the learner says that the date is right.

What keeps the day from going back are this device's own live answers, each on the day that its
clock said. An answer that is taken back holds no day any more, so a wrong date that was confirmed
can be taken back too. Rows of other devices hold none: a union must not move the day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from studytrack.domain.log import LogRow
from studytrack.storage.logbook import Logbook
from studytrack.storage.shapes import ClockLeap

DAY_MS = 86_400_000
LEAP_DAYS = 365


class Leaps:
    """The days that are known to be plausible; the caller holds the lock."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook
        self._believed = 0
        self._held: tuple[str, int, int] | None = None

    def held(self, device_id: str, study_day: int) -> int:
        """Return the study day at which a device is: a later one than its clock says if it is held.

        Args:
            device_id: this device.
            study_day: as its clock says now.
        """
        if self._held is None or self._held[:2] != (device_id, study_day):
            later = self._logbook.held_day(device_id, study_day)
            self._held = (device_id, study_day, max(later, study_day))
        return self._held[2]

    def note(self, rows: Iterable[LogRow]) -> None:
        """Look anew at the next use if new rows may hold another day, or take back what does."""
        if self._held is not None:
            day = self._held[1]
            if any(row.kind == "undo" or row.study_day > day for row in rows):
                self._held = None

    def forget(self) -> None:
        """Look anew at the next use: other rows came in."""
        self._held = None

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

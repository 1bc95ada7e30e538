"""What front ends ask and say of the clock; `storage.leaps` decides whether it can be believed."""

from __future__ import annotations

from collections.abc import Iterator

from studytrack.services.examined import Examined
from studytrack.services.study import Study
from studytrack.storage.leaps import moment
from studytrack.storage.shapes import ClockLeap

__all__ = ["ClockLeap", "believe_clock", "check_clock", "clock_warning", "examine_clock"]
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


def clock_warning(study: Study) -> str:
    """Return a sentence if the clock is behind the last entry, else ""."""
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
    try:
        check_clock(study)
    except ClockLeap as leap:
        yield Examined(name="entries", state="warn", text=f"{leap.what} {leap.why}", remedy=remedy)
        return
    yield Examined(name="entries", state="ok", text=f"the last one is of {moment(last)}")

"""The clock that the front ends hand down.

Everything below the front ends takes `now` as an argument; this is the one place that asks the
system. `STUDYTRACK_NOW` (ISO 8601 with offset) fixes it, for scripts and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from studytrack.errors import ConfigFault, UsageFault

Clock = Callable[[], datetime]
YEARS = range(1970, 9000)  # dates to come are computed from now, and Python's end with 9999


def find_clock(environ: Mapping[str, str], zone: str = "") -> Clock:
    """Return a clock of aware datetimes in `zone` (an IANA name; "" is the system's).

    Raises:
        UsageFault: `STUDYTRACK_NOW` is not ISO 8601 with an offset.
        ConfigFault: the zone is unknown.
    """
    tz: ZoneInfo | None = None
    if zone:
        try:
            tz = ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise ConfigFault(
                f"No time zone `{zone}`.",
                "`study.zone` takes an IANA name such as Europe/Berlin.",
                'Run `studytrack config set study.zone ""` to use the system\'s.',
            ) from error
    fixed = environ.get("STUDYTRACK_NOW", "")
    if fixed:
        try:
            moment: datetime | None = datetime.fromisoformat(fixed)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or moment.year not in YEARS:
            raise UsageFault(
                f"STUDYTRACK_NOW is `{fixed}`.",
                "It must be ISO 8601 with an offset, such as 2026-11-24T08:00:00+01:00.",
                "Correct or unset it.",
            )
        chosen = moment.astimezone(tz) if tz else moment
        return lambda: chosen
    return lambda: datetime.now(tz).astimezone(tz)

"""The clock that the front ends hand down.

Everything below the front ends takes `now` as an argument; this is the one place that asks the
system. `STUDYTRACK_NOW` (ISO 8601 with offset) fixes it, for scripts and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from studytrack.errors import ConfigFault, EnvironmentFault, UsageFault

Clock = Callable[[], datetime]
DAY_MINUTES = 24 * 60
YEARS = range(1970, 9000)  # dates to come are computed from now, and Python's end with 9999


def find_clock(environ: Mapping[str, str], zone: str = "") -> Clock:
    """Return a clock of aware datetimes in `zone` (an IANA name; "" is the system's).

    Raises:
        UsageFault: `STUDYTRACK_NOW` is not ISO 8601 with an offset.
        ConfigFault: the zone is unknown.
        EnvironmentFault: the system's own zone is none.
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
        offset = None if moment is None else moment.utcoffset()
        if (
            moment is None
            or offset is None
            or moment.year not in YEARS
            or _minutes(offset) >= DAY_MINUTES
        ):
            raise UsageFault(
                f"STUDYTRACK_NOW is `{fixed}`.",
                "It must be ISO 8601 with an offset, such as 2026-11-24T08:00:00+01:00.",
                "Correct or unset it.",
            )
        chosen = moment.astimezone(tz) if tz else moment
        return lambda: chosen
    _check_system(tz, environ.get("TZ", ""))
    return lambda: datetime.now(tz).astimezone(tz)


def _check_system(tz: ZoneInfo | None, zone: str) -> None:
    """Refuse a system's clock that Python cannot tell, such as one of 25 hours' offset."""
    try:
        offset = datetime.now(tz).astimezone(tz).utcoffset()
    except (ValueError, OverflowError, OSError) as error:
        why = f"TZ is `{zone}`: {error}." if zone else f"{error}."
    else:
        if offset is not None and _minutes(offset) < DAY_MINUTES:
            return
        why = f"TZ is `{zone}`, a whole day from UTC."
    raise EnvironmentFault(
        "The system's time cannot be used.",
        why,
        "Correct or unset TZ, or name a zone with `studytrack config set study.zone ZONE`.",
    )


def _minutes(offset: timedelta) -> int:
    """Return how many minutes an offset is stored as, without its sign."""
    return abs(round(offset.total_seconds() / 60))

"""The clock that the front ends hand down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.clock import find_clock
from studytrack.errors import ConfigFault, StudytrackError, UsageFault

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EARLIEST, LATEST = datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("8999-12-30")
MOMENTS = st.datetimes(EARLIEST, LATEST, timezones=OFFSETS)


def fault_of(kind: type[StudytrackError], call: Callable[[], object]) -> StudytrackError | None:
    """Return the expected error of a call, None if it went well; others are raised."""
    try:
        call()
    except kind as error:
        return error
    return None


@given(MOMENTS)
def test_a_fixed_clock_stands_at_its_moment(moment) -> None:
    """Any moment with an offset, to the microsecond."""
    clock = find_clock({"STUDYTRACK_NOW": moment.isoformat()})

    assert moment == clock() == clock()
    assert moment.utcoffset() == clock().utcoffset()


@given(MOMENTS, st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "America/St_Johns", "UTC"]))
def test_the_zone_moves_the_wall_and_not_the_moment(moment, zone) -> None:
    """The learner's zone decides the study day."""
    clock = find_clock({"STUDYTRACK_NOW": moment.isoformat()}, zone)

    assert moment == clock()
    assert zone == str(clock().tzinfo)


@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
def test_the_system_s_clock_is_aware(zone) -> None:
    """And goes on."""
    clock = find_clock({}, zone)

    first = clock()
    assert first.utcoffset() is not None
    assert first <= clock()


@given(st.text(max_size=30))
def test_what_is_no_moment_is_usage(text) -> None:
    """Never another error; an empty variable is none."""
    fault = fault_of(UsageFault, lambda: find_clock({"STUDYTRACK_NOW": text}))

    assert fault is None or f"`{text}`" in fault.what


@given(st.text(min_size=1, max_size=40))
def test_what_is_no_zone_is_configuration(zone) -> None:
    """Paths, control characters, folders of the zone database."""
    fault = fault_of(ConfigFault, lambda: find_clock({}, zone))

    assert fault is None or f"`{zone}`" in fault.what


@pytest.mark.parametrize("zone", ["Europe", "../../etc/passwd", "a" * 5000, "x\0y", "\udcff"])
def test_what_looks_like_a_path_is_no_zone(zone) -> None:
    """With a remedy that works."""
    with pytest.raises(ConfigFault) as caught:
        find_clock({}, zone)

    assert "config set study.zone" in caught.value.remedy

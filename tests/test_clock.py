"""The clock that the front ends hand down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.clock import find_clock
from studytrack.errors import ConfigFault, EnvironmentFault, StudytrackError, UsageFault

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


@pytest.fixture
def system_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set the system's zone, as TZ does."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["UTC-25", "UTC+25", "UTC-24", "<+167>-167:59:59"])
def test_a_system_s_zone_a_day_from_utc_is_environment(system_zone, name) -> None:
    """The variable is named; a zone of the learner's own goes on."""
    system_zone(name)

    fault = fault_of(EnvironmentFault, lambda: find_clock({"TZ": name}))

    assert fault is not None
    assert f"TZ is `{name}`" in fault.why
    assert find_clock({}, "Europe/Berlin")().utcoffset()


@pytest.mark.parametrize("name", ["no-such-zone", ":/etc/passwd", "x" * 5000, "", "UTC-23:59"])
def test_a_zone_that_the_system_passes_over_is_fine(system_zone, name) -> None:
    """It then tells UTC, or an offset that a date can have."""
    system_zone(name)

    assert find_clock({"TZ": name})().utcoffset() is not None


@pytest.mark.parametrize("offset", ["+23:59:31", "-23:59:59"])
def test_an_offset_that_rounds_to_a_day_is_usage(offset) -> None:
    """Offsets are stored in minutes, and a whole day cannot be read back."""
    moment = f"2026-11-24T08:00:00{offset}"

    assert fault_of(UsageFault, lambda: find_clock({"STUDYTRACK_NOW": moment}))

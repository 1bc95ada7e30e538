"""A home that is brought down at any change of its files opens again and has lost nothing.

`python -m tests.durability.crashing` runs every point in every mode.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability.crashing import MODES, SCENARIOS, Crashes, build

pytestmark = pytest.mark.xdist_group("crashes")


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """The library that ends a process at a chosen change, made from its source."""
    made = build(tmp_path_factory.mktemp("library"))
    if made is None:
        pytest.skip("This needs Linux and a C compiler.")
    return made


@pytest.fixture
def crashes(library, tiny, tmp_path) -> Iterator[Crashes]:
    """A driver over the tiny catalogue; in memory where that can be, since it syncs often."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))
    opened = Crashes(place, library, tiny)
    yield opened
    opened.close()
    shutil.rmtree(place)


def test_the_library_ends_a_process_where_it_should(crashes) -> None:
    """A power cut before the first sync leaves nothing of an answer, one after the last all."""
    scenario = crashes.scenario("answer")
    most = crashes.changes(scenario)

    for at, mode, died in ((1, "loss", True), (most, "kill", True), (most + 1, "loss", False)):
        home = crashes.fresh(scenario)
        done = crashes.do(home, "answers", *scenario.deed["words"], **crashes.fate(at, mode))
        assert (done["code"] == -9) is died
    assert most > 20


@pytest.mark.parametrize(("name", "mode"), [("first_start", "kill"), ("answer", "loss")])
def test_some_points_lose_nothing(crashes, name, mode) -> None:
    """A few of all, in every run of the tests."""
    scenario = crashes.scenario(name)
    points = range(1, crashes.changes(scenario) + 1, 15)

    assert [fault for at in points for fault in crashes.crash(scenario, at, mode)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_kill_at_every_point_loses_nothing(crashes, name) -> None:
    """The next command opens the home, or names the one that mends it."""
    scenario = crashes.scenario(name)
    points = range(1, crashes.changes(scenario) + 1)

    assert [fault for at in points for fault in crashes.crash(scenario, at, "kill")] == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "kill"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_torn_write_or_a_power_cut_loses_nothing(crashes, name, mode) -> None:
    """At every fourth point, another fourth in each mode."""
    scenario = crashes.scenario(name)
    points = range(1 + list(MODES).index(mode) % 4, crashes.changes(scenario) + 1, 4)

    assert [fault for at in points for fault in crashes.crash(scenario, at, mode, at)] == []

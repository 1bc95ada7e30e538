"""Bits flip in database, log, journal and backups; a repair keeps every event or names it.

`python -m tests.durability.flipping 2000` runs as many homes as wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability.flipping import Home, in_memory, trial

pytestmark = pytest.mark.xdist_group("flips")


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home that is filled once and copied for each trial."""
    with in_memory() as place:
        yield Home(Path(place))


@pytest.mark.parametrize("seed", range(6))
def test_a_home_with_flipped_bits_is_repaired(home, seed) -> None:
    """A few of all, in every run of the tests."""
    assert trial(home, seed)[0] in {"whole", "said lost"}, trial(home, seed)[1]


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_two_hundred_homes_with_flipped_bits_are_repaired(home, block) -> None:
    """Each ends whole or names exactly the events that are gone; none is doubled or altered."""
    found = [trial(home, 100 + 20 * block + number) for number in range(20)]

    assert [told for end, told in found if end == "fault"] == []

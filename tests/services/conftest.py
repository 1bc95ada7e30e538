"""An open study over the tiny catalogue, with a clock that tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from studytrack.services.study import Study


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.moment

    def forward(self, **by: float) -> None:
        """Let time pass, as `timedelta` counts it."""
        self.moment += timedelta(**by)


@pytest.fixture
def clock(now) -> FakeClock:
    """A clock at `now`."""
    return FakeClock(now)


@pytest.fixture
def reopen(paths, settings, clock, tiny) -> Iterator[Callable[[], Study]]:
    """Open the same home again, as another window or a restart would."""
    opened: list[Study] = []

    def again() -> Study:
        opened.append(Study(paths, settings, clock, [tiny]))
        return opened[-1]

    yield again
    for study in opened:
        study.close()


@pytest.fixture
def study(reopen) -> Study:
    """An empty study over the tiny catalogue."""
    return reopen()


@pytest.fixture
def store(study):
    """Its store."""
    return study.store

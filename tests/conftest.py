"""Fixtures for all tests: a private home, a fixed moment, a tiny catalogue."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest

from studytrack.config import Settings
from studytrack.paths import Paths, find_paths

hypothesis.settings.register_profile("untimed", deadline=None)  # no test hangs on the clock
hypothesis.settings.load_profile("untimed")

TINY = Path(__file__).parent / "catalogue"


def pytest_configure() -> None:
    """Let ctrl+c reach the commands under test, also where the suite runs in the background.

    A shell starts background jobs with SIGINT ignored, and that is inherited by every child.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_developer_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the developer's environment: settings, editor, home, colours."""
    for name in list(os.environ):
        if name.startswith(("STUDYTRACK_", "XDG_", "TEXTUAL")) or name in {"VISUAL", "EDITOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("STUDYTRACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def now() -> datetime:
    """A Tuesday morning in Berlin."""
    return datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Directories of a learner who has not started."""
    return find_paths({}, tmp_path / "home")


@pytest.fixture
def settings() -> Settings:
    """The defaults."""
    return Settings(study_zone="Europe/Berlin")


@pytest.fixture
def tiny() -> Path:
    """The content root of the tiny catalogue that tests of the tool use."""
    return TINY

"""Processes that answer cards and can be killed, and looks at what they leave behind."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from studytrack.paths import Paths
from studytrack.services.study import Study
from studytrack.storage.journal import read_journal
from studytrack.storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
MORNING = "2026-11-24T08:00:00+01:00"

LOOP = """
import itertools, pathlib, sys
from datetime import datetime
from studytrack.config import Settings
from studytrack.paths import find_paths
from studytrack.services import review
from studytrack.services.study import Study
from studytrack.storage.store import StaleItem

home, tiny, most = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
now = datetime.fromisoformat(sys.argv[4])
study = Study(find_paths({}, home), Settings(study_zone="Europe/Berlin"), lambda: now, [tiny])
cards = sorted(study.catalogue.cards)
print("ready", flush=True)
sys.stdin.readline()
done = 0
for number in itertools.count():
    if done == most:
        break
    try:
        row = review.answer(study, cards[number % len(cards)], 1 + number % 4).row
    except StaleItem:  # the other process answered this very card in between; nothing was stored
        continue
    print(row.event_id, flush=True)
    done += 1
study.close()
"""
COMMAND = """
import pathlib, sys
from studytrack.content import finder
finder.content_root = lambda: pathlib.Path(sys.argv[1])
from studytrack.cli.main import run
sys.exit(run(sys.argv[2:]))
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def home(paths: Paths) -> Path:
    """The folder that everything lies under."""
    return paths.data.parent


@pytest.fixture
def command(home: Path, tiny: Path) -> Start:
    """Start a command as its own process over the tiny catalogue."""

    def start(*words: str) -> subprocess.Popen[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "STUDYTRACK_HOME": str(home),
            "STUDYTRACK_NOW": MORNING,
            "LANG": "C.UTF-8",
        }
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(tiny), *words],
            text=True,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


@pytest.fixture
def loop(home: Path, tiny: Path) -> Iterator[Start]:
    """Start a process that answers cards one after the other and tells each event it stored."""
    started: list[subprocess.Popen[str]] = []

    def start(most: int = -1) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", LOOP, str(home), str(tiny), str(most), MORNING],
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def study(paths: Paths, settings, tiny) -> Iterator[Study]:
    """A study over the tiny catalogue at the processes' moment."""
    opened = Study(paths, settings, lambda: datetime.fromisoformat(MORNING), [tiny])
    yield opened
    opened.close()


class Look:
    """What is on the disk, read by sqlite3 alone and line by line."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths

    def stored(self) -> set[str]:
        """Return the ids of all rows of a whole database."""
        with contextlib.closing(sqlite3.connect(self.paths.database)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
            return {name for (name,) in connection.execute("SELECT event_id FROM log")}

    def journalled(self) -> set[str]:
        """Return the ids of all rows in the journal."""
        return {row["event_id"] for row in read_journal(self.paths.journal).log}

    def reopen(self) -> None:
        """Open and close the database, as the next command does; the states follow from the log."""
        store = Store.open(self.paths)
        assert store.rebuild() == 0
        store.close()


@pytest.fixture
def look(paths: Paths) -> Look:
    """Look at the home."""
    return Look(paths)

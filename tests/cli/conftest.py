"""The command line in process, over the tiny catalogue, on a Tuesday morning in Berlin."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studytrack.cli import output
from studytrack.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
CODES = {0, 1, 2, 3, 4, 5, 6, 130}
MORNING = "2026-11-24T08:00:00+01:00"


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What `--json` holds under its schema."""
        whole = json.loads(self.out)
        assert set(whole) == {"schema", "data"}
        assert whole["schema"] == "studytrack/1"
        return whole["data"]

    @property
    def rows(self) -> list[list[str]]:
        """The cells of a tab-separated table, header included."""
        return [line.split("\t") for line in self.out.splitlines()]


Ask = Callable[..., Said]


@pytest.fixture(autouse=True)
def _tiny_world(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    """The shipped content is the tiny catalogue, and the clock stands still."""
    monkeypatch.setattr("studytrack.content.finder.content_root", lambda: tiny)
    monkeypatch.setenv("STUDYTRACK_NOW", MORNING)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder that everything lies under."""
    return tmp_path / "home"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command and expect an exit code; 0 if none is given, any of the table for None."""

    def call(*words: str, stdin: str | bytes = "", code: int | None = 0) -> Said:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        capsys.readouterr()
        found = run(words)
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        if code is None:
            assert found in CODES, streams.err or streams.out
        else:
            assert code == found, streams.err or streams.out
        return Said(found, streams.out, streams.err)

    return call


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the clock, as `STUDYTRACK_NOW` does."""
    return lambda moment: monkeypatch.setenv("STUDYTRACK_NOW", moment)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let stdout be a terminal of some width, without colours, which have tests of their own."""

    def wide(columns: int) -> None:
        monkeypatch.setattr(output, "is_terminal", lambda stream: stream is not None)
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(columns))

    return wide


@pytest.fixture
def spawn(tmp_path: Path, tiny: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command as its own process over the tiny catalogue."""
    program = (
        "import pathlib, sys\n"
        "from studytrack.content import finder\n"
        f"finder.content_root = lambda: pathlib.Path({str(tiny)!r})\n"
        "from studytrack.cli.main import run\n"
        "sys.exit(run(sys.argv[1:]))"
    )

    def start(*words: str, before: tuple[str, ...] = (), **how: Any) -> subprocess.Popen[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(tmp_path),
            "STUDYTRACK_HOME": str(tmp_path / "home"),
            "STUDYTRACK_NOW": MORNING,
            "LANG": "C.UTF-8",
            **how.pop("env", {}),
        }
        folder = how.pop("cwd", tmp_path)
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | how
        return subprocess.Popen(
            [*before, sys.executable, "-c", program, *words],
            text=True,
            cwd=folder,
            env=environ,
            **pipes,
        )

    return start


@pytest.fixture
def newer(ask: Ask, home: Path) -> Path:
    """A database whose schema is of a version yet to come."""
    ask("card", "list")
    database = home / "data" / "studytrack.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    return database

"""What a static graph cannot see: which modules a process really loads, and what it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "numpy", "sqlalchemy", "alembic", "textual"}


def loaded(code: str, home: Path) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after running `code`."""
    return {name.split(".")[0] for name in loaded_modules(code, home)}


def loaded_modules(code: str, home: Path) -> set[str]:
    """Return all modules that a fresh interpreter has after running `code`."""
    report = "print(json.dumps(sorted(sys.modules)))"
    program = f"{code}\nimport json, sys\n{report}"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "STUDYTRACK_HOME": str(home / "st")},
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def command(*arguments: str) -> str:
    """Return code that runs a command in the interpreter itself."""
    return f"from studytrack.cli.main import run\nrun({list(arguments)!r})"


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], HEAVY | {"msgspec"}),
        (["--version"], HEAVY | {"msgspec"}),
        (["topic", "--help"], HEAVY),
        (["config", "list"], HEAVY),
        (["exercise", "list"], HEAVY - {"sqlalchemy"}),
        (["today"], HEAVY - {"sqlalchemy", "alembic"}),
        (["card", "next"], HEAVY - {"sqlalchemy", "alembic"}),
        (["config", "path"], HEAVY | {"msgspec", "tomlkit"}),
        (["nonsense"], HEAVY | {"msgspec"}),
        (["grade", "--help"], HEAVY),
        (["doctor"], HEAVY - {"sqlalchemy"}),
        (["review"], HEAVY - {"sqlalchemy", "alembic"}),
        (["fit"], HEAVY - {"sqlalchemy", "alembic"}),
        (["simulate"], HEAVY - {"sqlalchemy", "alembic"}),
    ],
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value),
)
def test_a_command_loads_no_more_than_it_needs(tmp_path, arguments, forbidden) -> None:
    """Cheap commands stay cheap, and no command of the tracker draws or imports torch."""
    assert set() == loaded(command(*arguments), tmp_path) & (forbidden - {"alembic"})


def test_naming_a_command_imports_no_other(tmp_path) -> None:
    """The group is lazy: one command, one module."""
    ran = loaded_modules(command("config", "path"), tmp_path)

    assert {"studytrack.cli.config"} == {
        name for name in ran if name.startswith("studytrack.cli.")
    } - {"studytrack.cli.main", "studytrack.cli.front", "studytrack.cli.output"}


def test_the_interface_s_modules_import_neither_torch_nor_sqlalchemy(tmp_path) -> None:
    """The process that draws stays small; storage comes in a worker."""
    modules = loaded("import studytrack.tui.app, studytrack.grader.client", tmp_path)

    assert "textual" in modules
    assert set() == modules & {"torch", "numpy", "sqlalchemy", "alembic"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["grade", "--help"]], ids=" ".join
)
def test_help_creates_nothing(tmp_path, arguments) -> None:
    """Asking for help leaves no file behind."""
    loaded(command(*arguments), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_importing_every_module_creates_nothing(tmp_path) -> None:
    """No module opens, makes or writes anything on import (torch's own modules apart)."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "studytrack").rglob("*.py"))
        if "migrations" not in path.parts
        and path.name not in {"__init__.py", "__main__.py"}
        and not _needs_torch(path)
    ]
    loaded("\n".join(f"import {name}" for name in names), tmp_path)

    assert list(tmp_path.iterdir()) == []


def _needs_torch(path: Path) -> bool:
    return "import torch" in path.read_text(encoding="utf-8") or path.parent.name == "grader"

"""The built wheel works outside the checkout and carries the content."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unzipped."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def ask(unpacked: Path, tmp_path: Path, *arguments: str) -> str:
    """Run a command of the unpacked wheel in an empty folder and return its output."""
    return subprocess.run(
        [sys.executable, "-m", "studytrack", "--home", str(tmp_path / "home"), *arguments],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(unpacked)},
    ).stdout


def test_the_wheel_finds_its_exercises_and_data(unpacked, tmp_path) -> None:
    """Content lies inside the package, and nowhere else in the wheel."""
    listed = ask(unpacked, tmp_path, "exercise", "list")

    assert "top_k" in listed
    assert {"studytrack"} == {p.name for p in unpacked.iterdir() if p.suffix != ".dist-info"}


def test_the_wheel_migrates_an_empty_home(unpacked, tmp_path) -> None:
    """The migrations are part of the wheel."""
    assert "pytorch.basics" in ask(unpacked, tmp_path, "topic", "list")
    assert (tmp_path / "home" / "data" / "studytrack.db").exists()

"""The built wheel works outside the checkout and carries the content."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from studytrack import __version__

ROOT = Path(__file__).resolve().parents[2]
PLACES = {"studytrack": "studytrack", "exercises": "studytrack/_content/exercises"}
PLACES |= {"data": "studytrack/_content/data"}

pytestmark = pytest.mark.xdist_group("wheel")  # one worker builds it, once


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
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(unpacked),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
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


def test_the_wheel_holds_every_file_of_the_package_and_its_content(unpacked) -> None:
    """Style sheets, migrations, statements: what is not Python is forgotten first."""
    missing = [
        path.relative_to(ROOT).as_posix()
        for folder, place in PLACES.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not (unpacked / place / path.relative_to(ROOT / folder)).is_file()
    ]

    assert [] == missing
    assert not list(unpacked.rglob("__pycache__"))


def test_the_wheel_declares_the_command_and_the_version(unpacked) -> None:
    """What `pip install` makes of it."""
    (info,) = unpacked.glob("*.dist-info")

    assert f"studytrack-{__version__}.dist-info" == info.name
    assert "studytrack = studytrack.__main__:main" in (info / "entry_points.txt").read_text()


def test_the_wheel_works_outside_the_checkout(unpacked, tmp_path) -> None:
    """The first minutes: the plan, a card, an exercise's file; nothing outside the home."""
    assert f"studytrack {__version__}\n" == ask(unpacked, tmp_path, "--version")
    assert "studytrack review" in ask(unpacked, tmp_path, "today")
    assert ask(unpacked, tmp_path, "card", "next")
    opened = ask(unpacked, tmp_path, "exercise", "open", "top_k")

    assert Path(opened.strip()).is_file()
    assert [tmp_path / "home"] == list(tmp_path.iterdir())

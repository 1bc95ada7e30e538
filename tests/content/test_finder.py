"""Where the shipped content lies, in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from studytrack.content import finder
from studytrack.errors import ContentFault


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder without any content, from which the finder looks."""
    folder = tmp_path / "site" / "studytrack"
    (folder / "content").mkdir(parents=True)
    monkeypatch.setattr(finder, "__file__", str(folder / "content" / "finder.py"))
    return folder


def furnish(root: Path) -> Path:
    """Make `root` a content root."""
    (root / "exercises").mkdir(parents=True)
    (root / "data").mkdir()
    return root


def test_a_checkout_holds_content_beside_the_package():
    """In this repository the root is the folder above the package."""
    root = finder.content_root()

    assert (root / "data" / "curriculum.toml").is_file()
    assert (root / "studytrack").is_dir()


def test_a_wheel_holds_content_inside_the_package(package: Path):
    """An installed package carries its content, and that one wins."""
    furnish(package.parent)
    inside = furnish(package / "_content")

    assert finder.content_root() == inside


def test_half_a_content_root_is_none(package: Path):
    """A folder that happens to be called data makes no content."""
    (package.parent / "data").mkdir()

    with pytest.raises(ContentFault) as caught:
        finder.content_root()

    assert caught.value.what == "The shipped content is missing."
    assert str(package.parent) in caught.value.why
    assert caught.value.remedy

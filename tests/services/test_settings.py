"""Changing a setting in the file."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from studytrack.config import load_settings, setting_names
from studytrack.errors import ConfigFault, EnvironmentFault
from studytrack.services.settings import write_setting

COMMENTED = """\
# what I like
theme = "nord"  # dark

[study]
# mornings only
minutes = 30
"""
VALUES = {
    "study.minutes": st.integers(1, 600).map(str),
    "study.new_cards": st.integers(0, 500).map(str),
    "study.rollover": st.sampled_from(["00:00", "04:00", "23:59"]),
    "study.zone": st.sampled_from(["", "Europe/Berlin", "UTC"]),
    "memory.retention_cards": st.sampled_from(["0.7", "0.9", "0.97"]),
    "grader.run_seconds": st.sampled_from(["1", "12.5"]),
    "editor": st.text(st.characters(codec="utf-8"), max_size=20),
    "theme": st.text(st.characters(codec="utf-8"), max_size=20),
}
CHANGES = st.sampled_from(list(VALUES)).flatmap(lambda n: st.tuples(st.just(n), VALUES[n]))


@pytest.fixture
def file(paths):
    """The settings file, with comments."""
    paths.settings.parent.mkdir(parents=True)
    paths.settings.write_text(COMMENTED)
    return paths.settings


def test_the_first_change_makes_the_file(paths) -> None:
    """With this one value in its table."""
    write_setting(paths, "study.minutes", "40")

    assert "[study]\nminutes = 40\n" == paths.settings.read_text()


def test_the_rest_and_its_comments_stay(paths, file) -> None:
    """One line changes."""
    write_setting(paths, "study.minutes", "40")

    assert COMMENTED.replace("30", "40") == file.read_text()


def test_new_keys_find_their_place(paths, file) -> None:
    """In the table that is there, or above all tables."""
    write_setting(paths, "study.new_cards", "3")
    write_setting(paths, "editor", "vi")
    write_setting(paths, "memory.retention_cards", "0.8")

    found = load_settings(file, {})
    assert (3, "vi", 0.8, 30, "nord") == (
        found.study_new_cards,
        found.editor,
        found.memory_retention_cards,
        found.study_minutes,
        found.theme,
    )


@pytest.mark.parametrize(
    "text", ['"study.minutes" = 30\n', "study.minutes = 30\n", "study = {minutes = 30}\n"]
)
def test_a_key_is_changed_where_it_stands(paths, file, text) -> None:
    """However the learner wrote it, there is one of it afterwards."""
    file.write_text(text)

    write_setting(paths, "study.minutes", "40")

    assert text.replace("30", "40") == file.read_text()


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=6))
def test_any_changes_are_read_back_and_the_comments_stay(paths, changes) -> None:
    """The last value of each counts."""
    paths.settings.parent.mkdir(parents=True, exist_ok=True)
    paths.settings.write_text(COMMENTED)

    for name, text in changes:
        write_setting(paths, name, text)

    found = load_settings(paths.settings, {})
    for name, text in dict(changes).items():
        value = getattr(found, setting_names()[name])
        assert text == value if isinstance(value, str) else float(text) == float(value)
    assert "# what I like" in paths.settings.read_text()
    assert "# mornings only" in paths.settings.read_text()
    assert [paths.settings] == list(paths.settings.parent.iterdir())


@pytest.mark.parametrize(
    ("name", "value"), [("study.minutes", "0"), ("study.zone", "Mars"), ("study.rollover", "x")]
)
def test_a_value_that_cannot_be_changes_nothing(paths, file, name, value) -> None:
    """Not a byte."""
    with pytest.raises(ConfigFault):
        write_setting(paths, name, value)

    assert COMMENTED == file.read_text()


def test_a_broken_file_is_the_learner_s_to_mend(paths, file) -> None:
    """It is named and left alone."""
    file.write_text("[[[")

    with pytest.raises(ConfigFault, match="not valid TOML"):
        write_setting(paths, "theme", "nord")

    assert "[[[" == file.read_text()


def test_a_link_is_followed(paths, file, tmp_path) -> None:
    """Settings may lie in a folder of dotfiles."""
    kept = tmp_path / "dotfiles.toml"
    file.rename(kept)
    file.symlink_to(kept)

    write_setting(paths, "study.minutes", "40")

    assert file.is_symlink()
    assert COMMENTED.replace("30", "40") == kept.read_text()


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(paths, file, monkeypatch) -> None:
    """As on a full disk."""

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        write_setting(paths, "study.minutes", "40")
    monkeypatch.undo()

    assert COMMENTED == file.read_text()
    assert [file] == list(file.parent.iterdir())

"""`studytrack config …`: settings, their origin, and files that cannot be used."""

from __future__ import annotations

import pytest

from studytrack.config import setting_names


@pytest.fixture
def file(home):
    """The settings file; its folder is there."""
    path = home / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def test_the_list_has_every_setting_and_its_origin(ask, file, monkeypatch) -> None:
    """File, environment, default."""
    file.write_text("[study]\nminutes = 40\n")
    monkeypatch.setenv("STUDYTRACK_THEME", "nord")

    found = {entry["id"]: entry for entry in ask("config", "list", "--json").data}

    assert list(setting_names()) == list(found)
    assert (40, "file") == (found["study.minutes"]["value"], found["study.minutes"]["origin"])
    assert ("nord", "environment") == (found["theme"]["value"], found["theme"]["origin"])
    assert "default" == found["editor"]["origin"]
    assert ["study.minutes", "40", "file"] in ask("config", "list").rows


def test_get_prints_the_value_alone(ask) -> None:
    """For scripts; a unique beginning is enough."""
    assert "25\n" == ask("config", "get", "study.min").out
    assert 25 == ask("config", "get", "study.minutes", "--json").data["value"]


def test_set_writes_and_tells(ask, home) -> None:
    """The file appears with the first change."""
    assert "study.minutes = 40\n" == ask("config", "set", "study.minutes", "40").out
    assert "40\n" == ask("config", "get", "study.minutes").out
    assert (home / "config" / "config.toml").exists()


def test_set_tells_where_the_environment_wins(ask, monkeypatch) -> None:
    """Or the learner would wonder."""
    monkeypatch.setenv("STUDYTRACK_STUDY_MINUTES", "15")

    said = ask("config", "set", "study.minutes", "40")

    assert "study.minutes = 15\n" == said.out
    assert "environment" in said.err


def test_path_is_told_even_of_a_file_that_cannot_be_used(ask, file) -> None:
    """It is what one needs then."""
    file.write_text("[[[")

    assert f"{file}\n" == ask("config", "path").out
    assert {"path": str(file), "exists": True} == ask("config", "path", "--json").data


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[study\n", "line 1"),
        ("theme = 'x'\n\n[study]\nminutes = \n", "line 4"),
        ("[study]\nminuts = 25\n", "Did you mean `study.minutes`?"),
        ("[study]\nminutes = 'many'\n", "It takes a whole number"),
        ("[study]\nminutes = true\n", "It takes a whole number"),
        ("[study]\nminutes = 0\n", "between 1 and 600"),
        ("[memory]\nretention_cards = 1.5\n", "between 0.7 and 0.97"),
        ("[memory]\nretention_cards = nan\n", "between 0.7 and 0.97"),
        (f"[memory]\nretention_cards = 1{'0' * 400}\n", "between 0.7 and 0.97"),
        (f"[study]\nminutes = 1{'0' * 5000}\n", "not valid TOML"),
        ("[study]\nrollover = '25:00'\n", "a time such as 04:00"),
        ("[study]\nrollover = '²:00'\n", "a time such as 04:00"),
        ("workspace = '~nobody-of-this-name/x'\n", "workspace"),
        ("x = " + "[" * 5000, "not valid TOML"),
    ],
)
@pytest.mark.parametrize("words", [["today"], ["config", "set", "theme", "nord"]])
def test_a_file_that_cannot_be_used_is_named_and_left_alone(ask, file, text, told, words) -> None:
    """Exit code 4; not a byte is changed."""
    file.write_text(text)

    said = ask(*words, code=4)

    assert told in said.err
    assert str(file) in said.err
    assert text == file.read_text()
    assert [file] == list(file.parent.iterdir())


def test_a_file_that_is_no_text_is_named(ask, file) -> None:
    """Exit code 4."""
    file.write_bytes(b"theme = '\xff'\n")

    assert "Byte 9 is not UTF-8." in ask("today", code=4).err


@pytest.mark.parametrize(
    ("name", "value", "code", "told"),
    [
        ("study.minuts", "25", 3, "Did you mean `study.minutes`"),
        ("study", "25", 3, "study.new_cards"),
        ("study.minutes", "many", 4, "`many` is no whole number"),
        ("study.minutes", "1.5", 4, "is no whole number"),
        ("study.minutes", "601", 4, "between 1 and 600"),
        ("memory.retention_cards", "high", 4, "is no number"),
        ("study.rollover", "4", 4, "a time such as 04:00"),
        ("study.zone", "Mars/Base", 4, "No time zone `Mars/Base`"),
        ("workspace", "~nobody-of-this-name", 4, "workspace"),
    ],
)
def test_a_value_that_cannot_be_is_not_written(ask, home, name, value, code, told) -> None:
    """The reason is told and no file appears."""
    assert told in ask("config", "set", name, value, code=code).err
    assert not home.exists()


def test_an_environment_that_cannot_be_names_its_variable(ask, monkeypatch) -> None:
    """Exit code 4."""
    monkeypatch.setenv("STUDYTRACK_STUDY_MINUTES", "soon")

    assert "STUDYTRACK_STUDY_MINUTES" in ask("today", code=4).err


def test_an_unknown_zone_in_the_file_can_be_set_right_by_command(ask, file) -> None:
    """The remedy that the error names works."""
    file.write_text("[study]\nzone = 'Mars/Base'\n")

    assert 'studytrack config set study.zone ""' in ask("today", code=4).err
    ask("config", "set", "study.zone", "")
    ask("today")


def test_the_zone_decides_the_day(ask, at) -> None:
    """03:30 in Berlin is the day before; in Tokyo it is noon."""
    at("2026-11-24T03:30:00+01:00")
    ask("config", "set", "study.zone", "Europe/Berlin")
    berlin = ask("today", "--json").data["date"]
    ask("config", "set", "study.zone", "Asia/Tokyo")

    assert ("2026-11-23", "2026-11-24") == (berlin, ask("today", "--json").data["date"])


def test_a_settings_folder_that_is_a_file_is_told_when_writing(ask, home) -> None:
    """Reading runs on the defaults; writing is exit code 5."""
    home.mkdir()
    (home / "config").write_text("in the way")

    ask("config", "list")
    assert "Cannot create" in ask("config", "set", "theme", "nord", code=5).err

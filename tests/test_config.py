"""Settings: where each value comes from, and values that cannot be."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.config import (
    Settings,
    easy_days,
    load_settings,
    parse_setting,
    rollover_minutes,
    setting_names,
)
from studytrack.errors import ConfigFault


def fault_of(call: Callable[[], object]) -> ConfigFault | None:
    """Return the error of a call, None if it went well; others than this kind are raised."""
    try:
        call()
    except ConfigFault as error:
        return error
    return None


@pytest.fixture
def file(tmp_path):
    """The settings file, not written yet."""
    return tmp_path / "config.toml"


def test_without_a_file_the_defaults_hold(file) -> None:
    """And nothing is created."""
    assert Settings() == load_settings(file, {})
    assert not file.exists()


def test_every_field_is_a_setting_with_a_unique_dotted_name() -> None:
    """One source for reading, checking and listing."""
    names = setting_names()

    assert {f.name for f in fields(Settings)} - {"origins"} == set(names.values())
    assert len(names) == len(set(names.values()))
    assert names["study.new_cards"] == "study_new_cards"


def test_the_environment_wins_over_the_file_and_both_are_told(file) -> None:
    """An empty variable is none."""
    file.write_text("theme = 'a'\neditor = 'b'\n[study]\nminutes = 30\n")

    found = load_settings(file, {"STUDYTRACK_THEME": "c", "STUDYTRACK_EDITOR": ""})

    assert ("c", "b", 30) == (found.theme, found.editor, found.study_minutes)
    assert {"theme": "environment", "editor": "file", "study.minutes": "file"} == found.origins


@pytest.mark.parametrize(
    "text", ["[study]\nminutes = 30", "study.minutes = 30", "study = {minutes = 30}"]
)
def test_a_table_may_be_written_in_any_way_of_toml(file, text) -> None:
    """They mean the same."""
    file.write_text(text)

    assert 30 == load_settings(file, {}).study_minutes


def test_a_whole_number_serves_as_a_fraction(file) -> None:
    """Nobody writes 3.0."""
    file.write_text("[grader]\nquestion_seconds = 3\n")

    assert 3.0 == load_settings(file, {}).grader_question_seconds


@pytest.mark.parametrize("text", ["[study.minutes]\nx = 1\n", "study = 3\n", "[other]\nx = 1\n"])
def test_an_unknown_key_is_named_with_the_file(file, text) -> None:
    """At any depth."""
    file.write_text(text)

    with pytest.raises(ConfigFault) as caught:
        load_settings(file, {})

    assert str(file) in caught.value.what
    assert str(file) in caught.value.remedy


@given(st.binary(max_size=200))
def test_no_file_ends_in_another_error(tmp_path_factory, raw) -> None:
    """Whatever its bytes."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(raw)

    fault = fault_of(lambda: load_settings(path, {}))

    assert fault is None or str(path) in fault.what


@given(st.sampled_from(list(setting_names())), st.text(max_size=20))
def test_no_text_ends_in_another_error(name, text) -> None:
    """A value is of the setting's kind, or there is an error with a remedy."""
    fault = fault_of(lambda: parse_setting(name, text))

    if fault is None:
        wanted = type(getattr(Settings(), setting_names()[name]))
        assert wanted is type(parse_setting(name, text))
    else:
        assert fault.why
        assert fault.remedy


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_minutes(hours, minutes) -> None:
    """From midnight."""
    assert hours * 60 + minutes == rollover_minutes(f"{hours:02}:{minutes:02}")


@pytest.mark.parametrize("text", ["", "4", "24:00", "04:60", "-1:00", "4:0:0", "²:00", "٤:00"])
def test_what_is_no_time_of_day_is_configuration(text) -> None:
    """Other scripts' digits too."""
    with pytest.raises(ConfigFault, match="a time such as 04:00"):
        rollover_minutes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", (1,) * 7), ("sun 0", (1, 1, 1, 1, 1, 1, 0)), ("Mon 0.25, tue 1", (0.25, *[1] * 6))],
)
def test_easy_days_are_factors_by_weekday(text, expected) -> None:
    """Monday first; a day that is not named is a full one."""
    assert easy_days(text) == expected


@pytest.mark.parametrize("text", ["sunday 0", "sun", "sun 2", "sun -1", "sun nan", "0.5 sun"])
def test_easy_days_that_are_none_are_refused(text) -> None:
    """The part that is wrong is named, with what it takes."""
    fault = fault_of(lambda: parse_setting("study.easy_days", text))

    assert fault is not None
    assert text in fault.what
    assert "mon" in fault.why


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("No", False), ("on", True), ("0", False)]
)
def test_a_switch_is_on_or_off(text, expected, file) -> None:
    """As a word on the command line and in the environment, as a TOML boolean in the file."""
    file.write_text(f"[study]\nbalance = {str(expected).lower()}\n")

    assert parse_setting("study.balance", text) is expected
    assert load_settings(file, {}).study_balance is expected
    assert load_settings(file, {"STUDYTRACK_STUDY_BALANCE": text}).study_balance is expected


def test_what_is_no_switch_is_refused(file) -> None:
    """Neither a word nor a number in the file."""
    file.write_text("[study]\nbalance = 1\n")

    assert "switch" in str(fault_of(lambda: parse_setting("study.balance", "maybe")))
    assert "switch" in str(fault_of(lambda: load_settings(file, {})))


def test_the_place_of_new_cards_is_one_of_three() -> None:
    """The three are named."""
    fault = fault_of(lambda: parse_setting("study.new_order", "first"))

    assert parse_setting("study.new_order", "before") == "before"
    assert fault is not None
    assert "mixed or before or after" in fault.why


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_of_another_system_s_editor_is_read(file, start, end) -> None:
    """With the mark of its encoding in front, and with its line ends."""
    file.write_bytes(start + b"[study]" + end + b"minutes = 30" + end)

    assert 30 == load_settings(file, {}).study_minutes


def pipe(path: Path) -> None:
    """Make a pipe that nobody writes to."""
    os.mkfifo(path)


def huge(path: Path) -> None:
    """Make a file that is all comment."""
    path.write_bytes(b"#" * (1 << 21))


@pytest.mark.parametrize(
    "make",
    [
        pipe,
        huge,
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path),
        lambda path: path.write_bytes(b"theme = 'a\0b'"),
    ],
    ids=["pipe", "huge", "folder", "zeros", "loop", "NUL"],
)
def test_a_file_that_is_no_settings_file_is_configuration(file, make) -> None:
    """Nothing is waited for, and nothing is read without an end."""
    make(file)

    fault = fault_of(lambda: load_settings(file, {}))

    assert fault is not None
    assert str(file) in fault.what


@pytest.mark.parametrize("name", ["n" * 300, "x/" * 3000, "a\0b", "\ud800", "~nobody-of-this-name"])
def test_a_workspace_that_no_folder_can_be_is_refused(name) -> None:
    """Where it is set, not at the first exercise that is opened."""
    assert fault_of(lambda: parse_setting("workspace", name))
    assert fault_of(lambda: load_settings(Path("none"), {"STUDYTRACK_WORKSPACE": name}))


@pytest.mark.parametrize(
    "text", ["9" * 5000 + ":00", "04:" + "0" * 5000, "\u0660\u0664:00", "-4:00", "+4:00"]
)
def test_a_time_without_an_end_is_no_time(text) -> None:
    """Python refuses to read so many digits."""
    assert fault_of(lambda: parse_setting("study.rollover", text))

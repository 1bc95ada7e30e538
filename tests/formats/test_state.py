"""The JSON envelope."""

from __future__ import annotations

import json

import pytest

from studytrack.errors import DataFault
from studytrack.formats.state import read_state, row_lines, write_state


def test_data_comes_back():
    """What is written is read as it was, and the same data gives the same text."""
    data = {"log": [{"event_id": "a", "fields": {"text": "é 🙂"}}], "attempts": []}

    assert read_state(write_state(data)) == data
    assert write_state(data) == write_state({"attempts": [], "log": data["log"]})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "[]",
        "{}",
        '{"schema": "studytrack/2", "data": {}}',
        '{"schema": "studytrack/1"}',
        '{"schema": "studytrack/1", "data": {"log": {}}}',
        '{"schema": "studytrack/1", "data": {"attempts": [1]}}',
    ],
)
def test_anything_else_is_a_fault_with_a_remedy(text: str):
    """Damaged files, other schemas and other shapes are named, never guessed."""
    with pytest.raises(DataFault) as caught:
        read_state(text)

    assert caught.value.remedy


ROW = {"fields": {"log": [{"a": '{"[,:'}], "attempts": []}, "evidence": {}}


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
def test_the_lines_of_rows_are_where_they_begin(indent: int | None):
    """Also around lists and braces inside of rows and of texts."""
    data = {"attempts": [ROW], "log": [ROW, {"id": 7}, {}], "other": [{"log": [{}]}]}
    text = json.dumps({"schema": "studytrack/1", "data": data}, indent=indent, sort_keys=True)

    found = row_lines(text)

    lines = text.split("\n")
    assert {name: len(listed) for name, listed in found.items()} == {"log": 3, "attempts": 1}
    assert all("{" in lines[line - 1] for listed in found.values() for line in listed)
    if indent:
        wanted = next(n for n, line in enumerate(lines) if '"id": 7' in line)
        assert found["log"][1] == wanted  # the line before, counted from 1


def test_half_a_surrogate_pair_is_written_as_an_escape():
    """No text of UTF-8 can hold it otherwise, and it comes back as it was."""
    data = {"log": [{"answer": "é \ud800"}], "attempts": []}

    text = write_state(data)

    assert text.encode()
    assert read_state(text) == data

"""The JSON envelope."""

from __future__ import annotations

import pytest

from studytrack.errors import DataFault
from studytrack.formats.state import read_state, write_state


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

"""Rows as SQL values and as lines of the journal: whatever JSON holds comes back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.log import LogRow
from studytrack.storage.rows import LOG_NAMES, from_json, row_line, row_of, row_values

ROW = LogRow(
    event_id="e1",
    device_id="d",
    clock=1,
    utc_ms=1,
    offset_min=0,
    study_day=739_000,
    kind="set",
    item_kind="note",
    item_id="own.1",
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_fields_come_back_from_the_table_and_from_the_journal(fields) -> None:
    """Any text, number and nesting; also numbers beyond 64 bits and infinities."""
    row = ROW._replace(fields=fields)

    stored = row_of(row_values(row))
    line = json.loads(row_line(row))["log"]

    assert row == stored
    assert row == LogRow(**line)
    assert set(line) <= set(LOG_NAMES)


@pytest.mark.parametrize("text", ['{"a": "\\ud800"}', '{"a": Infinity}', '{"a": 1e400}', "{}"])
def test_what_the_fast_reader_refuses_is_read_all_the_same(text) -> None:
    """An older version may have written it."""
    assert json.loads(text) == from_json(text)

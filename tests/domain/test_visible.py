"""What a terminal would obey is written out, and nothing else is touched."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.visible import is_hidden, visible, visible_json

OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
SIGNS = st.characters() | st.sampled_from("\x1b\x9b\x07\r\n\t\x7f\u202e\u2028\ue000\U000e0041é短")
TEXTS = st.text(SIGNS)


@given(TEXTS)
def test_nothing_is_left_that_a_terminal_obeys(text) -> None:
    """And what was made visible is so for good."""
    shown = visible(text)

    assert not OBEYED.search(shown)
    assert not any(is_hidden(char) for char in shown)
    assert shown == visible(shown)


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]) | st.sampled_from("\n\t")))
def test_what_can_be_seen_stays_as_it_is(text) -> None:
    """Letters of any script, signs, line breaks and tabs."""
    assert text == visible(text)


@pytest.mark.parametrize("text", ["\u0646\u0645\u06cc\u200c\u062e", "👩\u200d💻", "e\u0301"])
def test_joiners_hold_words_and_emoji_together(text) -> None:
    """Without them these fall apart, and no terminal obeys them."""
    assert text == visible(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]0;t\x07b", "a\\x1b]0;t\\x07b"),
        ("\x9b2J", "\\x9b2J"),
        ("caf\udce9", "caf\\udce9"),
        ("\U000e0041", "\\U000e0041"),
        ("one\r\ntwo\rthree", "one\ntwo\\x0dthree"),
    ],
)
def test_what_is_hidden_is_written_as_python_writes_it(text, shown) -> None:
    """So that it can be looked up; line ends of Windows are line ends."""
    assert shown == visible(text)


@given(st.dictionaries(TEXTS, TEXTS | st.integers()))
def test_json_reads_as_the_same_data(data) -> None:
    """Its escapes are those of JSON."""
    text = visible_json(json.dumps(data, ensure_ascii=False, indent=1))

    assert data == json.loads(text)
    assert not OBEYED.search(text)

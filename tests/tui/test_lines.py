"""No control character of a stored text reaches the terminal through the interface."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.widgets import Static

from studytrack.services import cards, library, readings, review
from studytrack.tui.lines import VisibleLines
from tests.cli.hostile import HIDDEN

BAD = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u2028\x7f\U000e0041"
SIGNS = st.characters() | st.sampled_from("\x1b\x9b\x07\r\x7f\u202e\u2028\ue000\U000e0041é短")


@given(st.lists(st.text(SIGNS, max_size=20), max_size=4))
def test_a_line_keeps_its_width_and_loses_its_controls(texts) -> None:
    """Whatever the texts are; the styles stay with them."""
    line = [Segment(text, Style(bold=bool(n % 2))) for n, text in enumerate(texts)]

    shown = VisibleLines().apply(line, Color(0, 0, 0))

    assert sum(one.cell_length for one in line) == sum(one.cell_length for one in shown)
    assert not HIDDEN.search("".join(one.text for one in shown).replace("\n", "\x1b"))


def test_a_plain_line_passes_untouched() -> None:
    """The usual case costs no copy."""
    line = [Segment("é 短い "), Segment("x", Style(bold=True))]

    assert VisibleLines().apply(line, Color(0, 0, 0)) is line


@pytest.mark.parametrize(
    ("key", "mode"),
    [("t", "today"), ("r", "review"), ("c", "curriculum"), ("b", "readings"), ("w", "words")],
)
async def test_no_screen_draws_a_control_character(opened, study, key, mode, size) -> None:
    """Titles and texts of a card, a term, a note and a reading, in lists, details and the quiz."""
    for card in study.catalogue.cards:
        cards.suspend(study, card)
    review.add_card(study, f"Front {BAD}?", f"Back {BAD}.")
    library.add_term(study, f"Term {BAD}", f"Meaning {BAD}.")
    library.add_note(study, f"Note {BAD}", f"Text {BAD}.")
    readings.add(study, "https://posts.example/x", title=f"Reading {BAD}")
    async with opened(size) as driver:
        await driver.go(key, mode)
        seen = driver.text
        await driver.press("space")
        seen += driver.text

    assert not HIDDEN.search(seen)


async def test_what_no_text_function_has_seen_is_caught(opened, study) -> None:
    """A widget that draws a raw text, as Markdown does."""
    async with opened() as driver:
        driver.app.screen.query_one("#plan-title", Static).update(f"raw {BAD}")
        await driver.settle()
        seen = driver.text

    assert "raw" in seen
    assert not HIDDEN.search(seen)


async def test_an_error_is_drawn_visibly(opened, study) -> None:
    """The name in a message may come from a file."""
    from studytrack.errors import NotFound

    async with opened() as driver:
        driver.app.screen.complain(NotFound(f"No card `{BAD}`.", BAD, BAD))
        await driver.settle()
        seen = driver.text

    assert "\\x1b[2J" in seen
    assert not HIDDEN.search(seen)

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.slugs import LONGEST, slug, unique_slug


def test_letters_lose_their_accents() -> None:
    """A title becomes plain lower-case words."""
    assert slug("  Überblick: L'attention, c'est tout! ") == "uberblick-lattention-cest-tout"


def test_a_taken_id_is_numbered() -> None:
    """The first free number is added."""
    assert unique_slug("Top K", {"top-k", "top-k-2"}, "term") == "top-k-3"


def test_a_title_without_latin_letters_takes_the_fallback() -> None:
    """A title in another script still gets an id that can be typed."""
    assert unique_slug("注意力", set(), "reading") == "reading"


@given(st.text(), st.sets(st.text()))
def test_ids_are_short_typeable_and_new(title: str, taken: set[str]) -> None:
    """Whatever the title, the id can be typed and nobody has it."""
    name = unique_slug(title, taken, "note")

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(slug(title)) <= LONGEST
    assert name not in taken

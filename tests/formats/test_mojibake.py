"""Repair of damaged runs, and of nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.formats.mojibake import repair

DAMAGED_BYTES = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


def damage(text: str) -> str:
    """Read UTF-8 as Windows-1252; undefined bytes come through as C1 controls."""
    return "".join(
        chr(byte) if byte in DAMAGED_BYTES else bytes([byte]).decode("cp1252")
        for byte in text.encode()
    )


@pytest.mark.parametrize(
    ("damaged", "sound"),
    [
        ("straightforward â€“ notes", "straightforward \u2013 notes"),
        ("You donâ€™t need", "You don\u2019t need"),
        ("â€œquotedâ€\x9d", "\u201cquoted\u201d"),
        ("trÃ¨s", "très"),
        ("ðŸŽ‰ ok", "🎉 ok"),
    ],
)
def test_damaged_runs_are_mended(damaged: str, sound: str):
    """Dashes, quotes, letters and emoji come back, C1 controls included."""
    assert sound == repair(damaged)


@pytest.mark.parametrize(
    "sound",
    [
        "it\u2019s \u2013 really \u2014 \u201cfine\u201d\u2026",
        "un café\u00a0» et une beauté\u00a0!",
        "\u201ccafé\u201d\u2014and",
        "«\u00a0BEAUTÉ\u00a0»",
        "Ärger, œuvre, naïve, São Paulo",
        "🙂 \u2603 数学",
    ],
)
def test_sound_text_stays(sound: str):
    """Correct typography, accents and emoji are left alone."""
    assert sound == repair(sound)


def test_both_kinds_in_one_text():
    """A text that holds damage beside a correct dash keeps the dash."""
    assert repair("a \u2013 b â€“ c") == "a \u2013 b \u2013 c"


@given(st.text(alphabet=st.sampled_from("abc \u2013\u2014\u2018\u2019\u201c\u201d\u2026éüß🙂")))
def test_damage_is_undone_exactly(text: str):
    """Text that went through one wrong decoding comes back as it was, in any mixture."""
    assert text == repair(damage(text))


@given(st.text(alphabet=st.characters(max_codepoint=0xC1)))
def test_text_without_lead_characters_stays(text: str):
    """Without a lead character nothing is damage."""
    assert text == repair(text)


@given(st.text())
def test_no_text_crashes_it_and_lines_stay(text: str):
    """Any text is accepted, and the number of lines does not change."""
    assert text.count("\n") == repair(text).count("\n")

"""Cards that are forgotten again and again."""

from __future__ import annotations

from dataclasses import replace

from studytrack.domain.cards import Card
from studytrack.domain.leech import Leech, is_leech, suggestions, told_now

CARD = Card(id="recall.x", kind="recall", topic="a", front="Why?", back="So.")


def test_a_leech_is_told_of_at_eight_lapses_and_every_four_after() -> None:
    """And only by the answer that makes it so."""
    told = [lapses for lapses in range(1, 25) if told_now(lapses - 1, lapses)]

    assert told == [8, 12, 16, 20, 24]
    assert not told_now(8, 8)
    assert [is_leech(7), is_leech(8)] == [False, True]


def test_hint_what_it_builds_on_and_splitting_are_suggested() -> None:
    """The hint that is there is named; without one the learner makes a note."""
    with_hint = suggestions(replace(CARD, hint="Think."), "`recall.y` is the weakest")
    without = suggestions(CARD, "")

    assert "hint" in with_hint[0]
    assert "`recall.y`" in with_hint[1]
    assert "note add" in without[0]
    assert len(without) == 2
    assert f"card suspend {CARD.id}" in without[-1]


def test_a_leech_says_how_often() -> None:
    """As a sentence."""
    assert "8 times." in Leech(lapses=8, suggestions=()).sentence

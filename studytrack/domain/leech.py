"""Cards that are forgotten again and again, and what may help.

A leech is told of when it lapses for the eighth time, and every fourth time after that. It is never
suspended by itself: the card is usually at fault, not the learner, and taking it away mends
neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from studytrack.domain.cards import Card

FIRST, EVERY = 8, 4  # lapses


@dataclass(frozen=True, slots=True, kw_only=True)
class Leech:
    """What to say of a leech: how often it lapsed, and what may help, a sentence each."""

    lapses: int
    suggestions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """How often, as a sentence."""
        return f"You have forgotten this card {self.lapses} times."


def is_leech(lapses: int) -> bool:
    """Return whether a card with so many lapses is a leech."""
    return lapses >= FIRST


def told_now(before: int, after: int) -> bool:
    """Return whether it is told of, when its lapses have risen from `before` to `after`.

    >>> [n for n in range(1, 20) if told_now(n - 1, n)]
    [8, 12, 16]
    """
    return after > before and is_leech(after) and (after - FIRST) % EVERY == 0


def suggestions(card: Card, builds_on: str) -> tuple[str, ...]:
    """Return what may help with a card: a hint, what it builds on, splitting it.

    Args:
        card: the leech.
        builds_on: the card or exercise to learn first, with the command; "" where none is known.
    """
    hint = (
        "Its hint may be enough: read it before you answer."
        if card.hint
        else "Write down what you take it for: `studytrack note add`."
    )
    first = f"Learn first what it builds on: {builds_on}." if builds_on else ""
    split = (
        "Split it into smaller questions with `studytrack card add`, then "
        f"`studytrack card suspend {card.id}`."
    )
    return tuple(sentence for sentence in (hint, first, split) if sentence)

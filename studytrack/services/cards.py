"""Single cards: what is known of each, and what a learner does with one besides answering it.

All of it is a row of the log that undo takes back. Asking and answering is `services.review`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from studytrack.domain.cards import Card
from studytrack.domain.leech import Leech, is_leech, suggestions, told_now
from studytrack.domain.log import RowKind
from studytrack.domain.memory import Memory
from studytrack.errors import resolve
from studytrack.services.evidence import homes, recall_now
from studytrack.services.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """A card with its memory, for lists. `due` is a date, or "" for a card never asked."""

    card: Card
    state: str
    due: str
    stability: float
    difficulty: float
    lapses: int = 0
    flagged: bool = False

    @property
    def leech(self) -> bool:
        """Whether it was forgotten too often."""
        return is_leech(self.lapses)


def card_states(study: Study) -> list[CardState]:
    """Return every card in teaching order with its memory."""
    return [
        _card_state(card, memory, flagged=flagged)
        for card, memory, flagged in _with_memory(study, study.catalogue.cards.values())
    ]


def card_state(study: Study, card_id: str) -> CardState:
    """Return one card with its memory.

    Raises:
        NotFound: no such card.
    """
    ((card, memory, flagged),) = _with_memory(study, [find_card(study, card_id)])
    return _card_state(card, memory, flagged=flagged)


def _with_memory(study: Study, cards: Iterable[Card]) -> Iterator[tuple[Card, Memory, bool]]:
    memories, own = study.store.memories("card"), study.store.entities("card")
    for card in cards:
        memory = memories.get(("card", card.id)) or Memory(item_kind="card", item_id=card.id)
        yield card, memory, bool(own.get(card.id, {}).get("flagged"))


def _card_state(card: Card, memory: Memory, *, flagged: bool) -> CardState:
    return CardState(
        card=card,
        state="suspended" if memory.suspended else memory.state,
        due=date.fromordinal(memory.due_day).isoformat() if memory.due_day else "",
        stability=memory.stability,
        difficulty=memory.difficulty,
        lapses=memory.lapses,
        flagged=flagged,
    )


def find_card(study: Study, name: str) -> Card:
    """Return a card by its id, or the unique beginning of one.

    Raises:
        NotFound: no such card, or several.
    """
    cards = study.catalogue.cards
    return cards[resolve("card", name, cards, "studytrack card list")]


def suspend(study: Study, card_id: str) -> None:
    """Leave a card out until it is resumed."""
    _event(study, "suspend", card_id)


def resume(study: Study, card_id: str) -> None:
    """Ask a suspended card again."""
    _event(study, "resume", card_id)


def bury(study: Study, card_id: str) -> None:
    """Leave a card out until the next study day."""
    _event(study, "bury", card_id)


def master(study: Study, card_id: str) -> None:
    """Take a card that is known for good out of rotation, until it is resumed."""
    _event(study, "mastered", card_id)


def reset(study: Study, card_id: str) -> None:
    """Forget what is known of a card; it is new again, and its history stays in the log."""
    _event(study, "reset", card_id)


def flag(study: Study, card_id: str, *, flagged: bool = True) -> None:
    """Mark a card to look at again, or take the mark away; it changes nothing else."""
    card = find_card(study, card_id)
    fields = {"flagged": True if flagged else None}
    row = study.store.new_row(
        study.stamp(), kind="set", item_kind="card", item_id=card.id, fields=fields
    )
    study.store.append([row])


def leech_of(study: Study, card: Card, before: Memory, after: Memory, today: int) -> Leech | None:
    """Return what to say if an answer made a leech, or made it a worse one; else None."""
    if not told_now(before.lapses, after.lapses):
        return None
    return Leech(lapses=after.lapses, suggestions=suggestions(card, _builds_on(study, card, today)))


def _builds_on(study: Study, card: Card, today: int) -> str:
    """Return what to learn before a card: its exercise, else the weakest card of its topic."""
    catalogue = study.catalogue
    if card.exercise in catalogue.exercises:
        return f"write `{card.exercise}` (`studytrack exercise open {card.exercise}`)"
    home, memories = homes(catalogue), study.store.memories("card")
    topic, model = home.get(card.topic), study.model("card")
    known: list[tuple[float, str]] = []
    for other in catalogue.cards.values():
        memory = memories.get(("card", other.id))
        chance = recall_now(memory, today, model)
        same = topic is not None and home.get(other.topic) == topic
        if same and other.id != card.id and other.level <= card.level and chance is not None:
            known.append((chance, other.id))
    return f"`{min(known)[1]}` is the weakest of its topic" if known else ""


def _event(study: Study, kind: RowKind, card_id: str) -> None:
    card = find_card(study, card_id)
    row = study.store.new_row(study.stamp(), kind=kind, item_kind="card", item_id=card.id)
    study.store.append([row])

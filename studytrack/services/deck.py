"""The cards of a study day, kept between questions so that the next one costs no pass over all.

A kept deck follows this program's own answers. Any other write (another window, undo, a suspended
card), a new study day or another setting makes a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studytrack.domain.cards import Card
from studytrack.domain.deck import Deck
from studytrack.domain.log import REVIEW_KINDS, LogRow
from studytrack.domain.queue import build_queue
from studytrack.domain.scheduler import Memory, Moment
from studytrack.errors import resolve
from studytrack.services.study import Study

if TYPE_CHECKING:
    from studytrack.storage.store import Stamp

_KEPT = "decks"


@dataclass(slots=True)
class _Kept:
    """Decks by topic, and what they hold good for."""

    key: tuple[object, ...]
    changes: int
    decks: dict[str, tuple[Deck, frozenset[str] | None]]


def deck_of(study: Study, stamp: Stamp, topic: str = "", skip: Collection[str] = ()) -> Deck:
    """Return the deck of a topic or point; "" is all of them.

    Raises:
        NotFound: no such topic.
    """
    if skip:
        return _build(study, stamp, _topic_ids(study, topic), skip)
    kept = _kept(study, stamp)
    if topic not in kept.decks:
        wanted = _topic_ids(study, topic)
        kept.decks[topic] = (_build(study, stamp, wanted, ()), wanted)
    return kept.decks[topic][0]


def note_answer(study: Study, card: Card, memory: Memory, *, begun: bool) -> None:
    """Take the answer that was just stored into the kept decks.

    Args:
        study: the open study.
        card: what was answered.
        memory: its memory after the answer.
        begun: it was new.
    """
    kept = study.kept.get(_KEPT)
    if kept is None:
        return
    kept.changes += 1  # the answer's own write; a write in between shows as one too many
    for deck, wanted in kept.decks.values():
        deck.note(card, memory, begun=begun, belongs=wanted is None or card.topic in wanted)


def _kept(study: Study, stamp: Stamp) -> _Kept:
    settings = study.settings
    key = (stamp.study_day, id(study.catalogue), settings.study_new_cards)
    changes = study.store.changes()
    kept = study.kept.get(_KEPT)
    if not isinstance(kept, _Kept) or (kept.key, kept.changes) != (key, changes):
        kept = study.kept[_KEPT] = _Kept(key=key, changes=changes, decks={})
    return kept


def _build(
    study: Study, stamp: Stamp, wanted: frozenset[str] | None, skip: Collection[str]
) -> Deck:
    catalogue = study.catalogue
    cards = [
        card
        for card in catalogue.cards.values()
        if card.id not in skip and (wanted is None or card.topic in wanted)
    ]
    since = study.store.live(item_kind="card", since_day=stamp.study_day, kinds=REVIEW_KINDS)
    answered = [row for row in since if row.study_day == stamp.study_day]
    seen = {row.item_id for row in answered}
    limit = _new_limit(study, stamp, answered)
    queue = build_queue(
        _teaching_order(study, cards),
        {name: memory for (_, name), memory in study.store.memories("card").items()},
        Moment(day=stamp.study_day, utc_ms=stamp.utc_ms),
        new_limit=limit,
        seen_today={catalogue.cards[name].source for name in seen if name in catalogue.cards},
    )
    last = catalogue.cards.get(answered[-1].item_id) if answered else None
    return Deck(queue, new_limit=limit, answered=len(answered), last=last)


def _new_limit(study: Study, stamp: Stamp, answered: Iterable[LogRow]) -> int:
    """Return how many new cards may still begin today; undone ones do not count."""
    begun = {row.item_id for row in answered if row.kind == "learn" and row.r_before is None}
    extra = study.store.entities("day").get(str(stamp.study_day), {}).get("extra_new", 0)
    return study.settings.study_new_cards + int(extra) - len(begun)


def _teaching_order(study: Study, cards: Collection[Card]) -> list[Card]:
    """Return cards in the order of the plan's topics; those without a topic come first."""
    order: dict[str, int] = {"": -1}
    for topic in study.catalogue.topics.values():
        for name in (topic.id, *(point.id for point in topic.points)):
            order[name] = len(order)
    return sorted(cards, key=lambda card: order.get(card.topic, len(order)))


def _topic_ids(study: Study, topic: str) -> frozenset[str] | None:
    if not topic:
        return None
    catalogue = study.catalogue
    name = resolve("topic", topic, [*catalogue.topics, *catalogue.points], "studytrack topic list")
    found = catalogue.topics.get(name)
    return frozenset({name, *(point.id for point in found.points)} if found else {name})

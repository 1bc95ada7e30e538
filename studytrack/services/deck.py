"""The cards of a study day, kept between questions so that the next one costs no pass over all.

A kept deck follows this program's own answers, and undo of the last of them. Any other write
(another window, a suspended card), a new study day or another setting makes a new one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from studytrack.config import Settings
from studytrack.domain.cards import Card
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.deck import Deck
from studytrack.domain.limits import Limits, answer_ms, limits_of
from studytrack.domain.log import REVIEW_KINDS, LogRow
from studytrack.domain.memory import Memory, Moment
from studytrack.domain.plan import REVIEW_SHARE
from studytrack.domain.queue import Backlog, NewOrder, build_queue
from studytrack.errors import resolve
from studytrack.services.load import Workload
from studytrack.services.study import Study
from studytrack.storage.bulk import uncollected

if TYPE_CHECKING:
    from studytrack.domain.balance import Spread
    from studytrack.storage.store import Stamp

_KEPT = "decks"


@dataclass(slots=True)
class _Kept:
    """Decks by topic, the work of the days to come, and what they hold good for."""

    day: int
    catalogue: Catalogue
    settings: Settings
    changes: int
    workload: Workload
    decks: dict[str, tuple[Deck, frozenset[str] | None]] = field(default_factory=dict)
    noted: list[tuple[str, Memory, Memory]] = field(default_factory=list)

    def holds(self, study: Study, stamp: Stamp, changes: int) -> bool:
        """Return whether nothing else happened since it was made."""
        return (
            self.changes == changes
            and self.day == stamp.study_day
            and self.catalogue is study.catalogue
            and self.settings is study.settings
        )


def deck_of(study: Study, stamp: Stamp, topic: str = "", skip: Collection[str] = ()) -> Deck:
    """Return the deck of a topic or point; "" is all of them.

    Raises:
        NotFound: no such topic.
    """
    return deck_and_work(study, stamp, topic, skip)[0]


def deck_and_work(
    study: Study, stamp: Stamp, topic: str = "", skip: Collection[str] = ()
) -> tuple[Deck, Workload]:
    """Return the deck of a topic or point, and the work of the days to come.

    Raises:
        NotFound: no such topic.
    """
    kept = _kept(study, stamp)
    if skip:
        wanted = _topic_ids(study, topic)
        return _build(study, stamp, kept.workload, wanted, skip), kept.workload
    if topic not in kept.decks:
        wanted = _topic_ids(study, topic)
        kept.decks[topic] = (_build(study, stamp, kept.workload, wanted, ()), wanted)
    return kept.decks[topic][0], kept.workload


def spread_of(
    study: Study, stamp: Stamp, memory: Memory, work: Workload | None = None
) -> Spread | None:
    """Return the work of the days to come for an item to be scheduled; None if it is switched off.

    It does not change: a preview and the answer to it are computed from the same one.
    """
    if not study.settings.study_balance:
        return None
    return (work or _kept(study, stamp).workload).spread(memory, stamp.study_day)


def note_answer(study: Study, card: Card, before: Memory, after: Memory, row: LogRow) -> None:
    """Take the answer that was just stored into the kept decks.

    Args:
        study: the open study.
        card: what was answered.
        before: its memory before the answer.
        after: its memory after the answer.
        row: what was stored.
    """
    kept = study.kept.get(_KEPT)
    if kept is None:
        return
    kept.changes += 1  # the answer's own write; a write in between shows as one too many
    kept.workload.move(before, after)
    kept.noted.append((row.event_id, before, after))
    for deck, wanted in kept.decks.values():
        deck.note(
            card,
            after,
            begun=row.kind == "learn" and row.r_before is None,
            belongs=wanted is None or card.topic in wanted,
            reviewed=row.kind == "review",
            took_ms=answer_ms(row.duration_ms),
            event=row.event_id,
        )


def take_back(study: Study, row: LogRow) -> None:
    """Take the undone answer out of the kept decks, if it was the last one that they took in."""
    kept = study.kept.get(_KEPT)
    if not isinstance(kept, _Kept) or not kept.noted or kept.noted[-1][0] != row.event_id:
        return
    _, before, after = kept.noted.pop()
    kept.changes += 1  # as above
    kept.workload.move(after, before)
    kept.decks = {
        topic: (deck, wanted)
        for topic, (deck, wanted) in kept.decks.items()
        if deck.take_back(row.event_id)
    }


def _kept(study: Study, stamp: Stamp) -> _Kept:
    changes = study.store.changes()
    kept = study.kept.get(_KEPT)
    if not isinstance(kept, _Kept) or not kept.holds(study, stamp, changes):
        kept = study.kept[_KEPT] = _Kept(
            day=stamp.study_day,
            catalogue=study.catalogue,
            settings=study.settings,
            changes=changes,
            workload=Workload(study, stamp.study_day),
        )
    return kept


@uncollected()
def _build(
    study: Study,
    stamp: Stamp,
    workload: Workload,
    wanted: frozenset[str] | None,
    skip: Collection[str],
) -> Deck:
    catalogue, settings = study.catalogue, study.settings
    cards = [
        card
        for card in catalogue.cards.values()
        if card.id not in skip and (wanted is None or card.topic in wanted)
    ]
    since = study.store.live(item_kind="card", since_day=stamp.study_day, kinds=REVIEW_KINDS)
    answered = [row for row in since if row.study_day == stamp.study_day]
    seen = {row.item_id for row in answered}
    limits = _limits(study, stamp, answered)
    minutes = settings.study_card_minutes or settings.study_minutes * REVIEW_SHARE
    queue = build_queue(
        _teaching_order(study, cards),
        workload.cards(),
        Moment(day=stamp.study_day, utc_ms=stamp.utc_ms),
        new_limit=limits.new,
        review_limit=limits.reviews,
        seen_today={catalogue.cards[name].source for name in seen if name in catalogue.cards},
        backlog=Backlog(
            budget=minutes * 60, spent=limits.spent_ms / 1000, seconds=workload.pace.seconds
        ),
        model=study.model("card"),
    )
    return Deck(
        queue,
        limits=limits,
        last=catalogue.cards.get(answered[-1].item_id) if answered else None,
        new_order=cast("NewOrder", settings.study_new_order),
    )


def _limits(study: Study, stamp: Stamp, answered: Collection[LogRow]) -> Limits:
    settings = study.settings
    return limits_of(
        answered,
        new=settings.study_new_cards,
        reviews=settings.study_reviews,
        minutes=settings.study_card_minutes,
        additions=study.store.entities("day").get(str(stamp.study_day)),
    )


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

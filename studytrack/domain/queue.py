"""Which card comes next: what is due, in an order that teaches.

Steps that are due come first, then reviews with the lowest chance of recall first, with new cards
mixed in evenly. Neighbours of one topic are parted while another topic has something due, and of
cards that share a source only one is asked on a study day.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from studytrack.domain.cards import Card
from studytrack.domain.days import elapsed
from studytrack.domain.fsrs import Fsrs, State
from studytrack.domain.scheduler import Memory, Moment

LEARN_AHEAD_MS = 20 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A card and its memory; None if it was never asked."""

    card: Card
    memory: Memory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits at one moment: steps that are due, reviews, new cards, steps still to come."""

    steps: tuple[Waiting, ...]
    reviews: tuple[Waiting, ...]
    new: tuple[Waiting, ...]
    later: tuple[Waiting, ...]

    @property
    def ready(self) -> int:
        """How many cards can be asked now or within the learn-ahead limit."""
        return len(self.steps) + len(self.reviews) + len(self.new) + len(self.later)


def build_queue(
    cards: Iterable[Card],
    memories: Mapping[str, Memory],
    moment: Moment,
    *,
    new_limit: int,
    seen_today: Collection[str] = (),
    model: Fsrs | None = None,
) -> Queue:
    """Return the queue of a moment.

    Args:
        cards: in teaching order.
        memories: by card id.
        moment: now.
        new_limit: how many new cards may still begin today.
        seen_today: sources of cards that were asked today; their siblings wait until tomorrow.
        model: the model of memory.
    """
    model = model or Fsrs()
    steps: list[Waiting] = []
    reviews: list[Waiting] = []
    new: list[Waiting] = []
    later: list[Waiting] = []
    for card in cards:
        memory = memories.get(card.id)
        if card.retired or (memory is not None and _away(memory, moment)):
            continue
        one = Waiting(card=card, memory=memory)
        if memory is None or memory.state == "new":
            new.append(one)
        elif memory.due_ms is not None:
            due = memory.due_ms <= moment.utc_ms or memory.due_day < moment.day
            soon = memory.due_ms <= moment.utc_ms + LEARN_AHEAD_MS
            (steps if due else later if soon else []).append(one)
        elif memory.due_day <= moment.day:
            reviews.append(one)
    steps.sort(key=lambda one: (one.memory.due_ms or 0) if one.memory else 0)
    later.sort(key=lambda one: (one.memory.due_ms or 0) if one.memory else 0)
    reviews.sort(key=lambda one: _urgency(one, moment, model))
    taken = {source for source in seen_today if source}
    taken |= {one.card.source for one in (*steps, *later) if one.card.source}
    reviews = _one_per_source(reviews, taken)
    new = _one_per_source(new, taken)
    return Queue(
        steps=tuple(steps),
        reviews=tuple(_part_topics(reviews)),
        new=tuple(new[: max(new_limit, 0)]),
        later=tuple(later),
    )


def choose(queue: Queue, *, answered: int, last: Card | None = None) -> Waiting | None:
    """Return the card to ask now, or None.

    Args:
        queue: what waits.
        answered: how many reviews and new cards were answered today; places the new ones.
        last: the card asked before, whose topic and answer should not follow at once.
    """
    if queue.steps:
        return queue.steps[0]
    mixed = _mix(queue.reviews, queue.new, answered)
    if mixed:
        return next((one for one in mixed if not _alike(one.card, last)), mixed[0])
    return queue.later[0] if queue.later else None


def _away(memory: Memory, moment: Moment) -> bool:
    return memory.suspended or memory.buried_day == moment.day


def _urgency(one: Waiting, moment: Moment, model: Fsrs) -> tuple[float, str]:
    """Return the chance of recall, and a hash of day and card for ties."""
    assert one.memory is not None
    state = State(one.memory.stability, one.memory.difficulty)
    recall = model.recall(state, elapsed(one.memory.last_day, moment.day))
    digest = hashlib.blake2b(f"{moment.day}|{one.card.id}".encode(), digest_size=8).hexdigest()
    return round(recall, 6), digest


def _one_per_source(waiting: Sequence[Waiting], taken: set[str]) -> list[Waiting]:
    """Keep the first card of each source; `taken` grows by what was kept."""
    kept = []
    for one in waiting:
        if one.card.source in taken:
            continue
        if one.card.source:
            taken.add(one.card.source)
        kept.append(one)
    return kept


def _part_topics(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Return the same cards with neighbours of different topics where that is possible.

    The order given is kept but for this; a topic that holds over half of what is left goes first,
    since it would stand beside itself at the end.
    """
    left, ordered = list(waiting), []
    counts = Counter(one.card.topic for one in left)
    topic: str | None = None
    while left:
        most = max(counts, key=counts.__getitem__)
        forced = counts[most] * 2 > len(left) and most != topic
        index = next(
            (
                n
                for n, one in enumerate(left)
                if (one.card.topic == most if forced else one.card.topic != topic)
            ),
            0,
        )
        ordered.append(left.pop(index))
        topic = ordered[-1].card.topic
        counts[topic] -= 1
    return ordered


def _mix(reviews: Sequence[Waiting], new: Sequence[Waiting], answered: int) -> list[Waiting]:
    """Return what may come now, the preferred first: new cards spread evenly over the reviews."""
    if not reviews or not new:
        return [*reviews, *new]
    every = max(1, len(reviews) // len(new)) + 1
    new_first = answered % every == every - 1
    return [*new[:1], *reviews] if new_first else [*reviews, *new[:1]]


def _alike(card: Card, last: Card | None) -> bool:
    if last is None:
        return False
    same_answer = bool(card.answer) and card.answer == last.answer and card.kind == last.kind
    return same_answer or (bool(card.topic) and card.topic == last.topic)

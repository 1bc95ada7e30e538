"""Which card comes next: what is due, in an order that teaches.

Steps that are due come first, then reviews with the lowest chance of recall first, with new cards
mixed in evenly. Neighbours of one topic are parted while another topic has something due, and of
cards that share a source only one is asked on a study day.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import chain, islice

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
    """What waits at one moment: steps that are due, reviews, new cards, steps still to come.

    `far` are steps beyond the learn-ahead limit, and `held` new cards beyond the day's limit.
    """

    steps: tuple[Waiting, ...]
    reviews: tuple[Waiting, ...]
    new: tuple[Waiting, ...]
    later: tuple[Waiting, ...]
    far: tuple[Waiting, ...] = ()
    held: tuple[Waiting, ...] = ()

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
    for card in cards:
        memory = memories.get(card.id)
        if card.retired or (memory is not None and _away(memory, moment)):
            continue
        one = Waiting(card=card, memory=memory)
        if memory is None or memory.state == "new":
            new.append(one)
        elif memory.due_ms is not None:
            steps.append(one)
        elif memory.due_day <= moment.day:
            reviews.append(one)
    reviews.sort(key=lambda one: _urgency(one, moment, model))
    taken = {source for source in seen_today if source}
    taken |= {one.card.source for one in steps if one.card.source}
    reviews = _one_per_source(reviews, taken)
    new = _one_per_source(new, taken)
    due, later, far = split_steps(steps, moment)
    limit = max(new_limit, 0)
    return Queue(
        steps=tuple(due),
        reviews=tuple(_part_topics(reviews)),
        new=tuple(new[:limit]),
        later=tuple(later),
        far=tuple(far),
        held=tuple(new[limit:]),
    )


def split_steps(
    steps: Iterable[Waiting], moment: Moment
) -> tuple[list[Waiting], list[Waiting], list[Waiting]]:
    """Return the steps that are due, within the learn-ahead limit, and beyond; soonest first."""
    due: list[Waiting] = []
    later: list[Waiting] = []
    far: list[Waiting] = []
    for one in sorted(steps, key=_due_ms):
        assert one.memory is not None
        if one.memory.due_day < moment.day or _due_ms(one) <= moment.utc_ms:
            due.append(one)
        else:
            soon = _due_ms(one) <= moment.utc_ms + LEARN_AHEAD_MS
            (later if soon else far).append(one)
    return due, later, far


def choose(queue: Queue, *, answered: int, last: Card | None = None) -> Waiting | None:
    """Return the card to ask now, or None.

    Args:
        queue: what waits.
        answered: how many reviews and new cards were answered today; places the new ones.
        last: the card asked before, whose topic and answer should not follow at once.
    """
    if queue.steps:
        return queue.steps[0]
    mixed = pick_mixed(
        queue.reviews, len(queue.reviews), queue.new, len(queue.new), answered=answered, last=last
    )
    return mixed or (queue.later[0] if queue.later else None)


def pick_mixed(
    reviews: Iterable[Waiting],
    review_count: int,
    new: Iterable[Waiting],
    new_count: int,
    *,
    answered: int,
    last: Card | None,
) -> Waiting | None:
    """Return the review or new card to ask: new ones are spread evenly over the reviews.

    The card `last` asked is not followed by one of its topic or with its answer while another
    review waits.
    """
    if not review_count or not new_count:
        mixed: Iterable[Waiting] = chain(reviews, new)
    else:
        every = max(1, review_count // new_count) + 1
        first_new = islice(new, 1)
        new_first = answered % every == every - 1
        mixed = chain(first_new, reviews) if new_first else chain(reviews, first_new)
    first: Waiting | None = None
    for one in mixed:
        if not _alike(one.card, last):
            return one
        first = first or one
    return first


def _due_ms(one: Waiting) -> int:
    return (one.memory.due_ms or 0) if one.memory else 0


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
    places: dict[str, deque[int]] = {}
    for place, one in enumerate(waiting):
        places.setdefault(one.card.topic, deque()).append(place)
    heads = [(queue[0], topic) for topic, queue in places.items()]
    heapify(heads)
    ordered: list[Waiting] = []
    last: str | None = None
    while len(ordered) < len(waiting):
        left = len(waiting) - len(ordered)
        most = max(places, key=lambda topic: len(places[topic]))
        if len(places[most]) * 2 > left and most != last:
            last = most
            heads.remove((places[most][0], most))
            heapify(heads)
        else:
            passed = heappop(heads) if heads[0][1] == last and len(heads) > 1 else None
            last = heappop(heads)[1]
            if passed:
                heappush(heads, passed)
        ordered.append(waiting[places[last].popleft()])
        if places[last]:
            heappush(heads, (places[last][0], last))
    return ordered


def _alike(card: Card, last: Card | None) -> bool:
    if last is None:
        return False
    same_answer = bool(card.answer) and card.answer == last.answer and card.kind == last.kind
    return same_answer or (bool(card.topic) and card.topic == last.topic)

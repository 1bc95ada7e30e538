"""Which card comes next: what is due, in an order that teaches.

Steps that are due come first, then reviews with the lowest chance of recall first, with new cards
mixed in evenly. Where more is due than the day's minutes hold, reviews stand in order of how far
they are overdue for their interval, so that short intervals are not starved. Neighbours of one
topic are parted while another topic has something due, one answer is not asked for twice running,
and of cards that share a source only one is asked on a study day.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Literal

from studytrack.domain.cards import LETTERS, Card, right_answer
from studytrack.domain.days import elapsed
from studytrack.domain.fsrs import Fsrs, State
from studytrack.domain.memory import Memory, Moment
from studytrack.domain.plan import CARD_SECONDS

NewOrder = Literal["mixed", "before", "after"]
LOOK_AHEAD = 50  # cards among which one unlike the last is looked for
LEARN_AHEAD_MS = 20 * 60 * 1000
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A card and its memory; None if it was never asked."""

    card: Card
    memory: Memory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits at one moment: steps that are due, reviews, new cards, steps still to come.

    `far` are steps beyond the learn-ahead limit, `held` new cards and `held_reviews` reviews beyond
    the day's limits.
    """

    steps: tuple[Waiting, ...]
    reviews: tuple[Waiting, ...]
    new: tuple[Waiting, ...]
    later: tuple[Waiting, ...]
    far: tuple[Waiting, ...] = ()
    held: tuple[Waiting, ...] = ()
    held_reviews: tuple[Waiting, ...] = ()

    @property
    def ready(self) -> int:
        """How many cards can be asked now or within the learn-ahead limit."""
        return len(self.steps) + len(self.reviews) + len(self.new) + len(self.later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """When more is due than a day holds.

    Args:
        budget: seconds a day.
        spent: seconds that today's answers took, since what was done was due too.
        seconds: what a card is expected to take, by id.
    """

    budget: float
    spent: float = 0.0
    seconds: Callable[[str], float] = lambda _: float(CARD_SECONDS)

    def over(self, reviews: Iterable[Waiting]) -> bool:
        """Return whether these reviews take longer than the day has."""
        return self.spent + sum(self.seconds(one.card.id) for one in reviews) > self.budget


def build_queue(
    cards: Iterable[Card],
    memories: Mapping[str, Memory],
    moment: Moment,
    *,
    new_limit: int,
    review_limit: int | None = None,
    seen_today: Collection[str] = (),
    backlog: Backlog | None = None,
    model: Fsrs | None = None,
) -> Queue:
    """Return the queue of a moment.

    Args:
        cards: in teaching order.
        memories: by card id.
        moment: now.
        new_limit: how many new cards may still begin today.
        review_limit: how many reviews may still come today; None is no limit.
        seen_today: sources of cards that were asked today; their siblings wait until tomorrow.
        backlog: how much the day holds; None is any number.
        model: the model of memory.
    """
    steps, reviews, new = _sorted_out(cards, memories, moment)
    late = backlog is not None and backlog.over(reviews)
    reviews = _in_order(reviews, moment, model or Fsrs(), late=late)
    taken = {source for source in seen_today if source}
    taken |= {one.card.source for one in steps if one.card.source}
    reviews = _one_per_source(reviews, taken)
    new = _one_per_source(new, taken)
    due, later, far = split_steps(steps, moment)
    most_new = max(new_limit, 0)
    most = len(reviews) if review_limit is None else max(review_limit, 0)
    return Queue(
        steps=tuple(due),
        reviews=tuple(_part_topics(reviews[:most])),
        new=tuple(new[:most_new]),
        later=tuple(later),
        far=tuple(far),
        held=tuple(new[most_new:]),
        held_reviews=tuple(reviews[most:]),
    )


def _sorted_out(
    cards: Iterable[Card], memories: Mapping[str, Memory], moment: Moment
) -> tuple[list[Waiting], list[Waiting], list[Waiting]]:
    """Return the steps, the reviews that are due and the new cards."""
    steps: list[Waiting] = []
    reviews: list[Waiting] = []
    new: list[Waiting] = []
    for card in cards:
        memory = memories.get(card.id)
        if card.retired or (memory is not None and _away(memory, moment)):
            continue
        if memory is None or memory.state == "new":
            new.append(Waiting(card=card, memory=memory))
        elif memory.due_ms is not None:
            steps.append(Waiting(card=card, memory=memory))
        elif memory.due_day <= moment.day:
            reviews.append(Waiting(card=card, memory=memory))
    return steps, reviews, new


def split_steps(
    steps: Iterable[Waiting], moment: Moment
) -> tuple[list[Waiting], list[Waiting], list[Waiting]]:
    """Return the steps that are due, within the learn-ahead limit, and beyond; soonest first."""
    due: list[Waiting] = []
    later: list[Waiting] = []
    far: list[Waiting] = []
    for one in sorted(steps, key=_due_ms):
        assert one.memory is not None
        ahead = _due_ms(one) - moment.utc_ms
        if one.memory.due_day < moment.day or not 0 < ahead <= DAY_MS:
            due.append(one)  # no step is a day long: the clock was set back since
        else:
            (later if ahead <= LEARN_AHEAD_MS else far).append(one)
    return due, later, far


def choose(
    queue: Queue,
    *,
    begun: int = 0,
    reviewed: int = 0,
    last: Card | None = None,
    new_order: NewOrder = "mixed",
) -> Waiting | None:
    """Return the card to ask now, or None.

    Args:
        queue: what waits.
        begun: how many new cards were begun today; places the next one.
        reviewed: how many reviews were done today.
        last: the card asked before, whose topic and answer should not follow at once.
        new_order: where new cards stand.
    """
    mixed = pick_mixed(
        queue.reviews,
        len(queue.reviews),
        queue.new,
        len(queue.new),
        begun=begun,
        reviewed=reviewed,
        last=last,
        new_order=new_order,
    )
    return pick(queue.steps, mixed, queue.later, last)


def pick(
    due: Sequence[Waiting], mixed: Waiting | None, later: Sequence[Waiting], last: Card | None
) -> Waiting | None:
    """Return a step that is due, else `mixed`, else a step still to come.

    What asks for the answer of the card before waits behind whatever does not.
    """
    ranked = [*due, *([mixed] if mixed else []), *later]
    return next((one for one in ranked if not _same_answer(one.card, last)), None) or (
        ranked[0] if ranked else None
    )


def pick_mixed(
    reviews: Iterable[Waiting],
    review_count: int,
    new: Iterable[Waiting],
    new_count: int,
    *,
    begun: int,
    reviewed: int,
    last: Card | None,
    new_order: NewOrder = "mixed",
) -> Waiting | None:
    """Return the review or new card to ask.

    New ones are spread evenly over the day's reviews, counted with those that are done, or stand
    before or after them. The card `last` asked is not followed by one of its topic or with its
    answer while another review waits.
    """
    if not review_count or not new_count:
        return _first_unlike(chain(reviews, new), last)
    if new_order == "before":
        return _first_unlike(new, last)
    if new_order == "after":
        return _first_unlike(reviews, last)
    share_of_new = (2 * begun + 1) / (new_count + begun)
    share_of_reviews = (2 * reviewed + 1) / (review_count + reviewed)
    new_first = share_of_new < share_of_reviews  # new ones lag behind
    first_new = islice(new, 1)
    return _first_unlike(
        chain(first_new, reviews) if new_first else chain(reviews, first_new), last
    )


def _first_unlike(waiting: Iterable[Waiting], last: Card | None) -> Waiting | None:
    """Return the first card of another topic and answer than `last`, else of another answer."""
    first: Waiting | None = None
    other: Waiting | None = None
    for one in islice(waiting, LOOK_AHEAD):
        if last is None:
            return one
        same_topic = bool(one.card.topic) and one.card.topic == last.topic
        if (not same_topic or other is None) and not _same_answer(one.card, last):
            if not same_topic:
                return one
            other = one
        first = first or one
    return other or first


def _due_ms(one: Waiting) -> int:
    return (one.memory.due_ms or 0) if one.memory else 0


def _away(memory: Memory, moment: Moment) -> bool:
    return memory.resting or memory.buried_day == moment.day


def _in_order(
    reviews: Iterable[Waiting], moment: Moment, model: Fsrs, *, late: bool
) -> list[Waiting]:
    """Return reviews, the most urgent first; ties in the order of a hash of day and card."""
    urgency = _overdue if late else _recall
    ranked = [(round(urgency(one, moment, model), 6), one) for one in reviews]
    ranked.sort(key=itemgetter(0))
    ordered: list[Waiting] = []
    for _, group in groupby(ranked, key=itemgetter(0)):
        same = [one for _, one in group]
        ordered += same if len(same) == 1 else sorted(same, key=lambda one: _hash(one, moment))
    return ordered


def _recall(one: Waiting, moment: Moment, model: Fsrs) -> float:
    assert one.memory is not None
    state = State(one.memory.stability, one.memory.difficulty)
    return model.recall(state, elapsed(one.memory.last_day, moment.day))


def _overdue(one: Waiting, moment: Moment, model: Fsrs) -> float:
    """Return minus the days since the last review over the days that were scheduled."""
    del model
    assert one.memory is not None
    return -elapsed(one.memory.last_day, moment.day) / max(one.memory.interval, 1)


def _hash(one: Waiting, moment: Moment) -> bytes:
    return hashlib.blake2b(f"{moment.day}|{one.card.id}".encode(), digest_size=8).digest()


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
    sizes = [(-len(queue), topic) for topic, queue in places.items()]
    heapify(heads)
    heapify(sizes)
    ordered: list[Waiting] = []
    last: str | None = None
    while len(ordered) < len(waiting):
        left = len(waiting) - len(ordered)
        while -sizes[0][0] != len(places[sizes[0][1]]):  # it shrank since it was noted
            heappop(sizes)
        most = sizes[0][1]
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
            heappush(sizes, (-len(places[last]), last))
    return ordered


def _same_answer(card: Card, last: Card | None) -> bool:
    if last is None:
        return False
    if card.id == last.id:
        return True
    answer = _answer_text(card)
    return bool(answer) and answer == _answer_text(last)


def _answer_text(card: Card) -> str:
    """Return what a card wants to hear; of a choice the words, since its letter says nothing."""
    if card.kind == "choice":
        place = LETTERS.find(card.answer)
        return card.choices[place].casefold() if 0 <= place < len(card.choices) else ""
    return right_answer(card).strip().casefold()

"""A queue that lives through a study day: answers move cards inside it without building it anew.

Building a queue costs a pass over all cards; asking the next card from a deck does not. What it
would ask equals what a fresh queue would hold; only the answers of one process may change it, and
taking the last one back. Whatever else happens (another window, a new day) calls for a new one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from studytrack.domain.cards import Card
from studytrack.domain.limits import Limits
from studytrack.domain.memory import Memory, Moment
from studytrack.domain.queue import NewOrder, Queue, Waiting, pick, pick_mixed, split_steps


class _Noted(NamedTuple):
    """What an answer changed in a deck, so that it can be taken back.

    `reviews` and `new` are the cards that left those piles, the answered one or its sibling.
    """

    event: str
    card: Card
    step: Waiting | None
    reviews: tuple[Waiting, ...]
    new: tuple[Waiting, ...]
    sibling: str | None
    begun: bool
    reviewed: bool
    took_ms: int
    last: Card | None


class Deck:
    """The cards of one study day.

    Args:
        queue: what waits at the start.
        limits: what may still come today.
        last: the card answered last.
        new_order: where new cards stand among the reviews.
    """

    def __init__(
        self,
        queue: Queue,
        *,
        limits: Limits,
        last: Card | None,
        new_order: NewOrder = "mixed",
    ) -> None:
        self.last = last
        self._new_order = new_order
        self._steps = _by_id((*queue.steps, *queue.later, *queue.far))
        self._reviews = _by_id((*queue.reviews, *queue.held_reviews))
        self._new = _by_id((*queue.new, *queue.held))
        self._new_left = limits.new
        self._reviews_left = limits.reviews
        self._left_ms = limits.left_ms
        self._begun = limits.begun
        self._reviewed = limits.reviewed
        self._noted: list[_Noted] = []
        self._place = {
            name: place for place, name in enumerate((*self._reviews, *self._new))
        }  # within its pile, where an answer that is taken back puts it again
        self._of_source = {
            one.card.source: name
            for waiting in (self._reviews, self._new)
            for name, one in waiting.items()
            if one.card.source
        }

    @property
    def reviews(self) -> int:
        """How many reviews wait and may come today."""
        return 0 if self._time_is_up else max(0, min(self._reviews_left, len(self._reviews)))

    @property
    def new(self) -> int:
        """How many new cards may still begin today."""
        return 0 if self._time_is_up else max(0, min(self._new_left, len(self._new)))

    @property
    def held(self) -> int:
        """How many due reviews a limit of the day holds back."""
        return len(self._reviews) - self.reviews

    @property
    def _time_is_up(self) -> bool:
        return self._left_ms is not None and self._left_ms <= 0

    def steps(self, moment: Moment) -> int:
        """Return how many steps are due or within the learn-ahead limit."""
        if not self._steps:
            return 0
        due, later, _ = split_steps(self._steps.values(), moment)
        return len(due) + len(later)

    def ready(self, moment: Moment) -> int:
        """Return how many cards can be asked now or within the learn-ahead limit."""
        return self.reviews + self.new + self.steps(moment)

    def due(self, moment: Moment) -> list[Card]:
        """Return the cards that can be asked, new ones left out."""
        steps, later, _ = split_steps(self._steps.values(), moment)
        reviews = islice(self._reviews.values(), self.reviews)
        return [one.card for one in (*steps, *reviews, *later)]

    def choose(self, moment: Moment) -> Waiting | None:
        """Return the card to ask now, or None."""
        due, later, _ = split_steps(self._steps.values(), moment)
        reviews, new = self.reviews, self.new
        mixed = pick_mixed(
            islice(self._reviews.values(), reviews),
            reviews,
            islice(self._new.values(), new),
            new,
            begun=self._begun,
            reviewed=self._reviewed,
            last=self.last,
            new_order=self._new_order,
        )
        return pick(due, mixed, later, self.last)

    def note(
        self,
        card: Card,
        memory: Memory,
        *,
        begun: bool,
        belongs: bool = True,
        reviewed: bool = False,
        took_ms: int = 0,
        event: str = "",
    ) -> None:
        """Take an answer in.

        Args:
            card: what was answered.
            memory: its memory after the answer.
            begun: it was new.
            belongs: it is one of the deck's own cards, not of another topic.
            reviewed: it was a review of a card in rotation.
            took_ms: how long the answer counts for.
            event: the answer's id, by which it can be taken back.
        """
        sibling = self._of_source.pop(card.source, None) if card.source else None
        gone = (card.id,) if sibling in (None, card.id) else (card.id, sibling)
        noted = _Noted(
            event=event,
            card=card,
            step=self._steps.pop(card.id, None),
            reviews=_taken(self._reviews, gone),
            new=_taken(self._new, gone),
            sibling=sibling,
            begun=begun,
            reviewed=reviewed,
            took_ms=took_ms,
            last=self.last,
        )
        if belongs and memory.due_ms is not None and not memory.resting:
            self._steps[card.id] = Waiting(card=card, memory=memory)
        self._count(noted, 1)
        self.last = card
        self._noted.append(noted)

    def take_back(self, event: str) -> bool:
        """Take the last answer back; False if it was another one, and nothing is done."""
        if not self._noted or self._noted[-1].event != event:
            return False
        noted = self._noted.pop()
        self._steps.pop(noted.card.id, None)
        if noted.step is not None:
            self._steps[noted.card.id] = noted.step
        self._put_back(self._reviews, noted.reviews)
        self._put_back(self._new, noted.new)
        if noted.sibling is not None:
            self._of_source[noted.card.source] = noted.sibling
        self._count(noted, -1)
        self.last = noted.last
        return True

    def _put_back(self, pile: OrderedDict[str, Waiting], waiting: Iterable[Waiting]) -> None:
        """Put cards into a pile where they came from; most often that is the top."""
        for one in waiting:
            top = next(iter(pile), None)
            pile[one.card.id] = one
            if top is None or self._place[one.card.id] < self._place[top]:
                pile.move_to_end(one.card.id, last=False)
                continue
            for name in sorted(pile, key=self._place.__getitem__):
                pile.move_to_end(name)

    def _count(self, noted: _Noted, sign: int) -> None:
        """Use up the limits of the day by an answer, or give them back."""
        self._new_left -= sign * noted.begun
        self._reviews_left -= sign * noted.reviewed
        self._begun += sign * noted.begun
        self._reviewed += sign * noted.reviewed
        if self._left_ms is not None:
            self._left_ms -= sign * noted.took_ms


def _taken(pile: OrderedDict[str, Waiting], names: Iterable[str]) -> tuple[Waiting, ...]:
    """Take cards from a pile and return those that were in it."""
    found = (pile.pop(name, None) for name in names)
    return tuple(one for one in found if one is not None)


def _by_id(waiting: Iterable[Waiting]) -> OrderedDict[str, Waiting]:
    """Return cards by id; unlike a dict, taking from the front stays cheap."""
    return OrderedDict((one.card.id, one) for one in waiting)

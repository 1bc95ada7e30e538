"""A queue that lives through a study day: answers move cards inside it without building it anew.

Building a queue costs a pass over all cards; asking the next card from a deck does not. What it
would ask equals what a fresh queue would hold; only the answers of one process may change it, and
whatever else happens (another window, undo, a new day) calls for a new one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice

from studytrack.domain.cards import Card
from studytrack.domain.queue import Queue, Waiting, pick_mixed, split_steps
from studytrack.domain.scheduler import Memory, Moment


class Deck:
    """The cards of one study day.

    Args:
        queue: what waits at the start.
        new_limit: how many new cards may still begin today.
        answered: how many answers were given today.
        last: the card answered last.
    """

    def __init__(self, queue: Queue, *, new_limit: int, answered: int, last: Card | None) -> None:
        self.answered = answered
        self.last = last
        self._steps = _by_id((*queue.steps, *queue.later, *queue.far))
        self._reviews = _by_id(queue.reviews)
        self._new = _by_id((*queue.new, *queue.held))
        self._new_left = new_limit
        self._of_source = {
            one.card.source: name
            for waiting in (self._reviews, self._new)
            for name, one in waiting.items()
            if one.card.source
        }

    @property
    def reviews(self) -> int:
        """How many reviews wait."""
        return len(self._reviews)

    @property
    def new(self) -> int:
        """How many new cards may still begin today."""
        return max(0, min(self._new_left, len(self._new)))

    def steps(self, moment: Moment) -> int:
        """Return how many steps are due or within the learn-ahead limit."""
        due, later, _ = split_steps(self._steps.values(), moment)
        return len(due) + len(later)

    def ready(self, moment: Moment) -> int:
        """Return how many cards can be asked now or within the learn-ahead limit."""
        return self.reviews + self.new + self.steps(moment)

    def choose(self, moment: Moment) -> Waiting | None:
        """Return the card to ask now, or None."""
        due, later, _ = split_steps(self._steps.values(), moment)
        if due:
            return due[0]
        mixed = pick_mixed(
            self._reviews.values(),
            self.reviews,
            islice(self._new.values(), self.new),
            self.new,
            answered=self.answered,
            last=self.last,
        )
        return mixed or (later[0] if later else None)

    def note(self, card: Card, memory: Memory, *, begun: bool, belongs: bool = True) -> None:
        """Take an answer in.

        Args:
            card: what was answered.
            memory: its memory after the answer.
            begun: it was new.
            belongs: it is one of the deck's own cards, not of another topic.
        """
        for waiting in (self._steps, self._reviews, self._new):
            waiting.pop(card.id, None)
        sibling = self._of_source.pop(card.source, None) if card.source else None
        if sibling is not None:
            self._reviews.pop(sibling, None)
            self._new.pop(sibling, None)
        if belongs and memory.due_ms is not None and not memory.suspended:
            self._steps[card.id] = Waiting(card=card, memory=memory)
        self._new_left -= begun
        self.answered += 1
        self.last = card


def _by_id(waiting: Iterable[Waiting]) -> OrderedDict[str, Waiting]:
    """Return cards by id; unlike a dict, taking from the front stays cheap."""
    return OrderedDict((one.card.id, one) for one in waiting)

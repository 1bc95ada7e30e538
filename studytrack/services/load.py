"""The work that stands on the days to come, for choosing due days.

Built from the cached memories once, then kept in step with this program's own answers by
`services.deck`. Which day is chosen is `domain.balance`'s business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from studytrack.config import easy_days
from studytrack.domain.balance import AHEAD, Load, Pace, Spread
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.limits import LONGEST_ANSWER_MS
from studytrack.domain.memory import Memory
from studytrack.domain.plan import CARD_SECONDS
from studytrack.services.study import Study

RECENT_ANSWERS = 3000  # the newest ones tell how long cards take
SHORTEST_MS = 500  # a key that was only pressed


class Workload:
    """What each day holds, how long items take, and which cards are siblings."""

    def __init__(self, study: Study, today: int) -> None:
        self._catalogue = study.catalogue
        self._easy = easy_days(study.settings.study_easy_days)
        timed = study.store.durations("card", RECENT_ANSWERS)
        self.pace = Pace(
            (
                (name, min(duration, LONGEST_ANSWER_MS))
                for name, duration in timed
                if duration >= SHORTEST_MS
            ),
            CARD_SECONDS,
        )
        self._memories = study.store.memories()
        self._load = _load(self._memories, self._catalogue, self.pace, today)
        self._siblings = _siblings(self._catalogue)

    def cards(self) -> dict[str, Memory]:
        """Return the memories of all cards by id."""
        return {name: one for (kind, name), one in self._memories.items() if kind == "card"}

    def spread(self, memory: Memory, today: int) -> Spread:
        """Return what is known of the days to come when an item is scheduled."""
        work = self._load.ahead(today)
        place = memory.due_day - today
        if _counts(memory) and 0 <= place < len(work):
            work[place] -= self.seconds(memory)
        return Spread(
            today=today, seconds=work, easy=self._easy, siblings=self._sibling_days(memory)
        )

    def move(self, before: Memory, after: Memory) -> None:
        """Take an answer in."""
        for memory, sign in ((before, -1), (after, 1)):
            if _counts(memory):
                self._load.add(memory.due_day, sign * self.seconds(memory))
        self._memories[after.item_kind, after.item_id] = after

    def seconds(self, memory: Memory) -> float:
        """Return what an item is expected to take."""
        return _seconds(memory, self._catalogue, self.pace)

    def _sibling_days(self, memory: Memory) -> tuple[int, ...]:
        card = self._catalogue.cards.get(memory.item_id) if memory.item_kind == "card" else None
        if card is None or not card.source:
            return ()
        found = (self._memories.get(("card", name)) for name in self._siblings[card.source])
        return tuple(
            other.due_day
            for other in found
            if other is not None and other.item_id != memory.item_id and _counts(other)
        )


def _load(
    memories: Mapping[tuple[str, str], Memory], catalogue: Catalogue, pace: Pace, today: int
) -> Load:
    load, last = Load(), today + AHEAD
    for memory in memories.values():
        if today < memory.due_day <= last and _counts(memory):
            load.add(memory.due_day, _seconds(memory, catalogue, pace))
    return load


def _counts(memory: Memory) -> bool:
    return memory.state == "review" and not memory.suspended


def _seconds(memory: Memory, catalogue: Catalogue, pace: Pace) -> float:
    if memory.item_kind == "card":
        return pace.seconds(memory.item_id)
    exercise = catalogue.exercises.get(memory.item_id)
    return exercise.minutes * 60.0 if exercise else 0.0


def _siblings(catalogue: Catalogue) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for card in catalogue.cards.values():
        if card.source:
            found[card.source].append(card.id)
    return found

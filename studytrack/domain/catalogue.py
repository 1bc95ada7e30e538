"""The catalogue: all content in one immutable object, indexed by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from studytrack.domain.cards import Card
from studytrack.domain.curriculum import Part, Point, Topic
from studytrack.domain.exercise import Exercise
from studytrack.domain.library import Advice, Erratum, Note, Reading, Resource, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that content files define, in the order in which they teach."""

    parts: tuple[Part, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=dict)
    terms: Mapping[str, Term] = field(default_factory=dict)
    advice: Mapping[str, Advice] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)
    errata: tuple[Erratum, ...] = ()
    cards: Mapping[str, Card] = field(default_factory=dict)
    exercises: Mapping[str, Exercise] = field(default_factory=dict)

    @property
    def topics(self) -> dict[str, Topic]:
        """All topics by id, in the plan's order."""
        return {topic.id: topic for part in self.parts for topic in part.topics}

    @property
    def points(self) -> dict[str, Point]:
        """All points by id, in the plan's order."""
        return {point.id: point for topic in self.topics.values() for point in topic.points}

    def part_of(self, topic: str) -> Part | None:
        """Return the part that holds a topic or point id."""
        found = self.topic_of(topic)
        return next((part for part in self.parts if found in part.topics), None)

    def topic_of(self, name: str) -> Topic | None:
        """Return the topic for a topic or point id."""
        for topic in self.topics.values():
            if name == topic.id or any(point.id == name for point in topic.points):
                return topic
        return None

    def errata_of(self, item: str) -> tuple[Erratum, ...]:
        """Return the corrections of one record."""
        return tuple(erratum for erratum in self.errata if erratum.item == item)

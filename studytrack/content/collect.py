"""Everything that content directories hold, with its file, also where some of it is faulty.

The loader stops at a fault, since a learner needs the whole; the checker wants every fault of
every file at once and reads through this module. What is right or wrong about a sound record is
said in the rules modules, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from studytrack.content.decode import read_entries
from studytrack.content.loader import load_exercise
from studytrack.domain.cards import Card
from studytrack.domain.curriculum import Part, Point, Topic
from studytrack.domain.exercise import Exercise
from studytrack.domain.library import Advice, Erratum, Note, Reading, Resource, Term
from studytrack.errors import ContentFault

R = TypeVar("R")
LEDGER = "ids.txt"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A broken rule: the file, the item in it ("" for the file itself), and what to do."""

    file: str
    item: str
    message: str


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A record and the file or folder that it was read from."""

    file: Path
    record: R


@dataclass(slots=True)
class Collected:
    """The sound records of all roots, and the problems met while reading."""

    parts: list[Found[Part]] = field(default_factory=list)
    readings: list[Found[Reading]] = field(default_factory=list)
    terms: list[Found[Term]] = field(default_factory=list)
    advice: list[Found[Advice]] = field(default_factory=list)
    resources: list[Found[Resource]] = field(default_factory=list)
    notes: list[Found[Note]] = field(default_factory=list)
    errata: list[Found[Erratum]] = field(default_factory=list)
    cards: list[Found[Card]] = field(default_factory=list)
    exercises: list[Found[Exercise]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def topics(self) -> list[Found[Topic]]:
        """All topics, in the plan's order."""
        return [Found(part.file, topic) for part in self.parts for topic in part.record.topics]

    @property
    def points(self) -> list[Found[Point]]:
        """All points, in the plan's order."""
        return [Found(topic.file, point) for topic in self.topics for point in topic.record.points]

    def named(self) -> Iterator[tuple[str, Found[Any]]]:
        """Give every record that has an id, with the word for its kind."""
        kinds: list[tuple[str, Sequence[Found[Any]]]] = [
            ("part", self.parts),
            ("topic", self.topics),
            ("point", self.points),
            ("reading", self.readings),
            ("term", self.terms),
            ("advice", self.advice),
            ("resource", self.resources),
            ("note", self.notes),
            ("erratum", self.errata),
            ("card", self.cards),
            ("exercise", self.exercises),
        ]
        for kind, found in kinds:
            for one in found:
                yield kind, one

    def ids(self, *kinds: str) -> list[str]:
        """Return the ids of these kinds."""
        return [found.record.id for kind, found in self.named() if kind in kinds]


_FILES: dict[str, tuple[str, type[Any]]] = {
    "curriculum.toml": ("parts", Part),
    "readings.toml": ("readings", Reading),
    "glossary.toml": ("terms", Term),
    "advice.toml": ("advice", Advice),
    "resources.toml": ("resources", Resource),
    "notes.toml": ("notes", Note),
    "errata.toml": ("errata", Erratum),
}


def collect(roots: Sequence[Path]) -> Collected:
    """Return what all `roots` hold; nothing is raised for content that breaks a rule."""
    collected = Collected()
    for root in roots:
        _collect_data(root / "data", collected)
        _collect_exercises(root / "exercises", collected)
    return collected


def _collect_data(folder: Path, collected: Collected) -> None:
    for path in _entries(folder):
        if path.name in _FILES:
            _collect_file(path, *_FILES[path.name], collected)
        elif path.is_dir() and path.name == "cards":
            for inner in _entries(path):
                if inner.suffix == ".toml":
                    _collect_file(inner, "cards", Card, collected)
                else:
                    collected.problems.append(_stray(inner, "cards/ holds TOML files only"))
        elif path.name != LEDGER:
            names = ", ".join(sorted([*_FILES, LEDGER]))
            collected.problems.append(_stray(path, f"data/ holds cards/ and {names}"))


def _collect_file(path: Path, key: str, cls: type[Any], collected: Collected) -> None:
    try:
        records, flaws = read_entries(path, key, cls)
    except ContentFault as error:
        message = error.what.removeprefix(f"{path}: ")
        collected.problems.append(Problem(str(path), "", message))
        return
    getattr(collected, key).extend(Found(path, one) for one in records)
    collected.problems.extend(Problem(str(path), item, message) for item, message in flaws)


def _collect_exercises(folder: Path, collected: Collected) -> None:
    for unit in _entries(folder):
        if not unit.is_dir():
            collected.problems.append(_stray(unit, "exercises/ holds folders only"))
            continue
        for exercise in _entries(unit):
            if exercise.is_dir():
                _collect_exercise(exercise, collected)
            else:
                collected.problems.append(_stray(exercise, "a unit holds folders only"))


def _collect_exercise(folder: Path, collected: Collected) -> None:
    try:
        collected.exercises.append(Found(folder, load_exercise(folder)))
    except ContentFault as error:
        message = error.what.removeprefix(f"{folder}: ")
        collected.problems.append(Problem(str(folder), folder.name, message))


def _entries(folder: Path) -> list[Path]:
    """Return what a folder holds, without caches and hidden files; [] if it is missing."""
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.name[0] != "." and path.name != "__pycache__"
    )


def _stray(path: Path, rule: str) -> Problem:
    return Problem(str(path), "", f"This does not belong here: {rule}. Take it out.")

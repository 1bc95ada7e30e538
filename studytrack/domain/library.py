"""What surrounds the curriculum: readings, terms, advice, resources, notes, errata.

The same records describe shipped content and the learner's own additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ReadingStatus = Literal["inbox", "next", "reading", "done", "archived", "dropped"]
READING_STATUSES: tuple[ReadingStatus, ...] = (
    "inbox",
    "next",
    "reading",
    "done",
    "archived",
    "dropped",
)
ReadingKind = Literal[
    "paper", "video", "course", "book", "post", "repo", "tool", "tweet", "talk", "channel"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place where the source document lists a reading.

    `list` is the section it stood in (`inbox`, `archive`, `terms`, `advice`, `resources`).
    """

    title: str
    url: str
    list: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Something to read or watch. `status` is where a new learner starts with it."""

    id: str
    title: str
    url: str
    kind: ReadingKind
    by: str = ""
    text: str = ""
    tip: str = ""
    topics: tuple[str, ...] = ()
    minutes: int | None = None
    status: ReadingStatus = "inbox"
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A titled address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A glossary entry: its explanation, other names for it, and terms it is confused with."""

    id: str
    title: str
    text: str
    aliases: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    confused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A piece of advice with its source."""

    id: str
    category: str
    text: str
    source: Link
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A place to train, meet or install: `training`, `community` or `guide`."""

    id: str
    title: str
    url: str
    kind: Literal["training", "community", "guide"] = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A study note in Markdown, under a topic where it has one."""

    id: str
    title: str
    text: str
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """A correction of the source document that the learner can see.

    `item` is the id of the record it corrects (a term, topic, note, reading). `was` is the
    document's wording, `now` ours, `why` the reason. For a table row `header` and `row` find the
    row by content.
    """

    id: str
    item: str
    was: str
    now: str
    why: str
    header: tuple[str, ...] = ()
    row: tuple[str, ...] = ()
    right: tuple[str, ...] = ()

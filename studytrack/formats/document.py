"""What an LLM-FastTrack document says, as plain records with the lines they stand on.

The reader (`formats.fasttrack`) fills them; whoever writes back into the same file finds the place
by `span`. Texts are repaired, `raw` is the source as it stands. Ids are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from studytrack.domain.library import Link

ListName = Literal["inbox", "next", "reading", "done", "archive", "dropped"]
ResourceKind = Literal["training", "community", "guide"]
Mark = Literal["done", "skipped", ""]


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of the source, counted from 1, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPoint:
    """A point of a topic: an entry of its comma list, or a nested bullet."""

    title: str
    span: Span
    text: str = ""
    mark: Mark = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTopic:
    """A topic with its points, as the document words them."""

    title: str
    span: Span
    text: str = ""
    points: tuple[PlanPoint, ...] = ()
    mark: Mark = ""
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """A part: its numeral (`III`, or "" where it has none), title, introduction and topics."""

    ordinal: str
    title: str
    span: Span
    text: str = ""
    topics: tuple[PlanTopic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReading:
    """One mention of a reading in the reading list.

    `tail` is all that follows the title, as one line; `by`, `text`, `tip` and `tag` are what could
    be told apart in it. `group` counts the blocks that blank lines make within a list; `tag` is the
    topic word that later blocks put behind the title; `category` stands in tables. `untitled` says
    that the title was made from the address. `remarks` are bullets below the item.
    """

    list: ListName
    title: str
    url: str
    span: Span
    by: str = ""
    text: str = ""
    tip: str = ""
    tag: str = ""
    tail: str = ""
    category: str = ""
    group: int = 0
    alternates: tuple[Link, ...] = ()
    remarks: tuple[str, ...] = ()
    untitled: bool = False
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTerm:
    """A glossary row. `Q (Query)` gives the alias `Query`."""

    title: str
    text: str
    span: Span
    aliases: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAdvice:
    """A row of the advice table; `links` are those inside the text."""

    category: str
    text: str
    source: Link
    span: Span
    links: tuple[Link, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedResource:
    """A place to train, meet or install."""

    kind: ResourceKind
    title: str
    url: str
    span: Span
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNote:
    """A heading of the notes and the Markdown below it, up to the next heading.

    `path` holds the headings above and the note's own, the note's last.
    """

    path: tuple[str, ...]
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedQuestion:
    """A question with its answer; without one it is something to find out, not a card."""

    question: str
    answer: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The line that opens a list: a heading or a bold word such as `**Inbox:**`."""

    name: str
    title: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An entry that cannot be taken, with the reason as a sentence."""

    line: int
    entry: str
    reason: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason} ({self.entry})"


@dataclass(slots=True, kw_only=True)
class Document:
    """Everything that was read, in the document's order."""

    parts: list[PlanPart] = field(default_factory=list)
    readings: list[ListedReading] = field(default_factory=list)
    terms: list[ListedTerm] = field(default_factory=list)
    advice: list[ListedAdvice] = field(default_factory=list)
    resources: list[ListedResource] = field(default_factory=list)
    notes: list[ListedNote] = field(default_factory=list)
    questions: list[ListedQuestion] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def recognised(self) -> bool:
        """Whether anything of the known shape was found."""
        return bool(
            self.parts
            or self.readings
            or self.terms
            or self.advice
            or self.questions
            or self.resources
        )

    def listed(self, name: ListName) -> list[ListedReading]:
        """Return the readings of one list."""
        return [reading for reading in self.readings if reading.list == name]

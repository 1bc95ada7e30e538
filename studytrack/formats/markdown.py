"""The learner's tracker written out as Markdown, in the shape of the LLM-FastTrack document.

It is a new text for reading, printing and moving on; `formats.fasttrack` reads it back. Writing
into a document that the learner keeps by hand is not done here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from studytrack.domain.cards import Card
from studytrack.domain.curriculum import Part, Topic
from studytrack.domain.library import Advice, Link, Note, Reading, Resource, Term
from studytrack.formats.wording import split_points

_BOXES = {"done": "[x] ", "skipped": "[-] "}
_PLAN = re.compile(r"^[IVXL]+$")
_LISTS = (
    ("inbox", "Inbox"),
    ("next", "Next Up"),
    ("reading", "Reading"),
    ("done", "Done"),
    ("dropped", "Dropped"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingState:
    """A reading with where the learner stands and what they took from it."""

    reading: Reading
    status: str
    takeaways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """What is written: content in the plan's order, and the learner's marks by topic or point."""

    parts: Sequence[Part] = ()
    marks: dict[str, str] = field(default_factory=dict)
    readings: Sequence[ReadingState] = ()
    terms: Sequence[Term] = ()
    advice: Sequence[Advice] = ()
    resources: Sequence[Resource] = ()
    notes: Sequence[Note] = ()
    cards: Sequence[Card] = ()


def write_tracker(tracker: Tracker) -> str:
    """Return the whole document; sections without an entry are left out."""
    blocks = ["# LLM-FastTrack"]
    blocks += _plan(tracker)
    blocks += _notes(tracker.notes)
    blocks += _questions(tracker.cards)
    blocks += _table(
        "# Terms and Concepts",
        ("Keyword", "Explanation", "Links"),
        ((f"**{t.title}**", t.text, " ".join(map(_link, t.links))) for t in tracker.terms),
    )
    blocks += _table(
        "# Advice",
        ("Category", "Advice", "Source"),
        ((a.category, _linked(a.text, a.links), _source(a.source)) for a in tracker.advice),
    )
    blocks += _reading_list(tracker.readings)
    blocks += _resources(tracker.resources)
    return "\n\n".join(blocks) + "\n"


def _plan(tracker: Tracker) -> list[str]:
    blocks = ["# Studyplan"]
    for part in tracker.parts:
        planned = bool(_PLAN.match(part.id))
        topics = [topic for topic in part.topics if planned or _is_marked(topic, tracker.marks)]
        if not topics:
            continue
        blocks.append(f"# {part.id}. {part.title}" if planned else "# Beyond the plan")
        blocks += [part.text] if part.text and planned else []
        blocks.append("\n".join(line for topic in topics for line in _topic(topic, tracker.marks)))
    return [*blocks, "---"] if len(blocks) > 1 else []


def _is_marked(topic: Topic, marks: dict[str, str]) -> bool:
    return any(item in marks for item in (topic.id, *(point.id for point in topic.points)))


def _topic(topic: Topic, marks: dict[str, str]) -> list[str]:
    """Return a topic's lines: a comma list if its points allow, else nested bullets."""
    head = f"- {_BOXES.get(marks.get(topic.id, ''), '')}**{topic.title}**:"
    skipped = any(marks.get(point.id) == "skipped" for point in topic.points)
    listed = [point.title for point in topic.points]
    plain = split_points(", ".join(listed)) == listed and not any(p.text for p in topic.points)
    if plain and not skipped:
        titles = [
            point.title + (" ✓" if marks.get(point.id) == "done" else "") for point in topic.points
        ]
        return [f"{head} {', '.join(titles)}".rstrip()]
    return [head] + [
        f"    - {_BOXES.get(marks.get(p.id, ''), '')}**{p.title}**: {p.text}".rstrip()
        for p in topic.points
    ]


def _notes(notes: Sequence[Note]) -> list[str]:
    if not notes:
        return []
    return ["# My Study Notes", *(f"## {note.title}\n\n{note.text.strip()}" for note in notes)]


def _questions(cards: Sequence[Card]) -> list[str]:
    if not cards:
        return []
    return [
        "# Questions and Answers",
        *(f"**Q:** {_line(card.front)}\n\nA: {_line(card.back or card.answer)}" for card in cards),
    ]


def _reading_list(readings: Sequence[ReadingState]) -> list[str]:
    if not readings:
        return []
    blocks = ["# Reading List"]
    for status, title in _LISTS:
        lines = [line for r in readings if r.status == status for line in _reading(r)]
        if lines:
            blocks += [f"**{title}:**", "\n".join(lines)]
    archived = [r for r in readings if r.status == "archived"]
    rows = ((r.reading.kind.title(), _titled(r.reading), _comment(r)) for r in archived)
    return blocks + _table("**Archive:**", ("Category", "Title+Link", "Comment"), rows)


def _titled(reading: Reading) -> str:
    return _link(Link(title=reading.title, url=reading.url))


def _reading(state: ReadingState) -> list[str]:
    tip = f"**TIP**: {_line(state.reading.tip)}" if state.reading.tip else ""
    tail = " ".join(part for part in (_description(state.reading), tip) if part)
    head = f"- {_titled(state.reading)}"
    return [f"{head}: {tail}" if tail else head] + [
        f"    - {_line(takeaway)}" for takeaway in state.takeaways
    ]


def _description(reading: Reading) -> str:
    text = _line(reading.text)
    if reading.by and text:
        return f"by {reading.by}: {text}"
    return f"by {reading.by}" if reading.by else text


def _comment(state: ReadingState) -> str:
    return " · ".join(part for part in (_description(state.reading), *state.takeaways) if part)


def _resources(resources: Sequence[Resource]) -> list[str]:
    titles = {
        "training": "Free ML Training Resources:",
        "community": "Discord Servers:",
        "guide": "Guides:",
    }
    blocks = []
    for kind, title in titles.items():
        links = [_link(Link(title=r.title, url=r.url)) for r in resources if r.kind == kind]
        if links:
            blocks += [title, "\n".join(f"- {link}" for link in links)]
    return ["# Resources", *blocks] if blocks else []


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if not lines:
        return []
    rule = "|".join("---" for _ in header)
    return [title, "\n".join([f"| {' | '.join(header)} |", f"|{rule}|", *lines])]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _link(link: Link) -> str:
    """Return a Markdown link; brackets in the title and odd characters in the address survive."""
    title = re.sub(r"([\[\]\\])", r"\\\1", _line(link.title))
    plain = re.fullmatch(r"[^\s<>()]+", link.url) is not None
    return f"[{title}]({link.url if plain else f'<{link.url}>'})"


def _source(link: Link) -> str:
    return _link(link) if link.url else _line(link.title)


def _linked(text: str, links: Sequence[Link]) -> str:
    for link in links:
        text = text.replace(link.title, _link(link), 1)
    return text

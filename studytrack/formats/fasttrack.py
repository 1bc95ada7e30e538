"""The reader of the LLM-FastTrack document: Markdown into records, with the lines they stand on.

Sections are known by name, since headings jump in level. The reader never fails: what it cannot
take is refused with line and reason, and what it does not know is a note. It decides nothing about
the learner's items; that is `formats.merge`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from studytrack.domain.library import Link
from studytrack.formats.blocks import Block, Source, flat, links_of
from studytrack.formats.document import (
    Document,
    Label,
    ListedAdvice,
    ListedNote,
    ListedResource,
    ListName,
    PlanPart,
    Refusal,
    ResourceKind,
    Span,
)
from studytrack.formats.items import DASHES, paragraph_of, read_reading, read_topic
from studytrack.formats.questions import find_questions
from studytrack.formats.sections import is_label, opening, resource_kind, split_part
from studytrack.formats.tables import add_term, header_of, read_table, table_kind
from studytrack.formats.urls import title_from

_LISTS = ("bullet_list", "ordered_list")
_SHOWN = 60
_NO_SOURCE = Link(title="", url="")
_OpenNote = tuple[tuple[str, ...], int, int]  # a note's path, heading line and first line of text


def read_document(text: str) -> Document:
    """Return what a document of this shape says. Any text is accepted."""
    return _Reader(Source(text)).read()


class _Reader:
    """Walks the blocks, remembering the section, the list and the note they belong to."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.document = Document()
        self.section = ""
        self.list = ""
        self.level = 0
        self.group = 0
        self.path: list[tuple[int, str]] = []
        self.note: _OpenNote | None = None
        self.started = False

    def read(self) -> Document:
        for block in self.source.blocks:
            self._take(block)
        self._close_note(len(self.source.lines))
        self.document.questions.extend(find_questions(self.source))
        self.document.questions.sort(key=lambda question: question.span.first)
        return self.document

    def _take(self, block: Block) -> None:
        if block.kind == "heading":
            self._heading(block)
        elif block.kind == "hr" and self.section in {"plan", "part"}:
            self.section = "gap"
        elif block.kind == "table":
            self._table(block)
        elif block.kind == "paragraph":
            self._paragraph(block)
        elif block.kind in _LISTS:
            self._list(block)

    # Headings and labels

    def _heading(self, block: Block) -> None:
        title = block.text
        below = self.section == "notes" and block.level > self.level
        known = opening(title, inside_notes=below)
        part = None if below else split_part(title, digits=self.section in {"plan", "part"})
        if self.section == "notes" or part or known:
            self._close_note(block.first)
        if part:
            self._open_part(*part, block)
        elif known and known.section == "part":
            self._open_part("", title, block)
        elif known:
            self._open(known.section, known.list, block, title)
        elif below:
            self._open_note(title, block)
        else:
            self._unknown_heading(title, block)

    def _open(self, section: str, name: str, block: Block, title: str) -> None:
        self.section, self.list, self.group = section, name, 0
        self.started = self.started or bool(section)
        if block.kind == "heading":
            self.level = block.level
        span = self.source.span(block.first, block.end)
        if section:
            self.document.labels.append(Label(name=name or section, title=title, span=span))
        if section == "notes":
            self.path = []
            self._open_note(title, block)

    def _open_part(self, ordinal: str, title: str, block: Block) -> None:
        self.section, self.level, self.started = "part", block.level, True
        span = self.source.span(block.first, block.end)
        self.document.parts.append(PlanPart(ordinal=ordinal, title=title, span=span))

    def _unknown_heading(self, title: str, block: Block) -> None:
        """A heading without a known name: a group of its section, or a note of the learner's."""
        if self.section in {"readings", "resources"} and block.level > self.level:
            self.group += 1
        elif self.section in {"part", "plan", "terms", "advice"} and block.level > self.level:
            return
        elif self.started:
            self._close_note(block.first)
            self.section, self.level, self.path = "notes", block.level, []
            self._open_note(title, block)

    def _open_note(self, title: str, block: Block) -> None:
        self.path = [(level, name) for level, name in self.path if level < block.level]
        self.path.append((block.level, title))
        self.note = (tuple(name for _, name in self.path), block.first, block.end)

    def _close_note(self, end: int) -> None:
        if self.note is None:
            return
        path, first, start = self.note
        self.note = None
        lines = self.source.clean[start:end]
        while lines and lines[-1].strip() in {"", "---", "***", "___"}:
            lines.pop()
        text = "\n".join(lines).strip("\n")
        if text.strip():
            span = Span(first + 1, start + len(lines))
            self.document.notes.append(ListedNote(path=path, text=text, span=span))

    def _paragraph(self, block: Block) -> None:
        text = block.text
        known = opening(text, inside_notes=True) if self.section == "notes" else opening(text)
        if is_label(text) and known:
            self._close_note(block.first)
            self._open(known.section, known.list, block, text)
        elif is_label(text) and self.section == "resources":
            self._open("resources", resource_kind(text), block, text)
        elif is_label(text) and self.section == "readings":
            self.group += 1
        elif self.section == "part":
            part = self.document.parts[-1]
            self.document.parts[-1] = replace(part, text=f"{part.text}\n\n{text}".strip())

    # Lists and tables

    def _list(self, block: Block) -> None:
        takers = {
            "part": self._topics,
            "readings": self._readings,
            "resources": self._resources,
            "notes": self._guides,
            "terms": self._terms,
            "advice": self._advice,
        }
        if self.section in takers:
            takers[self.section](block)

    def _refuse(self, item: Block, reason: str) -> None:
        paragraph = paragraph_of(item)
        entry = (paragraph.text if paragraph else "")[:_SHOWN]
        self.document.refused.append(Refusal(line=item.first + 1, entry=entry, reason=reason))

    def _topics(self, block: Block) -> None:
        found = []
        for item in block.children:
            topic = read_topic(self.source, item)
            if topic is None:
                self._refuse(item, "A topic needs a title, such as **Title**: its points.")
            else:
                found.append(topic)
        part = self.document.parts[-1]
        self.document.parts[-1] = replace(part, topics=(*part.topics, *found))

    def _readings(self, block: Block) -> None:
        end = None
        for item, gap in zip(block.children, self._gaps(block), strict=True):
            self.group += gap and end is not None
            end = item.end
            name = cast("ListName", self.list)
            reading = read_reading(self.source, item, name, self.group)
            if reading is None:
                self._refuse(item, "A reading needs an address.")
            else:
                self.document.readings.append(reading)

    def _gaps(self, block: Block) -> list[bool]:
        """Tell for each item whether a blank line before it parts two groups.

        Where most items have one, the list is merely written loosely and has one group.
        """
        items = block.children
        gaps = [False] + [
            not self.source.lines[item.first - 1].strip() if item.first else False
            for item in items[1:]
        ]
        return [False] * len(items) if sum(gaps) * 2 > len(items) else gaps

    def _resources(self, block: Block) -> None:
        for item in block.children:
            paragraph = paragraph_of(item)
            links = links_of(paragraph.pieces) if paragraph else ()
            if not links:
                self._refuse(item, "A resource needs an address.")
                continue
            kind = cast("ResourceKind", self.list or "training")
            self._add_resource(item, kind, links[0].title, links[0].url)

    def _guides(self, block: Block) -> None:
        """Bullets of the notes that are a bare address and nothing else."""
        for item in block.children:
            paragraph = paragraph_of(item)
            if paragraph and len(paragraph.pieces) == 1 and paragraph.pieces[0].bare:
                self._add_resource(item, "guide", "", paragraph.pieces[0].url)

    def _add_resource(self, item: Block, kind: ResourceKind, title: str, url: str) -> None:
        span = self.source.span(item.first, item.end)
        named = title if title and title != url else title_from(url)
        self.document.resources.append(
            ListedResource(kind=kind, title=named, url=url, span=span, raw=self.source.raw(span))
        )

    def _terms(self, block: Block) -> None:
        """Glossary entries written as a list: `- **Term**: explanation`."""
        for item in block.children:
            paragraph = paragraph_of(item)
            pieces = paragraph.pieces if paragraph else ()
            bold = flat(pieces[:1]) if pieces and pieces[0].kind == "strong" else ""
            text = flat(pieces[1:]).lstrip(DASHES)
            span = self.source.span(item.first, item.end)
            reason = add_term(
                self.document,
                bold.rstrip(": "),
                text,
                links_of(pieces),
                span,
                self.source.raw(span),
            )
            if reason:
                self._refuse(item, reason)

    def _advice(self, block: Block) -> None:
        """Advice written as a list: the text, with its source as the last link."""
        for item in block.children:
            paragraph = paragraph_of(item)
            if paragraph is None or not paragraph.text:
                self._refuse(item, "Advice needs a text.")
                continue
            links = links_of(paragraph.pieces)
            span = self.source.span(item.first, item.end)
            self.document.advice.append(
                ListedAdvice(
                    category="",
                    text=paragraph.text,
                    links=links[:-1],
                    span=span,
                    source=links[-1] if links else _NO_SOURCE,
                    raw=self.source.raw(span),
                )
            )

    def _table(self, block: Block) -> None:
        kind = table_kind(header_of(self.source, block))
        if kind == "readings" and self.section != "readings":
            kind = ""
        if kind:
            name = self.list if self.section == "readings" else "archive"
            read_table(self.source, block, kind, cast("ListName", name), self.document)
        elif self.section not in {"", "notes"}:
            span = self.source.span(block.first, block.end)
            header = " · ".join(cell for cell in header_of(self.source, block) if cell)
            text = "\n".join(self.source.clean[span.first - 1 : span.last])
            self.document.notes.append(ListedNote(path=(f"Table: {header}",), text=text, span=span))

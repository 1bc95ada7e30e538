"""Which items of a document are known, which are new, and what changes for the known ones.

Items are met by stable identity, never by position: topics by title within the part, readings by
address and then title, terms by keyword or alias, cards by question. Progress is never taken back
and nothing is deleted. This module only decides; `services.transfer` writes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any, Literal

from studytrack.domain.cards import Card
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.library import Advice, Note, Resource, Term
from studytrack.domain.slugs import unique_slug
from studytrack.formats.document import Document, ListedNote, Span
from studytrack.formats.urls import canonical
from studytrack.formats.wording import digest, fold, words_alike

OwnKind = Literal["reading", "term", "note", "resource", "card", "advice"]
Entities = Mapping[str, Mapping[str, Mapping[str, Any]]]
_SAME_NOTE, _SAME_ADVICE = 0.7, 0.8
_SHOWN = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New fields of one item. `record` is the item itself where the file brought or renewed it."""

    item_kind: OwnKind | Literal["topic"]
    item_id: str
    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    record: Any = None


@dataclass(slots=True)
class Merge:
    """What importing a document would do."""

    changes: list[Change] = field(default_factory=list)
    new: int = 0
    merged: int = 0
    unchanged: int = 0
    refused: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(
        self, kind: OwnKind, record: Any, current: Any, span: Span, own: Entities, name: str
    ) -> None:
        """Bring or meet an item; the first of several that are the same counts.

        Args:
            kind: of the item.
            record: the item as the file has it.
            current: the item as it is here, or None if it is new.
            span: its lines.
            own: fields of the learner's items.
            name: how the summary calls it.
        """
        said = fingerprint(record)
        if (kind, record.id) in self.seen:
            if self.seen[kind, record.id] != said:
                self.refused.append(
                    f"Line {span.first}: this {kind} stands in the file before; "
                    f"the first one counts. ({name})"
                )
            return
        self.seen[kind, record.id] = said
        if current is None:
            self.bring(kind, record, span, name)
        else:
            self._meet(kind, record, current, span, own.get(kind, {}).get(record.id, {}))

    def bring(self, kind: OwnKind, record: Any, span: Span, name: str) -> None:
        """Add an item of the learner's own."""
        self.new += 1
        shown = shorten(name.rstrip("."), _SHOWN, placeholder=" …")
        self.details.append(f"Line {span.first}: new {kind} `{record.id}`, {shown}.")
        self._write(kind, record, span)

    def _write(self, kind: OwnKind, record: Any, span: Span) -> None:
        fields = {"imported": fingerprint(record)}
        self.changes.append(
            Change(item_kind=kind, item_id=record.id, line=span.first, record=record, fields=fields)
        )

    def change(
        self, kind: OwnKind | Literal["topic"], item: str, line: int, what: str, **fields: Any
    ) -> None:
        """Change fields of a known item; `what` says how, for the learner."""
        self.merged += 1
        self.details.append(f"Line {line}: {kind} `{item}` {what}.")
        self.changes.append(Change(item_kind=kind, item_id=item, line=line, fields=fields))

    def _meet(
        self, kind: OwnKind, record: Any, current: Any, span: Span, fields: Mapping[str, Any]
    ) -> None:
        """Take over a known item: shipped ones stay, own ones follow the file if it changed.

        `imported` is the fingerprint of what the file said last time. An item that was changed
        here and in the file stays as it is here.
        """
        said = fingerprint(record)
        if "record" not in fields or fields.get("imported", said) == said:
            self.unchanged += 1
        elif fingerprint(current) == fields["imported"]:
            self.merged += 1
            self.details.append(f"Line {span.first}: {kind} `{record.id}` follows the file.")
            self._write(kind, record, span)
        else:
            self.unchanged += 1
            self.details.append(
                f"Line {span.first}: {kind} `{record.id}` was changed here and in the file; "
                "it stays as it is here."
            )


def fingerprint(record: Any) -> str:
    """Return a fingerprint of a record's values; fields that are empty do not count."""
    values = {name: value for name, value in dataclasses.asdict(record).items() if value}
    return digest(json.dumps(values, sort_keys=True, default=str))


def merge_terms(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet glossary entries by keyword or alias."""
    known: dict[str, str] = {}
    for term in catalogue.terms.values():
        for name in (term.title, *_names_of(term.title), *term.aliases):
            known.setdefault(fold(name), term.id)
    taken = set(catalogue.terms)
    for listed in document.terms:
        names = [fold(name) for name in (listed.title, *listed.aliases)]
        item = next((known[name] for name in names if name in known), "")
        record = Term(
            id=item or unique_slug(listed.title, taken, "term"),
            title=listed.title,
            text=listed.text,
            aliases=listed.aliases,
            links=listed.links,
        )
        current = catalogue.terms.get(record.id)
        into.take("term", record, current, listed.span, own, listed.title)
        taken.add(record.id)
        known.update({name: record.id for name in names if name not in known})


def _names_of(title: str) -> tuple[str, ...]:
    short, _, inside = title.partition(" (")
    return (short, inside.rstrip(" )")) if inside else (title,)


def merge_cards(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet questions by their wording; one without an answer is no card yet."""
    known = {fold(card.front): card.id for card in catalogue.cards.values()}
    whole = {(fold(card.front), fold(card.back)): card.id for card in catalogue.cards.values()}
    taken = set(catalogue.cards)
    for listed in document.questions:
        if not listed.answer:
            into.details.append(
                f"Line {listed.span.first}: a question without an answer, {listed.question}"
            )
            continue
        question = fold(listed.question)
        item = whole.get((question, fold(listed.answer)), "") or known.get(question, "")
        made = item or f"own.{unique_slug(listed.question, _without_own(taken), 'card')}"
        record = Card(id=made, kind="recall", topic="", front=listed.question, back=listed.answer)
        into.take("card", record, catalogue.cards.get(made), listed.span, own, listed.question)
        taken.add(made)
        known[question] = made


def _without_own(taken: set[str]) -> set[str]:
    return {name.removeprefix("own.") for name in taken if name.startswith("own.")}


def merge_notes(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet notes by heading, or by a text that is nearly the same."""
    known = {fold(note.title): note.id for note in catalogue.notes.values()}
    taken = set(catalogue.notes)
    for listed in document.notes:
        title = note_title(listed)
        item = known.get(fold(title), "") or _same_text(listed, catalogue)
        made = item or unique_slug(title, taken, "note")
        record = Note(id=made, title=title, text=listed.text)
        into.take("note", record, catalogue.notes.get(made), listed.span, own, title)
        taken.add(made)
        known[fold(title)] = made


def note_title(listed: ListedNote) -> str:
    """Return a note's title: its headings without the one that opens all notes."""
    return ": ".join(listed.path[1:] or listed.path)


def _same_text(listed: ListedNote, catalogue: Catalogue) -> str:
    scored = [(words_alike(listed.text, note.text), note.id) for note in catalogue.notes.values()]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= _SAME_NOTE else ""


def merge_resources(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet resources by address."""
    known = {canonical(resource.url): resource.id for resource in catalogue.resources.values()}
    taken = set(catalogue.resources)
    for listed in document.resources:
        address = canonical(listed.url)
        item = known.get(address, "")
        made = item or unique_slug(listed.title, taken, "resource")
        record = Resource(id=made, title=listed.title, url=listed.url, kind=listed.kind)
        into.take("resource", record, catalogue.resources.get(made), listed.span, own, listed.title)
        taken.add(made)
        known[address] = made


def merge_advice(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet advice by its wording, nearly the same included."""
    known = {item.id: item.text for item in catalogue.advice.values()}
    taken = set(catalogue.advice)
    for listed in document.advice:
        scored = [(words_alike(listed.text, text), item) for item, text in known.items()]
        best = max(scored, default=(0.0, ""))
        item = best[1] if best[0] >= _SAME_ADVICE else ""
        made = item or unique_slug(listed.text, taken, "advice")
        record = Advice(
            id=made,
            category=listed.category,
            text=listed.text,
            source=listed.source,
            links=listed.links,
        )
        into.take("advice", record, catalogue.advice.get(made), listed.span, own, listed.text)
        taken.add(made)
        known[made] = listed.text

"""The glossary, notes, advice and resources: shipped ones and the learner's own, side by side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, TypeVar

from studytrack.content.decode import plain
from studytrack.domain.library import Advice, Note, Resource, Term
from studytrack.domain.log import ItemKind
from studytrack.domain.slugs import unique_slug
from studytrack.errors import UsageFault, resolve
from studytrack.services.evidence import recall_now, resolve_topic
from studytrack.services.intake import check_given
from studytrack.services.readings import address_of
from studytrack.services.study import Study

Own = TypeVar("Own", Term, Note, Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRecall:
    """How well a term is known: its cards, those seen, and the mean chance of recall of these."""

    cards: int
    seen: int
    recall: float | None


def terms(study: Study) -> list[Term]:
    """Return the glossary in its order, the learner's own terms last."""
    return list(study.catalogue.terms.values())


def term(study: Study, name: str) -> Term:
    """Return one term by its id, title or alias in any case, or the unique beginning of an id.

    Raises:
        NotFound: no such term, or several.
    """
    known = study.catalogue.terms
    folded = name.strip().casefold()
    for found in known.values():
        if folded in _names(found):
            return found
    return known[resolve("term", name, known, "studytrack term list")]


def term_recall(study: Study) -> dict[str, TermRecall]:
    """Return how well each term with cards is known, by id."""
    today = study.stamp().study_day
    memories, model = study.store.memories("card"), study.model("card")
    chances: dict[str, list[float | None]] = defaultdict(list)
    for card in study.catalogue.cards.values():
        if card.term and not card.retired:
            memory = memories.get(("card", card.id))
            chances[card.term].append(recall_now(memory, today, model))
    found: dict[str, TermRecall] = {}
    for name, listed in chances.items():
        seen = [chance for chance in listed if chance is not None]
        mean = sum(seen) / len(seen) if seen else None
        found[name] = TermRecall(cards=len(listed), seen=len(seen), recall=mean)
    return found


def add_term(study: Study, title: str, text: str) -> Term:
    """Add a term to the glossary; its two cards come with it.

    Raises:
        UsageFault: no title or text, or the glossary has the term.
    """
    named, meaning = _filled("term", "title", title), _filled("term", "text", text)
    for known in study.catalogue.terms.values():
        if named.casefold() in _names(known):
            raise UsageFault(
                f"The glossary already has {known.title}.",
                "",
                f"Run `studytrack term show {known.id}`, or name yours apart.",
            )
    own = Term(id=unique_slug(named, study.catalogue.terms, "term"), title=named, text=meaning)
    return _add(study, "term", own)


def notes(study: Study) -> list[Note]:
    """Return all notes, shipped ones first."""
    return list(study.catalogue.notes.values())


def note(study: Study, name: str) -> Note:
    """Return one note by its id or the unique beginning of it.

    Raises:
        NotFound: no such note, or several.
    """
    known = study.catalogue.notes
    return known[resolve("note", name, known, "studytrack note list")]


def add_note(study: Study, title: str, text: str, topic: str = "") -> Note:
    """Add a note in Markdown, under a topic or point if one is named.

    Raises:
        UsageFault: no title or text.
        NotFound: no such topic, or several.
    """
    named = _filled("note", "title", title)
    own = Note(
        id=unique_slug(named, study.catalogue.notes, "note"),
        title=named,
        text=_filled("note", "text", text) + "\n",
        topic=resolve_topic(study.catalogue, topic) if topic else "",
    )
    return _add(study, "note", own)


def advice(study: Study) -> list[Advice]:
    """Return all advice."""
    return list(study.catalogue.advice.values())


def advice_of_day(study: Study, day: int) -> Advice | None:
    """Return the advice for a study day: each in turn, None if there is none."""
    listed = advice(study)
    return listed[day % len(listed)] if listed else None


def resources(study: Study) -> list[Resource]:
    """Return all resources, shipped ones first."""
    return list(study.catalogue.resources.values())


def resource(study: Study, name: str) -> Resource:
    """Return one resource by its id or the unique beginning of it.

    Raises:
        NotFound: no such resource, or several.
    """
    known = study.catalogue.resources
    return known[resolve("resource", name, known, "studytrack resource list")]


def add_resource(study: Study, title: str, url: str) -> Resource:
    """Add a place to train, meet or install.

    Raises:
        UsageFault: no title, or the URL is no address.
    """
    named = _filled("resource", "title", title)
    own = Resource(
        id=unique_slug(named, study.catalogue.resources, "resource"),
        title=named,
        url=address_of(url),
    )
    return _add(study, "resource", own)


def _names(known: Term) -> set[str]:
    return {name.casefold() for name in (known.id, known.title, *known.aliases)}


def _filled(what: str, field: str, text: str) -> str:
    if not text.strip():
        raise UsageFault(f"A {what} needs a {field}.", "", f"Give the {field} as text.")
    return text.strip()


def _add(study: Study, item_kind: ItemKind, own: Own) -> Own:
    fields: dict[str, Any] = {"record": plain(own)}
    row = study.store.new_row(
        study.stamp(), kind="set", item_kind=item_kind, item_id=own.id, fields=fields
    )
    check_given(row)
    study.store.append([row])
    study.refresh()
    return own

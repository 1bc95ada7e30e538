"""Detail panes as text: readings, terms, notes, advice, resources, and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from studytrack.tui.text import (
    ACCENT,
    BLANK,
    MUTED,
    STRONG,
    count,
    heading,
    inline,
    join,
    muted,
    reflow,
)

if TYPE_CHECKING:
    from studytrack.domain.catalogue import Catalogue
    from studytrack.domain.library import Advice, Link, Note, Resource, Term
    from studytrack.services.exercises import ExerciseView
    from studytrack.services.library import TermRecall
    from studytrack.services.readings import ReadingView


def labelled(label: str, text: str | Content) -> Content:
    """Return a line with its label, or nothing for an empty text."""
    return Content.assemble((f"{label}  ", MUTED), text) if text else Content()


def corrections(catalogue: Catalogue, item: str) -> list[Content]:
    """Return a paragraph for each correction of a record: what it was and why it changed."""
    return [
        Content.assemble(
            ("! corrected  ", f"{STRONG} {ACCENT}"),
            inline(erratum.now),
            (" was: ", MUTED),
            inline(erratum.was),
            (" because: ", MUTED),
            inline(erratum.why),
        )
        for erratum in catalogue.errata_of(item)
    ]


def topic_titles(catalogue: Catalogue, names: Sequence[str]) -> str:
    """Return the titles of topics and points, in order."""
    found = dict.fromkeys(t.title for name in names if (t := catalogue.topic_of(name)))
    return ", ".join(found)


def reading_detail(view: ReadingView, catalogue: Catalogue) -> Content:
    """Return everything known of a reading."""
    item = view.reading
    state = f"{view.progress} % read" if view.status == "reading" else view.status
    facts = [state, item.kind, item.by, f"{item.minutes} min" if item.minutes else ""]
    mentions = sorted({m.title for m in item.mentions if m.title and m.title != item.title})
    dates = [
        f"started {view.started}" if view.started else "",
        f"finished {view.finished}" if view.finished else "",
    ]
    return join(
        [
            heading(item.title),
            muted("  ·  ".join(fact for fact in facts if fact)),
            muted(item.url),
            muted("  ·  ".join(date for date in dates if date)),
            inline(item.text),
            labelled("tip", inline(item.tip)),
            labelled("topics", topic_titles(catalogue, item.topics)),
            labelled("also listed as", "; ".join(mentions)),
            *(labelled("takeaway", takeaway.text) for takeaway in view.takeaways),
            *corrections(catalogue, item.id),
        ]
    )


def exercise_detail(view: ExerciseView, catalogue: Catalogue) -> Content:
    """Return what is worth knowing before opening an exercise."""
    item = view.exercise
    credit = catalogue.exercises.get(view.credit_from)
    needs = [catalogue.exercises[n].title for n in item.needs if n in catalogue.exercises]
    first = item.statement.strip().split("\n\n")[0].replace("\n", " ")
    return join(
        [
            heading(item.title),
            muted(f"{item.id}   level {item.level}   {item.minutes} min"),
            muted(topic_titles(catalogue, (item.topic,))),
            BLANK,
            inline(first),
            BLANK,
            muted(f"needs  {', '.join(needs)}") if needs else "",
            muted(f"credit from {credit.title}") if credit else "",
            muted(f"{count(view.attempts, 'attempt')}") if view.attempts else "",
            muted(f"last failed: {view.first_failed}") if view.first_failed else "",
        ]
    )


def term_detail(term: Term, recall: TermRecall | None, catalogue: Catalogue) -> Content:
    """Return a term with its explanation, other names and what it is confused with."""
    confused = [catalogue.terms[name].title for name in term.confused if name in catalogue.terms]
    cards = ""
    if recall:
        known = f", recall {recall.recall * 100:.0f} %" if recall.recall is not None else ""
        cards = f"{recall.seen} of {recall.cards} seen{known}"
    return join(
        [
            heading(term.title),
            inline(term.text),
            labelled("also", ", ".join(term.aliases)),
            labelled("not to be confused with", ", ".join(confused)),
            labelled("topics", topic_titles(catalogue, term.topics)),
            labelled("cards", cards),
            *links(term.links),
            *corrections(catalogue, term.id),
        ]
    )


def note_detail(note: Note, catalogue: Catalogue) -> Content:
    """Return a note as it was written."""
    return join(
        [
            heading(note.title),
            labelled("topic", topic_titles(catalogue, (note.topic,))),
            reflow(note.text),
            *corrections(catalogue, note.id),
        ]
    )


def advice_detail(advice: Advice, catalogue: Catalogue) -> Content:
    """Return a piece of advice with its sources."""
    return join(
        [
            heading(advice.category),
            inline(advice.text),
            *links((advice.source, *advice.links)),
            *corrections(catalogue, advice.id),
        ]
    )


def resource_detail(resource: Resource, catalogue: Catalogue) -> Content:
    """Return a place with its address."""
    return join(
        [
            heading(resource.title),
            muted(resource.kind),
            resource.url,
            *corrections(catalogue, resource.id),
        ]
    )


def links(listed: Sequence[Link]) -> list[Content]:
    """Return a line for each titled address."""
    return [Content.assemble((f"{link.title}  ", ""), (link.url, MUTED)) for link in listed]

"""Rules for what `data/` holds: ids, references, texts, cards.

A rule looks at sound records and yields a problem whose message says what to do. Reading files
happens in `collect`; the rules of exercise folders stand in `exercise_rules`.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studytrack.content.collect import Collected, Found, Problem
from studytrack.content.loader import term_cards
from studytrack.domain.cards import Card, card_problems
from studytrack.domain.library import Term
from studytrack.errors import nearest

HIGHEST_LEVEL = 5
_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_PART_ID = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_EXERCISE_ID = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_URL = re.compile(r"https?://[^\s/]+\S*")


def data_problems(collected: Collected) -> Iterator[Problem]:
    """Yield every broken rule of the records in `data/`."""
    for rule in (_ids, _curriculum, _topics_named, _terms, _urls, _library, _errata, _cards):
        yield from rule(collected)


def unknown(file: Path, item: str, kind: str, wanted: str, known: Collection[str]) -> Problem:
    """Return the problem of a reference that leads nowhere."""
    close = nearest(wanted, known, count=1)
    advice = f"Did you mean `{close[0]}`?" if close else "Correct the id or add the record."
    return Problem(str(file), item, f"There is no {kind} `{wanted}`. {advice}")


def circle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return one circle of prerequisites, [] if there is none."""
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def _ids(collected: Collected) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Path] = {}
    for kind, found in collected.named():
        name, file = found.record.id, str(found.file)
        form = {"part": _PART_ID, "exercise": _EXERCISE_ID}.get(kind, _ID)
        if not form.fullmatch(name):
            words = "words of small letters and digits, joined by " + (
                "underscores" if kind == "exercise" else "dots or hyphens"
            )
            yield Problem(file, name, f"The id of this {kind} is badly formed. Use {words}.")
        space = "topic" if kind == "point" else kind  # what takes a topic's id takes a point's too
        first = seen.get((space, name))
        seen.setdefault((space, name), found.file)
        if first is not None:
            where = "in this file" if first == found.file else f"in {first}"
            yield Problem(file, name, f"The {kind} id is in use already, {where}. Choose another.")
        if kind == "card" and name.startswith("term."):
            message = "Ids that begin with `term.` are those of cards made from the glossary."
            yield Problem(file, name, f"{message} Choose another.")


def _curriculum(collected: Collected) -> Iterator[Problem]:
    topics = collected.ids("topic")
    for part in collected.parts:
        if not part.record.topics:
            yield Problem(str(part.file), part.record.id, "The part has no topic. Add one.")
    for found in collected.topics:
        topic, file = found.record, found.file
        if not topic.points:
            yield Problem(str(file), topic.id, "The topic has no point. Add one.")
        for point in topic.points:
            if not point.id.startswith(f"{topic.id}."):
                yield Problem(str(file), point.id, f"A point's id begins with `{topic.id}.`.")
        for need in topic.needs:
            if need not in topics:
                yield unknown(file, topic.id, "topic", need, topics)
    round_trip = circle({one.record.id: one.record.needs for one in collected.topics})
    if round_trip:
        file = next(one.file for one in collected.topics if one.record.id == round_trip[0])
        way = " -> ".join(round_trip)
        yield Problem(str(file), round_trip[0], f"The topics need each other: {way}. Cut one.")


def _topics_named(collected: Collected) -> Iterator[Problem]:
    known = collected.ids("topic", "point")
    for kind, found in collected.named():
        one = found.record
        wanted = [*getattr(one, "topics", ())] if kind != "part" else []
        single = getattr(one, "topic", "")
        for topic in [*wanted, *([single] if single else [])]:
            if topic not in known:
                yield unknown(found.file, one.id, "topic", topic, known)


def _terms(collected: Collected) -> Iterator[Problem]:
    terms: dict[str, Term] = {found.record.id: found.record for found in collected.terms}
    for found in collected.terms:
        term, file = found.record, found.file
        if not term.topics:
            yield Problem(str(file), term.id, "The term has no topic. Name one in `topics`.")
        for other in term.confused:
            if other not in terms:
                yield unknown(file, term.id, "term", other, terms)
            elif other == term.id:
                yield Problem(str(file), term.id, "A term is not confused with itself.")
            elif term.id not in terms[other].confused:
                yield Problem(
                    str(file), other, f"Add `{term.id}` to `confused`, as it names this term."
                )
        for card in term_cards(term):
            yield from _card_form(Found(file, card), name=term.id)


def _urls(collected: Collected) -> Iterator[Problem]:
    for _, found in collected.named():
        one = found.record
        links = [one, *getattr(one, "links", ()), *getattr(one, "mentions", ())]
        links += [one.source] if hasattr(getattr(one, "source", None), "url") else []
        for link in links:
            url = getattr(link, "url", None)
            if url is not None and not _URL.fullmatch(url):
                yield Problem(
                    str(found.file), one.id, f"`{url}` is no web address: begin with https://."
                )


def _library(collected: Collected) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for found in collected.readings:
        reading, file = found.record, str(found.file)
        if reading.minutes is not None and reading.minutes < 1:
            yield Problem(file, reading.id, "`minutes` is a whole number from 1 up, or left out.")
        other = first.setdefault(reading.url, reading.id)
        if other != reading.id:
            yield Problem(
                file, reading.id, f"`{other}` has the same address: make one reading of the two."
            )
    for kind, found in collected.named():
        for name in ("title", "text", "category"):
            value = getattr(found.record, name, None)
            optional = name == "text" and kind in {"part", "point", "reading"}
            if value is not None and not optional and not value.strip():
                yield Problem(
                    str(found.file), found.record.id, f"`{name}` is empty. Write something."
                )


def _errata(collected: Collected) -> Iterator[Problem]:
    known = collected.ids("part", "topic", "point", "reading", "term", "advice", "resource", "note")
    for found in collected.errata:
        erratum, file = found.record, found.file
        if erratum.item not in known:
            yield unknown(file, erratum.id, "record", erratum.item, known)
        if not (erratum.was.strip() and erratum.now.strip() and erratum.why.strip()):
            yield Problem(str(file), erratum.id, "`was`, `now` and `why` all need a text.")
        if erratum.was == erratum.now:
            yield Problem(str(file), erratum.id, "`was` and `now` are the same text.")
        lengths = {len(erratum.header), len(erratum.row), len(erratum.right)}
        if len(lengths) > 1:
            yield Problem(
                str(file), erratum.id, "`header`, `row` and `right` need as many cells each."
            )


def _cards(collected: Collected) -> Iterator[Problem]:
    names = {kind: collected.ids(kind) for kind in ("exercise", "term", "reading")}
    for found in collected.cards:
        card, file = found.record, found.file
        if not card.topic:
            yield Problem(str(file), card.id, "The card has no `topic`. Name a topic or point.")
        for kind, known in names.items():
            wanted = getattr(card, kind)
            if wanted and wanted not in known:
                yield unknown(file, card.id, kind, wanted, known)
        yield from _card_form(found, name=card.id)
        yield from _card_texts(found)


def _card_form(found: Found[Card], name: str) -> Iterator[Problem]:
    card, file = found.record, str(found.file)
    if not card.front.strip():
        yield Problem(file, name, "`front` is empty. Ask something.")
    for message in card_problems(card):
        yield Problem(file, name, message)
    if card.kind == "typed" and card.answer and _says(card.front, card.answer):
        yield Problem(file, name, f"The front gives the answer away: `{card.answer}`. Reword it.")


def _card_texts(found: Found[Card]) -> Iterator[Problem]:
    card, file = found.record, str(found.file)
    texts: list[Any] = [card.front, card.back, card.answer, card.hint, *card.accept]
    texts += [*card.choices, *card.why, *card.rubric]
    for text in texts:
        if text != text.strip():
            yield Problem(file, card.id, f"A text begins or ends with a space: {text[:40]!r}.")
    if not 1 <= card.level <= HIGHEST_LEVEL:
        yield Problem(file, card.id, f"`level` goes from 1 to {HIGHEST_LEVEL}.")
    folded = [choice.casefold() for choice in card.choices]
    if len(set(folded)) < len(folded):
        yield Problem(file, card.id, "Two of the `choices` are the same. Reword one.")


def _says(text: str, answer: str) -> bool:
    """Tell whether `answer` stands in `text` as whole words."""
    pattern = rf"(?<!\w){re.escape(answer.strip())}(?!\w)"
    return re.search(pattern, text, re.IGNORECASE) is not None

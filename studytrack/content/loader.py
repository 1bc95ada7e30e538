"""The loader: a content directory into a `Catalogue`.

It reads text only. A directory of the learner's own has the same shape and is laid over the
shipped one; an id that both define is an error.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from studytrack.content.decode import read_records, record, unique
from studytrack.content.source import make_starter, split_front_matter
from studytrack.domain.cards import Card
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.curriculum import Part
from studytrack.domain.exercise import CHECKS, REFERENCE, STATEMENT, Exercise
from studytrack.domain.library import Advice, Erratum, Note, Reading, Resource, Term
from studytrack.errors import ContentFault


def load_catalogue(roots: Sequence[Path]) -> Catalogue:
    """Return the content of all `roots`, the shipped one first.

    Raises:
        ContentFault: every problem of every file, one a line.
    """
    problems: list[str] = []

    def gather(pattern: str, key: str, cls: type[Any]) -> list[Any]:
        found: list[Any] = []
        for root in roots:
            for path in sorted(root.glob(f"data/{pattern}")):
                try:
                    found.extend(read_records(path, key, cls))
                except ContentFault as error:
                    problems.append(error.what)
        return found

    def index(records: Iterable[Any], what: str) -> dict[str, Any]:
        try:
            return unique(records, what)
        except ContentFault as error:
            problems.append(error.what)
            return {}

    parts = gather("curriculum.toml", "parts", Part)
    readings = gather("readings.toml", "readings", Reading)
    terms = gather("glossary.toml", "terms", Term)
    advice = gather("advice.toml", "advice", Advice)
    resources = gather("resources.toml", "resources", Resource)
    notes = gather("notes.toml", "notes", Note)
    errata = gather("errata.toml", "errata", Erratum)
    cards = gather("cards/*.toml", "cards", Card)
    exercises = _load_exercises(roots, problems)
    topics = [topic for part in parts for topic in part.topics]
    index([*topics, *(point for topic in topics for point in topic.points)], "topic")
    catalogue = Catalogue(
        parts=tuple(index(parts, "part").values()),
        readings=index(readings, "reading"),
        terms=index(terms, "term"),
        advice=index(advice, "advice"),
        resources=index(resources, "resource"),
        notes=index(notes, "note"),
        errata=tuple(index(errata, "erratum").values()),
        cards=index([*cards, *(card for term in terms for card in term_cards(term))], "card"),
        exercises=index(exercises, "exercise"),
    )
    if problems:
        raise ContentFault("\n".join(problems), "", "`studytrack dev check` lists all problems.")
    return catalogue


def term_cards(term: Term) -> tuple[Card, Card]:
    """Return a term's two cards: term to meaning, and meaning to term. They are siblings."""
    topic = term.topics[0] if term.topics else ""
    meaning = Card(
        id=f"term.{term.id}.meaning",
        kind="term",
        topic=topic,
        front=f"{term.title}: what is it?",
        back=f"{term.title} {term.text}",
        term=term.id,
        source=f"term:{term.id}",
    )
    short = term.title.split(" (")[0]
    inside = term.title[len(short) :].strip(" ()")
    names = tuple(word for word in (short, inside, *term.aliases) if word)
    name = Card(
        id=f"term.{term.id}.name",
        kind="typed",
        topic=topic,
        front=f"Which term is this?\n\n… {_hide(names, term.text)}",
        answer=term.title,
        accept=names,
        term=term.id,
        source=f"term:{term.id}",
    )
    return meaning, name


def _hide(names: Iterable[str], text: str) -> str:
    """Return a term's text without its names, which would give the answer away."""
    words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not words:
        return text
    return re.sub(rf"(?<!\w)(?:{words})s?(?!\w)", "[ ... ]", text, flags=re.IGNORECASE)


def load_exercise(folder: Path) -> Exercise:
    """Return the record of one exercise folder; its code is read, not run.

    Raises:
        ContentFault: a missing file, bad front matter, a reference without markers.
    """
    missing = [n for n in (STATEMENT, REFERENCE, CHECKS) if not (folder / n).is_file()]
    if missing:
        raise ContentFault(f"{folder}: {', '.join(missing)} missing.")
    where = str(folder / STATEMENT)
    try:
        front, statement = split_front_matter((folder / STATEMENT).read_text(encoding="utf-8"))
        raw = tomllib.loads(front)
        starter = make_starter((folder / REFERENCE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, SyntaxError) as error:
        raise ContentFault(f"{where}: {error}.") from error
    except ContentFault as error:
        raise ContentFault(f"{folder}: {error.what}") from error
    fixed = {
        "id": folder.name,
        "statement": statement,
        "starter": starter,
        "folder": str(folder),
    }
    refused = sorted(fixed.keys() & raw.keys())
    if refused:
        raise ContentFault(
            f"{where}: `{refused[0]}` is not written in the front matter; it follows from the "
            "folder's name and files. Take it out."
        )
    return record(Exercise, {"entry": folder.name, **raw, **fixed}, where)


def _load_exercises(roots: Sequence[Path], problems: list[str]) -> list[Exercise]:
    found: list[Exercise] = []
    for root in roots:
        for statement in sorted(root.glob(f"exercises/*/*/{STATEMENT}")):
            try:
                found.append(load_exercise(statement.parent))
            except ContentFault as error:
                problems.append(error.what)
    return found

"""Tables of the document: cells from raw lines, and what a table is by its header.

Rows may lack cells or their last pipe, and characters may stand behind it. Cells are cut from the
raw line, so that nothing outside the pipes enters one and the line itself is kept beside them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from studytrack.domain.library import Link
from studytrack.formats.blocks import Block, Source, flat, links_of, read_inline
from studytrack.formats.document import (
    Document,
    ListedAdvice,
    ListedQuestion,
    ListedTerm,
    ListName,
    Refusal,
    Span,
)
from studytrack.formats.items import reading_from
from studytrack.formats.wording import fold

_KNOWN: dict[str, tuple[set[str], ...]] = {
    "terms": ({"keyword", "term", "word"}, {"explanation", "definition", "meaning"}),
    "questions": ({"question", "q"}, {"answer", "a"}),
    "advice": ({"advice", "quote", "tip"},),
    "readings": ({"title link", "title", "link", "reading", "article"},),
}
_LINKS = {"links", "link", "sources", "source"}
_ALIAS = re.compile(r"^(.+?)\s*\(([^()]+)\)$")
_SHOWN = 60


def split_row(line: str) -> list[str]:
    r"""Return the cells of a table row; `\|` does not part, a text behind the last pipe does.

    >>> split_row(r"| a \| b | c | ")
    ['a | b', 'c']
    """
    body = line.strip().removeprefix("|")
    if re.search(r"(?<!\\)\|$", body):
        body = body[:-1]
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", body)]


def header_of(source: Source, table: Block) -> list[str]:
    """Return a table's column names for comparing."""
    return [fold(cell) for cell in split_row(source.clean[table.first])]


def table_kind(header: list[str]) -> str:
    """Return what the rows are: terms, questions, advice, readings, or "" if unknown.

    >>> table_kind(["category", "title link", "comment"]), table_kind(["data type", "dtype"])
    ('readings', '')
    """
    for kind, columns in _KNOWN.items():
        if all(names & set(header) for names in columns):
            return kind
    return ""


def read_table(source: Source, table: Block, kind: str, name: ListName, into: Document) -> None:
    """Read the rows of a table of a known kind; rows that cannot be taken are refused.

    Args:
        source: the document's text.
        table: the block.
        kind: as `table_kind` told.
        name: the list in which readings of this table stand.
        into: receives the records.
    """
    header = header_of(source, table)
    for number in range(table.first + 2, table.end):
        line = source.clean[number]
        if not line.strip():
            continue
        span = Span(number + 1, number + 1)
        if "|" not in line:
            reason = "A line below a table is no row of it."
            entry = line.strip()[:_SHOWN]
            into.refused.append(Refusal(line=number + 1, entry=entry, reason=reason))
            continue
        cells = dict(zip(header, split_row(line), strict=False))
        row = _Row(cells, span, source.raw(span))
        reason = _READERS[kind](row, into) if kind != "readings" else _reading(row, name, into)
        if reason:
            into.refused.append(Refusal(line=number + 1, entry=row.shown, reason=reason))


class _Row:
    """One row: cells by column name."""

    def __init__(self, cells: dict[str, str], span: Span, raw: str) -> None:
        self.cells, self.span, self.raw = cells, span, raw
        self.shown = " ".join(raw.split())[:_SHOWN]

    def cell(self, names: set[str]) -> str:
        return next((text for name, text in self.cells.items() if name in names), "")


def _term(row: _Row, into: Document) -> str:
    title = flat(read_inline(row.cell(_KNOWN["terms"][0])))
    explanation = read_inline(row.cell(_KNOWN["terms"][1]))
    links = (*links_of(explanation), *links_of(read_inline(row.cell(_LINKS))))
    return add_term(into, title, flat(explanation), links, row.span, row.raw)


def add_term(
    into: Document, title: str, text: str, links: tuple[Link, ...], span: Span, raw: str
) -> str:
    """Add a glossary entry; return the reason if it cannot be one."""
    if not title:
        return "A glossary row needs a keyword."
    if not text:
        return "A glossary row needs an explanation."
    alias = _ALIAS.match(title)
    into.terms.append(
        ListedTerm(
            title=title,
            text=text,
            aliases=(alias[2],) if alias else (),
            links=links,
            span=span,
            raw=raw,
        )
    )
    return ""


def _question(row: _Row, into: Document) -> str:
    question = flat(read_inline(row.cell(_KNOWN["questions"][0])))
    answer = flat(read_inline(row.cell(_KNOWN["questions"][1])))
    if not question:
        return "A question row needs a question."
    into.questions.append(ListedQuestion(question=question, answer=answer, span=row.span))
    return ""


def _advice(row: _Row, into: Document) -> str:
    text = read_inline(row.cell(_KNOWN["advice"][0]))
    if not flat(text):
        return "An advice row needs a text."
    said = read_inline(row.cell({"source", "by", "author", "from"}))
    links = links_of(said)
    into.advice.append(
        ListedAdvice(
            category=flat(read_inline(row.cell({"category", "topic"}))),
            text=flat(text),
            source=links[0] if links else Link(title=flat(said), url=""),
            links=links_of(text),
            span=row.span,
            raw=row.raw,
        )
    )
    return ""


def _reading(row: _Row, name: ListName, into: Document) -> str:
    reading = reading_from(read_inline(row.cell(_KNOWN["readings"][0])), name, row.span)
    if reading is None:
        return "A reading needs an address."
    comment = flat(read_inline(row.cell({"comment", "comments", "note", "notes"})))
    tail = " · ".join(part for part in (reading.tail, comment) if part)
    text = " · ".join(part for part in (reading.text, comment) if part)
    category = flat(read_inline(row.cell({"category", "topic"})))
    into.readings.append(replace(reading, text=text, tail=tail, category=category, raw=row.raw))
    return ""


_READERS = {"terms": _term, "questions": _question, "advice": _advice}

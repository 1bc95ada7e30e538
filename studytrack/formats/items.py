"""List items of the document: topics with their points, and readings with what follows the link.

Authors, descriptions, tips and topic words stand behind a link in a dozen ways. What cannot be
told apart with certainty stays a description; nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from studytrack.domain.library import Link
from studytrack.formats.blocks import Block, Piece, Source, flat, links_of
from studytrack.formats.document import ListedReading, ListName, Mark, PlanPoint, PlanTopic, Span
from studytrack.formats.urls import title_from
from studytrack.formats.wording import split_points

_BOX = re.compile(r"^\[([ xX-])\]\s+")
_TITLE = re.compile(r"^([^:]{2,80}):(?:\s|$)")
DASHES = " :,;\u2013\u2014-"  # stand between a title and what is said about it
_LEAD = re.compile(rf"^[\s{DASHES}]+")
_WHO = r"[^\W_a-z].*"
_BY = re.compile(rf"^(?i:by)\s*(?P<who>{_WHO})$")
_BY_TEXT = re.compile(r"^by\s+(?P<who>[^:]{2,80}):\s+(?P<text>\S.*)$")
_WHAT_BY = re.compile(rf"^(?P<what>[^.:]{{1,40}}?)\s+(?:by|from)\s+(?P<who>{_WHO})$")
_SMALL_WORDS = {"and", "&", "et", "al", "al.", "de", "den", "der", "di", "du", "la", "van", "von"}
_MOST_NAMES = 14
_TAG_WORDS, _TAG_LENGTH = 4, 32
_LISTS = ("bullet_list", "ordered_list")
_DONE = " ✓"


def paragraph_of(item: Block) -> Block | None:
    """Return a list item's first paragraph, or None if it has none."""
    first = item.children[0] if item.children else None
    return first if first is not None and first.kind == "paragraph" else None


def nested_items(item: Block) -> list[Block]:
    """Return the items of the lists inside a list item."""
    return [inner for child in item.children if child.kind in _LISTS for inner in child.children]


def _take_box(pieces: Sequence[Piece]) -> tuple[Mark, list[Piece]]:
    rest = list(pieces)
    match = _BOX.match(rest[0].text) if rest and rest[0].kind == "text" else None
    if match is None:
        return "", rest
    rest[0] = Piece("text", rest[0].text[match.end() :])
    mark: Mark = "done" if match[1] in "xX" else "skipped" if match[1] == "-" else ""
    return mark, [piece for piece in rest if piece.text]


def _split_title(pieces: Sequence[Piece]) -> tuple[str, str] | None:
    """Return title and rest of `**Title**: rest`, `**Title:** rest` or `Title: rest`."""
    if not pieces:
        return None
    if pieces[0].kind == "strong":
        return flat(pieces[:1]).rstrip(": "), _LEAD.sub("", flat(pieces[1:]))
    match = _TITLE.match(flat(pieces)) if pieces[0].kind == "text" else None
    return (match[1].strip(), flat(pieces)[match.end() :].strip()) if match else None


def read_topic(source: Source, item: Block) -> PlanTopic | None:
    """Return a list item of a part as a topic, or None if it has no title."""
    paragraph = paragraph_of(item)
    mark, pieces = _take_box(paragraph.pieces if paragraph else ())
    found = _split_title(pieces)
    if found is None or not found[0]:
        return None
    title, text = found
    span = source.span(item.first, item.end)
    nested = nested_items(item)
    if nested:
        points = tuple(filter(None, (_read_point(source, inner) for inner in nested)))
    else:
        points = tuple(_marked_point(point, span) for point in split_points(text))
    return PlanTopic(
        title=title, text=text, points=points, mark=mark, span=span, raw=source.raw(span)
    )


def _marked_point(title: str, span: Span) -> PlanPoint:
    done = title.endswith(_DONE)
    return PlanPoint(title=title.removesuffix(_DONE), span=span, mark="done" if done else "")


def _read_point(source: Source, item: Block) -> PlanPoint | None:
    paragraph = paragraph_of(item)
    mark, pieces = _take_box(paragraph.pieces if paragraph else ())
    title, text = _split_title(pieces) or (flat(pieces), "")
    span = source.span(item.first, item.end)
    return PlanPoint(title=title, text=text, span=span, mark=mark) if title else None


def read_reading(source: Source, item: Block, name: ListName, group: int) -> ListedReading | None:
    """Return a list item of the reading list, or None if no address is in it."""
    paragraph = paragraph_of(item)
    _, pieces = _take_box(paragraph.pieces if paragraph else ())
    span = source.span(item.first, item.end)
    nested = [inner for child in item.children[1:] for inner in child.walk() if inner.pieces]
    reading = reading_from(pieces, name, span, tags=group > 0)
    if reading is None:
        return None
    below = tuple(link for inner in nested for link in links_of(inner.pieces))
    return replace(
        reading,
        group=group,
        alternates=(*reading.alternates, *below),
        remarks=tuple(inner.text for inner in nested if inner.text),
        raw=source.raw(span),
    )


def reading_from(
    pieces: Sequence[Piece], name: ListName, span: Span, *, tags: bool = False
) -> ListedReading | None:
    """Return the reading that inline text speaks of, or None if it holds no address.

    Args:
        pieces: the item or the table cell.
        name: the list in which it stands.
        span: its lines.
        tags: whether a short tail is a topic word and no description.
    """
    where = next((i for i, piece in enumerate(pieces) if piece.kind == "link" and piece.url), None)
    if where is None:
        return None
    link, before, behind = pieces[where], flat(pieces[:where]), pieces[where + 1 :]
    own = "" if link.bare else " ".join(link.text.split())
    title = f"{before} {own}".strip() if not before.endswith(":") else own
    if link.bare:
        title = before.rstrip(DASHES)
    tip, tail = _split_tip(behind)
    by, text = split_author(tail)
    if before.endswith(":") and title == own:
        text = f"{before} {text}".strip()
    tag = text if tags and not by and _is_tag(text) else ""
    return ListedReading(
        list=name,
        title=title or title_from(link.url),
        url=link.url,
        by=by,
        text="" if tag else text,
        tip=tip,
        tag=tag,
        tail=tail,
        untitled=not title,
        alternates=_other_links(behind),
        span=span,
    )


def _split_tip(pieces: Sequence[Piece]) -> tuple[str, str]:
    for index, piece in enumerate(pieces):
        if piece.kind == "strong" and re.fullmatch(r"\s*tip\s*:?\s*", piece.text, re.IGNORECASE):
            return _LEAD.sub("", flat(pieces[index + 1 :])), _tail_text(pieces[:index])
    return "", _tail_text(pieces)


def _tail_text(pieces: Sequence[Piece]) -> str:
    words = flat([piece for piece in pieces if piece.kind != "link"])
    if not re.search(r"\w", words):
        return ""  # only further links: they are alternates, no description
    return _LEAD.sub("", flat(pieces)).strip()


def _other_links(pieces: Sequence[Piece]) -> tuple[Link, ...]:
    return tuple(
        Link(title=link.title or title_from(link.url), url=link.url) for link in links_of(pieces)
    )


def split_author(tail: str) -> tuple[str, str]:
    """Return author and description of what follows a title.

    >>> split_author("bySebastian Raschka"), split_author("YT Video by Andrew Ng")
    (('Sebastian Raschka', ''), ('Andrew Ng', 'YT Video'))
    >>> split_author("A guide by example to everything.")
    ('', 'A guide by example to everything.')
    """
    for pattern in (_BY_TEXT, _BY, _WHAT_BY):
        match = pattern.match(tail)
        if match and _is_names(match["who"]):
            found = match.groupdict()
            who = found["who"].strip().removesuffix(".")
            return who, found.get("what") or found.get("text") or ""
    return "", tail


def _is_names(text: str) -> bool:
    words = text.replace(",", " ").split()
    return 0 < len(words) <= _MOST_NAMES and all(
        not word[0].islower() or word in _SMALL_WORDS for word in words
    )


def _is_tag(text: str) -> bool:
    short = len(text) <= _TAG_LENGTH and len(text.split()) <= _TAG_WORDS
    return bool(text) and short and not text.endswith(".")

"""Markdown as a tree of blocks with line numbers, and inline text as flat pieces.

markdown-it-py reads; this module keeps of its tokens what a tracker needs. It gives no meaning to
headings or lists: that is `formats.fasttrack`'s work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from studytrack.domain.library import Link
from studytrack.formats.document import Span
from studytrack.formats.mojibake import repair

_BARE_URL = re.compile(r"https?://[^\s<>|]+")
_AFTER_URL = ".,;:!?'\""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of inline text. `bare` marks an address that stands for itself."""

    kind: Literal["text", "strong", "link"]
    text: str
    url: str = ""
    bare: bool = False


@dataclass(slots=True)
class Block:
    """A block token with what is inside it; lines count from 0, `end` is excluded."""

    kind: str
    first: int
    end: int
    level: int = 0
    pieces: tuple[Piece, ...] = ()
    children: list[Block] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The inline text as one line."""
        return flat(self.pieces)

    def walk(self) -> Iterator[Block]:
        """Yield this block and all blocks inside it, in the document's order."""
        yield self
        for child in self.children:
            yield from child.walk()


class Source:
    """A document's lines, as they stand (`lines`) and repaired (`clean`), and its blocks."""

    def __init__(self, text: str) -> None:
        self.lines = re.split(r"\r\n?|\n", text.removeprefix("\ufeff"))
        self.clean = re.split("\n", repair("\n".join(self.lines)))
        self.blocks = _build(_parser().parse("\n".join(self.clean)))

    def span(self, first: int, end: int) -> Span:
        """Return lines `first` to `end` (from 0, excluded) without the blank ones behind."""
        while end > first + 1 and not self.lines[end - 1].strip():
            end -= 1
        return Span(first + 1, end)

    def raw(self, span: Span) -> str:
        """Return the lines of a span as they stand."""
        return "\n".join(self.lines[span.first - 1 : span.last])


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def _build(tokens: Sequence[Token]) -> list[Block]:
    root = Block("root", 0, 0)
    stack = [root]
    for token in tokens:
        if token.nesting == -1:
            stack.pop()
            continue
        parent = stack[-1]
        first, end = token.map or (parent.first, parent.end)
        if token.type == "inline":
            parent.pieces = read_pieces(token.children or [])
            continue
        block = Block(token.type.removesuffix("_open"), first, end)
        if token.tag[:1] == "h" and token.tag[1:].isdigit():
            block.level = int(token.tag[1:])
        parent.children.append(block)
        if token.nesting == 1:
            stack.append(block)
    return root.children


def read_inline(text: str) -> tuple[Piece, ...]:
    """Return the pieces of one line of inline Markdown, such as a table cell."""
    tokens = _parser().parseInline(text)
    return read_pieces(tokens[0].children or []) if tokens else ()


def read_pieces(tokens: Sequence[Token]) -> tuple[Piece, ...]:
    """Return inline tokens as pieces: links and bold runs told apart, other marks dropped."""
    pieces: list[Piece] = []
    text, strong, url, bare = "", 0, None, False

    def close() -> None:
        nonlocal text
        if url is not None:
            pieces.append(Piece("link", text, url, bare))
        elif text:
            pieces.extend([Piece("strong", text)] if strong else _find_bare(text))
        text = ""

    for token in tokens:
        if token.type == "link_open":
            close()
            url, bare = str(token.attrs.get("href", "")), token.markup == "autolink"
        elif token.type == "link_close":
            close()
            url = None
        elif token.type in {"strong_open", "strong_close"} and url is None:
            close()
            strong += token.nesting
        else:
            text += _token_text(token)
    close()
    return tuple(pieces)


def _token_text(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    if token.type == "code_inline":
        return f"`{token.content}`"
    if token.type == "html_inline":
        return " " if token.content.lower().startswith("<br") else ""
    return token.content if token.type in {"text", "text_special", "image"} else ""


def _find_bare(text: str) -> list[Piece]:
    found, start = [], 0
    for match in _BARE_URL.finditer(text):
        url = match[0].rstrip(_AFTER_URL)
        if url.endswith(")") and "(" not in url:
            url = url.rstrip(")")
        found.append(Piece("text", text[start : match.start()]))
        found.append(Piece("link", url, url, bare=True))
        start = match.start() + len(url)
    found.append(Piece("text", text[start:]))
    return [piece for piece in found if piece.text]


def flat(pieces: Sequence[Piece]) -> str:
    """Return the text of pieces as one line."""
    return " ".join("".join(piece.text for piece in pieces).split())


def links_of(pieces: Sequence[Piece]) -> tuple[Link, ...]:
    """Return the links among pieces."""
    return tuple(
        Link(title=" ".join(piece.text.split()), url=piece.url)
        for piece in pieces
        if piece.kind == "link" and piece.url
    )

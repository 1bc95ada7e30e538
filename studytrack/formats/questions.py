"""Questions and answers written as prose: `**Q:** …` and, on the next line or below, `A: …`.

They may stand anywhere in a document: in notes, in lists, in sections of their own. Code fences
are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from studytrack.formats.blocks import Block, Source
from studytrack.formats.document import ListedQuestion, Span

_QUESTION = re.compile(r"^\s*Q(?:uestion)?\s*\d*\s*:\s*(.*)$", re.IGNORECASE)
_ANSWER = re.compile(r"^\s*A(?:nswer)?\s*\d*\s*:\s*(.*)$", re.IGNORECASE)


def find_questions(source: Source) -> list[ListedQuestion]:
    """Return all questions of a document, with their answers where there are some."""
    found = _Found()
    for block in source.blocks:
        for inner in block.walk():
            if inner.kind == "paragraph":
                found.take(inner)
            elif inner.kind not in {"bullet_list", "ordered_list", "list_item", "blockquote"}:
                found.close()
    found.close()
    return found.questions


class _Found:
    """Collects lines: a question opens, an answer fills, anything else ends what is filled."""

    def __init__(self) -> None:
        self.questions: list[ListedQuestion] = []
        self._question: list[str] = []
        self._answer: list[str] = []
        self._span = Span(0, 0)
        self._into: list[str] | None = None

    def take(self, paragraph: Block) -> None:
        lines = _lines(paragraph)
        first = lines[0] if lines else ""
        if not _ANSWER.match(first):
            self.close()
        for line in lines:
            question, answer = _QUESTION.match(line), _ANSWER.match(line)
            if question:
                self.close()
                self._question = [question[1]]
                self._into = self._question
                self._span = Span(paragraph.first + 1, paragraph.end)
            elif answer and self._question and not self._answer:
                self._answer = [answer[1]]
                self._into = self._answer
                self._span = Span(self._span.first, paragraph.end)
            elif self._into is not None:
                self._into.append(line)

    def close(self) -> None:
        question, answer = _joined(self._question), _joined(self._answer)
        if question:
            self.questions.append(ListedQuestion(question=question, answer=answer, span=self._span))
        self._question, self._answer, self._into = [], [], None


def _lines(paragraph: Block) -> list[str]:
    return "".join(piece.text for piece in paragraph.pieces).split("\n")


def _joined(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())

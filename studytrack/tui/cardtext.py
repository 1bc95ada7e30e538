"""A card as text: its question, its answer, and what the program thinks of the learner's answer.

Card text is content, never markup; only `code` and **bold** are styled.
"""

from __future__ import annotations

from textual.content import Content

from studytrack.domain.cards import AUTO_GRADED, Card, Judgement, cloze_front, right_answer
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.visible import visible
from studytrack.tui.text import ACCENT, BAD, GOOD, MUTED, STRONG, code, inline, join, muted, strong

RATINGS = ("", "Again", "Hard", "Good", "Easy")
LETTERS = "abcdefgh"
SIGNS = {"right": "✓", "near": "~", "wrong": "✗"}
TONES = {"right": GOOD, "near": "$warning", "wrong": BAD}
HOW = {
    "typed": "type the word",
    "cloze": "type the gaps in order, split by ;",
    "numeric": "type the number",
    "shape": "type the shape, such as (2, 3), or error",
}


def question(card: Card) -> Content:
    """Return what the card asks, without choices and code."""
    return inline(cloze_front(card.front) if card.kind == "cloze" else card.front)


def snippet(card: Card) -> Content:
    """Return the card's code, indented and coloured, or nothing."""
    return (
        code("\n".join("  " + line for line in card.code.splitlines())) if card.code else Content()
    )


def choices(card: Card, given: str = "", *, shown: bool = False) -> Content:
    """Return the choices; once `shown`, with signs for the right one and the learner's."""
    lines = []
    for letter, text in zip(LETTERS, card.choices, strict=False):
        sign, tone, word = " ", "", ""
        if shown and letter == card.answer:
            sign, tone, word = "✓", GOOD, "right"
        elif shown and letter == given:
            sign, tone, word = "✗", BAD, "yours"
        lines.append(
            Content.assemble(
                (f"  {sign} ", tone),
                (letter, f"bold {ACCENT}"),
                ")  ",
                inline(text).stylize(STRONG if word else ""),
                (f"   {word}" if word else "", MUTED),
            )
        )
    return join(lines)


def verdict(judgement: Judgement | None, given: str, card: Card) -> Content:
    """Return the judgement with the proposed rating, or what the learner wrote."""
    if judgement is None:
        wrote = given and card.kind not in AUTO_GRADED
        return Content.assemble(("you wrote  ", MUTED), visible(given)) if wrote else Content()
    line = Content.assemble(
        (f"{SIGNS[judgement.outcome]} ", TONES[judgement.outcome]),
        (visible(judgement.message), STRONG),
        (f"   proposed: {judgement.rating} {RATINGS[judgement.rating]}", MUTED),
    )
    if card.kind == "choice" or judgement.outcome == "right":
        return line
    return join([line, Content.assemble(("you wrote  ", MUTED), visible(given))])


def answer(card: Card) -> Content:
    """Return the answer with its explanation and the points to look for."""
    parts: list[Content | str] = []
    if card.kind in {"recall", "term"}:
        parts.append(inline(card.back or card.answer))
    elif card.kind == "cloze":
        parts.append(strong(right_answer(card)))
        parts.append(inline(card.back))
    elif card.kind == "choice":
        parts.extend(_reasons(card))
        parts.append(inline(card.back))
    else:
        parts.append(strong(right_answer(card)))
        parts.append(inline(card.back))
    parts.extend(Content.assemble(("· ", ACCENT), inline(point)) for point in card.rubric)
    return join(parts)


def _reasons(card: Card) -> list[Content]:
    return [
        Content.assemble((f"{letter})  ", MUTED), inline(why))
        for letter, why in zip(LETTERS, card.why, strict=False)
        if why
    ]


def origin(card: Card, catalogue: Catalogue) -> Content:
    """Return where the card belongs: its topic, exercise and reading."""
    topic = catalogue.topic_of(card.topic)
    part = catalogue.part_of(card.topic)
    home = f"{part.id}  {topic.title}" if part and topic and part.id.isupper() else ""
    home = home or (topic.title if topic else "")
    exercise, reading = catalogue.exercises.get(card.exercise), catalogue.readings.get(card.reading)
    term = catalogue.terms.get(card.term) if card.kind not in {"term", "typed"} else None
    return join(
        [
            Content.assemble(muted("from  "), home) if home else "",
            Content.assemble(muted("code  "), exercise.title, muted("  (x)")) if exercise else "",
            Content.assemble(muted("read  "), reading.title) if reading else "",
            Content.assemble(muted("term  "), term.title) if term else "",
        ]
    )

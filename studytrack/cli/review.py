"""`studytrack review`: a quiz session, one line per event, for pipes and screen readers.

Answering and rating are two prompts with different names; an unknown input repeats the prompt
with the reason and never rates. Every rating is durable when its line is printed.
"""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import click

from studytrack.cli.front import Front, pass_front
from studytrack.cli.output import say
from studytrack.domain.cards import AUTO_GRADED, Card, Judgement, cloze_front, right_answer

if TYPE_CHECKING:
    from studytrack.services.review import Question

WORDS = {"again": 1, "hard": 2, "good": 3, "easy": 4}
NAMES = {number: word for word, number in WORDS.items()}


class Quit(Exception):
    """The learner ends the session."""


@click.command(help="A quiz session, line by line.")
@click.option("--plain", is_flag=True, help="Line by line (always so here).")
@click.option("--topic", default="", help="Only cards of one topic.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many cards.")
@pass_front
def review(front: Front, plain: bool, topic: str, limit: int | None) -> None:
    """Ask due and new cards until none is left, `q`, or the end of the input."""
    del plain
    from studytrack.services.review import counts, next_question

    study, answered = front.study, 0
    try:
        while limit is None or answered < limit:
            question = next_question(study, topic=topic)
            if question is None:
                break
            answered += 1
            _ask(front, question, answered)
    except (Quit, EOFError):
        say(f"Stopped. {answered - 1} answered; all of it is saved.")
        return
    say(f"{answered} answered." if answered else "Nothing is due.")
    say(counts(study, topic).next_due_text)


def _ask(front: Front, question: Question, number: int) -> None:
    from studytrack.services.review import answer

    card = question.card
    say(f"Card {number}, {question.left} left, {card.topic or 'no topic'}. {front_text(card)}")
    text, judgement = _answer(front, card)
    if judgement is not None:
        say(f"{judgement.message} The answer: {judgement.expected}")
    else:
        say(f"Answer: {right_answer(card)}")
    for point in card.rubric:
        say(f"  - {point}")
    if card.back and card.back != right_answer(card):
        say(textwrap.fill(card.back, 100))
    rating = _rating(front, question, judgement)
    done = answer(front.study, question, rating, text=text, judgement=judgement)
    say(f"{NAMES[rating].capitalize()}. {done.due_text}")


def front_text(card: Card) -> str:
    """Return a card's question as lines: text, code, choices."""
    lines = [cloze_front(card.front) if card.kind == "cloze" else card.front]
    if card.code:
        lines.append(textwrap.indent(card.code.rstrip(), "    "))
    lines += [f"  {'abcdefgh'[n]}) {choice}" for n, choice in enumerate(card.choices)]
    return "\n".join(lines)


def _answer(front: Front, card: Card) -> tuple[str | None, Judgement | None]:
    """Prompt until the answer can be judged; an empty one reveals."""
    from studytrack.services.review import propose

    while True:
        text = _line("answer (enter to reveal)> ")
        if text in {"q", ":q"} and card.kind != "choice":
            raise Quit
        if text == "h" and card.hint:
            say(f"Hint: {card.hint}")
            continue
        if not text or card.kind not in AUTO_GRADED:
            return text or None, None
        try:
            return text, propose(card, text)
        except ValueError as error:
            say(str(error))
            if not sys.stdin.isatty() and front.debug:
                raise


def _rating(front: Front, question: Question, judgement: Judgement | None) -> int:
    from studytrack.services.undo import undo

    choices = ", ".join(
        f"{n} {NAMES[n]} {interval}" for n, interval in enumerate(question.intervals, start=1)
    )
    proposed = f", enter {NAMES[judgement.rating]}" if judgement is not None else ""
    while True:
        text = _line(f"rate {choices}{proposed}, u undo, q quit> ").lower()
        if not text and judgement is not None:
            return judgement.rating
        if text in WORDS or text in {"1", "2", "3", "4"}:
            return WORDS.get(text) or int(text)
        if text == "q":
            raise Quit
        if text == "u":
            undone = undo(front.study)
            say(undone.sentence if undone else "Nothing to undo.")
            continue
        say("Type 1 to 4 or again, hard, good, easy; u undoes the last answer; q quits.")


def _line(prompt: str) -> str:
    click.echo(prompt, nl=False)
    line = sys.stdin.readline()
    if not line:
        say()
        raise EOFError
    if not sys.stdin.isatty():
        say()
    return line.strip()

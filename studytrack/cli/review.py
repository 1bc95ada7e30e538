"""`studytrack review`: a quiz session, one line per event, for pipes and screen readers.

Answering and rating are two prompts with different names; an unknown input repeats the prompt
with the reason and never rates. Every rating is durable when its line is printed.
"""

from __future__ import annotations

import sys
import textwrap
import time
from typing import TYPE_CHECKING

import click

from studytrack.cli.front import Front, pass_front
from studytrack.cli.output import is_terminal, note, say, without_keys
from studytrack.domain.cards import AUTO_GRADED, Card, Judgement, cloze_front, right_answer

if TYPE_CHECKING:
    from studytrack.services.review import Answered, Question
    from studytrack.services.study import Study

WORDS = {"again": 1, "hard": 2, "good": 3, "easy": 4}
NAMES = {number: word for word, number in WORDS.items()}
PLAIN_WORDS = {"right": "Right.", "near": "Nearly.", "wrong": "Not this."}
LONGEST_MS = 600_000  # a question that stood longer was left lying


yes_option = click.option(
    "--yes", is_flag=True, help="The date is right, although the last entry is long ago."
)


class Quit(Exception):
    """The learner ends the session."""


class Undone(Exception):
    """The learner took the last answer back; the question is drawn anew."""


@click.command(help="A quiz session, line by line.")
@click.option("--plain", is_flag=True, help="Line by line (always so here).")
@click.option("--topic", default="", help="Only cards of one topic.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many cards.")
@click.option("--more", type=click.IntRange(1, 500), help="Learn so many more new cards today.")
@click.option(
    "--more-reviews", type=click.IntRange(1, 9999), help="Review so many more due cards today."
)
@click.option("--more-minutes", type=click.IntRange(1, 600), help="So many more minutes today.")
@yes_option
@pass_front
def review(
    front: Front,
    plain: bool,
    topic: str,
    limit: int | None,
    more: int | None,
    more_reviews: int | None,
    more_minutes: int | None,
    yes: bool,
) -> None:
    """Ask due and new cards until none is left, `q`, or the end of the input."""
    del plain
    from studytrack.services.review import allow_more, counts

    study = front.study
    counts(study, topic)  # a topic that is not there is told before anything is changed
    check_moment(study, yes=yes)
    allow_more(study, new=more or 0, reviews=more_reviews or 0, minutes=more_minutes or 0)
    session = Session(front, topic, limit)
    try:
        session.run()
    except (Quit, EOFError):
        say(f"Stopped. {session.answered} answered; all of it is saved.")
        return
    say(f"{session.answered} answered." if session.answered else "Nothing is due.")
    say(without_keys(counts(study, topic).next_due_text))


def check_moment(study: Study, *, yes: bool) -> None:
    """Warn of a clock that runs behind; take one that leapt ahead only with `--yes`.

    Raises:
        ClockLeap: it is more than a year after the last entry.
    """
    from studytrack.services.moments import believe_clock, check_clock, clock_warning

    if yes:
        believe_clock(study)
    check_clock(study)
    if warning := clock_warning(study):
        note(warning)


def tell_leech(done: Answered) -> None:
    """Say what may help with a card that is forgotten again and again."""
    if done.leech is not None:
        say(done.leech.sentence)
        for suggestion in done.leech.suggestions:
            say(f"  - {suggestion}")


class Session:
    """One sitting: which cards were answered in it, and how the next is asked."""

    def __init__(self, front: Front, topic: str, limit: int | None) -> None:
        self.study = front.study
        self.topic = topic
        self.limit = limit
        self.answered = 0

    def run(self) -> None:
        """Ask until nothing is left or the limit is reached.

        Raises:
            Quit, EOFError: the learner ends it.
        """
        from studytrack.services.review import next_question
        from studytrack.storage.store import StaleItem

        while self.limit is None or self.answered < self.limit:
            question = next_question(self.study, topic=self.topic)
            if question is None:
                return
            try:
                self._ask(question)
            except Undone:
                continue
            except StaleItem as error:
                say(f"{error.what} {error.remedy}")
                continue
            self.answered += 1

    def _ask(self, question: Question) -> None:
        from studytrack.services.review import answer

        card, begun = question.card, time.monotonic()
        total = self.answered + question.left
        total = total if self.limit is None else min(total, self.limit)
        topic = f", {card.topic}" if card.topic else ""
        say(f"Card {self.answered + 1} of {total}{topic}. {front_text(card)}")
        text, judgement = answer_prompt(card)
        if judgement is not None:
            say(judged_text(judgement))
        else:
            say(f"Answer: {right_answer(card)}")
        for point in card.rubric:
            say(f"  - {point}")
        if card.back and card.back != right_answer(card):
            say(textwrap.fill(card.back, 100))
        rating = self._rating(question, judgement)
        taken = min(round((time.monotonic() - begun) * 1000), LONGEST_MS)
        done = answer(
            self.study,
            question,
            rating,
            text=text,
            judgement=judgement,
            duration_ms=taken if is_terminal(sys.stdin) else None,
        )
        say(f"{NAMES[rating].capitalize()}. {done.due_text} {done.left} left.")
        tell_leech(done)

    def _rating(self, question: Question, judgement: Judgement | None) -> int:
        """Prompt for the rating until one is given."""
        choices = ", ".join(
            f"{n} {NAMES[n]} {interval}" for n, interval in enumerate(question.intervals, start=1)
        )
        proposed = f", enter {NAMES[judgement.rating]}" if judgement is not None else ""
        while True:
            text = _line(f"rate {choices}{proposed}, u undo, q quit, ? help> ").lower()
            if not text and judgement is not None:
                return judgement.rating
            if text in WORDS or text in {"1", "2", "3", "4"}:
                return WORDS.get(text) or int(text)
            if text in {"q", ":q"}:
                raise Quit
            if text == "u":
                self._undo()
                continue
            if text not in {"", "?"}:
                say(f"`{text}` is no rating; nothing was saved.")
            say("1 again: forgotten. 2 hard: with effort. 3 good. 4 easy. Numbers or words.")
            say("u takes the last answer back; q ends, and all answers are saved.")

    def _undo(self) -> None:
        from studytrack.services.undo import undo

        undone = undo(self.study)
        say(undone.sentence if undone else "Nothing to undo.")
        if undone is None:
            return
        if undone.item_kind == "card" and self.answered:
            self.answered -= 1
        raise Undone


def front_text(card: Card) -> str:
    """Return a card's question as lines: text, code, choices."""
    lines = [cloze_front(card.front) if card.kind == "cloze" else card.front]
    if card.code:
        lines.append(textwrap.indent(card.code.rstrip(), "    "))
    lines += [f"  {'abcdefgh'[n]}) {choice}" for n, choice in enumerate(card.choices)]
    return "\n".join(lines)


def judged_text(judgement: Judgement) -> str:
    """Return the verdict on a typed answer in words, with the right one.

    >>> judged_text(Judgement(outcome="wrong", rating=1, message="Only p = 1.", expected="b"))
    'Not this. Only p = 1. The answer: b'
    """
    word = PLAIN_WORDS[judgement.outcome]
    said = "" if judgement.message.startswith(word.rstrip(".")) else f"{judgement.message} "
    lead = judgement.message if not said else word
    return f"{lead} {said}The answer: {judgement.expected}"


def answer_prompt(card: Card) -> tuple[str | None, Judgement | None]:
    """Prompt until the answer can be judged; an empty one reveals.

    Raises:
        Quit, EOFError: the learner ends the session.
    """
    from studytrack.services.review import propose

    hint = ", h hint" if card.hint else ""
    while True:
        text = _line(f"answer (enter to reveal{hint}, q quit)> ")
        if not text:
            return None, None
        if _command(card, text):
            if text.endswith("q"):
                raise Quit
            say(f"Hint: {card.hint}" if card.hint else "This card has no hint.")
            continue
        if card.kind not in AUTO_GRADED:
            return text, None
        try:
            return text, propose(card, text)
        except ValueError as error:
            say(str(error))


def _command(card: Card, text: str) -> bool:
    """Tell whether a line is `q` or `h`; a card whose answer is that letter takes `:q` and `:h`."""
    if text in {":q", ":h"}:
        return True
    if text not in {"q", "h"}:
        return False
    letters = "abcdefgh"[: len(card.choices)]
    right = {word.casefold() for word in (card.answer, *card.accept, right_answer(card))}
    return text not in letters and text not in right


def _line(prompt: str) -> str:
    """Print a prompt and read a line.

    Raises:
        EOFError: the input has ended.
    """
    say(prompt, end="")
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line or not is_terminal(sys.stdin):  # nobody pressed enter
        say()
    if not line:
        raise EOFError
    return line.strip()

"""`studytrack card …`: the quiz, one call at a time, for scripts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Front, json_option, limit_option, pass_front
from studytrack.cli.output import emit_json, say, table
from studytrack.cli.review import NAMES, WORDS, front_text
from studytrack.cli.undo import undo_last
from studytrack.domain.cards import AUTO_GRADED, Card, right_answer
from studytrack.errors import UsageFault, resolve

if TYPE_CHECKING:
    from studytrack.services.review import Answered


@click.group(help="Quiz cards: list, next, answer, show, add, undo.")
def card() -> None:
    """Group the card commands."""


def card_data(item: Card, **more: Any) -> dict[str, Any]:
    """Return a card as JSON shows it."""
    data = dataclasses.asdict(item)
    data.pop("compute")
    return {"id": item.id, "title": item.front, **data, **more}


def _find(front: Front, name: str) -> Card:
    cards = front.study.catalogue.cards
    return cards[resolve("card", name, cards, "studytrack card list")]


@card.command("list", help="All cards with their due day.")
@click.option("--topic", default="", help="Only cards of one topic or point.")
@limit_option
@json_option
@pass_front
def list_cards(front: Front, topic: str, limit: int | None, as_json: bool) -> None:
    """Print cards."""
    from studytrack.services.review import card_states

    wanted = _topics(front, topic)
    states = [s for s in card_states(front.study) if wanted is None or s.card.topic in wanted]
    states = states[:limit]
    if as_json:
        emit_json([card_data(s.card, due=s.due, state=s.state) for s in states])
        return
    rows = [(s.card.id, s.card.kind, s.card.topic, s.due or "new", s.card.front) for s in states]
    table(("id", "kind", "topic", "due", "title"), rows)


def _topics(front: Front, topic: str) -> set[str] | None:
    if not topic:
        return None
    catalogue = front.study.catalogue
    name = resolve("topic", topic, [*catalogue.topics, *catalogue.points], "studytrack topic list")
    found = catalogue.topics.get(name)
    return {name, *(point.id for point in found.points)} if found else {name}


@card.command("next", help="The card that is asked next.")
@click.option("--topic", default="", help="Only cards of one topic.")
@json_option
@pass_front
def next_card(front: Front, topic: str, as_json: bool) -> None:
    """Print the next question; null if nothing is due."""
    from studytrack.services.review import counts, next_question

    question = next_question(front.study, topic=topic)
    if as_json:
        shown = None
        if question is not None:
            hidden = {"answer": None, "back": None, "accept": None, "why": None, "rubric": None}
            shown = card_data(
                question.card,
                state=question.state,
                left=question.left,
                intervals=question.intervals,
            )
            shown = {k: v for k, v in shown.items() if k not in hidden}
            if question.card.kind == "cloze":
                shown["front"] = shown["title"] = front_text(question.card)
        emit_json(shown)
        return
    if question is None:
        say("Nothing is due. " + counts(front.study, topic).next_due_text)
        return
    say(f"{question.card.id} ({question.state}, {question.left} left)")
    say(front_text(question.card))


@card.command("answer", help="Rate a card (RATING 1-4 or again/hard/good/easy), or grade --text.")
@click.argument("name", metavar="ID")
@click.argument("rating", required=False)
@click.option("--text", help="The answer to a typed, numeric, choice, cloze or shape card.")
@json_option
@pass_front
def answer_card(
    front: Front, name: str, rating: str | None, text: str | None, as_json: bool
) -> int:
    """Record one answer; a wrong --text exits with 1."""
    from studytrack.services.review import answer, propose

    item = _find(front, name)
    number = _number(rating)
    judgement = None
    if text is not None:
        if item.kind not in AUTO_GRADED:
            raise UsageFault(
                f"`{item.id}` is rated by yourself.", "", f"Use `card answer {item.id} RATING`."
            )
        try:
            judgement = propose(item, text)
        except ValueError as error:
            raise UsageFault(str(error)) from error
        number = judgement.rating if number is None else number
    if number is None:
        raise UsageFault(
            "The rating is missing.", "", f"Use `card answer {item.id} 3`, or --text ANSWER."
        )
    done = answer(front.study, item.id, number, text=text, judgement=judgement)
    wrong = judgement is not None and judgement.outcome == "wrong"
    if as_json:
        emit_json({**_answered(done), "judgement": judgement and dataclasses.asdict(judgement)})
    else:
        if judgement is not None:
            say(f"{judgement.message} The answer: {judgement.expected}")
        say(f"{NAMES[number].capitalize()}. {done.due_text}")
    return 1 if wrong else 0


def _number(rating: str | None) -> int | None:
    if rating is None:
        return None
    word = rating.lower()
    if word in WORDS:
        return WORDS[word]
    if word in {"1", "2", "3", "4"}:
        return int(word)
    raise UsageFault(
        f"The rating is `{rating}`.", "It takes 1 again, 2 hard, 3 good, 4 easy; nothing was saved."
    )


def _answered(done: Answered) -> dict[str, Any]:
    return {
        "id": done.card.id,
        "title": done.card.front,
        "rating": done.rating,
        "event": done.row.event_id,
        "scheduled": done.row.scheduled,
        "due": done.due_text,
        "left": done.left,
    }


@card.command("show", help="A card with its answer and its history.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def show_card(front: Front, name: str, as_json: bool) -> None:
    """Print one card."""
    from studytrack.services.review import card_states

    item = _find(front, name)
    state = next(s for s in card_states(front.study) if s.card.id == item.id)
    rows = front.study.store.live(item_kind="card", item_id=item.id)
    history = [
        {"day": row.study_day, "utc_ms": row.utc_ms, "rating": row.rating, "kind": row.kind}
        for row in rows
    ]
    if as_json:
        memory = {"stability": state.stability, "difficulty": state.difficulty}
        emit_json(card_data(item, due=state.due, state=state.state, history=history, **memory))
        return
    say(f"{item.id} ({item.kind}, {item.topic})")
    say(front_text(item))
    say(f"Answer: {right_answer(item)}")
    if item.back and item.back != right_answer(item):
        say(item.back)
    say(f"{state.state}, due {state.due or 'not yet'}; answered {len(history)} times.")


@card.command("add", help="Add a card of your own.")
@click.option("--front", "question", required=True, help="The question.")
@click.option("--back", required=True, help="The answer.")
@click.option("--topic", default="", help="A topic or point.")
@click.option("--typed", is_flag=True, help="The answer is typed and graded.")
@json_option
@pass_front
def add(front: Front, question: str, back: str, topic: str, typed: bool, as_json: bool) -> None:
    """Add a card."""
    from studytrack.services.review import add_card

    made = add_card(
        front.study,
        question,
        back,
        topic=topic,
        kind="typed" if typed else "recall",
        answer=back if typed else "",
    )
    if as_json:
        emit_json(card_data(made))
    else:
        say(f"Added `{made.id}`.")


@card.command("suspend", help="Leave a card out until it is resumed.")
@click.argument("name", metavar="ID")
@pass_front
def suspend_card(front: Front, name: str) -> None:
    """Suspend a card."""
    from studytrack.services.review import suspend

    item = _find(front, name)
    suspend(front.study, item.id)
    say(f"`{item.id}` is left out. `studytrack card resume {item.id}` brings it back.")


@card.command("resume", help="Ask a suspended card again.")
@click.argument("name", metavar="ID")
@pass_front
def resume_card(front: Front, name: str) -> None:
    """Resume a card."""
    from studytrack.services.review import resume

    item = _find(front, name)
    resume(front.study, item.id)
    say(f"`{item.id}` is asked again.")


@card.command("undo", help="Take back the last answer (or whatever was done last).")
@json_option
@pass_front
def undo_card(front: Front, as_json: bool) -> int:
    """Undo."""
    return undo_last(front, as_json=as_json)

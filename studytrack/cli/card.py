"""`studytrack card …`: the quiz, one call at a time, for scripts."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Commands, Front, json_option, limit_option, pass_front
from studytrack.cli.output import emit_json, moment_text, say, table, without_keys
from studytrack.cli.review import NAMES, WORDS, front_text, judged_text
from studytrack.cli.undo import undo_last
from studytrack.domain.cards import AUTO_GRADED, Card, cloze_front, right_answer
from studytrack.domain.days import day_start, offset_minutes, utc_ms
from studytrack.errors import UsageFault, resolve

if TYPE_CHECKING:
    from studytrack.domain.log import LogRow
    from studytrack.services.review import Answered, Question

ASKED = ("id", "kind", "topic", "level", "code", "choices", "unit", "hint")  # give nothing away


@click.group(cls=Commands, help="Quiz cards: list, next, answer, show, add, undo.")
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
        emit_json([card_data(s.card, due=s.due or None, state=s.state) for s in states])
        return
    rows = [
        (s.card.id, s.card.kind, s.card.topic, s.due or s.state, front_line(s.card)) for s in states
    ]
    table(("id", "kind", "topic", "due", "title"), rows, "No card here yet: `studytrack card add`.")


def front_line(item: Card) -> str:
    """Return a card's question for a list, its gaps blanked."""
    return cloze_front(item.front) if item.kind == "cloze" else item.front


def _topics(front: Front, topic: str) -> set[str] | None:
    if not topic:
        return None
    from studytrack.services.evidence import resolve_topic

    catalogue = front.study.catalogue
    name = resolve_topic(catalogue, topic)
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
        emit_json(question and _asked(question))
        return
    if question is None:
        say("Nothing is due. " + without_keys(counts(front.study, topic).next_due_text))
        return
    say(f"{question.card.id} ({question.state}, {question.left} left)")
    say(front_text(question.card))


def _asked(question: Question) -> dict[str, Any]:
    """Return a question as JSON shows it: nothing that answers it."""
    item = question.card
    line = front_line(item)
    return {
        **{name: getattr(item, name) for name in ASKED},
        "title": line,
        "front": line,
        "state": question.state,
        "left": question.left,
        "intervals": question.intervals,
    }


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
        emit_json(
            {**_answered(front, done), "judgement": judgement and dataclasses.asdict(judgement)}
        )
    else:
        if judgement is not None:
            say(judged_text(judgement))
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


def _answered(front: Front, done: Answered) -> dict[str, Any]:
    day, moment = _due(front, done.row)
    return {
        "id": done.card.id,
        "title": front_line(done.card),
        "rating": done.rating,
        "event": done.row.event_id,
        "scheduled": done.row.scheduled,
        "due": day,
        "due_at": moment,
        "left": done.left,
    }


def _due(front: Front, row: LogRow) -> tuple[str, str]:
    """Return the day and the moment, in ISO 8601, to which an answer put its card."""
    scheduled = row.scheduled or 0
    if scheduled < 0:
        day = date.fromordinal(row.study_day).isoformat()
        return day, moment_text(row.utc_ms - scheduled * 1000, row.offset_min)
    study, ordinal = front.study, row.study_day + scheduled
    zone = study.now().tzinfo
    assert zone is not None  # the clock gives aware moments
    begins = day_start(ordinal, zone, study.rollover).astimezone(zone)
    return date.fromordinal(ordinal).isoformat(), moment_text(
        utc_ms(begins), offset_minutes(begins)
    )


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
        {"at": moment_text(row.utc_ms, row.offset_min), "rating": row.rating, "kind": row.kind}
        for row in rows
    ]
    if as_json:
        memory = {"stability": state.stability, "difficulty": state.difficulty}
        shown = card_data(item, due=state.due or None, state=state.state, history=history, **memory)
        emit_json(shown)
        return
    say(f"{item.id} ({', '.join(word for word in (item.kind, item.topic) if word)})")
    say(front_text(item))
    say(f"Answer: {right_answer(item)}")
    if item.back and item.back != right_answer(item):
        say(item.back)
    answered = sum(row.rating is not None for row in rows)
    if not answered:
        say("Not asked yet." if state.state != "suspended" else "Suspended.")
        return
    when = f", due {state.due}" if state.state != "suspended" else ""
    say(f"{state.state.capitalize()}{when}; answered {answered} time{'s'[: answered != 1]}.")


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
@json_option
@pass_front
def suspend_card(front: Front, name: str, as_json: bool) -> None:
    """Suspend a card."""
    from studytrack.services.review import suspend

    item = _find(front, name)
    suspend(front.study, item.id)
    _moved(
        front,
        item,
        f"`{item.id}` is left out. `studytrack card resume {item.id}` brings it back.",
        as_json=as_json,
    )


@card.command("resume", help="Ask a suspended card again.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def resume_card(front: Front, name: str, as_json: bool) -> None:
    """Resume a card."""
    from studytrack.services.review import resume

    item = _find(front, name)
    resume(front.study, item.id)
    _moved(front, item, f"`{item.id}` is asked again.", as_json=as_json)


def _moved(front: Front, item: Card, text: str, *, as_json: bool) -> None:
    from studytrack.services.review import card_states

    if as_json:
        state = next(s for s in card_states(front.study) if s.card.id == item.id)
        emit_json(card_data(item, due=state.due or None, state=state.state))
    else:
        say(text)


@card.command("undo", help="Take back the last answer (or whatever was done last).")
@json_option
@pass_front
def undo_card(front: Front, as_json: bool) -> int:
    """Undo."""
    return undo_last(front, as_json=as_json)

"""`studytrack card …`: the quiz, one call at a time, for scripts."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Commands, Front, json_option, limit_option, pass_front
from studytrack.cli.output import emit_json, moment_text, say, table, without_keys
from studytrack.cli.review import (
    NAMES,
    WORDS,
    check_moment,
    front_text,
    judged_text,
    tell_leech,
    yes_option,
)
from studytrack.cli.undo import undo_last
from studytrack.domain.cards import AUTO_GRADED, Card, cloze_front, right_answer
from studytrack.domain.days import day_start, offset_minutes, utc_ms
from studytrack.errors import UsageFault, resolve

if TYPE_CHECKING:
    from studytrack.domain.log import LogRow
    from studytrack.services.cards import CardState
    from studytrack.services.review import Answered, Question

RESTING = ("suspended", "mastered")
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
@click.option("--leeches", is_flag=True, help="Only cards that are forgotten again and again.")
@click.option("--flagged", is_flag=True, help="Only cards that you flagged.")
@limit_option
@json_option
@pass_front
def list_cards(
    front: Front, topic: str, leeches: bool, flagged: bool, limit: int | None, as_json: bool
) -> None:
    """Print cards."""
    from studytrack.services.cards import card_states

    wanted = _topics(front, topic)
    states = [
        state
        for state in card_states(front.study)
        if (wanted is None or state.card.topic in wanted)
        and (state.leech or not leeches)
        and (state.flagged or not flagged)
    ][:limit]
    if as_json:
        emit_json([_state_data(state) for state in states])
        return
    rows = [(s.card.id, s.card.kind, s.card.topic, _when(s), front_line(s.card)) for s in states]
    nothing = "No card here yet: `studytrack card add`."
    if leeches or flagged:
        nothing = "No such card."
    table(("id", "kind", "topic", "due", "title"), rows, nothing)


def _state_data(state: CardState) -> dict[str, Any]:
    """Return a card with its memory as JSON shows it."""
    return card_data(
        state.card,
        due=state.due or None,
        state=state.state,
        lapses=state.lapses,
        leech=state.leech,
        flagged=state.flagged,
    )


def _when(state: CardState) -> str:
    return state.state if state.state in RESTING else state.due or state.state


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
@yes_option
@json_option
@pass_front
def answer_card(
    front: Front, name: str, rating: str | None, text: str | None, yes: bool, as_json: bool
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
    check_moment(front.study, yes=yes)
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
        tell_leech(done)
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
        "leech": done.leech and dataclasses.asdict(done.leech),
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
    from studytrack.services.cards import card_state

    item = _find(front, name)
    state = card_state(front.study, item.id)
    rows = front.study.store.live(item_kind="card", item_id=item.id)
    history = [
        {"at": moment_text(row.utc_ms, row.offset_min), "rating": row.rating, "kind": row.kind}
        for row in rows
    ]
    if as_json:
        memory = {"stability": state.stability, "difficulty": state.difficulty}
        emit_json(_state_data(state) | {"history": history} | memory)
        return
    say(f"{item.id} ({', '.join(word for word in (item.kind, item.topic) if word)})")
    say(front_text(item))
    say(f"Answer: {right_answer(item)}")
    if item.back and item.back != right_answer(item):
        say(item.back)
    answered = sum(row.rating is not None for row in rows)
    if not answered:
        say("Not asked yet." if state.state == "new" else f"{state.state.capitalize()}.")
        return
    when = f", due {state.due}" if state.due and state.state not in RESTING else ""
    say(f"{state.state.capitalize()}{when}; answered {answered} time{'s'[: answered != 1]}.")
    if state.leech:
        say(f"Forgotten {state.lapses} times: a leech.")


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


_DEEDS: dict[str, tuple[str, str]] = {
    "suspend": (
        "Leave a card out until it is resumed.",
        "`{id}` is left out. `studytrack card resume {id}` brings it back.",
    ),
    "resume": ("Ask a suspended or mastered card again.", "`{id}` is asked again."),
    "bury": (
        "Leave a card out until the next study day.",
        "`{id}` waits until the next study day.",
    ),
    "master": (
        "Take a card that you know for good out of rotation.",
        "`{id}` is mastered and not asked any more. `studytrack card resume {id}` brings it back.",
    ),
    "reset": (
        "Forget what is known of a card; its history stays.",
        "`{id}` is new again. `studytrack card undo` takes that back.",
    ),
    "flag": ("Mark a card to look at again.", "`{id}` is flagged; `card list --flagged` shows it."),
    "unflag": ("Take the mark from a card.", "`{id}` is not flagged any more."),
}


def _add_deed(verb: str, help_text: str, told: str) -> None:
    @card.command(verb, help=help_text)
    @click.argument("name", metavar="ID")
    @json_option
    @pass_front
    def deed(front: Front, name: str, as_json: bool) -> None:
        """Do it, and say what it means."""
        from studytrack.services import cards

        item = _find(front, name)
        if verb in {"flag", "unflag"}:
            cards.flag(front.study, item.id, flagged=verb == "flag")
        else:
            getattr(cards, verb)(front.study, item.id)
        _moved(front, item, told.format(id=item.id), as_json=as_json)


for _verb, (_help, _told) in _DEEDS.items():
    _add_deed(_verb, _help, _told)


def _moved(front: Front, item: Card, text: str, *, as_json: bool) -> None:
    from studytrack.services.cards import card_state

    if as_json:
        emit_json(_state_data(card_state(front.study, item.id)))
    else:
        say(text)


@card.command("undo", help="Take back the last answer (or whatever was done last).")
@json_option
@pass_front
def undo_card(front: Front, as_json: bool) -> int:
    """Undo."""
    return undo_last(front, as_json=as_json)

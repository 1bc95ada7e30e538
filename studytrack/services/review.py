"""The quiz: which card is next, what its buttons would do, and an answer.

An answer is one transaction: the row, the card's memory. The next card is chosen after it is
stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studytrack.content.decode import plain
from studytrack.domain.cards import Card, CardKind, Judgement, card_problems, judge
from studytrack.domain.fsrs import Fsrs
from studytrack.domain.leech import Leech
from studytrack.domain.log import LogRow
from studytrack.domain.memory import Memory, Moment
from studytrack.domain.plan import card_minutes
from studytrack.domain.scheduler import Offer, Outcome
from studytrack.errors import UsageFault
from studytrack.services.cards import find_card, leech_of
from studytrack.services.deck import deck_and_work, deck_of, note_answer, spread_of
from studytrack.services.due import due_text, interval_text, next_due_text
from studytrack.services.evidence import resolve_topic
from studytrack.services.intake import check_given
from studytrack.services.presets import preset
from studytrack.services.study import Study
from studytrack.storage.shapes import Guard

if TYPE_CHECKING:
    from studytrack.storage.shapes import Stamp

RATING_NAMES = {1: "Again", 2: "Hard", 3: "Good", 4: "Easy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A card to ask: how many wait, and what each of the four ratings would schedule.

    `promised` is in days, or negative seconds of a step; `offer` is what it was computed from, and
    what the answer is computed from too.
    """

    card: Card
    left: int
    new_left: int
    promised: tuple[int, int, int, int]
    memory: Memory
    offer: Offer = field(compare=False, repr=False)

    @property
    def state(self) -> str:
        """The card's state before the answer."""
        return self.memory.state

    @property
    def intervals(self) -> tuple[str, str, str, str]:
        """What each rating schedules, for the buttons."""
        again, hard, good, easy = self.promised
        return interval_text(again), interval_text(hard), interval_text(good), interval_text(easy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What waits: due reviews, steps, new cards allowed today; minutes; and when it goes on."""

    due: int
    learning: int
    new: int
    minutes: int
    next_due_text: str

    @property
    def total(self) -> int:
        """All of them."""
        return self.due + self.learning + self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A stored answer and when the card comes back. `leech` is set when there is word of one."""

    card: Card
    rating: int
    row: LogRow
    scheduled: int
    left: int
    leech: Leech | None = None

    @property
    def scheduled_text(self) -> str:
        """What was scheduled, as the buttons say it."""
        return interval_text(self.scheduled)

    @property
    def due_text(self) -> str:
        """When the card comes back, for a sentence."""
        return due_text(self.scheduled, self.row.study_day)


def next_question(study: Study, *, topic: str = "", skip: Collection[str] = ()) -> Question | None:
    """Return the card to ask now; None if nothing waits.

    Args:
        study: the open study.
        topic: only cards of this topic or point.
        skip: ids to leave out.
    """
    with study.lock, study.store.reading():
        stamp = study.stamp()
        moment = _moment(stamp)
        deck, work = deck_and_work(study, stamp, topic, skip)
        chosen = deck.choose(moment)
        if chosen is None:
            return None
        memory = chosen.memory or Memory(item_kind="card", item_id=chosen.card.id)
        spread = spread_of(study, stamp, memory, work)
        offer = Offer(memory, moment, preset(study.settings, "card"), study.model("card"), spread)
        return Question(
            card=chosen.card,
            left=deck.ready(moment),
            new_left=deck.new,
            promised=offer.promised,
            memory=memory,
            offer=offer,
        )


def end_session(study: Study) -> None:
    """Bring the second copy of what was answered onto the disk: the quiz is over."""
    study.store.settle()


def counts(study: Study, topic: str = "") -> Counts:
    """Return what waits now."""
    with study.lock, study.store.reading():
        stamp = study.stamp()
        deck = deck_of(study, stamp, topic)
        learning = deck.steps(_moment(stamp))
        waiting = deck.reviews + learning + deck.new
        memories = () if waiting else study.store.memories("card").values()
        return Counts(
            due=deck.reviews,
            learning=learning,
            new=deck.new,
            minutes=card_minutes(waiting),
            next_due_text=next_due_text(
                waiting, memories, study.now(), stamp.study_day, study.rollover, deck.held
            ),
        )


def due_cards(study: Study) -> list[Card]:
    """Return the cards that the quiz asks today, new ones left out."""
    with study.lock:
        stamp = study.stamp()
        return deck_of(study, stamp).due(_moment(stamp))


def propose(card: Card, text: str) -> Judgement:
    """Judge a typed answer.

    Raises:
        ValueError: the answer cannot be read; the message says how to write it.
    """
    return judge(card, text)


def answer(
    study: Study,
    question: Question | str,
    rating: int,
    *,
    duration_ms: int | None = None,
    text: str | None = None,
    judgement: Judgement | None = None,
) -> Answered:
    """Store an answer and return when the card comes back.

    Args:
        study: the open study.
        question: what was asked, or a card id.
        rating: 1 again, 2 hard, 3 good, 4 easy.
        duration_ms: from question to rating.
        text: what was typed.
        judgement: what the program thought of it.

    Raises:
        UsageFault: no such rating; nothing is stored.
        NotFound: no such card.
        StaleItem: the card was answered elsewhere since it was shown.
        ClockLeap: the clock is more than a year after the last entry.
    """
    if rating not in RATING_NAMES:
        raise UsageFault(
            f"The rating is {rating}.",
            "It takes 1 again, 2 hard, 3 good, 4 easy; nothing was saved.",
        )
    card = find_card(study, question) if isinstance(question, str) else question.card
    shown = not isinstance(question, str)  # then the write's guard tells whether it still holds
    with study.lock, study.store.trusting() if shown else study.store.reading():
        stamp = study.stamp()
        moment = _moment(stamp)
        deck = deck_of(study, stamp)
        used = study.store.in_use("card")
        offer = _offered(study, stamp, question, card, used.model)
        memory, outcome = offer.before, offer.outcome(rating, moment)
        typed = None if text is None else text.encode("utf-8", "replace").decode()
        made = study.store.new_row(
            stamp,
            **_answer_fields(card, rating, outcome, judgement),
            duration_ms=duration_ms,
            answer=typed,
            params_id=used.id,
            retention=study.settings.memory_retention_cards,
        )
        if text is not None:
            check_given(made)
        (row,) = study.store.append([made], guard=_guard(memory))
        after = study.store.memory("card", card.id)
        note_answer(study, card, memory, after, row)
        left = deck.ready(moment)
        leech = leech_of(study, card, memory, after, stamp.study_day)
        return _answered(card, row, left, leech)


def _answered(card: Card, row: LogRow, left: int, leech: Leech | None) -> Answered:
    assert row.rating is not None
    assert row.scheduled is not None
    return Answered(
        card=card,
        rating=row.rating,
        row=row,
        scheduled=row.scheduled,
        left=left,
        leech=leech,
    )


def _offered(
    study: Study, stamp: Stamp, question: Question | str, card: Card, model: Fsrs
) -> Offer:
    """Return what an answer is computed from: what its question showed, or what holds now."""
    if isinstance(question, str):
        memory = study.store.memory("card", card.id)
    elif question.offer.moment.day == stamp.study_day and question.offer.model is model:
        return question.offer
    else:
        memory = question.memory
    spread = spread_of(study, stamp, memory)
    return Offer(memory, _moment(stamp), preset(study.settings, "card"), model, spread)


def _guard(memory: Memory) -> Guard:
    return Guard(item_kind="card", item_id=memory.item_id, clock=memory.last_clock)


def _answer_fields(
    card: Card, rating: int, outcome: Outcome, judgement: Judgement | None
) -> dict[str, Any]:
    kept = judgement is not None and judgement.rating == rating
    evidence: dict[str, Any] = {"step": outcome.step}
    if judgement is not None:
        evidence |= {"outcome": judgement.outcome, "proposed": judgement.rating}
    return {
        "kind": outcome.kind,
        "item_kind": "card",
        "item_id": card.id,
        "rating": rating,
        "rated_by": "grader" if kept else "learner",
        "evidence": evidence,
        "content_hash": content_hash(card),
        "scheduled": outcome.scheduled,
        "r_before": outcome.recall_before,
        "s_after": outcome.known.stability,
        "d_after": outcome.known.difficulty,
        "algorithm": Fsrs.algorithm,
    }


def learn_more(study: Study, count: int = 5) -> int:
    """Allow more new cards today; return how many new ones now wait."""
    return allow_more(study, new=count).new


def allow_more(study: Study, *, new: int = 0, reviews: int = 0, minutes: int = 0) -> Counts:
    """Raise limits of this study day, as one step of the log; return what now waits."""
    stamp = study.stamp()
    day = str(stamp.study_day)
    known = study.store.entities("day").get(day, {})
    more = {"extra_new": new, "extra_reviews": reviews, "extra_minutes": minutes}
    fields = {name: known.get(name, 0) + extra for name, extra in more.items() if extra}
    if fields:
        row = study.store.new_row(stamp, kind="set", item_kind="day", item_id=day, fields=fields)
        study.store.append([row])
    return counts(study)


def add_card(
    study: Study,
    front: str,
    back: str,
    topic: str = "",
    kind: CardKind = "recall",
    answer: str = "",
) -> Card:
    """Add a card of the learner's own.

    Raises:
        UsageFault: an empty question or answer, or one that its kind does not allow.
        NotFound: no such topic or point.
    """
    if not front.strip() or not (back.strip() or answer.strip()):
        raise UsageFault("A card needs a question and an answer.", "", "Give both.")
    catalogue = study.catalogue
    if topic:
        topic = resolve_topic(catalogue, topic)
    stamp = study.stamp()
    row = study.store.new_row(stamp, kind="set", item_kind="card")
    slug = "-".join(re.findall(r"[a-z0-9]+", front.lower())[:5]) or "card"
    card = Card(
        id=f"own.{slug}.{row.event_id[-6:]}",
        kind=kind,
        topic=topic,
        front=front.strip(),
        back=back.strip(),
        answer=answer.strip(),
    )
    if problems := card_problems(card):
        raise UsageFault(f"The card cannot be asked: {problems[0]}", "", "Nothing was added.")
    row = row._replace(item_id=card.id, fields={"record": plain(card)})
    check_given(row)
    study.store.append([row])
    study.refresh()
    return card


def content_hash(card: Card) -> str:
    """Return a hash of the question as it was shown; an edited card keeps its history."""
    text = "\x1f".join((card.front, card.code, card.answer, card.back, *card.choices))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _moment(stamp: Stamp) -> Moment:
    return Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)

"""The quiz: which card is next, what its buttons would do, and an answer.

An answer is one transaction: the row, the card's memory. The next card is chosen after it is
stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from studytrack.content.decode import plain
from studytrack.domain.cards import Card, CardKind, Judgement, judge
from studytrack.domain.days import day_start
from studytrack.domain.fsrs import Fsrs
from studytrack.domain.log import REVIEW_KINDS, LogRow
from studytrack.domain.plan import card_minutes
from studytrack.domain.queue import Queue, build_queue, choose
from studytrack.domain.scheduler import CARDS, Memory, Moment, Outcome, Preset, preview
from studytrack.domain.scheduler import answer as schedule
from studytrack.errors import UsageFault, resolve
from studytrack.services.study import Study

if TYPE_CHECKING:
    from studytrack.storage.store import Guard, Stamp

RATING_NAMES = {1: "Again", 2: "Hard", 3: "Good", 4: "Easy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A card to ask: how many wait, and what each of the four ratings would schedule."""

    card: Card
    state: str
    left: int
    new_left: int
    intervals: tuple[str, str, str, str]
    guard: Guard


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
    """A stored answer and when the card comes back."""

    card: Card
    rating: int
    row: LogRow
    scheduled_text: str
    due_text: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """A card with its memory, for lists. `due` is a date, or "" for a card never asked."""

    card: Card
    state: str
    due: str
    stability: float
    difficulty: float


def next_question(study: Study, *, topic: str = "", skip: Collection[str] = ()) -> Question | None:
    """Return the card to ask now; None if nothing waits.

    Args:
        study: the open study.
        topic: only cards of this topic or point.
        skip: ids to leave out.
    """
    day = _Day(study, topic, skip)
    chosen = choose(day.queue, answered=len(day.answered), last=day.last_card)
    if chosen is None:
        return None
    memory = chosen.memory or Memory(item_kind="card", item_id=chosen.card.id)
    outcomes = preview(memory, day.moment, preset(study))
    again, hard, good, easy = (interval_text(outcome.scheduled) for outcome in outcomes)
    return Question(
        card=chosen.card,
        state=memory.state,
        left=day.queue.ready,
        new_left=len(day.queue.new),
        intervals=(again, hard, good, easy),
        guard=_guard(study, chosen.card.id),
    )


def counts(study: Study, topic: str = "") -> Counts:
    """Return what waits now."""
    day = _Day(study, topic, ())
    queue = day.queue
    learning = len(queue.steps) + len(queue.later)
    waiting = len(queue.reviews) + learning + len(queue.new)
    return Counts(
        due=len(queue.reviews),
        learning=learning,
        new=len(queue.new),
        minutes=card_minutes(waiting),
        next_due_text=_next_due(day, waiting),
    )


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
    """
    if rating not in RATING_NAMES:
        raise UsageFault(
            f"The rating is {rating}.",
            "It takes 1 again, 2 hard, 3 good, 4 easy; nothing was saved.",
        )
    card = _card(study, question) if isinstance(question, str) else question.card
    guard = None if isinstance(question, str) else question.guard
    stamp = study.stamp()
    outcome = schedule(study.store.memory("card", card.id), rating, _moment(stamp), preset(study))
    row = study.store.new_row(
        stamp,
        **_answer_fields(study, card, rating, outcome, judgement),
        duration_ms=duration_ms,
        answer=text,
    )
    study.store.append([row], guard=guard)
    return Answered(
        card=card,
        rating=rating,
        row=row,
        scheduled_text=interval_text(outcome.scheduled),
        due_text=_due_text(outcome.scheduled, stamp.study_day),
        left=_Day(study, "", ()).queue.ready,
    )


def _answer_fields(
    study: Study, card: Card, rating: int, outcome: Outcome, judgement: Judgement | None
) -> dict[str, Any]:
    kept = judgement is not None and judgement.rating == rating
    evidence: dict[str, Any] = {"step": outcome.memory.step}
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
        "s_after": outcome.memory.stability,
        "d_after": outcome.memory.difficulty,
        "algorithm": Fsrs.algorithm,
        "params_id": "default",
        "retention": study.settings.memory_retention_cards,
    }


def suspend(study: Study, card_id: str) -> None:
    """Leave a card out until it is resumed."""
    _event(study, "suspend", card_id)


def resume(study: Study, card_id: str) -> None:
    """Ask a suspended card again."""
    _event(study, "resume", card_id)


def bury(study: Study, card_id: str) -> None:
    """Leave a card out until the next study day."""
    _event(study, "bury", card_id)


def learn_more(study: Study, count: int = 5) -> int:
    """Allow more new cards today; return how many new ones now wait."""
    stamp = study.stamp()
    day = str(stamp.study_day)
    known = study.store.entities("day").get(day, {}).get("extra_new", 0)
    row = study.store.new_row(
        stamp, kind="set", item_kind="day", item_id=day, fields={"extra_new": known + count}
    )
    study.store.append([row])
    return counts(study).new


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
        UsageFault: an empty question or answer.
        NotFound: no such topic or point.
    """
    if not front.strip() or not back.strip():
        raise UsageFault("A card needs a question and an answer.", "", "Give both.")
    catalogue = study.catalogue
    if topic:
        known = [*catalogue.topics, *catalogue.points]
        topic = resolve("topic", topic, known, "studytrack topic list")
    stamp = study.stamp()
    row = study.store.new_row(stamp, kind="set", item_kind="card")
    slug = "-".join(re.findall(r"[a-z0-9]+", front.lower())[:5]) or "card"
    card = Card(
        id=f"own.{slug}.{row.event_id[:6]}",
        kind=kind,
        topic=topic,
        front=front.strip(),
        back=back.strip(),
        answer=answer.strip(),
    )
    study.store.append([replace(row, item_id=card.id, fields={"record": plain(card)})])
    study.refresh()
    return card


def card_states(study: Study) -> list[CardState]:
    """Return every card in teaching order with its memory."""
    memories = study.store.memories("card")
    found = []
    for card in study.catalogue.cards.values():
        memory = memories.get(("card", card.id)) or Memory(item_kind="card", item_id=card.id)
        due = date.fromordinal(memory.due_day).isoformat() if memory.due_day else ""
        state = "suspended" if memory.suspended else memory.state
        found.append(
            CardState(
                card=card,
                state=state,
                due=due,
                stability=memory.stability,
                difficulty=memory.difficulty,
            )
        )
    return found


def preset(study: Study) -> Preset:
    """Return how cards are scheduled under the settings."""
    return replace(CARDS, retention=study.settings.memory_retention_cards)


def content_hash(card: Card) -> str:
    """Return a hash of the question as it was shown; an edited card keeps its history."""
    text = "\x1f".join((card.front, card.code, card.answer, card.back, *card.choices))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def interval_text(scheduled: int) -> str:
    """Return days, or negative seconds of a step, for a button.

    >>> [interval_text(n) for n in (-60, -600, 1, 45, 400)]
    ['<1m', '<10m', '1d', '1.5mo', '1.1y']
    """
    month, year = 30.4, 365.25
    if scheduled < 0:
        return f"<{max(1, round(-scheduled / 60))}m"
    if scheduled < month:
        return f"{scheduled}d"
    if scheduled < year:
        return f"{scheduled / month:.1f}mo"
    return f"{scheduled / year:.1f}y"


def _due_text(scheduled: int, today: int) -> str:
    if scheduled < 0:
        minutes = max(1, round(-scheduled / 60))
        return f"Again in {minutes} minute{'s' if minutes > 1 else ''}."
    if scheduled == 1:
        return "Due again tomorrow."
    due = date.fromordinal(today + scheduled)
    year = f" {due.year}" if due.year != date.fromordinal(today).year else ""
    return f"Due again {due.day} {due:%b}{year}."


class _Day:
    """The queue of a moment, with what was answered on this study day."""

    def __init__(self, study: Study, topic: str, skip: Collection[str]) -> None:
        self.study = study
        self.stamp = study.stamp()
        self.moment = _moment(self.stamp)
        catalogue = study.catalogue
        cards = [c for c in catalogue.cards.values() if c.id not in skip]
        if topic:
            wanted = _topic_ids(study, topic)
            cards = [card for card in cards if card.topic in wanted]
        self.memories = {
            item_id: memory for (_, item_id), memory in study.store.memories("card").items()
        }
        today = study.store.live(
            item_kind="card", since_day=self.stamp.study_day, kinds=REVIEW_KINDS
        )
        self.answered = [row for row in today if row.study_day == self.stamp.study_day]
        seen = {row.item_id for row in self.answered}
        self.queue: Queue = build_queue(
            _teaching_order(study, cards),
            self.memories,
            self.moment,
            new_limit=self._new_limit(),
            seen_today={catalogue.cards[name].source for name in seen if name in catalogue.cards},
        )
        last = self.answered[-1].item_id if self.answered else ""
        self.last_card = catalogue.cards.get(last)

    def _new_limit(self) -> int:
        begun = [row for row in self.answered if row.kind == "learn" and row.r_before is None]
        extra = self.study.store.entities("day").get(str(self.stamp.study_day), {})
        allowed = self.study.settings.study_new_cards + int(extra.get("extra_new", 0))
        return allowed - len({row.item_id for row in begun})


def _teaching_order(study: Study, cards: Collection[Card]) -> list[Card]:
    """Return cards in the order of the plan's topics; those without a topic come first."""
    catalogue = study.catalogue
    order: dict[str, int] = {"": -1}
    for topic in catalogue.topics.values():
        for name in (topic.id, *(point.id for point in topic.points)):
            order[name] = len(order)
    return sorted(cards, key=lambda card: order.get(card.topic, len(order)))


def _topic_ids(study: Study, topic: str) -> set[str]:
    catalogue = study.catalogue
    name = resolve("topic", topic, [*catalogue.topics, *catalogue.points], "studytrack topic list")
    found = catalogue.topics.get(name)
    return {name, *(point.id for point in found.points)} if found else {name}


def _next_due(day: _Day, waiting: int) -> str:
    """Return when it goes on, and the command or key that does more now."""
    if waiting:
        return f"{waiting} card{'s' if waiting > 1 else ''} can be asked now."
    upcoming: Mapping[int, int] = _by_day(day)
    if not upcoming:
        return "No card waits. Learn new ones with `l` in Review."
    first = min(upcoming)
    number, zone = upcoming[first], day.study.now().tzinfo
    assert zone is not None  # the clock gives aware moments
    start = day_start(first, zone, day.study.rollover).astimezone(zone)
    days = first - day.stamp.study_day
    when = "tomorrow" if days == 1 else f"on {start.day} {start:%b}"
    return f"Next: {number} card{'s' if number > 1 else ''} {when} from {start:%H:%M}."


def _by_day(day: _Day) -> dict[int, int]:
    found: dict[int, int] = {}
    for memory in day.memories.values():
        if memory.due_day > day.stamp.study_day and not memory.suspended:
            found[memory.due_day] = found.get(memory.due_day, 0) + 1
    return found


def _moment(stamp: Stamp) -> Moment:
    return Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)


def _guard(study: Study, card_id: str) -> Guard:
    from studytrack.storage.store import Guard

    rows = study.store.rows(item_kind="card", item_id=card_id)
    return Guard(item_kind="card", item_id=card_id, clock=rows[-1].clock if rows else 0)


def _card(study: Study, name: str) -> Card:
    cards = study.catalogue.cards
    return cards[resolve("card", name, cards, "studytrack card list")]


def _event(study: Study, kind: str, card_id: str) -> None:
    card = _card(study, card_id)
    row = study.store.new_row(study.stamp(), kind=kind, item_kind="card", item_id=card.id)
    study.store.append([row])

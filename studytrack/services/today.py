"""Today: one ordered plan over cards, code and readings that fits the minutes of a day.

Order of the steps: cards, then one exercise, then one reading. The exercise is one that is due,
else the one last worked on, else the next unsolved one in the plan's order whose `needs` are
solved. The reading is one being read, else one put next, else the first of the inbox that belongs
to the current topic. A step that was done today is gone from the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from studytrack.domain.cards import Card
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.exercise import Exercise
from studytrack.domain.library import Advice
from studytrack.domain.log import REVIEW_KINDS, LogRow
from studytrack.domain.plan import card_minutes, reading_minutes, share_minutes
from studytrack.domain.progress import ExerciseState
from studytrack.domain.ratings import AGAIN
from studytrack.domain.streak import per_day, streak, upcoming
from studytrack.services import library, review
from studytrack.services.curriculum import TopicView, topic_views
from studytrack.services.evidence import (
    Evidence,
    gather,
    homes,
    observed_recall,
    ready_exercises,
    scheduled_days,
    study_days,
)
from studytrack.services.readings import FINISHED, ReadingView, reading_views
from studytrack.services.study import Study

HISTORY_DAYS, UPCOMING_DAYS, FORGOTTEN_DAYS, FORGOTTEN = 14, 7, 7, 3
RECALL_DAYS = 30  # the longest look back, so also the days that are read
SETTLED: frozenset[str] = frozenset({"done", "skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One thing to do. `item` is the exercise's or reading's id, "" for the cards."""

    kind: str
    item: str
    title: str
    detail: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartProgress:
    """How many topics of a part are done; skipped ones are not counted at all."""

    id: str
    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one study day, and what a glance at the curriculum shows."""

    day_text: str
    day_number: int
    streak: int
    minutes: int
    steps: tuple[PlanStep, ...]
    parts: tuple[PartProgress, ...]
    history: tuple[int, ...]
    upcoming: tuple[int, ...]
    recall: float | None
    forgotten: tuple[str, ...]
    advice: Advice | None
    next_text: str
    done: bool


def plan(study: Study) -> Plan:
    """Return the plan for now."""
    catalogue, evidence = study.catalogue, gather(study, RECALL_DAYS)
    today, views = evidence.today, topic_views(study.catalogue, evidence)
    steps = _steps(study, evidence, views)
    days = study_days(study, evidence)
    reviews = [row for row in evidence.rows if row.kind in REVIEW_KINDS]
    return Plan(
        day_text=_day_text(today),
        day_number=today - min(days, default=today) + 1,
        streak=streak(days, today),
        minutes=sum(step.minutes for step in steps),
        steps=steps,
        parts=_parts(catalogue, views),
        history=per_day((row.study_day for row in reviews), today, HISTORY_DAYS),
        upcoming=upcoming(scheduled_days(evidence), today, UPCOMING_DAYS),
        recall=observed_recall(reviews),
        forgotten=_forgotten(catalogue, reviews, today),
        advice=library.advice_of_day(study, today),
        next_text=_next_text(study, steps, evidence),
        done=not steps,
    )


def _steps(study: Study, evidence: Evidence, views: Sequence[TopicView]) -> tuple[PlanStep, ...]:
    counts = review.counts(study)
    cards = counts.due + counts.learning + counts.new
    exercise = _next_exercise(study.catalogue, evidence, views)
    reading = _next_reading(study.catalogue, evidence, views)
    minutes = share_minutes(
        study.settings.study_minutes,
        card_minutes(cards),
        exercise.minutes if exercise else 0,
        reading_minutes(reading.reading.minutes, reading.progress) if reading else 0,
    )
    steps: list[PlanStep] = []
    if cards:
        steps.append(
            PlanStep(
                kind="review",
                item="",
                title="Review",
                detail=_cards_detail(study, counts),
                minutes=minutes[0],
            )
        )
    if exercise and minutes[1]:
        steps.append(_exercise_step(exercise, evidence, minutes[1]))
    if reading and minutes[2]:
        steps.append(_reading_step(reading, minutes[2]))
    return tuple(steps)


def _cards_detail(study: Study, counts: review.Counts) -> str:
    waiting = counts.due + counts.learning
    if not waiting:
        return _number(counts.new, "new card")
    home = homes(study.catalogue)
    topics = Counter(home.get(card.topic, "others") for card in review.due_cards(study))
    most = ", ".join(f"{count} {name}" for name, count in topics.most_common(3))
    new = f", {counts.new} new" if counts.new else ""
    return f"{_number(waiting, 'card')} due{f' ({most})' if len(topics) > 1 else ''}{new}"


def _exercise_step(exercise: Exercise, evidence: Evidence, minutes: int) -> PlanStep:
    state = evidence.states[exercise.id]
    again = "find the mistake" if exercise.form else "write it from an empty body"
    detail = {
        "due": f"due again: {again}",
        "failing": f"passes {state.passed_checks} checks" if state.passed_checks else "fails",
        "open": "opened, not graded yet",
    }.get(state.status, "find the mistake" if exercise.form else "new")
    if state.status in {"failing", "open"}:
        detail += f", {_ago(state.last_day, evidence.today)}"
    return PlanStep(
        kind="exercise", item=exercise.id, title=exercise.title, detail=detail, minutes=minutes
    )


def _reading_step(view: ReadingView, minutes: int) -> PlanStep:
    by = f" by {view.reading.by}" if view.reading.by else ""
    read = f", {view.progress} % read" if view.progress else ""
    return PlanStep(
        kind="reading",
        item=view.reading.id,
        title=view.reading.title,
        detail=f"{view.reading.kind}{by}{read}",
        minutes=minutes,
    )


def _next_exercise(
    catalogue: Catalogue, evidence: Evidence, views: Sequence[TopicView]
) -> Exercise | None:
    """Return the exercise of the day; None if one was rated today or nothing is left."""
    if any(
        row.item_kind == "exercise" and row.kind in REVIEW_KINDS and row.study_day == evidence.today
        for row in evidence.rows
    ):
        return None
    ready, states = ready_exercises(catalogue), evidence.states
    forms = {e.whole: e for e in catalogue.exercises.values() if e.form}
    known = [*ready, *forms.values()]
    due = [e for e in known if states[e.id].status == "due"]
    if due:
        first = min(due, key=lambda e: states[e.id].due_day)
        easier = forms.get(first.id)
        return easier if easier and _failed_last(first, evidence) else first
    begun = [e for e in known if states[e.id].status in {"failing", "open"}]
    if begun:
        return max(begun, key=lambda e: states[e.id].moved)
    home = homes(catalogue)
    settled = {view.topic.id for view in views if view.marked in SETTLED}
    new = [
        e for e in ready if states[e.id].status == "new" and home.get(e.topic, "") not in settled
    ]
    return next((e for e in new if _reachable(e, states)), new[0] if new else None)


def _failed_last(exercise: Exercise, evidence: Evidence) -> bool:
    """Tell whether an exercise was last rated again: then repairing it comes before writing it."""
    ratings = [
        row.rating
        for row in evidence.rows
        if row.item_kind == "exercise" and row.item_id == exercise.id and row.kind in REVIEW_KINDS
    ]
    return bool(ratings) and ratings[-1] == AGAIN


def _reachable(exercise: Exercise, states: Mapping[str, ExerciseState]) -> bool:
    return all(states[need].solved for need in exercise.needs if need in states)


def _next_reading(
    catalogue: Catalogue, evidence: Evidence, views: Sequence[TopicView]
) -> ReadingView | None:
    """Return the reading of the day; None if one was read today or nothing is left."""
    if any(_was_read(row, evidence.today) for row in evidence.rows):
        return None
    moved = {row.item_id: row.clock for row in evidence.rows if row.item_kind == "reading"}
    listed = reading_views(catalogue.readings, evidence.readings)
    for status in ("reading", "next"):
        waiting = [view for view in listed if view.status == status]
        if waiting:
            return max(waiting, key=lambda view: moved.get(view.reading.id, 0))
    home = homes(catalogue)
    ranks = {name: rank for rank, name in enumerate(_from_current(views))}
    inbox = [view for view in listed if view.status == "inbox"]
    return min(
        inbox,
        key=lambda view: min(
            (ranks.get(home.get(name, ""), len(ranks)) for name in view.reading.topics),
            default=len(ranks),
        ),
        default=None,
    )


def _was_read(row: LogRow, today: int) -> bool:
    return (
        row.item_kind == "reading"
        and row.study_day == today
        and (row.fields.get("status") in FINISHED or bool(row.fields.get("progress")))
    )


def _from_current(views: Sequence[TopicView]) -> list[str]:
    """Return the open topics' ids, the current one first: one in progress, else the first."""
    open_topics = [view for view in views if view.status not in SETTLED]
    begun = [view for view in open_topics if view.status == "in progress"]
    rest = [view for view in open_topics if view.status != "in progress"]
    return [view.topic.id for view in (*begun, *rest)]


def _parts(catalogue: Catalogue, views: Iterable[TopicView]) -> tuple[PartProgress, ...]:
    counted = [view for view in views if view.status != "skipped"]
    return tuple(
        PartProgress(
            id=part.id,
            title=part.title,
            done=sum(view.part == part.id and view.status == "done" for view in counted),
            total=sum(view.part == part.id for view in counted),
        )
        for part in catalogue.parts
    )


def _forgotten(catalogue: Catalogue, reviews: Iterable[LogRow], today: int) -> tuple[str, ...]:
    lapses = Counter(
        row.item_id
        for row in reviews
        if row.item_kind == "card" and row.rating == 1 and row.study_day > today - FORGOTTEN_DAYS
    )
    known = [(name, count) for name, count in lapses.most_common() if name in catalogue.cards]
    return tuple(
        _label(catalogue, catalogue.cards[name]) + (f" ({count} times)" if count > 1 else "")
        for name, count in known[:FORGOTTEN]
    )


def _label(catalogue: Catalogue, card: Card) -> str:
    """Return a few words for a card: its term, or the beginning of its question."""
    if card.term in catalogue.terms:
        return catalogue.terms[card.term].title
    longest, line = 40, " ".join(card.front.split())
    return line if len(line) <= longest else line[:longest].rpartition(" ")[0] + " …"


def _next_text(study: Study, steps: Sequence[PlanStep], evidence: Evidence) -> str:
    catalogue = study.catalogue
    if not (catalogue.cards or catalogue.exercises or catalogue.readings):
        return (
            "No plan yet. `studytrack import FILE` (key i) reads a reading list or glossary of "
            "your own; `studytrack card add` makes a card."
        )
    if steps:
        return _FIRST[steps[0].kind].format(item=steps[0].item)
    waiting = review.counts(study).next_due_text
    unseen = any(("card", name) not in evidence.memories for name in catalogue.cards)
    more = " `studytrack review --more 5` (key l) learns more today."
    wanted = unseen and "--more" not in waiting
    return f"{_done_today(evidence)} {waiting}{more if wanted else ''}"


_FIRST = {
    "review": "Start with the cards: `studytrack review` (key space).",
    "exercise": "Start with the exercise: `studytrack exercise open {item}` (key space).",
    "reading": "Start with the reading: `studytrack reading start {item}` (key space).",
}


def _done_today(evidence: Evidence) -> str:
    today = [r for r in evidence.rows if r.study_day == evidence.today]
    kinds = Counter(row.item_kind for row in today if row.kind in REVIEW_KINDS)
    read = len({row.item_id for row in today if _was_read(row, evidence.today)})
    done = [(kinds["card"], "card"), (kinds["exercise"], "exercise"), (read, "reading")]
    named = [_number(count, word) for count, word in done if count]
    return f"Done for today: {', '.join(named)}." if named else "Nothing is due."


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _ago(day: int, today: int) -> str:
    return {0: "today", 1: "yesterday"}.get(today - day, f"{today - day} days ago")


def _day_text(day: int) -> str:
    then = date.fromordinal(day)
    return f"{then:%a} {then.day} {then:%b}"

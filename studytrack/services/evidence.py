"""Everything that statuses and plans are computed from, read from the store once.

The other tracking services take an `Evidence` and ask no questions of their own, so that a screen
costs the same few queries however many items it shows. Statuses need the log's recent days and all
rows of exercises (few); `study_days` is one grouped query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studytrack.domain.catalogue import Catalogue
from studytrack.domain.days import elapsed
from studytrack.domain.exercise import Exercise
from studytrack.domain.fsrs import Fsrs, State
from studytrack.domain.log import REVIEW_KINDS, Attempt, LogRow
from studytrack.domain.memory import Memory
from studytrack.domain.progress import ExerciseState, exercise_state
from studytrack.errors import resolve
from studytrack.services.study import Study

_MODEL = Fsrs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reading of the store.

    `rows` are the live rows of the recent days, in order; `readings` and `marks` the folded fields
    of readings and of topics and points.
    """

    today: int
    rows: Sequence[LogRow] = ()
    memories: Mapping[tuple[str, str], Memory] = field(default_factory=dict)
    readings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attempts: Mapping[str, Sequence[Attempt]] = field(default_factory=dict)
    states: Mapping[str, ExerciseState] = field(default_factory=dict)
    model: Fsrs = _MODEL  # of cards


def gather(study: Study, days: int = 1) -> Evidence:
    """Return what the store holds, for the study day of now.

    Args:
        study: the open study.
        days: how many study days of rows to bring, today included.
    """
    today = study.stamp().study_day
    store = study.store
    memories = store.memories()
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in store.attempts():
        attempts[attempt.exercise].append(attempt)
    exercise_rows: dict[str, list[LogRow]] = defaultdict(list)
    for row in store.live(item_kind="exercise"):
        exercise_rows[row.item_id].append(row)
    states = {
        name: exercise_state(
            exercise_rows.get(name, ()),
            attempts.get(name, ()),
            memories.get(("exercise", name)),
            today,
        )
        for name in study.catalogue.exercises
    }
    return Evidence(
        today=today,
        rows=store.live(since_day=today - days + 1),
        memories=memories,
        readings=store.entities("reading"),
        marks=store.entities("topic"),
        attempts=attempts,
        states=states,
        model=study.model("card"),
    )


def homes(catalogue: Catalogue) -> dict[str, str]:
    """Return the topic of each topic and point id, in the plan's order."""
    found: dict[str, str] = {}
    for topic in catalogue.topics.values():
        found[topic.id] = topic.id
        found.update({point.id: topic.id for point in topic.points})
    return found


def resolve_topic(catalogue: Catalogue, name: str) -> str:
    """Return the topic or point id that `name` is, or uniquely begins.

    A point's id begins with its topic's, so that a beginning of both means the topic.

    Raises:
        NotFound: no such topic, or several.
    """
    return resolve("topic", name, homes(catalogue), "studytrack topic list")


def ready_exercises(catalogue: Catalogue) -> list[Exercise]:
    """Return the exercises that are ready, in the plan's order, easy before hard.

    Forms of an exercise are left out: they are asked because of it and prove nothing by themselves.
    """
    places = {name: place for place, name in enumerate(homes(catalogue))}
    ready = [e for e in catalogue.exercises.values() if e.status == "ready" and not e.form]
    return sorted(ready, key=lambda e: (places.get(e.topic, len(places)), e.level, e.minutes, e.id))


def recall_now(memory: Memory | None, today: int, model: Fsrs = _MODEL) -> float | None:
    """Return the chance of recalling an item today, None if it was never answered."""
    if memory is None or not memory.reps:
        return None
    known = State(memory.stability, memory.difficulty)
    return model.recall(known, elapsed(memory.last_day, today))


def study_days(study: Study, evidence: Evidence) -> set[int]:
    """Return all study days on which something was reviewed, crammed or graded."""
    reviewed = study.store.study_days({*REVIEW_KINDS, "cram", "copy"})
    return reviewed | {a.study_day for listed in evidence.attempts.values() for a in listed}


def scheduled_days(evidence: Evidence) -> list[int]:
    """Return the due day of each card and exercise in rotation."""
    return [
        memory.due_day
        for memory in evidence.memories.values()
        if memory.reps and not memory.resting
    ]


def observed_recall(rows: Iterable[LogRow]) -> float | None:
    """Return the share of due cards that were remembered, None without any."""
    ratings = [
        row.rating
        for row in rows
        if row.kind == "review" and row.item_kind == "card" and row.rating
    ]
    return sum(rating > 1 for rating in ratings) / len(ratings) if ratings else None

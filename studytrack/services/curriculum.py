"""The curriculum with what the learner has reached in it.

A topic's status is earned by evidence; `domain.mastery` holds the rule. A mark by hand overrides
what is shown and is kept apart from what was earned, so that clearing it brings the evidence
back. Where every point of a topic is marked done or skipped, the topic counts as marked done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studytrack.domain.catalogue import Catalogue
from studytrack.domain.curriculum import Point, Topic
from studytrack.domain.mastery import (
    ENDLESS,
    MARKS,
    TopicEvidence,
    TopicStatus,
    earned_status,
    mastery,
)
from studytrack.domain.memory import Memory
from studytrack.domain.progress import ExerciseState
from studytrack.errors import UsageFault, nearest
from studytrack.services.evidence import (
    Evidence,
    gather,
    homes,
    ready_exercises,
    recall_now,
    resolve_topic,
)
from studytrack.services.readings import FINISHED, ReadingView, reading_view
from studytrack.services.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class PointView:
    """A point; its status is earned by the cards, exercises and readings filed under it."""

    point: Point
    status: TopicStatus
    marked: TopicStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """A topic with its evidence. `recall` is the mean over the cards seen, None without any."""

    topic: Topic
    part: str
    status: TopicStatus
    earned: TopicStatus
    marked: TopicStatus | None
    mastery: float
    cards: int
    cards_seen: int
    recall: float | None
    exercises: int
    passed: int
    readings: int
    read: int
    points: tuple[PointView, ...] = ()


def topics(study: Study) -> list[TopicView]:
    """Return all topics in the plan's order."""
    return topic_views(study.catalogue, gather(study))


def topic(study: Study, name: str) -> TopicView:
    """Return the topic of a topic or point id, or of the unique beginning of one.

    Raises:
        NotFound: no such topic, or several.
    """
    catalogue = study.catalogue
    wanted = homes(catalogue)[resolve_topic(catalogue, name)]
    return next(view for view in topics(study) if view.topic.id == wanted)


def mark(study: Study, name: str, status: str | None) -> TopicView:
    """Override the status of a topic or point; None brings back what was earned.

    Raises:
        NotFound: no such topic or point.
        UsageFault: no such status; the four are named.
    """
    found = resolve_topic(study.catalogue, name)
    if status is not None and status not in MARKS:
        close = nearest(status, MARKS, count=1)
        raise UsageFault(
            f"No status `{status}`.",
            f"Did you mean `{close[0]}`?" if close else "",
            f"A topic can be marked {', '.join(f'`{word}`' for word in MARKS)}.",
        )
    if study.store.entities("topic").get(found, {}).get("marked") != status:
        row = study.store.new_row(
            study.stamp(), kind="set", item_kind="topic", item_id=found, fields={"marked": status}
        )
        study.store.append([row])
    return topic(study, found)


def topic_views(catalogue: Catalogue, evidence: Evidence) -> list[TopicView]:
    """Return all topics in the plan's order, from what was gathered."""
    counted = _count(catalogue, evidence)
    parts = {topic.id: part.id for part in catalogue.parts for topic in part.topics}
    return [
        _view(topic, parts[topic.id], counted, evidence.marks)
        for topic in catalogue.topics.values()
    ]


def _view(
    topic: Topic,
    part: str,
    counted: Mapping[str, TopicEvidence],
    marks: Mapping[str, Mapping[str, Any]],
) -> TopicView:
    points = tuple(_point(point, counted, marks) for point in topic.points)
    found = counted.get(topic.id, TopicEvidence())
    earned = earned_status(found)
    if earned == "not started" and any(p.marked in {"in progress", "done"} for p in points):
        earned = "in progress"
    marked = marks.get(topic.id, {}).get("marked") or _mark_by_points(points)
    return TopicView(
        topic=topic,
        part=part,
        status=marked or earned,
        earned=earned,
        marked=marked,
        mastery=mastery(found),
        cards=found.cards,
        cards_seen=found.seen,
        recall=found.recall,
        exercises=found.exercises,
        passed=found.passed,
        readings=found.readings,
        read=found.read,
        points=points,
    )


def _point(
    point: Point,
    counted: Mapping[str, TopicEvidence],
    marks: Mapping[str, Mapping[str, Any]],
) -> PointView:
    marked = marks.get(point.id, {}).get("marked")
    earned = earned_status(counted.get(point.id, TopicEvidence()))
    return PointView(point=point, status=marked or earned, marked=marked)


def _mark_by_points(points: Iterable[PointView]) -> TopicStatus | None:
    marks = {point.marked for point in points}
    return "done" if "done" in marks and marks <= {"done", "skipped"} else None


class _Tally:
    """Running counts of one topic or point."""

    def __init__(self) -> None:
        self.recalls: list[float] = []
        self.cards = self.exercises = self.passed = self.fresh = self.readings = self.read = 0
        self.touched = False

    def evidence(self) -> TopicEvidence:
        seen = len(self.recalls)
        return TopicEvidence(
            cards=self.cards,
            seen=seen,
            recall=sum(self.recalls) / seen if seen else None,
            exercises=self.exercises,
            passed=self.passed,
            fresh=self.fresh,
            readings=self.readings,
            read=self.read,
            touched=self.touched,
        )


def _count(catalogue: Catalogue, evidence: Evidence) -> dict[str, TopicEvidence]:
    """Return the evidence of each topic and point id; a point's counts for its topic too."""
    home = homes(catalogue)
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for card in catalogue.cards.values():
        memory = evidence.memories.get(("card", card.id))
        if not card.retired and not (memory and memory.resting):
            for name in _filed(home, [card.topic]):
                _count_card(tallies[name], memory, evidence)
    for exercise in ready_exercises(catalogue):
        # its topic counts it once; any point may, as those are what it is about
        points = {name for name in exercise.topics if home.get(name, name) != name}
        for name in _filed(home, [exercise.topic]) | points:
            _count_exercise(tallies[name], evidence.states[exercise.id])
    for reading in catalogue.readings.values():
        view = reading_view(reading, evidence.readings.get(reading.id, {}))
        if view.status != "dropped" and reading.kind not in ENDLESS:
            for name in _filed(home, reading.topics):
                _count_reading(tallies[name], view)
    return {name: tally.evidence() for name, tally in tallies.items()}


def _filed(home: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """Return the topics and points that something filed under `names` counts for."""
    known = {name for name in names if name in home}
    return known | {home[name] for name in known}


def _count_card(tally: _Tally, memory: Memory | None, evidence: Evidence) -> None:
    tally.cards += 1
    chance = recall_now(memory, evidence.today, evidence.model)
    if chance is not None:
        tally.recalls.append(chance)


def _count_exercise(tally: _Tally, state: ExerciseState) -> None:
    tally.exercises += 1
    tally.passed += state.solved
    tally.fresh += state.status == "solved"
    tally.touched |= state.status != "new"


def _count_reading(tally: _Tally, view: ReadingView) -> None:
    tally.readings += 1
    tally.read += view.status in FINISHED
    tally.touched |= view.status == "reading" or view.progress > 0

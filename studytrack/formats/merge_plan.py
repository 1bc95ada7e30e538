"""The plan of a document met with the curriculum: parts, topics, points and their marks.

Later versions rename, renumber and drop topics. They are met by title within the part, then in any
part; what is not met is told and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from studytrack.domain.catalogue import Catalogue
from studytrack.domain.curriculum import Part, Topic
from studytrack.formats.document import Document, Mark, PlanPart, PlanTopic
from studytrack.formats.merge import Entities, Merge
from studytrack.formats.wording import alike, fold

_SAME_PART, _SAME_TITLE, _SAME_ELSEWHERE = 0.6, 0.8, 0.9
_ORDINAL_BONUS = 0.25


class _Titled(Protocol):
    @property
    def title(self) -> str: ...


Entry = TypeVar("Entry", bound=_Titled)


def merge_plan(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet topics and points; marks are taken over where the learner has set none."""
    met: set[str] = set()
    for part in document.parts:
        known = _find_part(part, catalogue)
        for topic in part.topics:
            found = _find_topic(topic, known, catalogue)
            if found is None:
                into.refused.append(
                    f"Line {topic.span.first}: the plan has no such topic. ({topic.title})"
                )
                continue
            met.add(found.id)
            _mark(found.id, topic.mark, topic.span.first, own, into)
            _meet_points(topic, found, own, into)
    planned = [topic for topic in catalogue.topics.values() if not topic.own]
    gone = [topic.id for topic in planned if topic.id not in met]
    if met and gone:
        names = ", ".join(f"`{item}`" for item in gone)
        into.details.append(f"Gone from your document, kept here: {names}.")


def _find_part(part: PlanPart, catalogue: Catalogue) -> Part | None:
    scored = [
        (alike(part.title, known.title) + _ORDINAL_BONUS * (part.ordinal == known.id), number)
        for number, known in enumerate(catalogue.parts)
    ]
    best = max(scored, key=lambda pair: (pair[0], -pair[1]), default=(0.0, 0))
    return catalogue.parts[best[1]] if best[0] >= _SAME_PART else None


def _find_topic(topic: PlanTopic, part: Part | None, catalogue: Catalogue) -> Topic | None:
    near = _nearest(topic.title, part.topics, _SAME_TITLE) if part else None
    everywhere = list(catalogue.topics.values())
    return near or _nearest(topic.title, everywhere, _SAME_ELSEWHERE)


def _nearest(title: str, entries: Sequence[Entry], least: float) -> Entry | None:
    exact = next((entry for entry in entries if fold(entry.title) == fold(title)), None)
    if exact is not None:
        return exact
    scored = [(alike(title, entry.title), -number) for number, entry in enumerate(entries)]
    best = max(scored, default=(0.0, 0))
    return entries[-best[1]] if best[0] >= least else None


def _meet_points(topic: PlanTopic, known: Topic, own: Entities, into: Merge) -> None:
    for point in topic.points:
        found = _nearest(point.title, known.points, _SAME_TITLE)
        if found is None:
            into.details.append(
                f"Line {point.span.first}: `{known.id}` has no such point, {point.title}."
            )
        else:
            _mark(found.id, point.mark, point.span.first, own, into)


def _mark(item: str, mark: Mark, line: int, own: Entities, into: Merge) -> None:
    current = own.get("topic", {}).get(item, {}).get("marked")
    if mark and not current:
        into.change("topic", item, line, f"is marked {mark}", marked=mark)
    else:
        into.unchanged += 1

"""`studytrack topic …`: the curriculum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Commands, Front, json_option, pass_front
from studytrack.cli.output import emit_json, say, table

if TYPE_CHECKING:
    from studytrack.services.curriculum import TopicView


@click.group(cls=Commands, help="The curriculum: list, show, mark.")
def topic() -> None:
    """Group the topic commands."""


def topic_data(view: TopicView) -> dict[str, Any]:
    """Return a topic as JSON shows it."""
    return {
        "id": view.topic.id,
        "title": view.topic.title,
        "part": view.part,
        "points": [
            {"id": p.point.id, "title": p.point.title, "text": p.point.text, "status": p.status}
            for p in view.points
        ],
        "needs": list(view.topic.needs),
        "status": view.status,
        "marked": view.marked,
        "mastery": round(view.mastery, 4),
        "recall": view.recall,
        "cards": view.cards,
        "cards_seen": view.cards_seen,
        "exercises": view.exercises,
        "passed": view.passed,
        "readings": view.readings,
        "read": view.read,
    }


@topic.command("list", help="All topics with what was reached.")
@json_option
@pass_front
def list_topics(front: Front, as_json: bool) -> None:
    """Print topics."""
    from studytrack.services.curriculum import topics

    views = topics(front.study)
    if as_json:
        emit_json([topic_data(view) for view in views])
        return
    table(
        ("part", "id", "title", "status", "mastery", "cards", "exercises", "readings"),
        [
            (
                view.part,
                view.topic.id,
                view.topic.title,
                view.status,
                f"{view.mastery:.0%}",
                f"{view.cards_seen}/{view.cards}",
                f"{view.passed}/{view.exercises}",
                f"{view.read}/{view.readings}",
            )
            for view in views
        ],
    )


@topic.command("show", help="A topic with its points.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def show_topic(front: Front, name: str, as_json: bool) -> None:
    """Print one topic."""
    from studytrack.services.curriculum import topic as find

    view = find(front.study, name)
    errata = front.study.catalogue.errata_of(view.topic.id)
    if as_json:
        corrected = [{"id": e.id, "was": e.was, "now": e.now, "why": e.why} for e in errata]
        emit_json({**topic_data(view), "corrections": corrected})
        return
    say(f"{view.topic.title} ({view.part}, {view.topic.id}): {view.status}, {view.mastery:.0%}")
    for point in view.points:
        text = f": {point.point.text}" if point.point.text else ""
        say(f"  - {point.point.title} ({point.status}){text}")
    if view.topic.needs:
        say(f"Worth knowing first: {', '.join(view.topic.needs)}")
    for erratum in errata:
        say(f"Corrected: {erratum.was} -> {erratum.now} ({erratum.why})")


@topic.command("mark", help="Override a topic's or point's status: done, skipped, …, or clear.")
@click.argument("name", metavar="ID")
@click.argument("status", metavar="STATUS")
@json_option
@pass_front
def mark_topic(front: Front, name: str, status: str, as_json: bool) -> None:
    """Set or clear the override."""
    from studytrack.services.curriculum import mark

    view = mark(front.study, name, None if status == "clear" else status)
    if as_json:
        emit_json(topic_data(view))
    else:
        say(f"{view.topic.title}: {view.status}.")

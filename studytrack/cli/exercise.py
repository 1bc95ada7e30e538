"""`studytrack exercise …`: the exercises around grading."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Commands, Front, json_option, pass_front
from studytrack.cli.output import emit_json, is_terminal, moment_text, note, say, table
from studytrack.cli.review import NAMES as RATINGS
from studytrack.domain.log import Attempt
from studytrack.errors import EnvironmentFault
from studytrack.files import is_there

if TYPE_CHECKING:
    from studytrack.services.credit import Credit
    from studytrack.services.exercises import ExerciseView


@click.group(cls=Commands, help="Exercises: list, show, open, hint, …")
def exercise() -> None:
    """Group the exercise commands."""


def exercise_data(view: ExerciseView) -> dict[str, Any]:
    """Return an exercise as JSON shows it."""
    item = view.exercise
    return {
        "id": item.id,
        "title": item.title,
        "entry": item.entry,
        "kind": item.kind,
        "topic": item.topic,
        "topics": list(item.topics),
        "level": item.level,
        "minutes": item.minutes,
        "status": view.status,
        "attempts": view.attempts,
        "passed_checks": view.passed_checks,
        "due": date.fromordinal(view.due_day).isoformat() if view.due_day else None,
        "credit_from": view.credit_from or None,
        "needs": list(item.needs),
        "terms": list(item.terms),
        "hints": len(item.hints),
        "hints_shown": view.hints_shown,
        "path": str(view.path),
    }


@exercise.command("list", help="All exercises with their state.")
@json_option
@pass_front
def list_exercises(front: Front, as_json: bool) -> None:
    """Print exercises."""
    from studytrack.services.exercises import exercises

    views = exercises(front.study)
    if as_json:
        emit_json([exercise_data(view) for view in views])
        return
    table(
        ("id", "topic", "level", "minutes", "status", "checks", "due", "title"),
        [
            (
                view.exercise.id,
                view.exercise.topic,
                view.exercise.level,
                view.exercise.minutes,
                view.status,
                view.passed_checks,
                view.due_text,
                view.exercise.title,
            )
            for view in views
        ],
        "No exercise is ready. `studytrack doctor` looks at the content.",
    )


@exercise.command("show", help="The statement of an exercise.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def show_exercise(front: Front, name: str, as_json: bool) -> None:
    """Print one exercise."""
    from studytrack.services.exercises import exercise as find

    view = find(front.study, name)
    if as_json:
        data = exercise_data(view)
        emit_json(data | {"statement": view.exercise.statement, "starter": view.exercise.starter})
        return
    item = view.exercise
    due = f", {view.due_text}" if view.due_text and view.status != "due" else ""
    due += f", credit from `{view.credit_from}`" if view.credit_from else ""
    say(f"{item.title} ({item.id}, {item.topic})")
    say(f"Level {item.level}, about {item.minutes} minutes. {view.status.capitalize()}{due}.\n")
    say(f"{item.statement.strip()}\n")
    if is_there(view.path):
        say(f"Your file: {view.path}")
    else:
        say(f"`studytrack exercise open {item.id}` writes the starter to {view.path}.")


@exercise.command("open", help="Write the starter into the workspace and open $EDITOR.")
@click.argument("name", metavar="ID")
@click.option("--no-editor", is_flag=True, help="Only write the file and print its path.")
@json_option
@pass_front
def open_exercise(front: Front, name: str, no_editor: bool, as_json: bool) -> None:
    """Open an exercise."""
    from studytrack.services.exercises import exercise as find
    from studytrack.services.exercises import open_exercise as open_one

    path = open_one(front.study, name)
    view = find(front.study, name)
    if as_json:
        emit_json(exercise_data(view))
    else:
        say(str(path))
    if not no_editor and not as_json and is_terminal(sys.stdin) and is_terminal(sys.stdout):
        edit(front, path)
    if not as_json:
        note(f"Grade it with `studytrack grade {view.exercise.id}`.")


def edit(front: Front, path: Path) -> None:
    """Open the learner's editor and wait for it.

    Raises:
        EnvironmentFault: there is no such editor.
    """
    chosen = front.settings.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        words = shlex.split(chosen) or ["vi"]
        subprocess.run([*words, str(path)], check=False)
    except (OSError, ValueError) as error:  # ValueError: a quotation that does not end
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise EnvironmentFault(
            f"Cannot start the editor `{chosen or 'vi'}`.",
            f"The system says: {reason}.",
            f"Set $EDITOR, or edit {path} in any editor.",
        ) from error


@exercise.command("hint", help="The next hint; it counts in the rating.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def hint_exercise(front: Front, name: str, as_json: bool) -> None:
    """Print the next hint."""
    from studytrack.services.exercises import hint

    found = hint(front.study, name)
    if as_json:
        emit_json({"number": found.number, "total": found.total, "text": found.text})
    else:
        say(f"Hint {found.number} of {found.total}: {found.text}")


@exercise.command("solution", help="The reference: after a pass, or with --give-up.")
@click.argument("name", metavar="ID")
@click.option("--give-up", is_flag=True, help="Show it unsolved; the exercise comes back tomorrow.")
@json_option
@pass_front
def solution_exercise(front: Front, name: str, give_up: bool, as_json: bool) -> None:
    """Print the reference solution."""
    from studytrack.services.exercises import exercise as find
    from studytrack.services.exercises import solution

    text = solution(front.study, name, give_up=give_up)
    if as_json:
        emit_json({**exercise_data(find(front.study, name)), "solution": text})
    else:
        say(text.rstrip("\n"))


@exercise.command("reset", help="Begin again from the starter; your file is kept beside it.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def reset_exercise(front: Front, name: str, as_json: bool) -> None:
    """Write the starter again."""
    from studytrack.services.exercises import exercise as find
    from studytrack.services.exercises import reset

    path = reset(front.study, name)
    if as_json:
        emit_json(exercise_data(find(front.study, name)))
    else:
        say(str(path))


@exercise.command("history", help="All attempts and credits, the newest first.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def history_exercise(front: Front, name: str, as_json: bool) -> None:
    """Print attempts, and the credit that passes of harder exercises gave."""
    from studytrack.services.credit import credits_of
    from studytrack.services.exercises import history

    events: list[Attempt | Credit] = [*history(front.study, name), *credits_of(front.study, name)]
    events.sort(key=lambda event: event.clock, reverse=True)
    if as_json:
        emit_json([_event_data(event) for event in events])
        return
    table(
        ("attempt", "when", "verdict", "rating", "seed"),
        [_event_cells(event) for event in events],
        f"No attempt yet. `studytrack grade {name}` makes one.",
    )


def _event_data(event: Attempt | Credit) -> dict[str, Any]:
    at = moment_text(event.utc_ms, event.offset_min)
    if isinstance(event, Attempt):
        return {
            "id": event.attempt_id,
            "title": event.verdict,
            "verdict": event.verdict,
            "passed": event.passed,
            "at": at,
            "seed": event.seed,
            "rating": event.rating,
            "source": event.source,
            "report": dict(event.report),
        }
    return {
        "id": event.event_id,
        "title": _credit_text(event),
        "verdict": "credit",
        "passed": None,
        "at": at,
        "seed": None,
        "rating": None,
        "source": None,
        "report": {},
        "because": event.because,
        "weight": event.weight,
        "due": date.fromordinal(event.due_day).isoformat(),
    }


def _event_cells(event: Attempt | Credit) -> tuple[str | int, ...]:
    when = moment_text(event.utc_ms, event.offset_min)[:16].replace("T", " ")
    if isinstance(event, Attempt):
        rating = RATINGS[event.rating] if event.rating else ""
        return event.attempt_id[:8], when, event.verdict, rating, event.seed
    return "", when, _credit_text(event), "", ""


def _credit_text(credit: Credit) -> str:
    return f"credit from `{credit.because}`"

"""`studytrack simulate`: minutes a day to come, when all cards have begun, and the exercises."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import emit_json, say, table
from studytrack.cli.stats import bars, counted

if TYPE_CHECKING:
    from studytrack.domain.rehearsal import Work
    from studytrack.services.simulate import Forecast, Rehearsals

MOST_BARS = 52
DIGITS = 2  # of minutes and counts that are means


@click.command(help="Minutes a day to come, and when all cards have begun.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Draws the answers.")
@json_option
@pass_front
def simulate(front: Front, days: int, seed: int, as_json: bool) -> None:
    """Simulate the plan."""
    from studytrack.services.simulate import forecast

    found = forecast(front.study, days, seed=seed)
    if as_json:
        emit_json(_plain(found))
    else:
        _tell(found)


def _plain(found: Forecast) -> dict[str, Any]:
    course = found.course
    return {
        "days": found.days,
        "today": found.today.isoformat(),
        "retention": found.retention,
        "known": found.known,
        "waiting": found.waiting,
        "finish": found.finish.isoformat() if found.finish else None,
        "minutes": [round(seconds / 60, DIGITS) for seconds in course.seconds],
        "minutes_a_day": round(course.minutes_a_day, DIGITS),
        "answers": list(course.answers),
        "new": list(course.begun),
        "remembered": round(course.remembered, DIGITS),
        "overdue": course.left,
        "curve": [
            {
                **asdict(point),
                "minutes_a_day": round(point.minutes_a_day, DIGITS),
                "remembered": round(point.remembered, DIGITS),
            }
            for point in found.curve
        ],
        "exercises": _plain_rehearsals(found.exercises) if found.exercises else None,
    }


def _plain_rehearsals(found: Rehearsals) -> dict[str, Any]:
    def work(one: Work) -> dict[str, float]:
        return {"reviews": round(one.reviews, DIGITS), "hours": round(one.minutes / 60, DIGITS)}

    return {
        "solved": found.solved,
        "credit": found.credit,
        "with_credit": work(found.with_credit),
        "without_credit": work(found.without_credit),
    }


def _tell(found: Forecast) -> None:
    course = found.course
    say(
        f"{counted(found.known, 'card')} in rotation, {found.waiting} still to begin, "
        f"over {counted(found.days, 'day')} at a wanted retention of {found.retention:.0%}:"
    )
    say(f"{course.minutes_a_day:.1f} minutes a day, at most {max(course.seconds) / 60:.0f}.")
    size = -(-found.days // MOST_BARS)
    spans = [course.seconds[start : start + size] for start in range(0, found.days, size)]
    means = tuple(round(sum(span) / len(span)) for span in spans)
    say(f"Work, {counted(size, 'day')} a bar: {bars(means)}")
    if found.finish:
        say(f"The last new card begins on {found.finish.isoformat()}.")
    elif found.waiting:
        say(f"New cards are left after {counted(found.days, 'day')}.")
    say(f"Remembered at the end: {course.remembered:.0f} cards; overdue: {course.left}.")
    if found.exercises:
        say(_rehearsals_text(found.exercises, found.days))
    table(
        ("retention", "minutes a day", "answers", "remembered"),
        [
            (
                f"{point.retention:.0%}",
                f"{point.minutes_a_day:.1f}",
                point.answers,
                f"{point.remembered:.0f}",
            )
            for point in found.curve
        ],
    )


def _rehearsals_text(found: Rehearsals, days: int) -> str:
    given, usual = found.with_credit, found.without_credit
    return (
        f"With credit for prerequisites: {counted(round(given.reviews), 'exercise review')} "
        f"instead of {usual.reviews:.0f} in {counted(days, 'day')}, "
        f"{given.minutes / 60:.1f} instead of {usual.minutes / 60:.1f} hours. "
        f"It is {'on' if found.credit else 'off'} (`memory.credit`)."
    )

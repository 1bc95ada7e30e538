"""`studytrack today`: the plan as plain text or JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import emit_json, say, without_keys


@click.command(help="Today's plan: cards, an exercise, a reading.")
@json_option
@pass_front
def today(front: Front, as_json: bool) -> None:
    """Print the plan."""
    from studytrack.services.today import plan

    current = plan(front.study)
    if as_json:
        day = date.fromordinal(front.study.stamp().study_day)
        emit_json({"date": day.isoformat(), **asdict(current)})
        return
    run = f", {current.streak} days in a row" if current.streak > 1 else ""
    say(f"{current.day_text}, day {current.day_number}{run}.")
    if current.steps:
        say(f"Today, about {current.minutes} minutes:")
    for number, step in enumerate(current.steps, start=1):
        name = f" [{step.item}]" if step.item else ""
        detail = f": {step.detail}" if step.detail else ""
        say(f"  {number}. {step.title}{name}{detail}, about {step.minutes} min")
    say(without_keys(current.next_text))
    if current.forgotten:
        say(f"Forgotten this week: {'; '.join(current.forgotten)}.")
    if current.advice is not None:
        say(f"Advice ({current.advice.source.title}): {current.advice.text}")

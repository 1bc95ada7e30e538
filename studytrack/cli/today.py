"""`studytrack today`: the plan as plain text or JSON."""

from __future__ import annotations

from dataclasses import asdict

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import emit_json, say


@click.command(help="Today's plan: cards, an exercise, a reading.")
@json_option
@pass_front
def today(front: Front, as_json: bool) -> None:
    """Print the plan."""
    from studytrack.services.today import plan

    current = plan(front.study)
    if as_json:
        emit_json(asdict(current))
        return
    say(f"{current.day_text}, day {current.day_number}, streak {current.streak}.")
    if current.steps:
        say(f"Today, about {current.minutes} minutes:")
    for number, step in enumerate(current.steps, start=1):
        detail = f" ({step.detail})" if step.detail else ""
        say(f"  {number}. {step.title}{detail}, about {step.minutes} min")
    say(current.next_text)
    if current.advice is not None:
        say(f"Advice ({current.advice.source.title}): {current.advice.text}")

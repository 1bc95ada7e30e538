"""`studytrack stats`: progress in figures."""

from __future__ import annotations

from dataclasses import asdict

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import emit_json, say

BARS = " ▁▂▃▄▅▆▇█"


def bars(values: tuple[int, ...]) -> str:
    """Return one character per value, the largest full.

    >>> bars((0, 4, 8))
    ' ▄█'
    """
    top = max(values, default=0) or 1
    return "".join(BARS[-(-value * 8 // top)] for value in values)


@click.command(help="Progress in figures.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@json_option
@pass_front
def stats(front: Front, days: int, as_json: bool) -> None:
    """Print figures."""
    from studytrack.services.stats import stats as compute

    found = compute(front.study, days)
    if as_json:
        emit_json(
            asdict(found)
            | {"by_part": [{"part": p, "recall": r, "reviews": n} for p, r, n in found.by_part]}
        )
        return
    recall = "no recall yet" if found.recall is None else f"recall {found.recall:.0%}"
    say(f"Last {days} days: {found.reviews} reviews, {recall}, {found.minutes} minutes.")
    say(f"Streak {found.streak}. Cards seen {found.cards_seen}. Solved {found.exercises_passed}.")
    say(f"Reviews a day  {bars(found.per_day)}")
    say(f"Due next week  {' '.join(str(count) for count in found.upcoming)}")
    for part, part_recall, count in found.by_part:
        if count:
            shown = "" if part_recall is None else f"recall {part_recall:.0%}, "
            say(f"  {part:8} {shown}{count} reviews")

"""`studytrack stats`: progress in figures."""

from __future__ import annotations

from dataclasses import asdict

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import emit_json, say, table

BARS = "·▁▂▃▄▅▆▇█"
MOST_BARS = 60  # so many days fit a line


def bars(values: tuple[int, ...]) -> str:
    """Return one character per value, the largest full.

    >>> bars((0, 4, 8))
    '·▄█'
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
    if not (found.reviews or found.cards_seen or found.exercises_passed):
        say(f"Nothing was reviewed in the last {days} days. `studytrack review` begins.")
        return
    recall = "no due card yet" if found.recall is None else f"{found.recall:.0%} remembered"
    say(f"Last {days} days: {counted(found.reviews, 'review')}, {recall}, {found.minutes} min.")
    say(f"Streak: {counted(found.streak, 'day')}.")
    say(f"Ever: {counted(found.cards_seen, 'card')} seen, {found.exercises_passed} solved.")
    say(f"Reviews a day: {bars(found.per_day[-MOST_BARS:])} (most {max(found.per_day)})")
    say(f"Due from today: {' '.join(str(count) for count in found.upcoming)}")
    rows = [
        (part, count, "" if part_recall is None else f"{part_recall:.0%}")
        for part, part_recall, count in found.by_part
        if count
    ]
    if rows:
        table(("part", "reviews", "remembered"), rows)


def counted(number: int, word: str) -> str:
    """Return a number with its word.

    >>> counted(1, "day"), counted(2, "day")
    ('1 day', '2 days')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"

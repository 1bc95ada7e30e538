"""`studytrack stats`: progress in figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import emit_json, say, table
from studytrack.domain.calibration import ENOUGH

if TYPE_CHECKING:
    from studytrack.domain.calibration import Calibration

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
@click.option("--calibration", is_flag=True, help="Compare predicted with actual recall.")
@json_option
@pass_front
def stats(front: Front, days: int, calibration: bool, as_json: bool) -> None:
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
    if found.leeches:
        say(f"Leeches: {counted(found.leeches, 'card')} (`studytrack card list --leeches`).")
    for one in found.calibration:
        if calibration or one.enough:
            _tell_calibration(one, whole=calibration)


def _tell_calibration(one: Calibration, *, whole: bool) -> None:
    if not one.enough:
        say(
            f"Predictions for {one.kind}s: not enough data "
            f"({counted(one.reviews, 'review')} after a day or more; it takes {ENOUGH})."
        )
        return
    wanted = "" if one.wanted is None else f" of {one.wanted:.0%} wanted"
    say(
        f"Predictions for {one.kind}s: {counted(one.reviews, 'review')}, "
        f"{one.recalled:.1%} remembered{wanted}, log loss {one.log_loss:.3f}, "
        f"RMSE {one.rmse:.1%}."
    )
    if whole:
        rows = [
            (
                one.kind,
                bin_.reviews,
                f"{bin_.predicted:.1%}",
                f"{bin_.recalled:.1%}",
                f"{bin_.low:.1%} to {bin_.high:.1%}",
                "" if bin_.low <= bin_.predicted <= bin_.high else "off",
            )
            for bin_ in one.bins
        ]
        table(("kind", "reviews", "predicted", "remembered", "95 % interval", ""), rows)


def counted(number: int, word: str) -> str:
    """Return a number with its word.

    >>> counted(1, "day"), counted(2, "day")
    ('1 day', '2 days')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"

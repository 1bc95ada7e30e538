"""Stats: reviews, recall, what each part holds, and what comes due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studytrack.tui import services
from studytrack.tui.actions import Action, bindings
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.text import (
    ACCENT,
    BLANK,
    MUTED,
    STRONG,
    bar,
    count,
    heading,
    join,
    muted,
    percent,
    spark,
)

if TYPE_CHECKING:
    from studytrack.domain.calibration import Calibration
    from studytrack.domain.catalogue import Catalogue
    from studytrack.services.stats import Stats

PERIODS = (7, 30, 90, 365)
COLUMNS = 60  # bars of days; more days share a bar
ENOUGH = 20  # reviews; a rate of fewer is shown as a count
TITLE_WIDTH = 34


class StatsScreen(StudyScreen):
    """Numbers, few and plain."""

    place = mode = "stats"
    heading = "Stats"
    CSS_PATH = "stats.tcss"
    BINDINGS = bindings("stats")

    def __init__(self) -> None:
        super().__init__()
        self.days = 30

    def body(self) -> ComposeResult:
        """Compose one column of text."""
        with VerticalScroll(id="page", can_focus=False):
            yield Static("", id="numbers", markup=False)

    async def load(self) -> None:
        """Show the numbers of the period."""
        found = await self.ask(services.stats.stats, self.days)
        self.set_context(f"last {self.days} days")
        numbers = self.query_one("#numbers", Static)
        numbers.update(page(found, self.catalogue))
        offer = await self.ask(services.fit.offer)  # it reads the whole log
        if offer:
            numbers.update(page(found, self.catalogue, offer))

    def verb(self, action: Action) -> str:
        """Name the next period."""
        return f"{self._next()} days" if action.name == "period" else action.verb

    def _next(self) -> int:
        return PERIODS[(PERIODS.index(self.days) + 1) % len(PERIODS)]

    def action_period(self) -> None:
        """Show the next period."""
        self.days = self._next()
        self.reload()


def page(found: Stats, catalogue: Catalogue, offer: str = "") -> Content:
    """Return all numbers as text; `offer` is a sentence about a fit that is worth trying."""
    if not found.reviews and not found.cards_seen:
        return join(
            [
                Content.styled("Nothing was reviewed yet.", STRONG),
                BLANK,
                Content.assemble(("r", f"bold {ACCENT}"), " starts with a few new cards."),
            ]
        )
    recall = _rate(found.recall, found.reviews)
    return join(
        [
            _facts(
                [
                    ("reviews", str(found.reviews)),
                    ("recall", recall),
                    ("time", f"{found.minutes} min"),
                ]
            ),
            _facts(
                [
                    ("cards seen", str(found.cards_seen)),
                    ("exercises passed", str(found.exercises_passed)),
                    ("streak", count(found.streak, "day")),
                ]
            ),
            BLANK,
            Content.assemble(heading("REVIEWS A DAY"), muted(f"   {_span(found.per_day)}")),
            Content.assemble(
                (spark(_grouped(found.per_day)), ACCENT),
                muted(f"   at most {max(found.per_day, default=0)}"),
            ),
            BLANK,
            heading("RECALL BY PART"),
            *(_part(catalogue, name, rate, seen) for name, rate, seen in found.by_part),
            BLANK,
            heading("DUE IN THE NEXT 7 DAYS"),
            Content.assemble(
                (spark(found.upcoming), ACCENT),
                muted("   today "),
                " ".join(map(str, found.upcoming)),
            ),
            *_predictions(found, offer),
        ]
    )


def _predictions(found: Stats, offer: str) -> list[Content | str]:
    """Return how predictions came true, for each kind of item with enough reviews."""
    known = [one for one in found.calibration if one.enough]
    lines: list[Content | str] = [line for one in known for line in _calibration(one)]
    if offer:
        lines.append(muted(offer.replace("`", "")))
    return [BLANK, heading("PREDICTIONS"), *lines] if lines else []


def _calibration(one: Calibration) -> list[Content]:
    """Return a kind's sums, and its reviews in order of the prediction, in groups of one size.

    A group is marked whose prediction lies outside the interval that its outcome allows.
    """
    wanted = "" if one.wanted is None else f" of {percent(one.wanted)} wanted"
    return [
        Content.assemble(
            f"{one.kind}s  ",
            (percent(one.recalled or 0.0), STRONG),
            f" remembered{wanted}",
            muted(f"   {count(one.reviews, 'review')}, off by {percent(one.rmse or 0.0)}"),
        ),
        Content.assemble(muted("predicted   "), *_bins(one, remembered=False)),
        Content.assemble(muted("remembered  "), *_bins(one, remembered=True)),
    ]


def _bins(one: Calibration, *, remembered: bool) -> list[Content]:
    """Return one cell of four columns for each group."""
    cells = []
    for group in one.bins:
        value = group.recalled if remembered else group.predicted
        off = remembered and not group.low <= group.predicted <= group.high
        cells.append(Content.styled(f"{value * 100:>3.0f} ", STRONG if off else ""))
    return cells


def _facts(facts: list[tuple[str, str]]) -> Content:
    return join(
        [Content.assemble((f"{name}  ", MUTED), (value, STRONG)) for name, value in facts], "     "
    )


def _rate(rate: float | None, seen: int) -> str:
    if rate is None:
        return "not known yet"
    return percent(rate) if seen >= ENOUGH else f"{round(rate * seen)} of {seen}"


def _grouped(days: tuple[int, ...]) -> list[int]:
    """Return sums of as many days a bar as the width needs, the newest bar whole."""
    size = -(-len(days) // COLUMNS)
    newest_first = days[::-1]
    sums = [sum(newest_first[i : i + size]) for i in range(0, len(days), size)]
    return sums[::-1]


def _span(days: tuple[int, ...]) -> str:
    size = -(-len(days) // COLUMNS)
    each = "one bar a day" if size == 1 else f"one bar for {size} days"
    return f"{each}, today at the right"


def _part(catalogue: Catalogue, name: str, rate: float | None, seen: int) -> Content:
    part = next((part for part in catalogue.parts if part.id == name), None)
    title = part.title if part else name
    label = f"{name:<4} {title}" if name.isupper() else f"     {title}"
    if len(label) > TITLE_WIDTH:
        label = label[: TITLE_WIDTH - 1].rstrip() + "…"
    words = f"  {_rate(rate, seen)}" if rate is not None else "  no reviews"
    counted = f"  {count(seen, 'review')}" if seen >= ENOUGH else ""
    return Content.assemble(
        f"{label:<{TITLE_WIDTH}} ",
        (bar(rate or 0.0), ACCENT if rate else MUTED),
        words,
        muted(counted),
    )

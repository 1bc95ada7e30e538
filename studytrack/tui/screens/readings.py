"""Readings: the list by status; finishing one asks what was learnt and makes a card of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studytrack.domain.library import READING_STATUSES
from studytrack.tui import services
from studytrack.tui.actions import bindings
from studytrack.tui.details import reading_detail
from studytrack.tui.outside import open_link
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.text import ACCENT, STRONG
from studytrack.tui.widgets.table import Cell, Column, Row, Table, Tone

if TYPE_CHECKING:
    from studytrack.services.readings import ReadingView

SIGNS = {"reading": "◐", "next": "▪", "inbox": "○", "done": "✓", "archived": "✓", "dropped": "~"}
TONES: dict[str, Tone] = {"reading": "accent", "next": "accent", "done": "good"}
FILTERS = ("", "reading", "next", "inbox", "done", "archived", "dropped")
COLUMNS = (Column(10), Column(7), Column(share=1), Column(16), Column(5, "right"))
FULL = 100


class ReadingsScreen(StudyScreen):
    """The bookshelf."""

    place = mode = "readings"
    heading = "Readings"
    CSS_PATH = "readings.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS = bindings("readings")

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[str, ReadingView] = {}
        self.filtered = ""
        self.wanted = ""

    def body(self) -> ComposeResult:
        """Compose the list and the chosen reading."""
        with Container(classes="pair"):
            yield Table(COLUMNS, id="readings")
            yield Static("", classes="empty", markup=False)
            with VerticalScroll(classes="detail"):
                yield Static("", id="detail", markup=False)

    async def load(self) -> None:
        """Show the readings of the chosen status."""
        views = await self.ask(services.readings.readings)
        self.views = {view.reading.id: view for view in views}
        shown = [view for view in views if self.filtered in {"", view.status}]
        if self.wanted in self.views and self.views[self.wanted] not in shown:
            self.filtered, shown = "", views
        numbers = Counter(view.status for view in views)
        counts = [f"{name} {numbers[name]}" for name in READING_STATUSES if numbers[name]]
        self.set_context(f"only {self.filtered}" if self.filtered else "  ·  ".join(counts))
        table, empty = self.query_one(Table), self.query_one(".empty", Static)
        table.display, empty.display = bool(shown), not shown
        if not shown:
            empty.update(self._empty())
        table.show([reading_row(view) for view in shown], self.wanted)
        self.wanted = ""

    def _empty(self) -> Content:
        title = f"No reading is {self.filtered}." if self.filtered else "No reading yet."
        return Content.assemble(
            (f"{title}\n\n", STRONG),
            ("f" if self.filtered else "", f"bold {ACCENT}"),
            " shows another status.   " if self.filtered else "",
            ("a", f"bold {ACCENT}"),
            " adds an address.",
        )

    def select(self, item: str) -> None:
        """Put the marker on a reading."""
        self.wanted = item
        self.reload()

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show the chosen reading."""
        view = self.views.get(event.key)
        detail = reading_detail(view, self.catalogue) if view else Content()
        self.query_one("#detail", Static).update(detail)
        self.query_one(".detail").scroll_home(animate=False)
        self.refresh_keys()

    # keys

    @property
    def chosen(self) -> ReadingView | None:
        """The reading under the marker."""
        return self.views.get(self.query_one(Table).chosen) if self.is_mounted else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Most keys need a reading; begun ones cannot be started."""
        view = self.chosen
        if action in {"finish", "move", "progress", "open_link"}:
            return view is not None
        if action == "begin":
            return view is not None and view.status in {"inbox", "next", "dropped"}
        return super().check_action(action, parameters)

    def action_finish(self) -> None:
        """Ask what was learnt and mark the reading done."""
        self.start(self._finish, group="act", exclusive=True)

    async def _finish(self) -> None:
        view = self.chosen
        if view is None:
            return
        takeaway = await self.prompt(
            f"What did you learn from “{view.reading.title}”?",
            "One line; it becomes a card. An empty line skips it.",
        )
        if takeaway is None:
            self.say("Left as it was.")
            return
        await self.ask(services.readings.finish, view.reading.id, takeaway or None)
        card = " Your takeaway is a card now." if takeaway else ""
        self.say(f"Done: {view.reading.title}.{card} u takes it back.")
        if self.app.flow.in_plan:
            self.app.begin(self.app.flow.go_on)
        else:
            self.reload()

    def action_begin(self) -> None:
        """Start reading."""
        self.action_move("reading")

    def on_table_opened(self) -> None:
        """A click on the chosen reading opens its address."""
        self.action_open_link()

    def action_move(self, status: str) -> None:
        """Move the reading to another status."""
        view = self.chosen
        if view:
            self.start(self._move, view, status, group="act")

    async def _move(self, view: ReadingView, status: str) -> None:
        changed = await self.ask(services.readings.set_status, view.reading.id, status)
        self.say(f"{view.reading.title}: {changed.status}. u takes it back.")
        self.reload()

    def action_progress(self, step: int) -> None:
        """Note that more or less of it is read."""
        view = self.chosen
        if view:
            percent = min(max(view.progress + step, 0), FULL)
            self.start(self._progress, view, percent, group="act")

    async def _progress(self, view: ReadingView, percent: int) -> None:
        changed = await self.ask(services.readings.set_progress, view.reading.id, percent)
        self.say(f"{view.reading.title}: {changed.progress} % read.")
        self.reload()

    def action_open_link(self) -> None:
        """Open the address, or copy it."""
        if self.chosen:
            self.say(open_link(self.app, self.chosen.reading.url))

    def action_filter(self) -> None:
        """Show the next status that has readings."""
        numbers = Counter[str](view.status for view in self.views.values())
        able = [name for name in FILTERS if not name or numbers[name] or name == self.filtered]
        self.filtered = able[(able.index(self.filtered) + 1) % len(able)]
        self.say("")
        self.reload()

    def action_add(self) -> None:
        """Ask for an address and add it to the inbox."""
        self.start(self._add, group="act", exclusive=True)

    async def _add(self) -> None:
        url = await self.prompt("Which address do you want to read?", "https://…")
        if not url:
            return
        view = await self.ask(services.readings.add, url)
        self.say(f"Added to the inbox: {view.reading.title}.")
        self.select(view.reading.id)


def reading_row(view: ReadingView) -> Row:
    """Return the line of a reading."""
    item = view.reading
    status = f"{view.progress} %" if view.status == "reading" and view.progress else view.status
    return Row(
        item.id,
        (
            Cell(f"{SIGNS[view.status]} {status}", TONES.get(view.status, "muted")),
            Cell(item.kind, "muted"),
            Cell(item.title),
            Cell(item.by, "muted"),
            Cell(f"{item.minutes}m" if item.minutes else "", "muted"),
        ),
    )

"""Exercises: the list by part; `enter` opens the page of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studytrack.tui import services
from studytrack.tui.actions import Action, bindings
from studytrack.tui.details import exercise_detail
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.text import ACCENT, STRONG
from studytrack.tui.widgets.table import Cell, Column, Row, Table, Tone

if TYPE_CHECKING:
    from studytrack.services.exercises import ExerciseView

SIGNS = {"new": "○", "open": "◐", "failing": "✗", "solved": "✓", "due": "!"}
TONES: dict[str, Tone] = {"failing": "bad", "solved": "good", "due": "accent", "open": "accent"}
WORDS = {
    "new": "new",
    "open": "opened",
    "failing": "failing",
    "solved": "solved",
    "due": "due again",
}
COLUMNS = (Column(11), Column(share=1), Column(5), Column(4), Column(3, "right"), Column(9))


class ExercisesScreen(StudyScreen):
    """The list of exercises."""

    place = mode = "exercises"
    heading = "Exercises"
    CSS_PATH = "exercises.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS = bindings("exercises")

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[str, ExerciseView] = {}
        self.only_open = False
        self.wanted = ""

    def body(self) -> ComposeResult:
        """Compose the list and, in a wide window, the chosen exercise."""
        with Container(classes="pair"):
            yield Table(COLUMNS, id="exercises")
            yield Static("", classes="empty", markup=False)
            with VerticalScroll(classes="detail"):
                yield Static("", id="detail", markup=False)

    async def load(self) -> None:
        """Show the exercises by part."""
        views = await self.ask(services.exercises.exercises)
        self.views = {view.exercise.id: view for view in views}
        whole = [view for view in views if not view.exercise.form]
        solved = sum(view.status == "solved" for view in whole)
        due = sum(view.status == "due" for view in views)
        self.set_context(
            f"{solved} of {len(whole)} solved"
            + (f"   {due} due again" if due else "")
            + ("   only those to do" if self.only_open else "")
        )
        shown = [view for view in views if not (self.only_open and view.status == "solved")]
        table, empty = self.query_one(Table), self.query_one(".empty", Static)
        table.display, empty.display = bool(shown), not shown
        words = "No exercise is left to do." if views else "There are no exercises here."
        empty.update(
            Content.assemble(
                (f"{words}\n\n", STRONG), ("r", f"bold {ACCENT}"), " reviews cards instead."
            )
        )
        table.show(self._rows(shown), self.wanted)
        self.wanted = ""

    def _rows(self, views: list[ExerciseView]) -> list[Row]:
        rows: list[Row] = []
        last = ""
        for view in views:
            part = self.catalogue.part_of(view.exercise.topic)
            title = f"{part.id}  {part.title}" if part and part.id.isupper() else ""
            title = title or (part.title if part else "Others")
            if title != last:
                rows.append(Row(f"part:{title}", (Cell(title, "muted"),), open=False))
                last = title
            rows.append(exercise_row(view))
        return rows

    def select(self, item: str) -> None:
        """Put the marker on an exercise."""
        self.wanted = item
        self.reload()

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show the chosen exercise at the side."""
        view = self.views.get(event.key)
        detail = exercise_detail(view, self.catalogue) if view else Content()
        self.query_one("#detail", Static).update(detail)
        self.refresh_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Opening needs an exercise."""
        if action == "open":
            return self.is_mounted and self.query_one(Table).chosen in self.views
        return super().check_action(action, parameters)

    def verb(self, action: Action) -> str:
        """Say what the filter shows next."""
        if action.name == "filter":
            return "all" if self.only_open else "to do"
        return action.verb

    def action_open(self) -> None:
        """Open the page of the chosen exercise."""
        self.app.begin(self.app.flow.open_exercise, self.query_one(Table).chosen)

    def on_table_opened(self) -> None:
        """A click on the chosen exercise opens it."""
        self.action_open()

    def action_filter(self) -> None:
        """Show all, or only those to do."""
        self.only_open = not self.only_open
        self.reload()


def exercise_row(view: ExerciseView) -> Row:
    """Return the line of an exercise."""
    item = view.exercise
    return Row(
        item.id,
        (
            Cell(f"{SIGNS[view.status]} {WORDS[view.status]}", TONES.get(view.status, "muted")),
            Cell(item.title),
            Cell(view.passed_checks, "muted"),
            Cell("★" * item.level, "muted"),
            Cell(f"{item.minutes}m", "muted"),
            Cell(view.due_text.removeprefix("due "), "muted"),
        ),
    )

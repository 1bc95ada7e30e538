"""Today: the plan in minutes, the curriculum at a glance, what was forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studytrack.tui import services
from studytrack.tui.actions import bindings
from studytrack.tui.details import exercise_detail, reading_detail
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.text import (
    ACCENT,
    BLANK,
    MUTED,
    bar,
    count,
    heading,
    inline,
    join,
    muted,
    percent,
)
from studytrack.tui.text import spark as spark_line
from studytrack.tui.widgets.nav import mode_keys
from studytrack.tui.widgets.table import Cell, Column, Row, Table

if TYPE_CHECKING:
    from studytrack.services.study import Study
    from studytrack.services.today import PartProgress, Plan, PlanStep
    from studytrack.services.transfer import ImportSummary

LEARN = 5
TITLE_WIDTH = 30
_WORDS = {"review": "Review", "exercise": "Exercise", "reading": "Read"}


class TodayScreen(StudyScreen):
    """The screen that everything starts from."""

    place = mode = "today"
    heading = "studytrack"
    CSS_PATH = "today.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS = bindings("today")

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self.details: dict[str, Content] = {}

    def body(self) -> ComposeResult:
        """Compose the plan above the curriculum and the last days; the chosen step at the side."""
        with Container(classes="pair"):
            yield from self._page()
            with VerticalScroll(classes="detail", can_focus=False):
                yield Static("", id="detail", markup=False)

    def _page(self) -> ComposeResult:
        columns = (Column(10), Column(share=3), Column(8, "right"))
        with VerticalScroll(id="page", can_focus=False):
            yield Static(heading("TODAY"), id="plan-title", markup=False)
            yield Table(columns, id="plan")
            yield Static("", id="plan-note", markup=False)
            with Horizontal(id="glance"):
                yield Static(heading("CURRICULUM"), id="parts", markup=False)
                yield Static(heading("14 DAYS"), id="days", markup=False)
            yield Static("", id="forgotten", markup=False)
            yield Static("", id="advice", markup=False)
            yield Static(ways_text(), id="ways", markup=False)

    async def load(self) -> None:
        """Show the plan of now."""
        self.plan = plan = await self.ask(services.today.plan)
        if self.app.problem:
            self.say(self.app.problem)
            self.app.problem = ""
        day = f"day {plan.day_number}"
        run = f"{plan.streak}-day streak" if plan.streak else "no streak yet"
        self.set_context(f"{plan.day_text}   {day}   {run}")
        minutes = f"{plan.minutes} MINUTES" if plan.minutes > 1 else "MINUTE"
        title = f"NEXT {minutes}" if plan.steps else "TODAY"
        self.query_one("#plan-title", Static).update(heading(title))
        table = self.query_one("#plan", Table)
        self.details = await self.ask(_details, plan)
        table.show([step_row(number, step) for number, step in enumerate(plan.steps, 1)])
        table.styles.height = len(plan.steps)
        table.display = bool(plan.steps)
        note = self.query_one("#plan-note", Static)
        note.update(Content("") if plan.steps else inline(plan.next_text))
        note.display = not plan.steps
        self.query_one("#parts", Static).update(parts_text(plan.parts))
        self.query_one("#days", Static).update(days_text(plan))
        self._show_words(plan)

    def _show_words(self, plan: Plan) -> None:
        lost = self.query_one("#forgotten", Static)
        lost.display = bool(plan.forgotten)
        lost.update(
            Content.assemble(heading("FORGOTTEN LATELY"), "  ", "  ·  ".join(plan.forgotten))
        )
        advice = self.query_one("#advice", Static)
        advice.display = plan.advice is not None
        advice.set_class(bool(plan.forgotten), "-follows")  # one rule less: 24 rows must do
        if plan.advice:
            advice.update(
                Content.assemble(heading("ADVICE"), "  ", inline(plan.advice.text).stylize(MUTED))
            )

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show the chosen step at the side of a wide window."""
        self.query_one("#detail", Static).update(self.details.get(event.key, Content()))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Starting needs a plan; learning more is for an empty one."""
        steps = bool(self.plan and self.plan.steps)
        if action in {"start_all", "open"}:
            return steps
        if action == "learn_new":
            return self.plan is not None and not (steps and self.plan.steps[0].kind == "review")
        return super().check_action(action, parameters)

    def action_start_all(self) -> None:
        """Do the whole plan, step by step."""
        if self.plan:
            self.app.begin(self.app.flow.begin, self.plan.steps)

    def action_open(self) -> None:
        """Open the chosen step alone."""
        chosen = self.query_one("#plan", Table).chosen
        for step in self.plan.steps if self.plan else ():
            if step_key(step) == chosen:
                self.app.begin(self.app.flow.open_step, step)

    def on_table_opened(self) -> None:
        """A click on the chosen step opens it."""
        self.action_open()

    def action_learn_new(self) -> None:
        """Allow more new cards today and show the first."""
        self.start(self._learn_new, group="act")

    async def _learn_new(self) -> None:
        await self.ask(services.review.learn_more, LEARN)
        self.app.action_mode("review")

    def action_bring_in(self) -> None:
        """Ask for a file and import it."""
        self.start(self._bring_in, group="act", exclusive=True)

    async def _bring_in(self) -> None:
        name = await self.prompt(
            "Which file do you want to import?", "README.md, bookmarks.html, …"
        )
        if not name:
            return
        found = await self.ask(_import, name)
        self.say(
            f"Imported as {found.format}: {found.new} new, {found.merged} merged, "
            f"{found.unchanged} unchanged, {len(found.refused)} refused."
        )
        self.reload()


def _details(study: Study, plan: Plan) -> dict[str, Content]:
    """Return what is worth knowing of each step before it is begun."""
    found: dict[str, Content] = {}
    for step in plan.steps:
        if step.kind == "exercise":
            view = services.exercises.exercise(study, step.item)
            found[step_key(step)] = exercise_detail(view, study.catalogue)
        elif step.kind == "reading":
            shown = services.readings.reading(study, step.item)
            found[step_key(step)] = reading_detail(shown, study.catalogue)
        else:
            forgotten = [Content.assemble("  ✗ ", inline(name)) for name in plan.forgotten]
            title = muted("Forgotten lately") if forgotten else ""
            found[step_key(step)] = join(
                [heading("Review"), inline(step.detail), BLANK, title, *forgotten]
            )
    return found


def _import(study: Study, name: str) -> ImportSummary:
    return services.transfer.import_file(study, Path(name).expanduser())


def ways_text() -> Content:
    """Return the letters of the other screens, for windows too narrow for the list of them."""
    ways = [(key, name) for name, key in mode_keys().items() if name != "today"]
    return join(
        [
            Content.assemble((key, f"bold {ACCENT}"), muted(f" {name.capitalize()}"))
            for key, name in ways
        ],
        "   ",
    )


def step_key(step: PlanStep) -> str:
    """Return the key of a step's row."""
    return f"{step.kind}:{step.item}"


def step_row(number: int, step: PlanStep) -> Row:
    """Return the line of one step."""
    title = step.detail if step.kind == "review" else f"{step.title}, {step.detail}"
    return Row(
        step_key(step),
        (
            Cell(f"{number} {_WORDS[step.kind]}", "strong"),
            Cell(title),
            Cell(f"~{step.minutes} min", "muted"),
        ),
    )


def parts_text(parts: tuple[PartProgress, ...]) -> Content:
    """Return a line with a bar for each part."""
    width = max((len(part.id) for part in parts if part.id.isupper()), default=3)
    lines = [heading("CURRICULUM")]
    for part in parts:
        name = f"{part.id:<{width}} {part.title}" if part.id.isupper() else part.title
        if len(name) > TITLE_WIDTH:
            name = name[: TITLE_WIDTH - 1].rstrip() + "…"
        share = part.done / part.total if part.total else 0.0
        lines.append(
            Content.assemble(
                f"{name:<{TITLE_WIDTH}} ",
                (bar(share), ACCENT if part.done else MUTED),
                (f"  {part.done}/{part.total}", MUTED),
            )
        )
    return join(lines)


def days_text(plan: Plan) -> Content:
    """Return the reviews of the last days, the days ahead, and recall."""
    ahead = " ".join(str(number) for number in plan.upcoming)
    recall = percent(plan.recall)
    return join(
        [
            heading("14 DAYS"),
            Content.assemble((spark_line(plan.history), ACCENT)),
            muted(count(sum(plan.history), "review")),
            BLANK,
            Content.assemble(muted("due next 7 days\n"), ahead),
            Content.assemble(muted("recall  "), recall)
            if recall
            else muted("recall  not known yet"),
        ]
    )

"""The page of one exercise: the task, the learner's file, and what grading said.

Opening the page writes the starter and warms the grader. In a narrow window task and result share
the room and `d` turns between them; in a wide one they stand side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Markdown, Static

from studytrack.domain.verdict import CheckResult
from studytrack.errors import StudytrackError
from studytrack.tui import services
from studytrack.tui.actions import Action, bindings
from studytrack.tui.cardtext import RATINGS
from studytrack.tui.outside import edit
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.screens.exercises import SIGNS, WORDS
from studytrack.tui.text import BLANK, code, count, heading, inline, join, muted
from studytrack.tui.verdicttext import checks_text, report_text
from studytrack.tui.widgets.headline import HeadLine

if TYPE_CHECKING:
    from studytrack.services.exercises import ExerciseView
    from studytrack.services.grading import Graded


class ExerciseScreen(StudyScreen):
    """One exercise."""

    place, mode = "exercise", "exercises"
    heading = "Exercise"
    CSS_PATH = "exercise.tcss"
    BINDINGS = bindings("exercise")

    class Checked(Message):
        """One check of the running attempt has ended."""

        def __init__(self, check: CheckResult) -> None:
            self.check = check
            super().__init__()

    def __init__(self, exercise_id: str) -> None:
        super().__init__()
        self.exercise_id = exercise_id
        self.view: ExerciseView | None = None
        self.grading = False
        self.passed = False
        self.giving_up = False
        self.checks: list[CheckResult] = []

    def body(self) -> ComposeResult:
        """Compose the task beside the result."""
        with Container(id="desk"):
            with VerticalScroll(id="task"):
                yield Static("", id="where", markup=False)
                yield Markdown("", id="statement", open_links=False)
            with VerticalScroll(id="result"):
                yield Static("", id="result-text", markup=False)

    def resume(self) -> None:
        """Load the page once; grading and hints show themselves."""
        if self.view is None:
            self.reload()

    async def load(self) -> None:
        """Open the exercise and show its task."""
        await self.ask(services.exercises.open_exercise, self.exercise_id)
        view = await self._look()
        await self.query_one(Markdown).update(view.exercise.statement)
        self._show_result(self._idle(view), turn=False)
        self.query_one("#task").focus()
        self.start(self.app.bench.warm, group="warm")

    async def _look(self) -> ExerciseView:
        self.view = view = await self.ask(services.exercises.exercise, self.exercise_id)
        item = view.exercise
        self.query_one(HeadLine).show(title=item.title)
        state = f"{SIGNS[view.status]} {WORDS[view.status]} {view.passed_checks}".rstrip()
        parts = [state, view.due_text, f"{item.minutes} min"]
        self.set_context("   ".join(part for part in parts if part))
        entry = f"write {item.kind} {item.entry} in"
        self.query_one("#where", Static).update(join([muted(entry), str(view.path)], " "))
        self.refresh_keys()
        return view

    def _idle(self, view: ExerciseView) -> Content:
        total = len(view.exercise.hints)
        hints = f"{view.hints_shown} of {count(total, 'hint')} shown" if total else "no hints"
        tried = count(view.attempts, "attempt") if view.attempts else "not graded yet"
        last = f"last failed: {view.first_failed}" if view.first_failed else ""
        return join([muted(f"{tried}   {hints}"), muted(last)])

    def _show_result(self, content: Content, *, turn: bool = True) -> None:
        self.query_one("#result-text", Static).update(content)
        self.query_one("#result").scroll_home(animate=False)
        self._turn(result=turn)

    def _turn(self, *, result: bool) -> None:
        self.set_class(result, "-result")
        if isinstance(self.focused, VerticalScroll):
            self.query_one("#result" if result else "#task").focus()
        self.refresh_keys()

    # grading

    def action_grade(self) -> None:
        """Grade the saved file."""
        if not self.grading:
            self.start(self._grade, group="grade")

    async def _grade(self) -> None:
        self.grading, self.giving_up, self.checks = True, False, []
        self.say("")
        self._show_result(muted("Checking the saved file …"))
        try:
            graded = await self.app.bench.run(self._run)
        except StudytrackError:
            self._show_result(muted("No verdict."), turn=False)
            raise
        finally:
            self.grading = False
        view = await self._look()
        self.passed = graded.report.passed
        self._show_result(report_text(graded.report, _after(graded, view)))

    def _run(self, grader: Any) -> Graded:
        """Grade in the bench's thread."""
        path = services.exercises.open_exercise(self.study, self.exercise_id)
        return services.grading.grade(
            self.study,
            self.exercise_id,
            path,
            grader=grader,
            on_check=self._tell,
        )

    def _tell(self, check: CheckResult) -> None:
        self.post_message(self.Checked(check))

    def on_exercise_screen_checked(self, event: Checked) -> None:
        """Show each check as it ends."""
        if self.grading:
            self.checks.append(event.check)
            self.query_one("#result-text", Static).update(
                join([muted("Checking the saved file …"), BLANK, checks_text(self.checks)])
            )

    # other keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some keys wait for the page, for a result, or for a plan."""
        if action in {"edit", "grade", "solution", "reset"}:
            return self.view is not None and not self.grading
        if action == "hint":
            return self.view is not None and bool(self.view.exercise.hints)
        if action == "turn":
            return not self.wide
        if action == "go":
            return self.app.flow.in_plan
        return super().check_action(action, parameters)

    def shows(self, action: Action) -> bool:
        """Offer the next step of the plan once this one is passed."""
        if action.name == "go" and not self.passed:
            return False
        return super().shows(action)

    def verb(self, action: Action) -> str:
        """Say what a key does now."""
        if action.name == "turn":
            return "task" if self.has_class("-result") else "result"
        if action.name == "solution" and self.giving_up:
            return "give up"
        return action.verb

    def action_turn(self) -> None:
        """Show the task instead of the result, or the result again."""
        self._turn(result=not self.has_class("-result"))

    def action_edit(self) -> None:
        """Open the file in the learner's editor."""
        self.start(self._edit, group="act")

    async def _edit(self) -> None:
        path = await self.ask(services.exercises.open_exercise, self.exercise_id)
        edit(self.app, path, self.study.settings.editor)
        self.refresh(repaint=True)
        self.say("enter checks the saved file.")

    def action_hint(self) -> None:
        """Show the next hint."""
        self.start(self._hint, group="act")

    async def _hint(self) -> None:
        hint = await self.ask(services.exercises.hint, self.exercise_id)
        await self._look()
        title = heading(f"Hint {hint.number} of {hint.total}")
        self._show_result(join([title, BLANK, inline(hint.text)]))

    def action_solution(self) -> None:
        """Show the solution after a pass; before it, the second press gives up."""
        self.start(self._solution, group="act")

    async def _solution(self) -> None:
        assert self.view is not None
        free = self.view.status == "solved"
        if not free and not self.giving_up:
            self.giving_up = True
            self.say("v again gives up and shows the solution; the exercise comes back tomorrow.")
            return
        text = await self.ask(services.exercises.solution, self.exercise_id, give_up=not free)
        self.giving_up = False
        self.say("")
        await self._look()
        self._show_result(join([heading("A solution"), BLANK, code(text.strip("\n"))]))

    def action_reset(self) -> None:
        """Start over from the starter."""
        self.start(self._reset, group="act")

    async def _reset(self) -> None:
        path = await self.ask(services.exercises.reset, self.exercise_id)
        self.say(f"Started over in {path}; your old file lies beside it.")

    def action_go(self) -> None:
        """Go on with the plan's next step."""
        self.app.begin(self.app.flow.go_on)

    def close(self) -> None:
        """Hide the message, turn to the task, or go back."""
        if self.giving_up or self.has_class("-result"):
            self.giving_up = False
            self.say("")
            self._turn(result=False)
        else:
            self.app.begin(self.app.flow.back)

    def after_undo(self, done: object) -> None:  # noqa: ARG002 - every undo may concern this page
        """Show the state again; the result stays as it was."""
        self.start(self._look_again, group="load")

    async def _look_again(self) -> None:
        await self._look()


def _after(graded: Graded, view: ExerciseView) -> str:
    """Return what follows from the run: the rating and the day it comes back."""
    if graded.rating is None:
        return ""
    due = f"; {view.due_text}" if view.due_text else ""
    return f"Rated {RATINGS[graded.rating]}{due}. v shows a solution."

"""The application: modes, threads and the keys that work everywhere.

Screens do the rest. Nothing here computes anything about learning.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen

from studytrack.errors import StudytrackError
from studytrack.tui import services
from studytrack.tui.actions import bindings, reachable
from studytrack.tui.bench import Bench, Grader
from studytrack.tui.desk import Desk
from studytrack.tui.flow import Flow
from studytrack.tui.lines import VisibleLines

if TYPE_CHECKING:
    from studytrack.services.study import Study
    from studytrack.tui.screens.base import StudyScreen

THEME = "textual-dark"
_SCREENS = {
    "today": "TodayScreen",
    "review": "ReviewScreen",
    "curriculum": "CurriculumScreen",
    "readings": "ReadingsScreen",
    "words": "WordsScreen",
    "exercises": "ExercisesScreen",
    "stats": "StatsScreen",
}


def screen_of(name: str) -> Screen[None]:
    """Return a new screen; its module is imported when it is first shown."""
    module = import_module(f"studytrack.tui.screens.{name}")
    return cast("Screen[None]", getattr(module, _SCREENS[name])())


class StudyApp(App[None]):
    """The interface over one learner's study.

    Args:
        study: what services work on; its store is opened in the desk's thread.
        grader_factory: makes the grader when the first exercise page opens.
        problem: a sentence to show at once, such as settings that could not be used.
    """

    TITLE = "studytrack"
    CSS_PATH = "screens/base.tcss"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, Any]] = {name: partial(screen_of, name) for name in _SCREENS}
    DEFAULT_MODE = "today"
    BINDINGS = bindings("everywhere")
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide"), (140, "-broad")]  # noqa: RUF012 - Textual types it so
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (20, "-tall")]  # noqa: RUF012 - Textual types it so

    def __init__(
        self, study: Study, grader_factory: Callable[[], Grader], problem: str = ""
    ) -> None:
        super().__init__()
        self.study = study
        self.desk = Desk("studytrack-desk")
        self.bench = Bench(grader_factory)
        self.flow = Flow(self)
        self.problem = problem
        self._lines = VisibleLines()
        self._painted = False
        self._waiting: list[Callable[[], None]] = []
        if study.settings.theme in self.available_themes:
            self.theme = study.settings.theme
        else:
            self.problem = problem or f"No theme `{study.settings.theme}`; {THEME} is used."
            self.theme = THEME

    @property
    def front(self) -> StudyScreen | None:
        """The screen in front, None while help or another dialog is."""
        from studytrack.tui.screens.base import StudyScreen

        return self.screen if isinstance(self.screen, StudyScreen) else None

    async def on_unmount(self) -> None:
        """Let the running service end, then close the store and the grader."""
        await self.bench.close()
        with suppress(StudytrackError):
            await self.desk.ask(self.study.close)
        self.desk.close()

    def on_ready(self) -> None:
        """Let the first screen load once its frame is drawn: imports hold up drawing."""
        self._painted = True
        for callback in self._waiting:
            self.call_after_refresh(callback)

    def when_painted(self, callback: Callable[[], None]) -> None:
        """Call back after the next frame, or after the first if there is none yet."""
        if self._painted:
            self.call_after_refresh(callback)
        else:
            self._waiting.append(callback)

    # keys that work everywhere

    def action_mode(self, name: str) -> None:
        """Show another mode; on a page over the mode's own screen, that screen."""
        self.begin(self.flow.open_mode, name)

    async def action_back(self) -> None:
        """Go back one screen, from a mode to Today, and out of Today."""
        self.begin(self.flow.back)

    def action_close(self) -> None:
        """Close what is open on the screen."""
        if self.front:
            self.front.close()

    def action_help(self) -> None:
        """Show the keys of the screen in front."""
        from studytrack.tui.screens.help import HelpScreen

        if self.front:
            self.push_screen(HelpScreen(self.front.place, self.front.heading))

    def action_undo(self) -> None:
        """Take back the last thing that was done."""
        self._turn_back(services.undo.undo, "There is nothing to undo.")

    def action_redo(self) -> None:
        """Do again what was undone."""
        self._turn_back(services.undo.redo, "There is nothing to redo.")

    def _turn_back(self, service: Callable[[Study], Any], otherwise: str) -> None:
        screen = self.front
        if screen is not None:
            screen.start(self._turned_back, screen, service, otherwise, group="act")

    async def _turned_back(
        self, screen: StudyScreen, service: Callable[[Study], Any], otherwise: str
    ) -> None:
        done = await screen.ask(service)
        screen.say(done.sentence if done else otherwise)
        if done:
            screen.after_undo(done)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette: what can be done here, then Textual's own commands."""
        place = getattr(screen, "place", "")
        for row in reachable(place) if place else ():
            if "list" not in row.screens:
                run = partial(self.run_action, row.name, screen if place in row.screens else self)
                yield SystemCommand(row.verb.capitalize(), row.description, run)
        yield from super().get_system_commands(screen)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what each line passes on its way to the terminal."""
        return [*super().get_line_filters(), self._lines]

    def begin(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run work that may end the screen it was begun on."""

        async def guarded() -> None:
            try:
                await work(*args)
            except StudytrackError as error:
                if self.front:
                    self.front.complain(error)

        self.run_worker(guarded, group="mode", exclusive=True)  # type: ignore[arg-type]


def run_app(study: Study, grader_factory: Callable[[], Grader], problem: str = "") -> None:
    """Run the interface until the learner quits."""
    StudyApp(study, grader_factory, problem).run()

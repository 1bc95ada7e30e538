"""What all screens share: header, body, message line, prompt and footer, and how work is run.

A subclass names itself, composes its body and loads its data. It never raises at the user: a
`StudytrackError` from a service becomes the message line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widgets import Static

from studytrack.errors import StudytrackError
from studytrack.tui import services
from studytrack.tui.actions import TYPING, Action, actions_of, footer
from studytrack.tui.widgets.headline import HeadLine
from studytrack.tui.widgets.keyline import KeyLine
from studytrack.tui.widgets.messageline import MessageLine
from studytrack.tui.widgets.nav import Nav

if TYPE_CHECKING:
    from studytrack.domain.catalogue import Catalogue
    from studytrack.services.study import Study
    from studytrack.services.undo import Undone
    from studytrack.tui.app import StudyApp

Result = TypeVar("Result")


class StudyScreen(Screen[None]):
    """A screen of one mode. `place` is its name in the table of actions."""

    place: ClassVar[str] = ""
    mode: ClassVar[str] = ""
    heading: ClassVar[str] = ""
    AUTO_FOCUS = ""
    app: StudyApp

    def __init__(self) -> None:
        super().__init__()
        self._seen = False
        self._found: Catalogue | None = None  # read in the desk's thread, with what is stored

    def compose(self) -> ComposeResult:
        """Lay out the frame round the subclass's body."""
        yield HeadLine(self.heading)
        with Horizontal(id="middle"):
            yield Nav(self.mode or self.place)
            with Container(id="body"):
                yield from self.body()
        yield Static(
            "This window is small: from 80 by 20 everything is shown.", id="small", markup=False
        )
        yield MessageLine()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Compose what stands between header and footer."""
        raise NotImplementedError

    async def load(self) -> None:
        """Ask services for the data and show it."""
        raise NotImplementedError

    @property
    def catalogue(self) -> Catalogue:
        """The content as it was last read; empty before."""
        if self._found is None:
            from studytrack.domain.catalogue import Catalogue

            self._found = Catalogue()
        return self._found

    # running work

    def start(
        self,
        work: Callable[..., Awaitable[None]],
        *args: Any,
        group: str = "act",
        exclusive: bool = False,
    ) -> None:
        """Run `work` beside the interface; its faults become the message line."""

        async def guarded() -> None:
            try:
                await work(*args)
            except StudytrackError as error:
                if await self.confirmed(error):
                    self.start(work, *args, group=group, exclusive=exclusive)
                else:
                    self.complain(error)
            self.refresh_keys()

        self.run_worker(guarded, group=group, exclusive=exclusive)  # type: ignore[arg-type]

    async def confirmed(self, error: StudytrackError) -> bool:
        """Ask about a clock that leapt ahead, of which nothing was stored; believe it on a yes."""
        if not isinstance(error, services.moments.ClockLeap):
            return False
        said = await self.prompt(f"{error.what} Is that right?", "yes goes on")
        believed = (said or "").strip().lower() in {"y", "yes"}
        if believed:
            await self.ask(services.moments.believe_clock)
        return believed

    async def ask(self, service: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Return the answer of a service, which runs in the desk's thread."""
        return await self.app.desk.ask(partial(service, self.study, *args, **kwargs))

    @property
    def study(self) -> Study:
        """The learner's study."""
        return self.app.study

    def reload(self) -> None:
        """Load again; a load that still runs is dropped."""
        self.start(self._load, group="load", exclusive=True)

    async def _load(self) -> None:
        await self.read_catalogue()
        await self.load()

    async def read_catalogue(self) -> None:
        """Read the content, with the learner's own items."""
        await self.app.desk.ask(services.prepare)
        self._found = await self.ask(_catalogue)

    def on_mount(self) -> None:
        """Load once the frame is drawn."""
        self.app.when_painted(self.resume)

    def on_screen_resume(self) -> None:
        """Load again; subclasses change `resume`, because Textual calls this for every class."""
        if self._seen:  # the first time comes before the frame
            self.call_after_refresh(self.resume)
        self._seen = True

    def resume(self) -> None:
        """Show what may have changed while another screen was in front."""
        self.reload()

    @property
    def wide(self) -> bool:
        """Whether the detail stands at the side."""
        return self.has_class("-wide") or self.has_class("-broad")

    # what is shown

    def set_context(self, context: str) -> None:
        """Set the right side of the header."""
        self.query_one(HeadLine).show(context=context)

    def say(self, text: str) -> None:
        """Show a sentence above the footer, or nothing."""
        self.query_one(MessageLine).say(text)

    def complain(self, error: StudytrackError) -> None:
        """Show an error above the footer."""
        self.query_one(MessageLine).complain(error)

    async def prompt(self, question: str, hint: str = "") -> str | None:
        """Return what the learner types, None if they leave."""
        from studytrack.tui.widgets.promptline import PromptLine

        if not self.query(PromptLine):
            await self.mount(PromptLine(), before=self.query_one(KeyLine))
        return await self.query_one(PromptLine).ask(question, hint)

    # keys

    @property
    def typing(self) -> bool:
        """Whether a text box has the focus."""
        return self.focused is not None and self.focused.has_class("text-box")

    def verb(self, action: Action) -> str:
        """Return the footer's word for an action; screens may say more than the table."""
        return action.verb

    def key_rows(self) -> list[Action]:
        """Return the actions for the footer, those of typing while a text box has the focus."""
        if self.typing:
            return list(actions_of(TYPING))
        return footer(self.place, self.shows)

    def shows(self, action: Action) -> bool:
        """Tell whether the footer shows an action: where it is possible now."""
        return self.check_action(*_split(action.name)) is True

    def refresh_keys(self) -> None:
        """Draw the footer again, because other keys may work now."""
        if self.is_mounted:
            self.query_one(KeyLine).refresh()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """The footer depends on what has the focus."""
        self.refresh_keys()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """The footer depends on what has the focus."""
        self.refresh_keys()

    def action_glide(self, step: int) -> None:
        """Scroll the part of the screen that can be scrolled."""
        for part in self.query("#body VerticalScroll"):
            if part.display and part.region:
                part.scroll_relative(y=2 * step, animate=False)
                return

    def enter(self) -> None:
        """Do what a fresh visit by the mode's own key asks for."""

    def close(self) -> None:
        """Do what `esc` does: leave typing, else hide the message."""
        if self.typing:
            self.leave_typing()
        else:
            self.say("")

    def leave_typing(self) -> None:
        """Leave the text box."""
        for line in self.query("PromptLine"):
            line.leave()  # type: ignore[attr-defined]

    def select(self, item: str) -> None:
        """Put the marker on an item, now or once it is loaded."""

    def after_undo(self, done: Undone) -> None:  # noqa: ARG002 - subclasses look at it
        """Show the state after something was undone or redone."""
        self.reload()


def _catalogue(study: Study) -> Catalogue:
    return study.catalogue


def _split(name: str) -> tuple[str, tuple[object, ...]]:
    """Return an action's name and parameters, as Textual hands them to `check_action`."""
    from textual import actions

    _, bare, parameters = actions.parse(name)
    return bare, parameters

"""Where the learner goes: the plan step by step, and the pages that lie over a mode's screen.

It only moves between screens; what the steps are, services decide.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studytrack.services.today import PlanStep
    from studytrack.tui.app import StudyApp

MODE_OF = {"review": "review", "exercise": "exercises", "reading": "readings"}


class Flow:
    """The steps that are still to come. `in_plan` is true from the first to the last of them."""

    def __init__(self, app: StudyApp) -> None:
        self._app = app
        self._steps: deque[PlanStep] = deque()
        self.in_plan = False

    @property
    def next_title(self) -> str:
        """The next step's title, "" if there is none."""
        return self._steps[0].title if self._steps else ""

    async def begin(self, steps: Iterable[PlanStep]) -> None:
        """Do the steps one after another."""
        self._steps = deque(steps)
        await self.go_on()

    async def go_on(self) -> None:
        """Open the plan's next step; at its end, Today."""
        await self.uncover()
        step = self._steps.popleft() if self._steps else None
        self.in_plan = step is not None
        if step:
            await self.open_step(step)
        else:
            await self._app.switch_mode(self._app.DEFAULT_MODE)

    def leave(self) -> None:
        """Forget the plan: the learner went elsewhere."""
        self._steps.clear()
        self.in_plan = False

    async def open_step(self, step: PlanStep) -> None:
        """Open one step where it is done."""
        await self._app.switch_mode(MODE_OF[step.kind])
        await self.uncover()
        if step.kind == "exercise":
            await self.open_exercise(step.item)
        elif self._app.front:
            self._app.front.select(step.item)

    async def open_mode(self, name: str) -> None:
        """Show a mode's own screen, as its letter does."""
        self.leave()
        if name == self._app.current_mode:
            await self.uncover()
        await self._app.switch_mode(name)
        if self._app.front:
            self._app.front.enter()

    async def open_exercise(self, exercise_id: str) -> None:
        """Show the page of one exercise."""
        from studytrack.tui.screens.exercise import ExerciseScreen

        await self._app.push_screen(ExerciseScreen(exercise_id))

    async def review_topic(self, topic: str) -> None:
        """Review the cards of one topic."""
        from studytrack.tui.screens.review import ReviewScreen

        await self._app.switch_mode("review")
        if isinstance(self._app.front, ReviewScreen):
            self._app.front.study_topic(topic)

    async def uncover(self) -> None:
        """Take away what lies over the mode's own screen."""
        while len(self._app.screen_stack) > 1:
            await self._app.pop_screen()

    async def back(self) -> None:
        """Go back one screen, from a mode to Today, and out of Today."""
        app = self._app
        if len(app.screen_stack) > 1:
            await app.pop_screen()
        elif app.current_mode != app.DEFAULT_MODE:
            self.leave()
            await app.switch_mode(app.DEFAULT_MODE)
        else:
            app.exit()

"""One question with a text box, above the footer; awaited by whoever asks."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from studytrack.domain.visible import visible


class PromptLine(Vertical):
    """Hidden while nothing is asked. `enter` answers, `esc` leaves without an answer."""

    DEFAULT_CSS = """
    PromptLine {
        height: auto; display: none; padding: 0 1; border-top: solid $accent;
        & Static { color: $text-muted; }
        & Input { border: none; padding: 0; height: 1; background: transparent; }
        & Input:focus { border: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._answer: asyncio.Future[str | None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the question above the box."""
        yield Static("", markup=False)
        yield Input(id="prompt-input", classes="text-box", select_on_focus=False)

    async def ask(self, question: str, hint: str = "") -> str | None:
        """Return what was typed, "" for an empty line, None if it was left with `esc`."""
        self.leave()
        before = self.screen.focused
        self._answer = asyncio.get_running_loop().create_future()
        self.query_one(Static).update(visible(question))
        box = self.query_one(Input)
        box.placeholder = hint
        box.value = ""
        self.display = True
        box.focus()
        try:
            return await self._answer
        finally:
            self.display = False
            self._answer = None
            if self.is_attached:  # no longer where the interface ends with the question open
                self.screen.set_focus(before)

    def leave(self) -> None:
        """Give up the question, if one is open."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the text to the one who asked."""
        event.stop()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(event.value.strip())

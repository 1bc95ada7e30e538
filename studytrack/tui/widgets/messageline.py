"""The line above the footer: what went wrong (what, why, what to do), or what was just done.

It never takes the place of a screen, and it stays until the next thing is done.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from studytrack.domain.visible import visible
from studytrack.errors import StudytrackError
from studytrack.tui.text import BAD, MUTED, STRONG, inline


class MessageLine(Static):
    """Hidden while there is nothing to say."""

    DEFAULT_CSS = """
    MessageLine {
        height: auto; max-height: 4; display: none; padding: 0 1; border-top: solid $panel;
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False, id="message")
        self.text = ""

    def say(self, text: str) -> None:
        """Show a sentence; "" hides the line."""
        self._show(text, inline(text))

    def complain(self, error: StudytrackError) -> None:
        """Show an error as what, why and what to do."""
        shown = Content.assemble(
            ("✗ ", BAD),
            inline(error.what).stylize(STRONG),
            (f" {visible(error.why)}" if error.why else "", MUTED),
            inline(f" {error.remedy}" if error.remedy else ""),
        )
        self._show(str(error), shown)

    def _show(self, text: str, content: Content) -> None:
        self.text = text
        self.update(content)
        self.display = bool(text)

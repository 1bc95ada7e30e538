"""The one line at the top: which screen this is, and at the right where the learner stands."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from studytrack.domain.visible import visible
from studytrack.tui.text import MUTED, TITLE


class HeadLine(Widget):
    """Title at the left, context at the right; in a narrow window the context gives way."""

    DEFAULT_CSS = """
    HeadLine { height: 2; padding: 0 2; border-bottom: solid $panel; }
    """

    def __init__(self, title: str) -> None:
        super().__init__(id="headline")
        self.title = title
        self.context = ""

    def show(self, *, title: str | None = None, context: str | None = None) -> None:
        """Change either side."""
        self.title = self.title if title is None else visible(title)
        self.context = self.context if context is None else visible(context)
        self.refresh()

    def render(self) -> Content:
        """Draw both sides on one line."""
        title = Content.styled(self.title, TITLE)
        room = self.size.width - title.cell_length - 2
        context = Content.styled(self.context, MUTED)
        if room < context.cell_length:
            context = context.truncate(max(room, 0), ellipsis=True)
        space = " " * max(self.size.width - title.cell_length - context.cell_length, 0)
        return Content.assemble(title, space, context)

"""The last look at each line before it is drawn: no control character reaches the terminal.

Most texts come here with such characters written out already (`text.inline` and its like), so that
they wrap as they should. What comes another way, such as Markdown or a pasted line, is caught here.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from studytrack.domain.visible import is_hidden

REPLACEMENT = "\ufffd"


class VisibleLines(LineFilter):
    """Replace each control character by one sign, so that the line keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the line as it may be drawn."""
        del background
        if all(segment.text.isprintable() for segment in segments):
            return segments
        width = sum(segment.cell_length for segment in segments)
        line = [
            Segment(_shown(segment.text), segment.style, segment.control) for segment in segments
        ]
        return Segment.adjust_line_length(line, width)


def _shown(text: str) -> str:
    text = text.replace("\n", " ").replace("\t", " ")  # either would leave the line's place
    return "".join(REPLACEMENT if is_hidden(char) else char for char in text)

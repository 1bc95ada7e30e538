"""Help: the keys of the screen in front, from the table of actions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from studytrack.tui.actions import EVERYWHERE, LIST, LISTING, Action, actions_of, label
from studytrack.tui.text import ACCENT, BLANK, MUTED, heading, join, muted

KEY_WIDTH, TEXT_WIDTH = 9, 47


class HelpScreen(ModalScreen[None]):
    """A sheet over the screen; any of its keys closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("escape,q,question_mark,enter", "dismiss", "Close", show=False),
        Binding("j", "glide(1)", "Down", show=False),
        Binding("k", "glide(-1)", "Up", show=False),
    ]

    def __init__(self, place: str, title: str) -> None:
        super().__init__()
        self.place, self.called = place, title

    def compose(self) -> ComposeResult:
        """Compose the sheet."""
        with VerticalScroll(id="sheet"):
            yield Static(listing(self.place, self.called), markup=False)

    def on_mount(self) -> None:
        """Name the way out on the frame."""
        self.query_one("#sheet").border_title = "Keys"
        self.query_one("#sheet").border_subtitle = "esc closes"

    def action_glide(self, step: int) -> None:
        """Scroll the sheet."""
        self.query_one("#sheet").scroll_relative(y=2 * step, animate=False)


def listing(place: str, title: str) -> Content:
    """Return the keys of a place, of lists, and those that work everywhere."""
    moving = actions_of(LIST) if place in LISTING else ()
    return join(
        [
            heading(title.upper() if title != "studytrack" else "TODAY"),
            *_lines((*actions_of(place), *moving)),
            BLANK,
            heading("EVERYWHERE"),
            *_lines(actions_of(EVERYWHERE)),
            Content.assemble(
                (f"{'ctrl+p':<{KEY_WIDTH}}", f"bold {ACCENT}"),
                " Palette: find an action by its name",
            ),
            BLANK,
            muted("Words at the right are commands that do the same: studytrack WORDS."),
        ]
    )


def _lines(rows: Iterable[Action]) -> list[Content]:
    lines = []
    for group, found in itertools.groupby(rows, key=lambda row: row.group or row.name):
        members = list(found)
        keys = " ".join(label(row) for row in members)
        text = group if members[0].group else members[0].description
        lines.append(
            Content.assemble(
                (f"{keys:<{KEY_WIDTH}}", f"bold {ACCENT}"),
                f" {text:<{TEXT_WIDTH}}",
                (f" {members[0].cli}" if members[0].cli else "", MUTED),
            )
        )
    return lines

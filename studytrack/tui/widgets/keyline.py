"""The footer: the keys that work now, in the order of the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from studytrack.tui.actions import Action, short_label
from studytrack.tui.text import ACCENT, MUTED

if TYPE_CHECKING:
    from studytrack.tui.screens.base import StudyScreen

SPACES = ("   ", "  ")  # the narrower one where the window is narrow


class KeyLine(Widget):
    """One line of keys; what does not fit is left to `?`, whose key is always shown."""

    DEFAULT_CSS = """
    KeyLine { height: 2; padding: 0 2; border-top: solid $panel; }
    """
    screen: StudyScreen  # type: ignore[assignment]

    def render(self) -> Content:
        """Draw as many keys as fit."""
        entries = [(short_label(row), self.screen.verb(row)) for row in self.screen.key_rows()]
        return fit(entries, self.size.width)


def fit(entries: list[tuple[str, str]], width: int) -> Content:
    """Return the entries that fit into `width`, the last one always.

    >>> fit([("a", "add"), ("b", "bury"), ("?", "keys")], 16).plain
    'a add  ? keys'
    """
    if not entries:
        return Content("")
    *others, last = entries
    needed = sum(map(_size, entries))
    space = next((s for s in SPACES if needed + len(s) * len(others) <= width), SPACES[-1])
    room = width - _size(last)
    kept: list[tuple[str, str]] = []
    for entry in others:
        if (room := room - _size(entry) - len(space)) < 0:
            break
        kept.append(entry)
    parts: list[str | tuple[str, str]] = []
    for key, verb in [*kept, last]:
        parts.extend([space if parts else "", (key, f"bold {ACCENT}"), " ", (verb, MUTED)])
    return Content.assemble(*parts)


def _size(entry: tuple[str, str]) -> int:
    return len(entry[0]) + 1 + len(entry[1])


def named(rows: list[Action]) -> list[tuple[str, str]]:
    """Return keys and verbs of actions."""
    return [(short_label(row), row.verb) for row in rows]

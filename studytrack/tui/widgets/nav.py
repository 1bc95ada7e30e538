"""The list of screens at the left, shown where the window is wide."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from studytrack.tui.actions import MODES, actions_of, label
from studytrack.tui.text import ACCENT, MUTED, STRONG, join


def mode_keys() -> dict[str, str]:
    """Return the letter of each mode, in order."""
    keys = {row.name: label(row) for row in actions_of("everywhere")}
    return {name: keys[f"mode('{name}')"] for name in MODES}


class Nav(Static):
    """Which screen this is, and the letters of the others."""

    DEFAULT_CSS = """
    Nav { width: 18; height: 1fr; padding: 1 1 0 1; display: none; }
    """

    def __init__(self, mode: str) -> None:
        super().__init__(_listing(mode), markup=False, id="nav")


def _listing(mode: str) -> Content:
    lines = []
    for name, key in mode_keys().items():
        here = name == mode
        lines.append(
            Content.assemble(
                ("▸ " if here else "  ", ACCENT),
                (key, f"bold {ACCENT}"),
                "  ",
                (name.capitalize(), STRONG if here else MUTED),
            )
        )
    return join(lines)

"""A quiet list with columns: one line a row, a marker at the chosen one, no frame.

Built on the line API, because a DataTable's cost and look are for spreadsheets. The chosen row is
told by `▸` and bold type, not by colour alone. Cells hold plain text; a `tone` names a style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from studytrack.domain.visible import visible
from studytrack.tui.actions import bindings

Tone = Literal["", "muted", "accent", "good", "bad", "strong"]
MARK, GAP = "▸ ", "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in one column."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` cells, or what is left over where it is 0 (by `share`)."""

    width: int = 0
    align: Literal["left", "right"] = "left"
    share: int = 1
    title: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line. A row that is not `open` is a heading and is never chosen."""

    key: str
    cells: tuple[Cell, ...]
    open: bool = True


class Table(ScrollView, can_focus=True):
    """The list. `chosen` is the key of the row under the marker, "" in an empty list."""

    BINDINGS = bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--muted",
        "table--accent",
        "table--good",
        "table--bad",
        "table--strong",
        "table--chosen",
    }
    DEFAULT_CSS = """
    Table {
        height: 1fr;
        background: transparent;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        & > .table--muted { color: $text-muted; }
        & > .table--accent { color: $accent; }
        & > .table--good { color: $success; }
        & > .table--bad { color: $error; text-style: bold; }
        & > .table--strong { text-style: bold; }
        & > .table--chosen { background: $surface-lighten-1; text-style: bold; }
    }
    """
    place: reactive[int] = reactive(0, init=False)

    class Moved(Message):
        """Another row is chosen."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    class Opened(Message):
        """The chosen row was clicked."""

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.rows: tuple[Row, ...] = ()

    @property
    def chosen(self) -> str:
        """The key of the chosen row."""
        return self.rows[self.place].key if self.place < len(self.rows) else ""

    def show(self, rows: Sequence[Row], chosen: str = "") -> None:
        """Replace the rows; the marker stays on its row, or goes to `chosen`."""
        wanted, before = chosen or self.chosen, self.place
        self.rows = tuple(rows)
        self.virtual_size = Size(self.size.width, len(self.rows))
        keys = [row.key for row in self.rows if row.open]
        if wanted in keys:
            before = next(i for i, row in enumerate(self.rows) if row.key == wanted and row.open)
        self.set_reactive(Table.place, self._nearest(before, 1))
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self.chosen))

    def watch_place(self) -> None:
        """Tell the screen, and keep the marker in sight."""
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self.chosen))

    def action_cursor(self, step: int) -> None:
        """Move the marker over headings; at the ends it stays."""
        place = self.place + step
        while 0 <= place < len(self.rows) and not self.rows[place].open:
            place += step
        if 0 <= place < len(self.rows):
            self.place = place
        elif step < 0:
            self.scroll_to(y=0, animate=False)

    def action_edge(self, side: int) -> None:
        """Go to the first or last row."""
        self.place = self._nearest(0 if side < 0 else len(self.rows) - 1, -side)

    def action_page(self, side: int) -> None:
        """Go one page on or back."""
        place = self.place + side * max(self.size.height - 1, 1)
        self.place = self._nearest(min(max(place, 0), len(self.rows) - 1), side)

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked row, or open it if it is chosen."""
        place = int(self.scroll_offset.y) + event.y
        if not (0 <= place < len(self.rows) and self.rows[place].open):
            return
        if place == self.place:
            self.post_message(self.Opened())
        else:
            self.place = place

    def _nearest(self, place: int, step: int) -> int:
        """Return the nearest row that can be chosen, looking towards `step` first."""
        able = [index for index, row in enumerate(self.rows) if row.open]
        if not able:
            return 0
        return min(able, key=lambda index: (abs(index - place), (place - index) * step))

    def _reveal(self) -> None:
        above = 1 if self.place and not self.rows[self.place - 1].open else 0
        region = Region(0, self.place - above, 1, 1 + above)
        self.scroll_to_region(region, animate=False, force=True)

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self.virtual_size = Size(self.size.width, len(self.rows))
        self._reveal()

    def _widths(self, width: int) -> list[int]:
        shown = len(self.columns) - 1
        left = width - cell_len(MARK) - len(GAP) * shown - sum(c.width for c in self.columns)
        shares = sum(column.share for column in self.columns if not column.width) or 1
        return [column.width or max(left * column.share // shares, 1) for column in self.columns]

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        place, width = y + int(self.scroll_offset.y), self.scrollable_content_region.width
        base = self.rich_style
        if not 0 <= place < len(self.rows):
            return Strip.blank(width, base)
        row, chosen = self.rows[place], place == self.place and self.rows[place].open
        if chosen:
            base += self.get_component_rich_style("table--chosen")
        segments = [Segment(MARK if chosen else "  ", base + self._tone("accent"))]
        if len(row.cells) == 1:
            segments.append(self._cell(row.cells[0], Column(), width - cell_len(MARK), base))
        else:
            widths = self._widths(width)
            for index, (cell, column) in enumerate(zip(row.cells, self.columns, strict=False)):
                if index:
                    segments.append(Segment(GAP, base))
                segments.append(self._cell(cell, column, widths[index], base))
        return Strip(segments).adjust_cell_length(width, base)

    def _tone(self, tone: Tone) -> Style:
        """Return a tone's colour and weight, without a background of its own."""
        style = self.get_component_rich_style(f"table--{tone}")
        return Style(color=style.color, bold=style.bold or None)

    def _cell(self, cell: Cell, column: Column, width: int, base: Style) -> Segment:
        text = visible(cell.text).replace("\n", " ").replace("\t", " ")
        if cell_len(text) > width:
            text = set_cell_size(text, max(width - 1, 0)).rstrip() + "…"
        space = " " * max(width - cell_len(text), 0)
        style = base + self._tone(cell.tone) if cell.tone else base
        return Segment(space + text if column.align == "right" else text + space, style)

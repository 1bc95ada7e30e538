from __future__ import annotations

from textual.app import App, ComposeResult

from studytrack.tui.widgets.table import Cell, Column, Row, Table

ROWS = [
    Row("one", (Cell("Part one"),), open=False),
    Row("a", (Cell("first [b]row[/b]"), Cell("1", "muted"))),
    Row("b", (Cell("second"), Cell("2"))),
    Row("two", (Cell("Part two"),), open=False),
    Row("c", (Cell("a title that is much too long for its column"), Cell("3", "bad"))),
]


class ListApp(App[None]):
    """A list alone on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[str] = []
        self.clicks = 0

    def compose(self) -> ComposeResult:
        """Show the list."""
        yield Table((Column(), Column(4, "right")))

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(Table).show(ROWS)

    def on_table_moved(self, event: Table.Moved) -> None:
        """Note the move."""
        self.moves.append(event.key)

    def on_table_opened(self) -> None:
        """Note the click."""
        self.clicks += 1


def lines(app: App) -> list[str]:
    """Return the lines of the list."""
    table = app.query_one(Table)
    return [table.render_line(y).text.rstrip() for y in range(len(ROWS))]


async def test_the_marker_skips_headings_and_stays_at_the_ends():
    """J and k move over rows that can be chosen."""
    app = ListApp()
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        assert "a" == app.query_one(Table).chosen

        await pilot.press("k", "j", "j", "j")

        assert "c" == app.query_one(Table).chosen
        assert ["a", "b", "c"] == app.moves

        await pilot.press("home", "pagedown", "up")

        assert "b" == app.query_one(Table).chosen


async def test_rows_are_cut_aligned_and_never_read_as_markup():
    """Long text ends in an ellipsis, numbers stand at the right, brackets stay."""
    app = ListApp()
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.pause()

        shown = lines(app)

        assert "▸ first [b]row[/b]           1" == shown[1]
        assert shown[4].startswith("  a title that is much")
        assert "…" in shown[4]
        assert all(len(line) <= 30 for line in shown)


async def test_the_marker_stays_on_its_row_when_rows_change():
    """A list that is shown again keeps its place by key, or takes the nearest row."""
    app = ListApp()
    async with app.run_test(size=(30, 10)) as pilot:
        table = app.query_one(Table)
        table.show(ROWS, "c")
        assert "c" == table.chosen

        table.show([ROWS[4], ROWS[1]])
        assert "c" == table.chosen

        table.show([ROWS[1]])
        assert "a" == table.chosen

        table.show([])
        await pilot.press("j", "end", "pageup")
        assert "" == table.chosen


async def test_a_click_chooses_and_a_second_click_opens():
    """The mouse does what the keys do."""
    app = ListApp()
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.click(Table, offset=(4, 2))
        assert "b" == app.query_one(Table).chosen
        assert 0 == app.clicks

        await pilot.click(Table, offset=(4, 0))
        await pilot.click(Table, offset=(4, 2))

        assert 1 == app.clicks

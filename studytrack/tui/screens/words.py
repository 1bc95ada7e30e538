"""Words: the glossary, and behind `f` notes, advice and resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studytrack.domain.library import Advice, Note, Resource, Term
from studytrack.tui import details, services
from studytrack.tui.actions import Action, bindings
from studytrack.tui.outside import open_link
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.text import ACCENT, STRONG, count, percent, plain, reflow
from studytrack.tui.widgets.table import Cell, Column, Row, Table, Tone

if TYPE_CHECKING:
    from studytrack.services.library import TermRecall

Item = Term | Note | Advice | Resource
SHELVES = ("terms", "notes", "advice", "resources")
KNOWN = 0.85
COLUMNS = (Column(24), Column(share=1), Column(10, "right"))


class WordsScreen(StudyScreen):
    """Everything that is looked up."""

    place = mode = "words"
    heading = "Words"
    CSS_PATH = "words.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS = bindings("words")

    def __init__(self) -> None:
        super().__init__()
        self.shelf = SHELVES[0]
        self.items: dict[str, Item] = {}
        self.recalls: dict[str, TermRecall] = {}

    def body(self) -> ComposeResult:
        """Compose the list and the chosen entry."""
        with Container(classes="pair"):
            yield Table(COLUMNS, id="words")
            yield Static("", classes="empty", markup=False)
            with VerticalScroll(classes="detail"):
                yield Static("", id="detail", markup=False)

    async def load(self) -> None:
        """Show the shelf."""
        shelves: dict[str, Callable[..., list[Item]]] = {
            "terms": services.library.terms,  # type: ignore[dict-item]
            "notes": services.library.notes,  # type: ignore[dict-item]
            "advice": services.library.advice,  # type: ignore[dict-item]
            "resources": services.library.resources,  # type: ignore[dict-item]
        }
        self.items = {item.id: item for item in await self.ask(shelves[self.shelf])}
        self.recalls = await self.ask(services.library.term_recall)
        self.set_context(self._shelf_line())
        table, empty = self.query_one(Table), self.query_one(".empty", Static)
        table.display, empty.display = bool(self.items), not self.items
        if not self.items:
            empty.update(
                Content.assemble(
                    (f"No {self.shelf} yet.\n\n", STRONG),
                    ("a" if self._addable else "", f"bold {ACCENT}"),
                    " adds one.   " if self._addable else "",
                    ("f", f"bold {ACCENT}"),
                    " shows the next shelf.",
                )
            )
        table.show([self._row(item) for item in self.items.values()])

    def _shelf_line(self) -> str:
        shelves = "  ".join(f"[{name}]" if name == self.shelf else name for name in SHELVES)
        if self.shelf != "terms":
            return shelves
        known = sum((found.recall or 0) >= KNOWN for found in self.recalls.values())
        return f"{count(len(self.items), 'term')}, {known} known   {shelves}"

    def _row(self, item: Item) -> Row:
        if isinstance(item, Term):
            return Row(
                item.id, (Cell(item.title), Cell(plain(item.text), "muted"), self._recall(item))
            )
        if isinstance(item, Advice):
            return Row(item.id, (Cell(item.category), Cell(plain(item.text), "muted"), Cell("")))
        if isinstance(item, Note):
            first = plain(reflow(item.text).split("\n")[0])
            return Row(item.id, (Cell(item.title), Cell(first, "muted"), Cell("")))
        return Row(item.id, (Cell(item.title), Cell(item.url, "muted"), Cell(item.kind, "muted")))

    def _recall(self, term: Term) -> Cell:
        found = self.recalls.get(term.id)
        if found is None or found.recall is None:
            return Cell("○ new", "muted")
        sign, tone = ("✓", "good") if found.recall >= KNOWN else ("◐", "accent")
        word: Tone = "good" if tone == "good" else "accent"
        return Cell(f"{sign} {percent(found.recall)}", word)

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show the chosen entry."""
        self.query_one("#detail", Static).update(self._detail(self.items.get(event.key)))
        self.query_one(".detail").scroll_home(animate=False)
        self.refresh_keys()

    def _detail(self, item: Item | None) -> Content:
        if isinstance(item, Term):
            return details.term_detail(item, self.recalls.get(item.id), self.catalogue)
        if isinstance(item, Note):
            return details.note_detail(item, self.catalogue)
        if isinstance(item, Advice):
            return details.advice_detail(item, self.catalogue)
        return details.resource_detail(item, self.catalogue) if item else Content()

    # keys

    @property
    def _addable(self) -> bool:
        return self.shelf != "advice"

    @property
    def _url(self) -> str:
        item = self.items.get(self.query_one(Table).chosen) if self.is_mounted else None
        if isinstance(item, Term):
            return item.links[0].url if item.links else ""
        if isinstance(item, Advice):
            return item.source.url
        return item.url if isinstance(item, Resource) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An entry may have no address; advice is not added to."""
        if action == "open_link":
            return bool(self._url)
        return self._addable if action == "add" else super().check_action(action, parameters)

    def verb(self, action: Action) -> str:
        """Name the next shelf."""
        if action.name == "filter":
            return SHELVES[(SHELVES.index(self.shelf) + 1) % len(SHELVES)]
        return action.verb

    def action_filter(self) -> None:
        """Show the next shelf."""
        self.shelf = SHELVES[(SHELVES.index(self.shelf) + 1) % len(SHELVES)]
        self.say("")
        self.reload()

    def on_table_opened(self) -> None:
        """A click on the chosen entry opens its address."""
        if self._url:
            self.action_open_link()

    def action_open_link(self) -> None:
        """Open the first address."""
        self.say(open_link(self.app, self._url))

    def action_add(self) -> None:
        """Ask for an entry of this shelf and add it."""
        self.start(self._add, group="act", exclusive=True)

    async def _add(self) -> None:
        word = self.shelf.removesuffix("s")
        title = await self.prompt(f"A new {word}. What is it called?")
        if not title:
            return
        more = {"term": "What does it mean?", "note": "What do you note?"}
        text = await self.prompt(more.get(word, "What is its address?"))
        if not text:
            return
        adding: dict[str, Callable[..., Item]] = {
            "term": services.library.add_term,
            "note": services.library.add_note,
            "resource": services.library.add_resource,
        }
        await self.ask(adding[word], title, text)
        cards = " Its two cards come with the new ones." if word == "term" else ""
        self.say(f"Added {title}.{cards}")
        self.reload()

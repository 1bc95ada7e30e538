"""Curriculum: parts, topics and points with what was reached; a mark overrides the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studytrack.domain.catalogue import Catalogue
from studytrack.tui import services
from studytrack.tui.actions import bindings
from studytrack.tui.details import corrections
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.text import ACCENT, STRONG, bar, heading, inline, join, muted, percent, plain
from studytrack.tui.widgets.table import Cell, Column, Row, Table, Tone

if TYPE_CHECKING:
    from studytrack.services.curriculum import PointView, TopicView

SIGNS = {"done": "✓", "in progress": "◐", "not started": "○", "skipped": "~"}
TONES: dict[str, Tone] = {"done": "good", "in progress": "accent", "skipped": "muted"}
NEXT_MARK = {None: "done", "done": "skipped", "skipped": None}
COLUMNS = (Column(), Column(11), Column(6), Column(9), Column(5, "right"))


class CurriculumScreen(StudyScreen):
    """The plan as a tree of rows."""

    place = mode = "curriculum"
    heading = "Curriculum"
    CSS_PATH = "curriculum.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS = bindings("curriculum")

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[str, TopicView] = {}
        self.folded: set[str] = set()  # parts
        self.unfolded: set[str] = set()  # topics

    def body(self) -> ComposeResult:
        """Compose the tree and the detail of the chosen row."""
        with Container(classes="pair"):
            yield Table(COLUMNS, id="topics")
            with VerticalScroll(classes="detail"):
                yield Static("", id="detail", markup=False)

    async def load(self) -> None:
        """Show all topics."""
        self.views = {view.topic.id: view for view in await self.ask(services.curriculum.topics)}
        done = sum(view.status == "done" for view in self.views.values())
        total = len(self.views)
        mean = sum(view.mastery for view in self.views.values()) / total if total else 0.0
        self.set_context(f"{done} of {total} topics done   mastery {percent(mean)}")
        self._draw()

    def select(self, item: str) -> None:
        """Put the marker on a topic or part."""
        self._draw(item)

    def _draw(self, chosen: str = "") -> None:
        rows: list[Row] = []
        for part in self.catalogue.parts:
            views = [self.views[t.id] for t in part.topics if t.id in self.views]
            folded = part.id in self.folded
            rows.append(part_row(part.id, part.title, views, folded=folded))
            for view in views if not folded else ():
                unfolded = view.topic.id in self.unfolded
                rows.append(topic_row(view, unfolded=unfolded))
                rows.extend(point_row(point) for point in view.points if unfolded)
        self.query_one(Table).show(rows, chosen)

    # the detail

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show what is known of the chosen row."""
        self.query_one("#detail", Static).update(self._detail(event.key))
        self.query_one(".detail").scroll_home(animate=False)
        self.refresh_keys()

    def _detail(self, key: str) -> Content:
        if key in self.views:
            between = "\n" if self.wide else "  ·  "
            return topic_detail(self.views[key], self.catalogue, between)
        for view in self.views.values():
            for point in view.points:
                if point.point.id == key:
                    return point_detail(view, point, self.catalogue)
        part = next((part for part in self.catalogue.parts if part.id == key), None)
        return join([heading(part.title), inline(part.text)]) if part else Content()

    # keys

    @property
    def _chosen(self) -> str:
        return self.query_one(Table).chosen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only topics and points can be marked."""
        if action == "mark":
            chosen = self._chosen if self.is_mounted else ""
            return bool(chosen) and all(part.id != chosen for part in self.catalogue.parts)
        return super().check_action(action, parameters)

    def action_mark(self) -> None:
        """Mark the chosen topic or point: done, skipped, then by evidence again."""
        self.start(self._mark, self._chosen, group="act")

    async def _mark(self, name: str) -> None:
        mark = NEXT_MARK.get(self._marked(name), "done")
        view = await self.ask(services.curriculum.mark, name, mark)
        shown = mark or "cleared, back to what was earned"
        self.say(f"{self._title(name)}: {shown}. u takes it back.")
        self.views[view.topic.id] = view
        await self.load()

    def _marked(self, name: str) -> str | None:
        if name in self.views:
            return self.views[name].marked
        points = [point for view in self.views.values() for point in view.points]
        return next((point.marked for point in points if point.point.id == name), None)

    def _title(self, name: str) -> str:
        if name in self.views:
            return self.views[name].topic.title
        points = self.catalogue.points
        return points[name].title if name in points else name

    def action_open(self) -> None:
        """Review the topic's cards; fold or unfold a part."""
        chosen = self._chosen
        if any(part.id == chosen for part in self.catalogue.parts):
            self.action_fold(chosen not in self.folded)
        elif chosen:
            self.app.begin(self.app.flow.review_topic, chosen)

    def on_table_opened(self) -> None:
        """A click on the chosen row does what enter does."""
        self.action_open()

    def action_fold(self, folded: bool) -> None:
        """Fold or unfold the part, or the topic's points."""
        chosen = self._chosen
        topic = self.catalogue.topic_of(chosen)
        if topic is None:
            (self.folded.add if folded else self.folded.discard)(chosen)
            self._draw()
        elif not folded:
            self.unfolded.add(topic.id)
            self._draw()
        elif topic.id in self.unfolded:
            self.unfolded.discard(topic.id)
            self._draw(topic.id)
        else:
            part = self.catalogue.part_of(topic.id)
            assert part is not None
            self.folded.add(part.id)
            self._draw(part.id)


def part_row(name: str, title: str, views: Sequence[TopicView], *, folded: bool) -> Row:
    """Return the line of a part, with its bar."""
    counted = [view for view in views if view.status != "skipped"]
    done = sum(view.status == "done" for view in counted)
    label = f"{name}  {title}" if name.isupper() else title
    share = done / len(counted) if counted else 0.0
    return Row(
        name,
        (
            Cell(f"{'▸' if folded else '▾'} {label}", "strong"),
            Cell(bar(share), "accent" if done else "muted"),
            Cell(f"{done}/{len(counted)}", "muted"),
            Cell(""),
            Cell(""),
        ),
    )


def topic_row(view: TopicView, *, unfolded: bool) -> Row:
    """Return the line of a topic: sign, title, cards, exercises, readings."""
    mark = " (marked)" if view.marked else ""
    cards = f"cards {view.cards_seen}/{view.cards}" if view.cards else ""
    quiet: Tone = "muted"
    return Row(
        view.topic.id,
        (
            Cell(f"  {SIGNS[view.status]} {view.topic.title}{mark}{' ▾' if unfolded else ''}"),
            Cell(cards, quiet),
            Cell(f"ex {view.passed}/{view.exercises}" if view.exercises else "", quiet),
            Cell(f"read {view.read}/{view.readings}" if view.readings else "", quiet),
            Cell(f"{percent(view.mastery)}" if view.mastery else "", TONES.get(view.status, "")),
        ),
    )


def point_row(view: PointView) -> Row:
    """Return the line of a point."""
    mark = " (marked)" if view.marked else ""
    return Row(
        view.point.id, (Cell(f"      {SIGNS[view.status]} {plain(view.point.title)}{mark}"),)
    )


def topic_detail(view: TopicView, catalogue: Catalogue, between: str) -> Content:
    """Return a topic's points, what it needs and what it leads to."""
    topics = catalogue.topics
    leads = [topic.title for topic in topics.values() if view.topic.id in topic.needs]
    points = between.join(f"{SIGNS[p.status]} {plain(p.point.title)}" for p in view.points)
    marked = f"marked {view.marked} by you; earned: {view.earned}" if view.marked else view.status
    recall = f"recall {percent(view.recall)}" if view.recall is not None else ""
    return join(
        [
            heading(view.topic.title),
            muted("   ".join(part for part in (marked, recall) if part)),
            points,
            _named("needs", (topics[name].title for name in view.topic.needs if name in topics)),
            _named("leads to", leads),
            *corrections(catalogue, view.topic.id),
            *(line for p in view.points for line in corrections(catalogue, p.point.id)),
        ]
    )


def point_detail(view: TopicView, point: PointView, catalogue: Catalogue) -> Content:
    """Return a point's explanation."""
    return join(
        [
            Content.assemble(heading(point.point.title), muted(f"   {view.topic.title}")),
            muted(f"marked {point.marked} by you" if point.marked else point.status),
            inline(point.point.text),
            *corrections(catalogue, point.point.id),
        ]
    )


def _named(word: str, titles: Iterable[str]) -> Content:
    listed = ", ".join(titles)
    return Content.assemble((f"{word}  ", f"{STRONG} {ACCENT}"), listed) if listed else Content()

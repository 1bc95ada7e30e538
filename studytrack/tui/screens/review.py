"""Review: one card at a time, revealed, rated, durable at once.

A small machine of stages: `loading` -> `asking` -> `shown` -> (rated) -> `loading` ... -> `done`.
Digits rate only in `shown`, so a key pressed too early can never rate.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from studytrack.domain.cards import AUTO_GRADED, Judgement
from studytrack.errors import StudytrackError
from studytrack.tui import cardtext, services
from studytrack.tui.actions import Action, bindings
from studytrack.tui.screens.base import StudyScreen
from studytrack.tui.sessiontext import AGAIN, session_end
from studytrack.tui.text import STRONG, bar, inline, muted

if TYPE_CHECKING:
    from studytrack.services.review import Question
    from studytrack.services.undo import Undone

Stage = Literal["loading", "asking", "shown", "done"]
LEARN = 5
TYPED = AUTO_GRADED - {"choice"}


class ReviewScreen(StudyScreen):
    """The quiz."""

    place = mode = "review"
    heading = "Review"
    CSS_PATH = "review.tcss"
    BINDINGS = bindings("review")

    def __init__(self) -> None:
        super().__init__()
        self.stage: Stage = "loading"
        self.question: Question | None = None
        self.judgement: Judgement | None = None
        self.given = ""
        self.topic = ""
        self.ratings: list[tuple[str, int]] = []
        self.begun = 0.0
        self._clock_told = False

    def body(self) -> ComposeResult:
        """Compose question, answer box and answer in one scrolling column."""
        with Container(id="card-pair"):
            yield from self._card()
        yield VerticalScroll(Static("", id="summary", markup=False), id="end", can_focus=False)

    def _card(self) -> ComposeResult:
        with VerticalScroll(id="card", can_focus=False):
            yield Static("", id="question", markup=False)
            yield Static("", id="code", markup=False)
            yield Static("", id="choices", markup=False)
            yield Input(id="answer-box", classes="text-box", select_on_focus=False)
            yield Static("", id="note", markup=False)
            yield Static("", id="verdict", markup=False)
            yield Static("", id="answer", markup=False)
        with VerticalScroll(id="side", can_focus=False):
            yield Static("", id="origin", markup=False)

    # asking

    def resume(self) -> None:
        """Keep an open question; otherwise look for the next one."""
        if self.stage in {"loading", "done"}:
            self.reload()

    def enter(self) -> None:
        """Review everything again after a session of one topic."""
        if self.topic:
            self.study_topic("")

    def study_topic(self, topic: str) -> None:
        """Review one topic only, or all with ""."""
        self.topic, self.ratings, self.stage = topic, [], "loading"
        self.reload()

    async def load(self) -> None:
        """Ask for the next card and show it, or the end."""
        ended, self.stage = self.stage == "done", "loading"
        if not self._clock_told:
            warning = await self.ask(services.moments.clock_warning)
            self._clock_told = True  # only now: a load that is dropped has told nothing
            if warning:
                self.say(warning)
        self.question = await self.ask(services.review.next_question, topic=self.topic)
        if ended and self.question:
            self.ratings = []  # another session begins
        if self.question is None:
            await self._end()
            return
        self._ask(self.question)

    def _ask(self, question: Question) -> None:
        card = question.card
        self.judgement, self.given, self.begun = None, "", time.monotonic()
        self.stage = "asking"
        self._show_card(shown=False)
        self._set("note", muted(cardtext.HOW.get(card.kind, "")))
        box = self.query_one("#answer-box", Input)
        box.value = ""
        box.display = card.kind in TYPED
        if box.display:
            box.focus()
        else:
            self.set_focus(None)
        self._count()
        self.query_one("#card", VerticalScroll).scroll_home(animate=False)
        self.refresh_keys()

    def _show_card(self, *, shown: bool) -> None:
        assert self.question is not None
        card = self.question.card
        self.query_one("#card-pair").display, self.query_one("#end").display = True, False
        self._set("question", cardtext.question(card))
        self._set("code", cardtext.snippet(card))
        self._set("choices", cardtext.choices(card, self.given, shown=shown))
        self._set("verdict", cardtext.verdict(self.judgement, self.given, card) if shown else "")
        self._set("answer", cardtext.answer(card) if shown else "")
        self._set("origin", cardtext.origin(card, self.catalogue) if shown else "")

    def _set(self, name: str, content: Content | str) -> None:
        part = self.query_one(f"#{name}", Static)
        part.update(content)
        part.display = bool(content)

    def _count(self) -> None:
        assert self.question is not None
        done, left = len(self.ratings), self.question.left
        again = sum(rating == AGAIN for _, rating in self.ratings)
        parts = [
            self.topic,
            self.question.state,
            f"{bar(done / (done + left) if done + left else 0)}  {left} left",
            f"again {again}" if again else "",
        ]
        self.set_context("   ".join(part for part in parts if part))

    # answering

    def action_reveal(self) -> None:
        """Show the answer; with a proposal, accept it; at the end, go on with the plan."""
        if self.stage == "asking":
            self._reveal()
        elif self.stage == "shown" and self.judgement:
            self.action_rate(self.judgement.rating)
        elif self.stage == "done":
            self.app.begin(self.app.flow.go_on)

    action_go = action_reveal

    def action_choose(self, place: int) -> None:
        """Answer a choice card."""
        self._judge(cardtext.LETTERS[place])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Judge what was typed; an empty line only reveals."""
        event.stop()
        if self.stage != "asking":
            return
        if not event.value.strip():
            self._reveal()
        elif self.question and self.question.card.kind in AUTO_GRADED:
            self._judge(event.value)
        else:
            self.given = event.value.strip()
            self._reveal()

    def _judge(self, text: str) -> None:
        assert self.question is not None
        try:
            self.judgement = services.review.propose(self.question.card, text)
        except ValueError as error:
            self._set("note", Content.styled(str(error), STRONG))
            return
        self.given = text.strip()
        self._reveal()

    def _reveal(self) -> None:
        self.stage = "shown"
        box = self.query_one("#answer-box", Input)
        box.display = False
        self.set_focus(None)
        self._set("note", "")
        self._show_card(shown=True)
        self.refresh_keys()

    def action_rate(self, rating: int) -> None:
        """Store a rating and ask the next card."""
        if self.stage == "shown":
            self.stage = "loading"  # a second digit must not rate the next card
            self.refresh_keys()
            self.start(self._rate, rating, group="load", exclusive=True)

    async def _rate(self, rating: int) -> None:
        assert self.question is not None
        card, text = self.question.card, self.given
        took = int((time.monotonic() - self.begun) * 1000)
        try:
            done = await self.ask(
                services.review.answer,
                self.question,
                rating,
                duration_ms=took,
                text=text or None,
                judgement=self.judgement,
            )
        except services.moments.ClockLeap as leap:  # nothing was stored: the card stays
            if await self.confirmed(leap):
                await self._rate(rating)
                return
            self.complain(leap)
            self.stage = "shown"
            self.refresh_keys()
            return
        except StudytrackError as error:  # nothing was stored: ask what is due now
            self.complain(error)
            await self.load()
            return
        self.ratings.append((card.id, done.rating))
        leech = [done.leech.sentence, *done.leech.suggestions] if done.leech else []
        self.say(" ".join([f"{cardtext.RATINGS[done.rating]}.", done.due_text, *leech]).rstrip())
        await self.load()

    # the end

    async def _end(self) -> None:
        self.stage = "done"
        await self.ask(services.review.end_session)
        found = await self.ask(services.review.counts, topic=self.topic)
        self.query_one("#card-pair").display, self.query_one("#end").display = False, True
        onward = self.app.flow.next_title
        self.query_one("#summary", Static).update(
            session_end(self.ratings, self.catalogue, found.next_due_text, onward, LEARN)
        )
        self.set_context(self.topic)
        self.set_focus(None)
        self.refresh_keys()

    # other keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Each key only works in its stage."""
        card = self.question.card if self.question and self.stage in {"asking", "shown"} else None
        asking = card is not None and self.stage == "asking"
        if action == "choose":
            return bool(asking and card and int(str(parameters[0])) < len(card.choices))
        if action in {"reveal", "go"}:
            ready = self.stage == "shown" and self.judgement is not None
            return asking or ready or (self.stage == "done" and bool(self.app.flow.next_title))
        if action == "rate":
            return self.stage == "shown"
        if action == "type":
            return bool(asking and card and card.kind != "choice")
        if action == "hint":
            return bool(asking and card and card.hint)
        if action == "learn_new":
            return self.stage == "done"
        if action == "code_it":
            return bool(card and card.exercise in self.catalogue.exercises)
        if action in {"suspend", "bury", "master", "flag"}:
            return card is not None
        if action == "add":
            return not (asking and card and card.kind == "choice")
        return super().check_action(action, parameters)

    def shows(self, action: Action) -> bool:
        """Show enter or space, not both."""
        if action.name == "go" and self.stage != "done":
            return False
        if action.name == "reveal" and self.stage == "done":
            return False
        return super().shows(action)

    def verb(self, action: Action) -> str:
        """Say each rating's interval, and what enter does now."""
        if action.name.startswith("rate(") and self.question:
            number = int(action.key)
            return f"{action.verb} {self.question.intervals[number - 1]}".rstrip()
        if action.name == "reveal" and self.stage == "shown" and self.judgement:
            return cardtext.RATINGS[self.judgement.rating]
        return "go on" if action.name == "go" else action.verb

    def action_type(self) -> None:
        """Open the answer box; `esc` leaves it."""
        box = self.query_one("#answer-box", Input)
        box.display = True
        box.focus()

    def leave_typing(self) -> None:
        """Leave the answer box, or the prompt below."""
        super().leave_typing()
        self.set_focus(None)

    def action_hint(self) -> None:
        """Show the card's hint under the question."""
        if self.question:
            self._set("note", inline(self.question.card.hint))

    def action_learn_new(self) -> None:
        """Allow more new cards today."""
        self.start(self._learn_new, group="load", exclusive=True)

    async def _learn_new(self) -> None:
        await self.ask(services.review.learn_more, LEARN)
        self.ratings = []
        await self.load()
        if self.question is None:
            self.say("Every card was begun already.")

    def action_code_it(self) -> None:
        """Open the exercise that proves this card."""
        if self.question:
            self.app.begin(self.app.flow.open_exercise, self.question.card.exercise)

    def action_suspend(self) -> None:
        """Never ask this card again."""
        self.start(
            self._put_away,
            services.cards.suspend,
            "Suspended: it is not asked again.",
            group="load",
        )

    def action_bury(self) -> None:
        """Ask this card no more today."""
        self.start(self._put_away, services.cards.bury, "Put off until tomorrow.", group="load")

    def action_master(self) -> None:
        """Ask this card no more, because it is known for good."""
        self.start(
            self._put_away,
            services.cards.master,
            "Mastered: it is not asked again.",
            group="load",
        )

    def action_flag(self) -> None:
        """Mark this card; it is asked on."""
        self.start(self._flag, group="act", exclusive=True)

    async def _flag(self) -> None:
        if self.question:
            await self.ask(services.cards.flag, self.question.card.id)
            self.say("Flagged: `studytrack card list --flagged` shows it. u takes it back.")

    async def _put_away(self, service: object, sentence: str) -> None:
        if self.question and callable(service):
            await self.ask(service, self.question.card.id)
            self.say(f"{sentence} u takes it back.")
            await self.load()

    def action_add(self) -> None:
        """Ask for a card's two sides and add it."""
        self.start(self._add, group="act", exclusive=True)

    async def _add(self) -> None:
        front = await self.prompt("A new card. What does it ask?")
        back = await self.prompt("What is the answer?") if front else ""
        if front and back:
            topic = self.question.card.topic if self.question else ""
            await self.ask(services.review.add_card, front, back, topic=topic)
            self.say("Added; it comes with the new cards.")

    def after_undo(self, done: Undone) -> None:
        """Ask the card again whose rating was taken back."""
        if self.ratings and self.ratings[-1][0] == done.item_id:
            self.ratings.pop()
        self.start(self._ask_again, done.item_id, group="load", exclusive=True)

    async def _ask_again(self, card_id: str) -> None:
        await self.read_catalogue()
        others = {name for name in self.catalogue.cards if name != card_id}
        question = await self.ask(services.review.next_question, topic=self.topic, skip=others)
        if question is None:
            await self.load()
            return
        waiting = await self.ask(services.review.counts, topic=self.topic)
        self.question = replace(question, left=waiting.total)
        self._ask(self.question)

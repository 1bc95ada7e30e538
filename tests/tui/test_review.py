from __future__ import annotations

import pytest

from studytrack.domain.log import REVIEW_KINDS
from studytrack.services import cards, review


@pytest.fixture
def ask(study):
    """Let only one card wait, and return it."""

    def only(card_id: str):
        for card in study.catalogue.cards.values():
            if card.id != card_id:
                cards.suspend(study, card.id)
        return study.catalogue.cards[card_id]

    return only


def ratings(study) -> list[int | None]:
    """Return what was rated, in order."""
    return [row.rating for row in study.store.live(item_kind="card", kinds=REVIEW_KINDS)]


async def test_reveal_and_rate(opened, study, ask, size):
    """Space shows the answer with intervals at the four ratings; a digit rates and is stored."""
    ask("recall.topk-tie")
    async with opened(size) as driver:
        await driver.go("r", "review")
        assert "What must top-k do with a tie" in driver.text
        assert "Keep exactly K tokens" not in driver.text

        await driver.press("space")
        assert "Keep exactly K tokens" in driver.text
        assert "3 Good <10m" in driver.footer

        await driver.press("3")

        assert [3] == ratings(study)
        assert "Good. Again in 10 minutes." in driver.message


async def test_a_digit_rates_nothing_before_the_answer_is_shown(opened, study, ask):
    """Digits are dead until the answer is shown, and dead again after the rating."""
    ask("recall.topk-tie")
    async with opened() as driver:
        await driver.go("r", "review")

        await driver.press("1", "2", "3", "4")

        assert [] == ratings(study)
        await driver.pilot.press("space", "2", "2", "2")
        await driver.settle()
        assert [2] == ratings(study)


async def test_a_number_is_judged_and_enter_accepts_the_proposal(opened, study, ask):
    """Typed answers are judged by rule, and the proposed rating is one key away."""
    ask("num.float32-bytes")
    async with opened() as driver:
        await driver.go("r", "review")
        assert "enter submit" in driver.footer
        await driver.type("many")
        assert "Write one number" in driver.text

        driver.app.focused.value = ""
        await driver.press("4", "0", "9", "6", "enter")
        assert "✓ Right." in driver.text
        assert "proposed: 3 Good" in driver.text
        assert "enter Good" in driver.footer

        await driver.press("enter")

        assert [3] == ratings(study)


async def test_the_learner_may_rate_otherwise_than_proposed(opened, study, ask):
    """A proposal is only a proposal."""
    ask("num.float32-bytes")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.type("4096")

        await driver.press("2")

        assert [2] == ratings(study)


async def test_a_wrong_word_shows_what_was_written(opened, ask):
    """The learner sees both answers side by side."""
    ask("typed.rank-zero")
    async with opened() as driver:
        await driver.go("r", "review")

        await driver.type("vector")

        assert "✗ Not this." in driver.text
        assert "you wrote  vector" in driver.text
        assert "scalar" in driver.text


async def test_esc_leaves_the_box_and_an_empty_line_reveals(opened, ask):
    """Typing mode is left with esc; then letters are keys again, and h shows the hint."""
    ask("typed.rank-zero")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("escape")
        assert "enter reveal" in driver.footer

        await driver.press("h")
        assert "It holds one number." in driver.text

        await driver.press("tab")
        assert "enter submit" in driver.footer
        await driver.press("enter")

        assert "scalar" in driver.text
        assert "proposed" not in driver.text


async def test_choices_are_letters(opened, study, ask):
    """`b` chooses b while a choice is open, and is the bookshelf again afterwards."""
    ask("choice.topp-crossing")
    async with opened() as driver:
        await driver.go("r", "review")
        assert "a)  the first" in driver.text

        await driver.press("a")

        assert "review" == driver.app.current_mode
        assert "✗ a)  the first   yours" in driver.text
        assert "✓ b)  the first two   right" in driver.text
        assert "0.5 does not reach 0.7." in driver.text
        await driver.go("b", "readings")


async def test_gaps_and_code_are_shown(opened, ask):
    """A cloze hides its gaps; its answer is typed with semicolons."""
    ask("cloze.attention-scale")
    async with opened() as driver:
        await driver.go("r", "review")
        assert "divides by [ ... ] and" in driver.text

        await driver.type("sqrt(d); keys")

        assert "✓ Right." in driver.text


async def test_undo_asks_the_card_again(opened, study, ask):
    """`u` takes the rating back and the card is open again."""
    ask("recall.topk-tie")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("space", "4")
        assert "Done." in driver.text

        await driver.press("u")

        assert "Undone: Easy on recall.topk-tie." in driver.text
        assert "What must top-k do" in driver.text
        assert [] == ratings(study)
        await driver.press("U")
        assert [4] == ratings(study)


async def test_the_end_names_what_was_missed(opened, study, ask):
    """The summary counts answers, lists what was forgotten and says when it goes on."""
    ask("recall.topk-tie")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("space", "1", "space", "4")
        text = driver.text

    assert "2 answers: 1 known, 1 again." in text
    assert "✗ What must top-k do with a tie" in text
    assert "Next: 1 card " in text
    assert "l learn new" in text or "l learn 5 new cards" in text


async def test_nothing_due_names_the_next_key(opened, study, size):
    """An empty queue says so, with the keys that go on; `l` without new cards says that too."""
    for card in list(study.catalogue.cards.values()):
        cards.suspend(study, card.id)
    async with opened(size) as driver:
        await driver.go("r", "review")
        assert "Nothing is due." in driver.text
        assert "l learn 5 new cards" in driver.text

        await driver.press("l")

        assert "Every card was begun already." in driver.message


async def test_suspend_and_bury_put_a_card_away(opened, study):
    """`z` and `-` go on to the next card, and u brings the card back."""
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("escape")
        first = driver.app.screen.question.card.id

        await driver.press("z")
        second = driver.app.screen.question.card.id
        await driver.press("escape", "minus")

        assert len({first, second, driver.app.screen.question.card.id}) == 3
        await driver.press("escape", "u", "escape", "u")
        assert first == driver.app.screen.question.card.id


async def test_a_card_can_be_added(opened, study, ask):
    """`a` asks for both sides; the card comes with the new ones."""
    ask("recall.topk-tie")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("a")
        await driver.type("What is K?")
        await driver.type("a count")

        assert "Added" in driver.message
        study.refresh()
        assert any(card.front == "What is K?" for card in study.catalogue.cards.values())


async def test_an_answer_given_elsewhere_is_not_overwritten(opened, study, ask):
    """The other window's rating stays; this one says so and asks what is due now."""
    ask("recall.topk-tie")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("space")
        review.answer(study, "recall.topk-tie", 4)

        await driver.press("1")

        assert [4] == ratings(study)
        assert "✗" in driver.text
        assert driver.message
        assert "done" == driver.app.screen.stage


async def test_help_leaves_the_card_as_it_is(opened, ask):
    """Looking at the keys does not lose an answer that is shown."""
    ask("num.float32-bytes")
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.type("4096")

        await driver.press("question_mark")
        await driver.until(lambda: driver.app.front is None)
        assert "Rate: again, hard, good, easy" in driver.text
        await driver.press("escape")
        await driver.until(lambda: driver.app.front is not None)
        await driver.settle()

        assert "proposed: 3 Good" in driver.text

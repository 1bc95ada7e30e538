"""What a card can suffer besides a rating: mastered, flagged, a leech; and wrong clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studytrack.services import cards, review
from studytrack.services.moments import believe_clock

CARD = "recall.topk-tie"


@pytest.fixture
def only(study) -> str:
    """Let one card alone wait, and return its id."""
    for card in study.catalogue.cards.values():
        if card.id != CARD:
            cards.suspend(study, card.id)
    return CARD


def forward(study, **gap: float) -> None:
    """Let time pass."""
    moment = study.now() + timedelta(**gap)
    study.clock = lambda: moment


async def test_a_mastered_card_leaves_and_u_brings_it_back(opened, study):
    """`m` goes on to the next card."""
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("escape")
        first = driver.app.screen.question.card.id

        await driver.press("m")
        assert driver.app.screen.question.card.id != first
        assert "Mastered" in driver.message

        await driver.press("escape", "u")
        assert driver.app.screen.question.card.id == first


async def test_a_flagged_card_is_asked_on(opened, study, only):
    """`f` marks it; the card stays."""
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("f")

        assert driver.app.screen.question.card.id == only
        assert "Flagged" in driver.message
        assert cards.card_state(study, only).flagged


async def test_a_leech_is_told_of_when_it_happens(opened, study, only, size):
    """The line above the footer says how often, and what may help."""
    for _ in range(7):
        review.answer(study, only, 4)
        forward(study, days=30)
        review.answer(study, only, 1)
    review.answer(study, only, 4)
    forward(study, days=30)

    async with opened(size) as driver:
        await driver.go("r", "review")
        await driver.press("space", "1")

        assert "You have forgotten this card 8 times." in driver.message
        assert "Split it" in driver.message


async def test_a_leap_of_the_clock_is_a_question(opened, study, only):
    """No keeps the answer unsaved and the card on the screen; yes stores it."""
    review.answer(study, only, 4)
    forward(study, days=400)
    async with opened() as driver:
        await driver.go("r", "review")
        await driver.press("space", "3")
        assert "400 days after your last entry" in driver.text

        await driver.type("no")
        stored = len(study.store.live(item_kind="card", item_id=only))
        assert stored == 1
        assert "✗" in driver.text

        await driver.press("3")
        await driver.type("yes")
        assert len(study.store.live(item_kind="card", item_id=only)) == 2


async def test_a_clock_that_went_back_is_said_once(opened, study, only):
    """When the first card is asked, and not again."""
    believe_clock(study)
    review.answer(study, only, 1)
    forward(study, days=-10)
    async with opened() as driver:
        await driver.go("r", "review")
        assert "your last entry is of" in driver.message

        await driver.press("space", "3")
        assert "your last entry is of" not in driver.message

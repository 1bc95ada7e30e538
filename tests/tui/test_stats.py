from __future__ import annotations

import pytest

from studytrack.services import review

WIDE = (120, 40)


async def test_without_reviews_the_next_key_is_named(opened, size):
    """An empty page says how to begin."""
    async with opened(size) as driver:
        await driver.go("s", "stats")

        assert "Nothing was reviewed yet." in driver.text
        assert "r starts" in driver.text


@pytest.mark.parametrize(("presses", "period"), [(0, 30), (1, 90), (2, 365), (3, 7)])
async def test_numbers_are_shown_for_each_period(opened, study, presses, period):
    """Reviews, days, parts and what comes due; p changes the period."""
    for _ in range(3):
        question = review.next_question(study)
        review.answer(study, question, 4)
    async with opened() as driver:
        await driver.go("s", "stats")

        await driver.press(*["p"] * presses)
        text = driver.text

    assert f"last {period} days" in text
    assert "reviews  3" in text
    assert "REVIEWS A DAY" in text
    assert "I    Getting Good with PyTorch" in text
    assert "DUE IN THE NEXT 7 DAYS" in text


def reviewed(study, count: int) -> None:
    """Store so many reviews, each predicted at 0.8, of which nine in ten were remembered."""
    stamp = study.stamp()
    cards = sorted(study.catalogue.cards)
    study.store.append(
        [
            study.store.new_row(
                stamp,
                kind="review",
                item_kind="card",
                item_id=cards[number % len(cards)],
                rating=1 if number % 10 == 0 else 3,
                scheduled=10,
                r_before=0.8,
                s_after=10.0,
                d_after=5.0,
                retention=0.9,
            )
            for number in range(count)
        ]
    )


@pytest.mark.parametrize(("count", "shown"), [(99, False), (400, True)])
async def test_predictions_are_held_against_what_happened(opened, study, count, shown):
    """From a hundred reviews on: what was predicted, what was remembered, what was wanted."""
    reviewed(study, count)
    async with opened(WIDE) as driver:
        await driver.go("s", "stats")
        text = driver.text

    assert shown == ("PREDICTIONS" in text)
    assert shown == ("cards  90 % remembered of 90 % wanted" in text)
    assert shown == ("predicted    80  80" in text)


async def test_a_fit_that_is_worth_trying_is_offered(opened, study, monkeypatch):
    """The sentence names the command."""
    reviewed(study, 30)
    monkeypatch.setattr("studytrack.services.fit.offer", lambda study: "Try `studytrack fit`.")
    async with opened(WIDE) as driver:
        await driver.go("s", "stats")

        assert "Try studytrack fit." in driver.text

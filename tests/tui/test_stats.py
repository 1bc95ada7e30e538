from __future__ import annotations

import pytest

from studytrack.services import review


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

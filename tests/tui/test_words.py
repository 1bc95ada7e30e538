from __future__ import annotations

import pytest

from studytrack.services import library


async def test_terms_are_explained(opened, size):
    """The glossary stands with what is known of each term; details name what is confused."""
    async with opened(size) as driver:
        await driver.go("w", "words")
        await driver.press("j")
        text, detail = driver.text, str(driver.app.screen.query_one("#detail").content)

    assert "3 terms, 0 known" in text
    assert "○ new" in text
    assert "limits the choice to the K most probable next tokens." in detail
    assert "not to be confused with  Top P (Nucleus Sampling)" in detail


async def test_a_correction_shows_what_was_and_why(opened):
    """A corrected note shows both wordings and the reason."""
    async with opened((120, 40)) as driver:
        await driver.go("w", "words")
        await driver.press("f")
        text = " ".join(part for line in driver.text.splitlines() for part in line.split())

    assert "Tensor facts" in text
    assert "corrected" in text
    assert "because" in text
    assert "torch.int8" in text


@pytest.mark.parametrize(
    ("presses", "words"),
    [(2, "Study a little every day."), (3, "resources"), (4, "Temperature")],
)
async def test_the_shelves_follow_each_other(opened, presses, words):
    """F goes from terms to notes, advice, resources and back."""
    async with opened() as driver:
        await driver.go("w", "words")

        await driver.press(*["f"] * presses)

        assert words in driver.text


async def test_a_term_and_a_note_are_added(opened, study):
    """A asks for title and text on the shelf that is shown."""
    async with opened() as driver:
        await driver.go("w", "words")
        await driver.press("a")
        await driver.type("Logit")
        await driver.type("is a score before softmax")
        assert "Added Logit." in driver.message
        assert "Logit" in driver.text

        await driver.press("f", "a")
        await driver.type("Mine")
        await driver.type("a line")

        assert "logit" == library.term(study, "Logit").id
        assert "mine" in {note.id for note in library.notes(study)}


async def test_leaving_the_question_adds_nothing(opened, study):
    """Esc on either question changes nothing."""
    async with opened() as driver:
        await driver.go("w", "words")
        await driver.press("a", "escape", "a")
        await driver.type("Half")
        await driver.press("escape")

        assert 3 == len(library.terms(study))

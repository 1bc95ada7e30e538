from __future__ import annotations

from studytrack.services import curriculum


async def test_topics_are_shown_by_part(opened, size):
    """Parts, topics with counts, and the detail of the chosen topic."""
    async with opened(size) as driver:
        await driver.go("c", "curriculum")
        await driver.press("j", "j", "j")
        text = driver.text

    assert "I  Getting Good with PyTorch" in text
    assert "cards 0/3" in text
    assert "ex 0/3" in text
    assert "Attention mechanisms" in text
    assert "needs  PyTorch Basics" in text
    assert "leads to  Decoding and sampling" in text


async def test_space_marks_and_undo_clears(opened, study):
    """A mark is said and shown as such; undo brings the evidence back."""
    async with opened() as driver:
        await driver.go("c", "curriculum")
        await driver.press("j", "space")
        assert "✓ PyTorch Basics (marked)" in driver.text
        assert "PyTorch Basics: done." in driver.message
        assert "marked done by you; earned: in progress" in driver.text

        await driver.press("u")
        assert "(marked)" not in driver.text

        await driver.press("space", "space")
        assert "skipped" == curriculum.topic(study, "pytorch.basics").marked
        await driver.press("space")
        assert curriculum.topic(study, "pytorch.basics").marked is None


async def test_points_unfold_and_can_be_marked(opened, study):
    """`l` shows a topic's points, which take marks too; `h` folds again."""
    async with opened() as driver:
        await driver.go("c", "curriculum")
        await driver.press("j", "l", "j")
        assert "Tensors" in driver.text

        await driver.press("space")
        points = {p.point.id: p.marked for p in curriculum.topic(study, "pytorch.basics").points}
        assert "done" == points["pytorch.basics.tensors"]

        await driver.press("h", "h")
        assert "PyTorch Basics  " not in driver.text
        assert "▸ I  Getting Good" in driver.text
        await driver.press("space")
        assert "Getting Good" in driver.text


async def test_enter_reviews_the_topic(opened):
    """Only the topic's cards are asked; the mode's own key asks all again."""
    async with opened() as driver:
        await driver.go("c", "curriculum")
        await driver.press("end")
        await driver.pilot.press("enter")
        await driver.until(lambda: driver.app.current_mode == "review")
        await driver.until(lambda: driver.app.screen.stage == "asking")

        assert driver.app.screen.question.card.topic.startswith("sampling")
        await driver.press("escape")
        await driver.go("t", "today")
        await driver.go("r", "review")
        assert "" == driver.app.screen.topic

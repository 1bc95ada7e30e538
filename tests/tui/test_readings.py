from __future__ import annotations

from studytrack.services import readings


async def test_the_list_shows_status_and_detail(opened, size):
    """Readings stand with their status as a word; the chosen one is told in full."""
    async with opened(size) as driver:
        await driver.go("b", "readings")
        await driver.press("j")
        text = driver.text

    assert "inbox 3  ·  next 1  ·  done 1" in text
    assert "▪ next" in text
    assert "✓ done" in text
    assert "also listed as  The Transformer" in text
    assert "https://arxiv.org/abs/1706.03762" in text


async def test_a_takeaway_becomes_a_card(opened, study):
    """Space asks one line; the reading is done and the line comes back as a card."""
    async with opened() as driver:
        await driver.go("b", "readings")
        await driver.press("space")
        assert "What did you learn from" in driver.text
        assert "enter submit" in driver.footer

        await driver.type("ties need care")

        view = readings.reading(study, "sampling-post")
        assert "done" == view.status
        assert "ties need care" == study.catalogue.cards[view.takeaways[0].card].back
        assert "Your takeaway is a card now." in driver.message
        await driver.press("u")
        assert "next" == readings.reading(study, "sampling-post").status


async def test_the_takeaway_can_be_skipped_or_left(opened, study):
    """An empty line finishes without a card; esc leaves everything as it was."""
    async with opened() as driver:
        await driver.go("b", "readings")
        await driver.press("space", "escape")
        assert "next" == readings.reading(study, "sampling-post").status
        assert "Left as it was." in driver.message

        await driver.press("space", "enter")

        assert "done" == readings.reading(study, "sampling-post").status
        assert () == readings.reading(study, "sampling-post").takeaways


async def test_keys_move_a_reading(opened, study):
    """Enter starts, + reads on, N A X move."""
    async with opened() as driver:
        await driver.go("b", "readings")
        await driver.press("enter")
        assert "reading" == readings.reading(study, "sampling-post").status

        await driver.press("plus", "plus", "minus")
        assert 10 == readings.reading(study, "sampling-post").progress
        assert "◐ 10 %" in driver.text

        for key, status in (("N", "next"), ("A", "archived"), ("X", "dropped")):
            await driver.press(key)
            assert status == readings.reading(study, "sampling-post").status


async def test_the_filter_shows_one_status_and_an_empty_one_says_what_to_press(opened):
    """F goes through the statuses that have readings; an emptied one is told."""
    async with opened() as driver:
        await driver.go("b", "readings")
        await driver.press("f")
        assert "only next" in driver.text
        assert "Attention" not in driver.text

        await driver.press("A")

        assert "No reading is next." in driver.text
        assert "f shows another status." in driver.text


async def test_an_address_is_added_or_refused_with_a_reason(opened, study):
    """A asks for an address; one that is none is an error line, and the list stays."""
    async with opened() as driver:
        await driver.go("b", "readings")
        await driver.press("a")
        await driver.type("nonsense")
        assert "`nonsense` is no address." in driver.message
        assert "Attention Is All You Need" in driver.text

        await driver.press("a")
        await driver.type("posts.example/new-post")

        assert "Added to the inbox: new post." in driver.message
        assert "new-post" == driver.app.screen.query_one("#readings").chosen


async def test_a_link_is_copied_where_there_is_no_browser(opened, monkeypatch):
    """Without a graphical browser the address is copied and shown."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("studytrack.tui.outside.sys.platform", "linux")
    async with opened() as driver:
        await driver.go("b", "readings")

        await driver.press("o")

        assert "the address was copied: https://posts.example/sampling" in driver.message
        assert "https://posts.example/sampling" == driver.app.clipboard

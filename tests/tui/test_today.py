from __future__ import annotations

import threading

from studytrack.domain.catalogue import Catalogue
from studytrack.services import exercises, readings, review
from studytrack.services.study import Study
from studytrack.tui.screens.exercise import ExerciseScreen


async def test_the_plan_is_shown_in_minutes(opened, size):
    """Today lists cards, exercise and reading with their minutes, and the curriculum."""
    async with opened(size) as driver:
        text, footer = driver.text, driver.footer

    assert "studytrack" in text
    assert "Tue 24 Nov" in text
    for words in ("1 Review", "2 Exercise", "3 Read", "8 new cards", "~3 min", "MINUTES"):
        assert words in text
    assert "I  Getting Good with PyTorch" in text
    assert "0/1" in text
    assert "ADVICE" in text
    assert "space start all" in footer


async def test_the_frame_is_painted_before_the_store_is_read(opened, monkeypatch):
    """Header, rules and footer do not wait for data; keys already work."""
    gate = threading.Event()
    monkeypatch.setattr(Study, "catalogue", property(lambda _study: gate.wait() and Catalogue()))

    async with opened(settled=False) as driver:
        await driver.until(lambda: "studytrack" in driver.text and "? keys" in driver.footer)
        assert "MINUTES" not in driver.text
        gate.set()
        await driver.settle()


async def test_space_does_the_whole_plan_step_by_step(opened, study):
    """Review, then the exercise, then the reading, then Today again."""
    async with opened() as driver:
        await driver.pilot.press("space")
        await driver.until(lambda: driver.app.current_mode == "review")
        await driver.settle()
        while driver.app.screen.stage != "done":
            await driver.press("escape", "space", "4")
        assert "space goes on with  Add one" in driver.text

        await driver.pilot.press("space")
        await driver.until(lambda: isinstance(driver.app.screen, ExerciseScreen))
        await driver.until(lambda: driver.app.screen.view is not None)
        await driver.settle()
        driver.app.screen.view.path.write_text("def add_one(x):\n    return x + 1\n")
        await driver.press("g")
        assert "space go on" in driver.footer

        await driver.pilot.press("space")
        await driver.until(lambda: driver.app.current_mode == "readings")
        await driver.settle()
        assert "sampling-post" == driver.app.screen.query_one("#readings").chosen
        await driver.press("space")
        await driver.type("the tie")
        await driver.until(lambda: driver.app.current_mode == "today")
        await driver.settle()

        assert not driver.app.flow.in_plan
        assert "Done for today" in driver.text


async def test_enter_opens_the_chosen_step_alone(opened):
    """The third line is the reading; opening it begins no plan."""
    async with opened() as driver:
        await driver.press("j", "j")

        await driver.pilot.press("enter")
        await driver.until(lambda: driver.app.current_mode == "readings")
        await driver.settle()

        assert "sampling-post" == driver.app.screen.query_one("#readings").chosen
        assert not driver.app.flow.in_plan


async def test_a_finished_day_says_what_comes_next(opened, study):
    """With nothing left the plan gives way to a sentence and the key that learns more."""
    while (question := review.next_question(study)) is not None:
        review.answer(study, question, 4)
    for view in readings.readings(study):
        readings.finish(study, view.reading.id)

    exercises.solution(study, "add_one", give_up=True)

    async with opened() as driver:
        text, footer = driver.text, driver.footer
        await driver.press("space", "enter")
        assert "today" == driver.app.current_mode

    assert "Done for today: 8 cards, 1 exercise, 4 readings." in " ".join(text.split())
    assert "l learn new" in footer
    assert "start all" not in footer


async def test_the_chosen_step_is_shown_at_the_side_of_a_wide_window(opened):
    """From 110 columns there is a detail pane; below there is none."""
    async with opened((120, 40)) as driver:
        await driver.press("j")
        assert "Return a new tensor that holds" in driver.text

        await driver.pilot.resize_terminal(80, 24)
        await driver.settle()

        assert "Return a new tensor that holds" not in driver.text


async def test_a_file_can_be_imported_from_today(opened, tmp_path, study):
    """`i` asks for a file, and what happened is said; a wrong path is an error line."""
    async with opened() as driver:
        await driver.press("i")
        await driver.type("nowhere.md")
        assert "No file nowhere.md." in driver.message

        document = tmp_path / "mine.md"
        document.write_text(
            "# Reading List\n\n**Inbox:**\n\n- [A post](https://a.example/post): by Someone\n"
        )
        await driver.press("i")
        await driver.type(str(document))

        assert "Imported as fasttrack: 1 new" in driver.message

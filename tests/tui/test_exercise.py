from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from studytrack.errors import EnvironmentFault
from studytrack.services import curriculum, exercises
from studytrack.tui.details import exercise_detail
from studytrack.tui.screens.exercise import ExerciseScreen


@pytest.fixture
def page():
    """Open the first exercise's page from the list."""

    async def open_it(driver) -> ExerciseScreen:
        await driver.go("x", "exercises")
        await driver.pilot.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExerciseScreen))
        await driver.until(lambda: driver.app.screen.view is not None)
        await driver.settle()
        return driver.app.screen

    return open_it


async def test_the_list_stands_by_part(opened, size):
    """Exercises show state, level and minutes under their part."""
    async with opened(size) as driver:
        await driver.go("x", "exercises")
        text = driver.text

    assert "I  Getting Good with PyTorch" in text
    assert "○ new        Add one" in text
    assert "0 of 3 solved" in text


async def test_the_page_shows_the_task_and_the_file(opened, page, size):
    """The statement is rendered, the file is named and written, the grader is warm."""
    async with opened(size) as driver:
        screen = await page(driver)
        text = driver.text

        assert "Return a new tensor that holds every entry of x plus 1." in " ".join(text.split())
        assert "add_one.py" in text
        assert screen.view.path.is_file()
        assert "0 of 2 hints shown" in text
        assert driver.grader.started
    assert driver.grader.closed


async def test_a_leapt_clock_is_asked_about_before_a_page_opens(opened, study):
    """Nothing is written before the answer; yes opens the page, and grading goes on."""
    curriculum.mark(study, "pytorch.basics", "done")
    later = study.now() + timedelta(days=400)
    study.clock = lambda: later
    async with opened() as driver:
        await driver.go("x", "exercises")
        await driver.pilot.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExerciseScreen))
        await driver.until(lambda: "400 days after your last entry" in driver.text)
        untouched = not exercises.exercise(study, "add_one").path.exists()

        await driver.type("yes")
        await driver.until(lambda: driver.app.screen.view is not None)
        await driver.settle()
        driver.app.screen.view.path.write_text("def add_one(x):\n    return x + 1\n")
        await driver.press("enter")

        assert untouched
        assert "solved 3/3   due 4 Jan 2028" in driver.text


async def test_a_wrong_solution_is_told_why_and_a_right_one_passes(opened, study, page, size):
    """The failed check, its counterexample and the diagnosis; then the pass and its rating."""
    async with opened(size) as driver:
        screen = await page(driver)
        screen.view.path.write_text("def add_one(x):\n    return x\n")
        await driver.press("enter")
        text = driver.text
        assert "1 of 3 checks passed." in text
        assert "likely  Nothing is added to x." in text
        assert "✗ failed  adds one" in text
        assert "Entry 0 is 1." in text
        assert "expected  [2.0]" in text
        assert "✗ failing 1/3" in text

        screen.view.path.write_text("def add_one(x):\n    return x + 1\n")
        await driver.press("g")

        assert "All 3 checks passed." in driver.text
        assert "Rated Good" in driver.text
        assert "✓ solved 3/3" in driver.text
        assert [False, True] == [a.passed for a in exercises.history(study, "add_one")]


async def test_d_turns_between_task_and_result_in_a_narrow_window(opened, page):
    """In 80 columns the result takes the room and d gives it back."""
    async with opened() as driver:
        await page(driver)
        await driver.press("g")
        assert "Return a new tensor" not in driver.text

        await driver.press("d")

        assert "Return a new tensor" in driver.text
        assert "d result" in driver.footer


async def test_hints_come_one_by_one(opened, page):
    """H shows the next hint with its number; after the last, the last again."""
    async with opened() as driver:
        await page(driver)
        await driver.press("h")
        assert "Hint 1 of 2" in driver.text
        assert "Tensors add entry by entry." in driver.text

        await driver.press("h", "h")

        assert "Hint 2 of 2" in driver.text


async def test_the_solution_needs_a_pass_or_two_presses(opened, study, page):
    """The first v warns; the second gives up; esc in between takes it back."""
    async with opened() as driver:
        await page(driver)
        await driver.press("v")
        assert "v again gives up" in driver.message
        assert "v give up" in driver.footer
        await driver.press("escape", "v", "v")
        assert "A solution" in driver.text
        assert "def add_one" in driver.text

        rows = study.store.live(item_kind="exercise", item_id="add_one")

        assert [1] == [row.rating for row in rows if row.rating]


async def test_a_grader_that_cannot_run_is_an_error_line(opened, page):
    """The page stays, and the line says what is wrong and what to do."""
    async with opened() as driver:
        await page(driver)
        driver.grader.fault = EnvironmentFault(
            "Grading needs torch.", "It cannot be imported.", "Run `studytrack doctor`."
        )

        await driver.press("g")

        assert "✗ Grading needs torch. It cannot be imported. Run studytrack doctor." in driver.text
        assert "Return a new tensor" in driver.text
        assert "enter check" in driver.footer


async def test_editing_where_the_terminal_cannot_be_handed_over(opened, page, monkeypatch):
    """The file is named, so that it can be edited elsewhere; nothing else happens."""
    monkeypatch.setenv("EDITOR", "true")
    async with opened() as driver:
        screen = await page(driver)

        await driver.press("e")

        assert f"Edit {screen.view.path} in your own editor." in driver.message


async def test_starting_over_keeps_the_old_file(opened, page):
    """R writes the starter again and leaves the old file beside it."""
    async with opened() as driver:
        screen = await page(driver)
        screen.view.path.write_text("# mine\n")

        await driver.press("R")

        assert "Started over" in driver.message
        assert "# mine" not in screen.view.path.read_text()
        kept = screen.view.path.with_name("add_one.1.py")
        assert "# mine\n" == kept.read_text()


async def test_q_goes_back_to_the_list_which_knows_the_new_state(opened, page):
    """The list is loaded again when the page is left."""
    async with opened() as driver:
        await page(driver)
        await driver.press("g")

        await driver.pilot.press("q")
        await driver.until(lambda: not isinstance(driver.app.screen, ExerciseScreen))
        await driver.settle()

        assert "✗ failing" in driver.text
        assert "1/3" in driver.text


async def test_a_wrong_version_to_repair_is_no_exercise_more(opened, page):
    """A pass brings the repair into the list; what is counted are exercises."""
    async with opened() as driver:
        screen = await page(driver)
        screen.view.path.write_text("def add_one(x):\n    return x + 1\n")
        await driver.press("g")

        await driver.pilot.press("q")
        await driver.until(lambda: not isinstance(driver.app.screen, ExerciseScreen))
        await driver.settle()

        assert "1 of 3 solved" in driver.text
        assert "Repair: " in driver.text


def test_the_detail_tells_where_credit_came_from(study):
    """The exercise is named by its title, as its needs are; most have none."""
    view = exercises.exercise(study, "add_one")

    assert "credit" not in exercise_detail(view, study.catalogue).plain
    view = replace(view, credit_from="row_sum")
    assert "credit from Sum of each row" in exercise_detail(view, study.catalogue).plain

from __future__ import annotations

import subprocess
import sys

import pytest

from studytrack.config import Settings
from studytrack.errors import EnvironmentFault
from studytrack.services.study import Study
from studytrack.tui import outside
from studytrack.tui.app import StudyApp

LETTERS = {"r": "review", "c": "curriculum", "b": "readings", "w": "words", "x": "exercises"}


def test_importing_the_interface_needs_no_database_and_no_torch():
    """The first frame waits for neither SQLAlchemy nor torch."""
    code = (
        "import sys, studytrack.tui.app as app\n"
        "[app.screen_of(name) for name in app._SCREENS]\n"
        "print([n for n in ('sqlalchemy', 'alembic', 'torch', 'numpy') if n in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == found.stdout.strip()


async def test_letters_switch_modes_and_q_goes_back(opened, size):
    """Every letter shows its screen; q goes to Today, and quits there."""
    async with opened(size) as driver:
        for key, mode in [*LETTERS.items(), ("s", "stats")]:
            await driver.go(key, mode)
            await driver.press("escape")
        await driver.pilot.press("q")
        await driver.until(lambda: driver.app.current_mode == "today")
        await driver.settle()
        await driver.pilot.press("q")
        await driver.pilot.pause()

        assert 0 == driver.app.return_code


@pytest.mark.parametrize("mode", ["today", *LETTERS.values(), "stats"])
async def test_help_lists_the_keys_of_the_screen(opened, mode):
    """The sheet has this screen's keys, those that work everywhere, and the commands."""
    keys = {mode: key for key, mode in [*LETTERS.items(), ("s", "stats"), ("t", "today")]}
    async with opened((120, 60)) as driver:
        await driver.go(keys[mode], mode)
        await driver.press("escape")

        await driver.pilot.press("question_mark")
        await driver.until(lambda: driver.app.front is None)
        await driver.settle()

        assert mode.upper() in driver.text
        assert "EVERYWHERE" in driver.text
        assert "reading list" in driver.text


async def test_a_database_that_cannot_be_opened_is_an_error_line(opened, study, size):
    """The screen stays with its keys; the line says what and why."""
    study.paths.data.mkdir(parents=True)
    study.paths.database.write_bytes(b"no database, but text that is long enough to be read" * 40)
    async with opened(size) as driver:
        text, footer, message = driver.text, driver.footer, driver.message

    assert "studytrack" in text
    assert "✗" in text
    assert "not a database" in message
    assert "? keys" in footer


async def test_a_problem_at_the_start_is_said(opened):
    """Settings that could not be used do not stop the interface."""
    async with opened(problem="config.toml: unknown setting `studi.minutes`.") as driver:
        assert "unknown setting" in driver.message
        assert "1 Review" in driver.text

        await driver.press("escape")

        assert "" == driver.message


async def test_an_unknown_theme_is_said_and_the_default_is_used(paths, now, tiny):
    """A theme that does not exist is no reason to stop."""
    study = Study(paths, Settings(theme="sunset"), lambda: now, [tiny])
    app = StudyApp(study, lambda: None)

    assert "textual-dark" == app.theme
    assert "sunset" in app.problem


async def test_undo_with_nothing_to_undo_says_so(opened):
    """U is never silent."""
    async with opened() as driver:
        await driver.press("u")
        assert "There is nothing to undo." in driver.message

        await driver.press("U")
        assert "There is nothing to redo." in driver.message


async def test_a_small_window_says_so_and_still_works(opened):
    """Below 80 by 20 one line warns."""
    async with opened((60, 18)) as driver:
        assert "This window is small" in driver.text

        await driver.pilot.resize_terminal(80, 24)
        await driver.settle()

        assert "This window is small" not in driver.text


async def test_the_palette_offers_the_actions_of_the_screen(opened):
    """Each row of the table can be found by name."""
    async with opened() as driver:
        names = {c.title for c in driver.app.get_system_commands(driver.app.screen)}

    assert {"Start all", "Undo", "Readings"} <= names


async def test_a_wide_window_lists_the_screens(opened):
    """From 140 columns the letters of all screens stand at the left."""
    async with opened((150, 40)) as driver:
        assert "▸ t  Today" in driver.text

        await driver.go("w", "words")

        assert "▸ w  Words" in driver.text


def test_the_editor_is_the_setting_then_the_environment(tmp_path):
    """An editor that is not installed is an error that names the setting."""
    assert ["true", "-x"] == outside.editor_command("true -x", {"EDITOR": "false"})
    assert ["true"] == outside.editor_command("", {"VISUAL": "true", "EDITOR": "false"})
    with pytest.raises(EnvironmentFault, match="nowhere-editor"):
        outside.editor_command("nowhere-editor", {})


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [({}, "linux", False), ({"DISPLAY": ":0"}, "linux", True), ({}, "darwin", True)],
)
def test_a_browser_is_expected_only_with_a_display(environ, platform, expected):
    """A text browser would draw over the screen."""
    assert expected == outside.has_browser(environ, platform)

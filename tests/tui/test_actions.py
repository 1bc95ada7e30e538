from __future__ import annotations

from collections import defaultdict
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.tui.actions import (
    ACTIONS,
    MODES,
    SCREENS,
    actions_of,
    bindings,
    footer,
    label,
    reachable,
)
from studytrack.tui.app import _SCREENS, StudyApp
from studytrack.tui.widgets.keyline import fit
from studytrack.tui.widgets.table import Table


def screen_class(name: str) -> type:
    """Return the class of a screen by its name in the table."""
    module = import_module(f"studytrack.tui.screens.{name}")
    return getattr(module, _SCREENS.get(name, "ExerciseScreen"))


@pytest.mark.parametrize("screen", SCREENS)
def test_no_two_actions_share_a_key_on_a_screen(screen):
    """A key reaches one action, or one that the other declares to be its shadow."""
    by_key = defaultdict(list)
    for action in reachable(screen):
        for key in action.key.split(","):
            by_key[key].append(action)

    clashes = {
        key: [action.name for action in found]
        for key, found in by_key.items()
        if len(found) > 1
        and not all(found[0].shadows == other.name or found[1].shadows for other in found[1:])
    }

    assert {} == clashes


@pytest.mark.parametrize("screen", SCREENS)
def test_digits_only_rate(screen):
    """No digit does anything but rate."""
    digits = [a for a in reachable(screen) if any(key.isdigit() for key in a.key.split(","))]

    assert all(action.name.startswith("rate(") for action in digits)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_action_is_done_by_its_screen(screen):
    """Each row names a method of its screen, or of the application."""
    cls = screen_class(screen)

    missing = [
        action.name
        for action in actions_of(screen)
        if not hasattr(cls, f"action_{action.name.split('(')[0]}")
    ]

    assert [] == missing


@pytest.mark.parametrize("action", actions_of("everywhere"), ids=lambda action: action.name)
def test_everywhere_actions_are_done_by_the_application(action):
    """Rows of everywhere name methods of the application."""
    assert hasattr(StudyApp, f"action_{action.name.split('(')[0]}")


@pytest.mark.parametrize("action", actions_of("list"), ids=lambda action: action.name)
def test_list_actions_are_done_by_the_list(action):
    """Rows of lists name methods of the list."""
    assert hasattr(Table, f"action_{action.name.split('(')[0]}")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_binds_only_what_the_table_says(screen):
    """Screens have no bindings of their own."""
    bound = {binding.action for binding in screen_class(screen).BINDINGS}

    assert {action.name for action in actions_of(screen)} == bound


def test_every_mode_has_a_letter():
    """Each screen of the list can be reached by its letter."""
    names = {action.name for action in actions_of("everywhere")}

    assert {f"mode('{mode}')" for mode in MODES} <= names


def test_the_footer_keeps_the_order_of_the_table():
    """The footer shows actions as the table lists them, `?` last."""
    shown = footer("readings", lambda _action: True)

    assert shown == [a for a in ACTIONS if a in shown]
    assert "help" == shown[-1].name


def test_keys_are_written_as_a_person_writes_them():
    """Key names become signs."""
    labels = {label(action) for action in ACTIONS}

    assert {"?", "-", "esc", "j ↓", "enter g"} <= labels
    assert len(bindings("everywhere")) == len(actions_of("everywhere"))


@given(
    st.lists(
        st.tuples(st.text("ab", min_size=1, max_size=3), st.text("xy", max_size=9)), max_size=9
    ),
    st.integers(20, 90),
)
def test_the_footer_fits_and_keeps_its_last_key(entries, width):
    """The line is never wider than the window, and the way to all keys stays."""
    text = fit([*entries, ("?", "keys")], width).plain

    assert len(text) <= width
    assert text.endswith("? keys")

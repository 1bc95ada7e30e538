"""`studytrack fit`: what is told, what is printed for scripts, and how to go back."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studytrack.clock import find_clock
from studytrack.config import Settings
from studytrack.domain.fsrs import DEFAULTS
from studytrack.domain.parameters import Fitted
from studytrack.paths import find_paths
from studytrack.services.study import Study
from tests.bench.log_of import put_log

LONGER = (0.4, 2.6, 9.0, 20.0, *DEFAULTS[4:])
FOUND = Fitted(
    parameters=LONGER,
    better=True,
    share=0.8,
    loss_before=0.4,
    loss_after=0.35,
    trained=150,
    held_out=50,
)


@pytest.fixture
def logged(tmp_path: Path, tiny: Path) -> Callable[[int], None]:
    """Put a simulated learner's reviews into the home that commands use."""

    def put(usable: int) -> None:
        clock = find_clock({"STUDYTRACK_NOW": "2026-11-24T08:00:00+01:00"}, "Europe/Berlin")
        study = Study(find_paths({}, tmp_path / "home"), Settings(), clock, [tiny])
        put_log(study, usable)
        study.close()

    return put


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Callable[[Fitted], None]:
    """Let a fit come out as given, without its process."""

    def give(found: Fitted) -> None:
        def run(*given, on_progress=lambda _: None, **options) -> Fitted:
            on_progress(1.0)
            return found

        monkeypatch.setattr("studytrack.fitting.client.FitProcess.run", run)

    return give


def test_too_few_reviews_are_no_error_but_a_no(ask, logged) -> None:
    """The count and what is needed are named; the exit code is that of a no."""
    logged(20)

    said = ask("fit", code=1)

    assert "20 usable reviews of cards; a fit needs 200." in said.out


def test_a_real_fit_tells_its_losses_and_adopts_only_a_better_set(ask, logged) -> None:
    """From the log through the process to the set in use."""
    logged(400)

    said = ask("fit", "--json")

    data = said.data
    assert data["adopted"]
    assert data["fit"]["loss_after"] < data["fit"]["loss_before"]
    assert (data["fit"]["trained"], data["fit"]["held_out"]) == (300, 100)
    listed = ask("fit", "--list", "--json").data
    assert [one["id"] for one in listed if one["in_use"]] == [data["params_id"]]
    assert "100%" in said.err


def test_what_a_fit_found_is_told_in_sentences(ask, logged, outcome) -> None:
    """Counts, both losses, the id, and how to go back or to move due days."""
    logged(200)
    outcome(FOUND)

    said = ask("fit")

    assert "Trained on 150 reviews, judged on the 50 after them" in said.out
    assert "0.4000 in use, 0.3500 fitted" in said.out
    assert "Adopted as `" in said.out
    assert "move, backlog" in said.out


def test_a_fit_that_predicts_no_better_changes_nothing(ask, logged, outcome) -> None:
    """It says so, and the exit code is that of a no."""
    logged(200)
    outcome(replace(FOUND, better=False))

    said = ask("fit", code=1)

    assert "predicts no better. `default` stays in use." in said.out
    assert [row[:2] for row in ask("fit", "--list").rows[1:]] == [["default", "yes"]]


def test_a_dry_run_says_that_nothing_was_stored(ask, logged, outcome) -> None:
    """The set is shown, not kept."""
    logged(200)
    outcome(FOUND)

    assert "nothing was stored" in ask("fit", "--dry-run").out
    assert len(ask("fit", "--list", "--json").data) == 1


def test_going_back_and_moving_due_days(ask, logged, outcome) -> None:
    """`--reschedule` shows before it moves, `--use` goes back, `undo` takes either back."""
    logged(200)
    outcome(FOUND)
    ask("fit")

    shown = ask("fit", "--reschedule", "--dry-run", "--json").data
    moved = ask("fit", "--reschedule", "--json").data

    assert (shown["applied"], moved["applied"]) == (False, True)
    assert shown["moves"] == moved["moves"]
    assert "No due day moves." in ask("fit", "--reschedule").out
    assert "the reschedule of cards" in ask("undo").out
    assert "`default` is in use for cards." in ask("fit", "--use", "default").out
    assert ask("fit", "--use", "default", "--json").data["params_id"] == "default"
    ask("fit", "--use", "nothing", code=3)


def test_old_reviews_can_be_left_out(ask, logged) -> None:
    """A date leaves what came before it out of the count."""
    logged(200)

    assert ask("fit", "--ignore-before", "2026-11-24", "--json", code=1).data["usable"] == 0


def test_the_options_exclude_one_another(ask) -> None:
    """Listing and going back at once is a slip."""
    assert "exclude one another" in ask("fit", "--list", "--use", "x", code=2).err


def test_a_fit_offers_itself_where_sets_are_listed(ask, logged) -> None:
    """With enough reviews, the list says that a fit is worth trying."""
    logged(200)

    assert "`studytrack fit` tries it" in ask("fit", "--list").err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["ctrl+c", "kill"]
)
def test_a_fit_that_is_broken_off_leaves_no_row(ask, logged, spawn, number, code) -> None:
    """Interrupted or killed in the middle, the sets are as they were."""
    logged(500)
    running = spawn("fit")
    while "%" not in (line := running.stderr.readline()):
        assert line, "it ended before it told any progress"

    running.send_signal(number)

    running.communicate()
    assert running.returncode == code
    assert [row[:2] for row in ask("fit", "--list").rows[1:]] == [["default", "yes"]]

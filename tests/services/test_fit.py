"""Fitting a study: what is adopted, what stays, and how to go back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from studytrack.domain.fsrs import DEFAULTS, Fsrs
from studytrack.domain.parameters import Fitted
from studytrack.domain.scheduler import fold
from studytrack.errors import NotFound
from studytrack.fitting.client import FitFault, FitProcess
from studytrack.services.fit import (
    LEAST,
    fit,
    known_sets,
    offer,
    planned_moves,
    reschedule,
    use_set,
)
from studytrack.services.review import answer, next_question
from studytrack.services.undo import redo, undo
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


@dataclass
class Given(FitProcess):
    """A fit whose outcome is given; it keeps what it was asked."""

    found: Fitted = FOUND
    asked: list = field(default_factory=list)

    def run(self, histories, current, *, relearning_steps=1, on_progress=lambda _: None) -> Fitted:
        """Return what was given."""
        self.asked.append((histories, tuple(current), relearning_steps))
        on_progress(1.0)
        return self.found


def params_rows(study) -> list:
    """The rows of the log that concern parameters."""
    return study.store.rows(item_kind="params")


def test_too_few_reviews_are_refused_with_their_number(study) -> None:
    """Below 200 usable reviews nothing is started."""
    put_log(study, LEAST - 1)
    process = Given()

    found = fit(study, process=process)

    assert (found.usable, found.needed, found.fitted) == (LEAST - 1, LEAST, None)
    assert process.asked == []
    assert params_rows(study) == []
    assert offer(study) == ""


def test_a_better_set_is_adopted_as_one_row(study) -> None:
    """It is in use at once: states, buttons and later rows follow it."""
    put_log(study, LEAST)

    found = fit(study, process=Given())

    (row,) = params_rows(study)
    assert found.adopted
    assert row.event_id.endswith(found.params_id)
    assert [(one.set.id, one.in_use) for one in known_sets(study)] == [
        ("default", False),
        (found.params_id, True),
    ]
    assert study.model("card").w == LONGER
    question = next_question(study)
    assert question is not None
    given = answer(study, question, 3)
    assert given.row.params_id == found.params_id
    assert given.row.s_after == 9.0


def test_every_cached_state_is_that_of_the_set_in_use(study) -> None:
    """Adopting, undoing, redoing and rebuilding all leave the cache equal to a replay."""
    put_log(study, LEAST)
    at_first = study.store.memories("card")

    fit(study, process=Given())

    adopted = study.store.memories("card")
    for (kind, name), memory in adopted.items():
        rows = study.store.live(item_kind=kind, item_id=name)
        assert memory == fold(kind, name, rows, Fsrs(LONGER))
    assert study.store.rebuild() == 0
    assert undo(study).sentence == "Undone: the choice of parameters of cards."
    assert study.store.memories("card") == at_first
    assert study.model("card").w == DEFAULTS
    redo(study)
    assert study.store.memories("card") == adopted


def test_due_days_stay_until_a_reschedule(study) -> None:
    """A new set changes what is believed, not when items come back."""
    put_log(study, LEAST)
    before = {name: one.due_day for name, one in study.store.memories("card").items()}

    fit(study, process=Given())

    assert {name: one.due_day for name, one in study.store.memories("card").items()} == before


def test_a_set_that_is_no_better_is_never_adopted(study) -> None:
    """The set in use stays, and no row is written."""
    put_log(study, LEAST)

    found = fit(study, process=Given(found=replace(FOUND, better=False)))

    assert not found.adopted
    assert found.params_id == "default"
    assert params_rows(study) == []


def test_a_dry_run_stores_nothing_and_shows_what_would_move(study) -> None:
    """Losses and moves are there, the log is as it was."""
    put_log(study, LEAST)

    found = fit(study, process=Given(), dry_run=True)

    assert found.moves.moves
    assert not found.adopted
    assert params_rows(study) == []
    assert found.moves == planned_moves(study, "card", Fsrs(LONGER))


def test_a_second_fit_starts_from_the_set_in_use_and_both_stay(study) -> None:
    """Sets are never overwritten; the defaults are one of them."""
    put_log(study, LEAST)
    first = fit(study, process=Given())
    second_process = Given(found=replace(FOUND, parameters=(0.3, *LONGER[1:])))

    second = fit(study, process=second_process)

    assert second_process.asked[0][1] == LONGER
    ids = [one.set.id for one in known_sets(study)]
    assert ids == ["default", first.params_id, second.params_id]


def test_going_back_to_a_known_set(study) -> None:
    """Any set can be used again, by a beginning of its id; an unknown one cannot."""
    put_log(study, LEAST)
    first = fit(study, process=Given())

    use_set(study, "def")

    assert study.model("card").w == DEFAULTS
    use_set(study, first.params_id[:6])
    assert study.model("card").w == LONGER
    rows = len(params_rows(study))
    use_set(study, first.params_id)
    assert len(params_rows(study)) == rows
    with pytest.raises(NotFound):
        use_set(study, "nothing")


def test_cards_and_exercises_have_their_own_sets(study) -> None:
    """A fit of cards leaves exercises alone; exercises have no steps within the day."""
    put_log(study, LEAST)
    put_log(study, LEAST, kind="exercise", seed="other")
    process = Given()

    fit(study, process=process)
    fit(study, "exercise", process=process, dry_run=True)

    assert study.model("exercise").w == DEFAULTS
    assert [steps for *_, steps in process.asked] == [1, 0]


def test_left_out_rows_change_nothing(study) -> None:
    """Cram and copied answers are not in what the fit is given."""
    put_log(study, LEAST)
    first, second = Given(), Given()
    fit(study, process=first, dry_run=True)
    rows = [
        study.store.new_row(
            study.stamp(), kind=kind, item_kind="card", item_id="simulated.1", rating=1
        )
        for kind in ("cram", "copy")
    ]
    study.store.append(rows)

    fit(study, process=second, dry_run=True)

    assert [len(items) for items in first.asked[0][0]] == [len(i) for i in second.asked[0][0]]


def test_a_reschedule_moves_by_events_and_one_undo_takes_it_back(study) -> None:
    """No review is invented; due days follow the set in use, and come back on undo."""
    put_log(study, LEAST)
    fit(study, process=Given())
    before = study.store.memories("card")
    reviews = len(study.store.rows(kinds={"review"}))

    done = reschedule(study)

    after = study.store.memories("card")
    assert {one.item_id: one.new_due_day for one in done.moves} == {
        name: memory.due_day
        for (kind, name), memory in after.items()
        if memory.due_day != before[kind, name].due_day
    }
    assert len(study.store.rows(kinds={"review"})) == reviews
    assert planned_moves(study, "card").moves == ()
    assert study.store.rebuild() == 0
    assert undo(study).sentence == "Undone: the reschedule of cards."
    assert study.store.memories("card") == before


def test_the_backlog_is_the_change_of_what_is_due_today(study) -> None:
    """Items that become due less those that are put off."""
    put_log(study, LEAST)
    today = study.stamp().study_day

    def due_now() -> int:
        return sum(one.due_day <= today for one in study.store.memories("card").values())

    before = due_now()
    done = reschedule(study)

    assert done.backlog == due_now() - before
    assert f"backlog {done.backlog:+d} today" in done.sentence


def test_nothing_to_move_writes_nothing(study) -> None:
    """A reschedule that moves no item leaves no row."""
    assert reschedule(study).moves == ()
    assert params_rows(study) == []


def test_a_fit_is_offered_again_once_the_log_has_grown_by_a_quarter(study) -> None:
    """Not before, so that nobody is asked every day."""
    put_log(study, LEAST)
    assert "200 reviews" in offer(study)
    fit(study, process=Given())
    assert offer(study) == ""

    put_log(study, 60, seed="more", names=[f"more.{number}" for number in range(99)])

    assert offer(study) != ""


def test_a_merged_log_brings_its_sets(study, tmp_path, settings, clock, tiny) -> None:
    """Another device's adopted set is in use here once its log has come in."""
    from studytrack.paths import find_paths
    from studytrack.services.study import Study

    other = Study(find_paths({}, tmp_path / "other"), settings, clock, [tiny])
    put_log(other, LEAST)
    fit(other, process=Given())

    study.store.merge(other.store.dump())

    assert study.model("card").w == LONGER
    assert study.store.memories("card") == other.store.memories("card")
    other.close()


def test_a_real_fit_that_is_killed_leaves_no_row(study) -> None:
    """Ended in the middle, the log is as it was and the next fit works."""
    put_log(study, LEAST)
    process = FitProcess()

    with pytest.raises(FitFault):
        fit(study, process=process, on_progress=lambda _: process.cancel())

    assert params_rows(study) == []
    again = fit(study)
    assert again.fitted is not None
    assert again.adopted == again.fitted.better

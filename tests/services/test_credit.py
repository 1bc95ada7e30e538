"""Credit for prerequisites, from a pass to the log and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from studytrack.domain.fsrs import State
from studytrack.domain.log import LogRow
from studytrack.paths import find_paths
from studytrack.services import exercises, review, transfer
from studytrack.services.credit import credits_of
from studytrack.services.fit import planned_moves
from studytrack.services.grading import grade
from studytrack.services.stats import stats
from studytrack.services.study import Study
from studytrack.services.today import plan
from studytrack.services.undo import redo, undo
from tests.services.test_consequences import FakeGrader


def submit(study: Study, name: str, source: bytes = b"x = 1\n", verdict: str = "passed"):
    """Grade once, after opening it a minute ago."""
    return grade(study, name, source, grader=FakeGrader(verdict))


def implicit(study: Study) -> list[LogRow]:
    """Return the live credits."""
    return study.store.live(kinds={"implicit"})


@pytest.fixture
def settings(settings):
    """The learner wants credit."""
    return replace(settings, memory_credit=True)


@pytest.fixture
def known(study, clock) -> Study:
    """A study in which `add_one` was passed five days ago."""
    submit(study, "add_one")
    clock.forward(days=5)
    return study


def test_a_pass_gives_credit_to_what_it_needs(known) -> None:
    """One row, with all that is needed to fold it again and to tell it."""
    before = known.store.memory("exercise", "add_one")

    submit(known, "row_sum")

    (row,) = implicit(known)
    after = known.store.memory("exercise", "add_one")
    (rating,) = known.store.live(item_kind="exercise", item_id="row_sum", kinds={"learn"})
    assert (row.item_id, row.batch, row.rating) == ("add_one", rating.event_id, None)
    assert row.evidence == {"because": "row_sum", "weight": 0.25}
    assert (row.s_after, row.d_after) == (after.stability, before.difficulty)
    assert (row.algorithm, row.params_id, row.retention) == ("fsrs6", rating.params_id, 0.85)
    assert after.due_day == row.study_day + row.scheduled >= before.due_day
    assert after.stability > before.stability
    assert known.store.rebuild() == 0


def test_credit_is_off_until_it_is_wanted(known) -> None:
    """The setting is opt-in."""
    known.settings = replace(known.settings, memory_credit=False)

    submit(known, "row_sum")

    assert implicit(known) == []


def test_only_a_good_pass_gives_credit(known) -> None:
    """Neither a failed submission, nor a pass rated hard, nor a copy."""
    for number in range(3):
        submit(known, "row_sum", b"y = %d\n" % number, "failed")
    hard = submit(known, "row_sum")
    copy = submit(known, "row_sum")

    assert (hard.rating, copy.rating) == (2, None)
    assert implicit(known) == []


def test_a_repaired_version_gives_no_credit(known) -> None:
    """The debug form needs its whole, and is easier than that."""
    submit(known, "add_one.debug")

    assert implicit(known) == []


def test_one_credit_for_an_item_and_study_day(known, clock) -> None:
    """Two passes on a day count once; the next day counts again."""
    submit(known, "row_sum")
    submit(known, "counter")
    once = [row.evidence["because"] for row in implicit(known)]
    clock.forward(days=40)

    submit(known, "counter", b"x = 2\n")

    assert once == ["row_sum"]
    assert [row.evidence["because"] for row in implicit(known)] == ["row_sum", "counter"]


def test_what_was_reviewed_today_gets_none(study) -> None:
    """Its own review says more."""
    submit(study, "add_one")

    submit(study, "row_sum")

    assert implicit(study) == []


def test_a_first_review_is_never_made_up(study) -> None:
    """What was never solved is not known because something else was."""
    submit(study, "row_sum")

    assert ("exercise", "add_one") not in study.store.memories()


@pytest.mark.parametrize("kind", ["suspend", "mastered"])
def test_what_is_out_of_rotation_gets_none(known, kind) -> None:
    """It stays as the learner put it away."""
    row = {"kind": kind, "item_kind": "exercise", "item_id": "add_one"}
    known.store.append([known.store.new_row(known.stamp(), **row)])

    submit(known, "row_sum")

    assert implicit(known) == []


def test_undoing_the_rating_takes_the_credit_back(known) -> None:
    """The memory is exactly what it was, and redo brings exactly the credit back."""
    before = known.store.memory("exercise", "add_one")
    submit(known, "row_sum")
    credited = known.store.memory("exercise", "add_one")

    undo(known)
    restored = known.store.memory("exercise", "add_one")
    redo(known)

    assert restored == before
    assert known.store.memory("exercise", "add_one") == credited
    assert known.store.rebuild() == 0


def test_a_due_prerequisite_is_put_off_by_credit_too(known, clock) -> None:
    """Its burial ends with the day; the credit holds longer."""
    clock.forward(days=200)

    submit(known, "row_sum")

    clock.forward(days=1)
    assert exercises.exercise(known, "add_one").status == "solved"
    assert known.store.memory("exercise", "add_one").due_day > known.stamp().study_day


def test_a_review_after_credit_counts_from_the_last_review(known, clock) -> None:
    """The days since then are what the model predicts from, with the firmer memory."""
    submit(known, "row_sum")
    firmer = known.store.memory("exercise", "add_one")
    clock.forward(days=30)

    submit(known, "add_one", b"x = 2\n")

    row = known.store.live(item_kind="exercise", item_id="add_one", kinds={"review"})[-1]
    known_then = State(firmer.stability, firmer.difficulty)
    assert row.r_before == pytest.approx(known.model("exercise").recall(known_then, 35))


def test_credit_is_no_review(known) -> None:
    """Reviews, streak, minutes and the plan are those of the same day without it."""
    submit(known, "row_sum")
    (row,) = implicit(known)
    with_credit, with_plan = stats(known), plan(known)
    undone = {"kind": "undo", "target": row.event_id}
    known.store.append([known.store.new_row(known.stamp(), **undone)])

    without, without_plan = stats(known), plan(known)

    for name in ("reviews", "streak", "minutes", "per_day"):
        assert getattr(with_credit, name) == getattr(without, name)
    assert (with_plan.history, with_plan.streak) == (without_plan.history, without_plan.streak)


def test_a_reschedule_leaves_credit_alone(known) -> None:
    """Its interval is the one that the model gives, so that nothing is to be moved."""
    submit(known, "row_sum")

    assert "add_one" not in {move.item_id for move in planned_moves(known, "exercise").moves}


def test_credit_is_told_until_the_next_review(known, clock) -> None:
    """The history keeps it; the exercise's page shows what moved its due day."""
    submit(known, "row_sum")
    shown = exercises.exercise(known, "add_one")
    clock.forward(days=60)
    submit(known, "add_one", b"x = 2\n")

    (told,) = credits_of(known, "add")

    assert shown.credit_from == "row_sum"
    assert told.because == "row_sum"
    assert told.due_day == shown.due_day
    assert exercises.exercise(known, "add_one").credit_from == ""


def test_a_log_with_credit_is_united_and_malformed_rows_change_nothing(
    known, clock, settings, tiny, tmp_path
) -> None:
    """An export read into another home gives the same memories."""
    submit(known, "row_sum")
    whole = json.loads(transfer.export(known, "json"))
    rows = {row["kind"]: row for row in whole["data"]["log"]}
    broken = dict(rows["implicit"], event_id="f" * 32, clock=rows["implicit"]["clock"] + 9)
    whole["data"]["log"].append(broken | {"evidence": {"weight": 7}, "batch": ""})
    file = tmp_path / "log.json"
    file.write_text(json.dumps(whole))
    other = Study(find_paths({}, tmp_path / "other"), settings, clock, [tiny])

    transfer.import_file(other, file)
    memories, differed = other.store.memories("exercise"), other.store.rebuild()
    other.close()

    assert differed == 0
    assert memories[("exercise", "add_one")]._replace(last_clock=0) == known.store.memory(
        "exercise", "add_one"
    )._replace(last_clock=0)


def test_cards_get_no_credit(known) -> None:
    """Only exercises need one another."""
    review.answer(known, "recall.kv-cache-why", 3)

    assert implicit(known) == []

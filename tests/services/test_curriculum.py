from __future__ import annotations

from datetime import timedelta

import pytest

from studytrack.errors import NotFound, UsageFault
from studytrack.services import cards, curriculum, exercises, readings, review, undo
from studytrack.services.study import Study


def passed(study: Study, name: str) -> None:
    """Store a pass of an exercise, rated good."""
    attempt = study.store.new_attempt(
        study.stamp(),
        exercise=name,
        source="x = 1",
        verdict="passed",
        passed=True,
        device="cpu",
        seed=0,
        seconds=0.1,
    )
    study.store.add_attempt(attempt, [exercises.rating_row(study, name, 3)])


def know_basics(study: Study) -> None:
    """Bring all evidence of `pytorch.basics`: cards, exercises, readings."""
    for card in study.catalogue.cards.values():
        if card.topic.startswith("pytorch.basics"):
            review.answer(study, card.id, 4)
    for name in ("add_one", "counter", "row_sum"):
        passed(study, name)
    readings.finish(study, "deep-book")


def later(study: Study, days: int) -> None:
    """Move the clock on."""
    moment = study.now() + timedelta(days=days)
    study.clock = lambda: moment


def test_topics_begin_with_what_the_plan_has(study: Study) -> None:
    """A new learner sees all topics in order, with the content that waits in each."""
    views = curriculum.topics(study)
    sampling = views[-1]

    assert [view.topic.id for view in views] == ["pytorch.basics", "transformer.arch", "sampling"]
    assert [view.part for view in views] == ["I", "II", "II"]
    assert (sampling.status, sampling.mastery) == ("not started", 0.0)
    assert (sampling.cards, sampling.cards_seen, sampling.recall) == (8, 0, None)
    assert (views[0].exercises, views[0].passed) == (3, 0)
    assert (views[0].readings, views[0].read) == (2, 1)


def test_evidence_earns_a_topic_and_time_takes_it_back(study: Study) -> None:
    """Cards, exercises and readings make a topic done; a year later it is not any more."""
    know_basics(study)
    earned = curriculum.topic(study, "pytorch.basics")
    later(study, 400)
    decayed = curriculum.topic(study, "pytorch.basics")

    assert (earned.status, earned.marked, earned.mastery) == ("done", None, pytest.approx(1.0))
    assert decayed.status == "in progress"
    assert decayed.recall is not None
    assert decayed.recall < 0.85
    assert 0 < decayed.mastery < earned.mastery


def test_points_earn_their_own_status(study: Study) -> None:
    """A point is begun by its own cards, not by its neighbour's."""
    review.answer(study, "typed.rank-zero", 3)

    points = {view.point.id: view.status for view in curriculum.topic(study, "pyt").points}

    assert points["pytorch.basics.tensors"] == "in progress"
    assert points["pytorch.basics.operations"] == "not started"


def test_a_mark_overrides_and_is_kept_apart(study: Study) -> None:
    """What is shown is the mark; what was earned stays and comes back when it is cleared."""
    marked = curriculum.mark(study, "sampling", "done")
    cleared = curriculum.mark(study, "sampling", None)

    assert (marked.status, marked.earned, marked.marked) == ("done", "not started", "done")
    assert (cleared.status, cleared.marked) == ("not started", None)


def test_a_mark_is_undone(study: Study) -> None:
    """Undo takes a mark back; marking the same again is no step."""
    curriculum.mark(study, "sampling", "skipped")
    curriculum.mark(study, "sampling", "skipped")

    undo.undo(study)

    assert curriculum.topic(study, "sampling").status == "not started"


def test_points_marked_one_by_one_mark_the_topic(study: Study) -> None:
    """The last point ticked off ticks off its topic."""
    first = curriculum.mark(study, "sampling.topk", "done")
    second = curriculum.mark(study, "sampling.topp", "skipped")

    assert first.status == "in progress"
    assert second.status == "done"
    assert [view.marked for view in second.points] == ["done", "skipped"]


def test_a_dropped_reading_holds_nothing_back(study: Study) -> None:
    """What the learner dropped is no evidence that is missing."""
    readings.set_status(study, "deep-book", "dropped")

    view = curriculum.topic(study, "pytorch.basics")

    assert (view.readings, view.read) == (1, 1)


def test_a_suspended_card_holds_nothing_back(study: Study) -> None:
    """A suspended card is not counted."""
    cards.suspend(study, "typed.rank-zero")

    assert curriculum.topic(study, "pytorch.basics").cards == 2


def test_wrong_words_are_explained(study: Study) -> None:
    """Unknown topics and statuses name what is possible."""
    with pytest.raises(NotFound, match=r"transformer\.arch"):
        curriculum.topic(study, "transformers.arch")
    with pytest.raises(UsageFault, match="`skipped`"):
        curriculum.mark(study, "sampling", "skip")

from __future__ import annotations

from datetime import timedelta

import pytest

from studytrack.errors import UsageFault
from studytrack.services import exercises, review, undo
from studytrack.services.stats import stats
from studytrack.services.study import Study


def later(study: Study, **gap: int) -> None:
    """Move the clock on."""
    moment = study.now() + timedelta(**gap)
    study.clock = lambda: moment


def test_a_new_learner_has_zeros(study: Study) -> None:
    """Without a log there are numbers, and no rates."""
    found = stats(study, days=7)

    assert (found.reviews, found.recall, found.streak, found.minutes) == (0, None, 0, 0)
    assert found.per_day == found.upcoming == (0,) * 7
    assert found.by_part == (("I", None, 0), ("II", None, 0))


def test_reviews_are_counted_by_day_and_part(study: Study) -> None:
    """First answers count as reviews; recall counts answers to cards that were due."""
    for name in ("typed.rank-zero", "recall.kv-cache-why"):
        review.answer(study, name, 4, duration_ms=90_000)
    later(study, days=100)
    review.answer(study, "typed.rank-zero", 3, duration_ms=30_000)
    review.answer(study, "recall.kv-cache-why", 1, duration_ms=30_000)

    found = stats(study, days=101)

    assert (found.reviews, found.cards_seen) == (4, 2)
    assert (found.per_day[0], found.per_day[-1]) == (2, 2)
    assert found.recall == pytest.approx(0.5)
    assert found.by_part == (("I", 1.0, 1), ("II", 0.0, 1))
    assert found.minutes == 3
    assert stats(study, days=7).reviews == 2


def test_what_was_undone_does_not_count(study: Study) -> None:
    """Numbers come from live rows."""
    review.answer(study, "typed.rank-zero", 3)

    undo.undo(study)

    found = stats(study)
    assert (found.reviews, found.cards_seen, found.streak) == (0, 0, 0)


def test_time_at_the_editor_is_counted(study: Study) -> None:
    """The minutes from opening to the pass are study time, and a pass keeps the streak."""
    exercises.open_exercise(study, "add_one")
    later(study, minutes=9)
    study.store.add_attempt(
        study.store.new_attempt(
            study.stamp(),
            exercise="add_one",
            source="x = 1",
            verdict="passed",
            passed=True,
            device="cpu",
            seed=0,
            seconds=0.1,
        ),
        [exercises.rating_row(study, "add_one", 3)],
    )

    found = stats(study)

    assert (found.minutes, found.exercises_passed, found.streak) == (9, 1, 1)


def test_upcoming_counts_what_waits(study: Study) -> None:
    """What was learnt appears on the days on which it comes due."""
    review.answer(study, "typed.rank-zero", 1)

    assert stats(study).upcoming[0] == 1


@pytest.mark.parametrize("days", [0, -1, 4000])
def test_impossible_spans_are_refused(study: Study, days: int) -> None:
    """The range is named."""
    with pytest.raises(UsageFault, match="1 to 3660"):
        stats(study, days=days)

"""Whatever a learner does, the cached states equal a replay of the log."""

from __future__ import annotations

import random

import pytest

from studytrack.domain.scheduler import fold
from studytrack.services import cards, review
from studytrack.services.undo import redo, undo

DEEDS = (cards.suspend, cards.resume, cards.bury, cards.master, cards.reset, cards.flag)


def replayed(study) -> dict:
    """Return the memories that a fold of each item's live rows gives."""
    rows = study.store.live()
    items = {(row.item_kind, row.item_id) for row in rows if row.item_kind == "card"}
    found = {
        item: fold(*item, [row for row in rows if (row.item_kind, row.item_id) == item])
        for item in items
    }
    return {item: memory for item, memory in found.items() if memory is not None}


@pytest.mark.parametrize("seed", range(6))
def test_replay_equals_the_incremental_state(study, reopen, clock, seed) -> None:
    """Over random answers, deeds, undo, redo, limits and nights, also after a restart."""
    rng = random.Random(seed)
    names = sorted(study.catalogue.cards)[:6]
    for _ in range(60):
        action = rng.random()
        if action < 0.5:
            review.answer(study, rng.choice(names), rng.randint(1, 4))
        elif action < 0.7:
            rng.choice(DEEDS)(study, rng.choice(names))
        elif action < 0.95:
            rng.choice((undo, undo, redo))(study)
        else:
            review.allow_more(study, new=1, reviews=1)
        clock.forward(seconds=rng.choice((1, 60, 700, 40_000, 800_000)))

        assert study.store.memories("card") == replayed(study)

    assert reopen().store.memories("card") == study.store.memories("card")
    assert study.store.rebuild() == 0


@pytest.mark.parametrize("seed", range(4))
def test_undo_after_an_answer_is_as_if_nothing_was_answered(study, clock, seed) -> None:
    """States, limits and the next question are those of before, however often."""
    rng = random.Random(seed)
    names = sorted(study.catalogue.cards)
    for _ in range(15):
        before = study.store.memories("card"), review.counts(study)
        asked = review.next_question(study)
        review.answer(study, rng.choice(names), rng.randint(1, 4))
        undo(study)

        assert (study.store.memories("card"), review.counts(study)) == before
        again = review.next_question(study)
        assert (again and (again.card, again.intervals)) == (
            asked and (asked.card, asked.intervals)
        )

        review.answer(study, rng.choice(names), rng.randint(1, 4))
        clock.forward(seconds=rng.choice((5, 900, 90_000)))


def test_any_number_of_steps_is_undone_and_done_again(study, clock) -> None:
    """Undo has no limit; redo brings the same states back."""
    names = sorted(study.catalogue.cards)
    for number in range(120):
        review.answer(study, names[number % len(names)], 1 + number % 4)
        clock.forward(minutes=7)
    full = study.store.memories("card")

    undone = 0
    while undo(study) is not None:
        undone += 1
    empty = study.store.memories("card")
    while redo(study) is not None:
        clock.forward(seconds=1)

    assert (undone, empty) == (120, {})
    assert study.store.memories("card") == full

"""What a learner does with one card besides answering it: an event each, and undoable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.errors import NotFound
from studytrack.services import cards, curriculum, review
from studytrack.services.undo import redo, undo

CARD = "recall.topk-tie"


def state(study) -> cards.CardState:
    """Return the card as it is now."""
    return cards.card_state(study, CARD)


@pytest.mark.parametrize(
    ("deed", "after"),
    [(cards.suspend, "suspended"), (cards.master, "mastered"), (cards.reset, "new")],
)
def test_each_is_an_event_that_undo_takes_back(study, deed, after) -> None:
    """And redo does it again; the log keeps every row."""
    review.answer(study, CARD, 4)
    before = state(study)

    deed(study, CARD)
    done = state(study)
    told = undo(study).sentence
    undone = state(study)
    redo(study)

    assert done.state == after == state(study).state
    assert undone == before
    assert f"`{CARD}`" in told
    assert study.store.rebuild() == 0


def test_a_mastered_card_is_not_asked_and_comes_back_as_it_was(study, clock) -> None:
    """What is known of it stays, and its due day."""
    review.answer(study, CARD, 4)
    before = state(study)
    clock.forward(days=100)
    study.settings = replace(study.settings, study_new_cards=0)

    cards.master(study, CARD)
    away = review.next_question(study)
    cards.resume(study, CARD)

    assert away is None
    assert state(study) == before
    assert review.next_question(study).card.id == CARD


def test_a_mastered_card_without_an_answer_comes_back_as_new(study) -> None:
    """Nothing is known of it."""
    cards.master(study, CARD)
    away = state(study).state
    cards.resume(study, CARD)

    assert (away, state(study).state) == ("mastered", "new")


def test_answering_a_mastered_card_brings_it_back(study) -> None:
    """An answer by id is a review like any other, and replay agrees."""
    review.answer(study, CARD, 1)
    cards.master(study, CARD)

    done = review.answer(study, CARD, 3)

    assert done.row.kind == "review"
    assert state(study).state == "review"
    assert study.store.rebuild() == 0


def test_a_reset_card_is_new_and_keeps_its_history(study) -> None:
    """Its next answer is a first one."""
    review.answer(study, CARD, 4)

    cards.reset(study, CARD)
    again = review.answer(study, CARD, 3).row

    assert (again.kind, again.r_before) == ("learn", None)
    assert len(study.store.live(item_kind="card", item_id=CARD)) == 3


def test_a_flag_changes_nothing_but_the_list(study) -> None:
    """It is set, taken away and undone."""
    cards.flag(study, CARD)
    flagged = state(study)
    cards.flag(study, CARD, flagged=False)
    cleared = state(study)
    told = undo(study).sentence

    assert (flagged.flagged, cleared.flagged, state(study).flagged) == (True, False, True)
    assert flagged.state == "new"
    assert told == f"Undone: flag taken from `{CARD}`."
    assert CARD in study.catalogue.cards


def test_a_mastered_card_does_not_count_for_its_topic(study) -> None:
    """Neither as seen nor as missing, like a suspended one: it is the learner's word."""
    before = curriculum.topic(study, "sampling").cards

    cards.master(study, CARD)

    assert curriculum.topic(study, "sampling").cards == before - 1


def test_a_card_that_is_not_there_is_named(study) -> None:
    """Nothing is stored."""
    with pytest.raises(NotFound, match="nowhere"):
        cards.master(study, "nowhere")

    assert study.store.rows() == []


def lapse(study, clock, times: int) -> list[review.Answered]:
    """Forget the card on its due day so often; return what each lapse told."""
    found = []
    for _ in range(times):
        while study.store.memory("card", CARD).state != "review":
            review.answer(study, CARD, 4)
        clock.forward(days=40)
        found.append(review.answer(study, CARD, 1))
    return found


def test_a_leech_is_told_of_at_the_moment_it_becomes_one(study, clock) -> None:
    """At the eighth lapse and the twelfth, with three ways out; it is asked on."""
    done = lapse(study, clock, 12)

    told = [n for n, one in enumerate(done, start=1) if one.leech]
    assert told == [8, 12]
    assert done[7].leech.lapses == 8
    assert any("Split" in sentence for sentence in done[7].leech.suggestions)
    assert state(study).leech
    assert state(study).state == "relearning"


def test_a_leech_names_what_to_learn_first(study, clock) -> None:
    """The weakest other card of its topic, or the exercise that proves it."""
    other = next(
        card.id
        for card in study.catalogue.cards.values()
        if card.topic.startswith("sampling") and card.id != CARD and card.level == 1
    )
    review.answer(study, other, 1)

    suggestions = lapse(study, clock, 8)[-1].leech.suggestions

    expected = study.catalogue.cards[CARD].exercise or other
    assert any(f"`{expected}`" in sentence for sentence in suggestions)


def test_an_undone_lapse_makes_no_leech(study, clock) -> None:
    """The count is that of live answers."""
    lapse(study, clock, 8)

    undo(study)

    assert not state(study).leech
    assert state(study).lapses == 7

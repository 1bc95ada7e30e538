"""Limits of a study day: new cards, reviews, minutes, and more of them for today."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.services import review
from studytrack.services.undo import redo, undo


@pytest.fixture
def in_rotation(study, clock):
    """A study in which eight cards are due."""
    study.settings = replace(study.settings, study_new_cards=0, study_balance=False)
    for card in review_names(study, 8):
        review.answer(study, card, 4)
    clock.forward(days=60)
    return study


def review_names(study, count: int) -> list[str]:
    """Return ids of cards that are no siblings."""
    sources: set[str] = set()
    found = []
    for card in study.catalogue.cards.values():
        if card.source not in sources or not card.source:
            found.append(card.id)
            sources.add(card.source)
    return found[:count]


def answer_all(study, rating: int = 4, **how) -> int:
    """Answer until nothing waits; return how many answers it took."""
    count = 0
    while (question := review.next_question(study)) is not None:
        review.answer(study, question, rating, **how)
        count += 1
    return count


def test_reviews_stop_at_the_limit_of_the_day(in_rotation, clock) -> None:
    """The rest is named, and comes the next day with a limit of its own."""
    in_rotation.settings = replace(in_rotation.settings, study_reviews=4)

    before = review.counts(in_rotation).due
    done = answer_all(in_rotation)
    told = review.counts(in_rotation).next_due_text
    clock.forward(days=1)

    assert (before, done) == (4, 4)
    assert "4 cards more could be asked" in told
    assert "--more-reviews" in told
    assert review.counts(in_rotation).due == 4


def test_more_reviews_can_be_had_today_only(in_rotation, clock) -> None:
    """The override is an event of the day; undo takes it back, redo brings it again."""
    in_rotation.settings = replace(in_rotation.settings, study_reviews=2)
    answer_all(in_rotation)

    more = review.allow_more(in_rotation, reviews=3).due
    undone = undo(in_rotation)
    without = review.counts(in_rotation).due
    redo(in_rotation)
    again = review.counts(in_rotation).due
    clock.forward(days=1)

    assert (more, without, again) == (3, 0, 3)
    assert undone.sentence == "Undone: more reviews today."
    assert review.counts(in_rotation).due == 2


def test_an_undone_review_gives_its_place_back(in_rotation) -> None:
    """The limit counts live answers."""
    in_rotation.settings = replace(in_rotation.settings, study_reviews=1)
    answer_all(in_rotation)
    used = review.counts(in_rotation).due

    undo(in_rotation)

    assert (used, review.counts(in_rotation).due) == (0, 1)


def test_minutes_end_the_day_s_cards(in_rotation) -> None:
    """Once the answers took that long nothing is asked, and more minutes go on."""
    in_rotation.settings = replace(in_rotation.settings, study_card_minutes=1)

    done = answer_all(in_rotation, duration_ms=30_000)
    stopped = review.counts(in_rotation)
    more = review.allow_more(in_rotation, minutes=1).due

    assert done == 2
    assert stopped.total == 0
    assert "limit" in stopped.next_due_text
    assert more == 6


def test_a_step_is_asked_although_the_time_is_up(in_rotation, clock) -> None:
    """What was begun is learnt to the end."""
    in_rotation.settings = replace(in_rotation.settings, study_card_minutes=1)
    question = review.next_question(in_rotation)
    review.answer(in_rotation, question, 1, duration_ms=60_000)
    review.answer(in_rotation, question.card.id, 1, duration_ms=60_000)

    step = review.next_question(in_rotation)
    clock.forward(minutes=11)

    assert review.counts(in_rotation).learning == 1
    assert step.card.id == question.card.id == review.next_question(in_rotation).card.id


def test_new_cards_and_reviews_are_limited_apart(in_rotation) -> None:
    """A full day of reviews leaves the new ones, and the other way round."""
    in_rotation.settings = replace(in_rotation.settings, study_reviews=0, study_new_cards=2)
    only_new = review.counts(in_rotation)
    in_rotation.settings = replace(in_rotation.settings, study_reviews=7, study_new_cards=0)
    only_due = review.counts(in_rotation)

    assert (only_new.due, only_new.new) == (0, 2)
    assert (only_due.due, only_due.new) == (7, 0)


@pytest.mark.parametrize("order", ["before", "after"])
def test_new_cards_stand_where_the_setting_says(in_rotation, order) -> None:
    """All of them before the reviews, or all behind them."""
    in_rotation.settings = replace(in_rotation.settings, study_new_cards=2, study_new_order=order)

    states = []
    while (question := review.next_question(in_rotation)) is not None:
        states.append(question.state)
        review.answer(in_rotation, question, 4)

    new_first = states == ["new"] * 2 + ["review"] * 8
    new_last = states == ["review"] * 8 + ["new"] * 2
    assert (new_first, new_last) == (order == "before", order == "after")

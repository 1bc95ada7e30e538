"""A kept deck asks what a fresh one would ask, whatever happens in between."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from studytrack.domain.deck import Deck
from studytrack.domain.memory import Moment
from studytrack.services import cards, review
from studytrack.services.deck import deck_of
from studytrack.services.undo import redo, undo


def shown(deck: Deck, moment: Moment) -> tuple[int, ...]:
    """Return what a screen shows of a deck."""
    return (deck.reviews, deck.new, deck.steps(moment), deck.ready(moment), deck.held)


def rest(study, topic: str = "") -> list[str]:
    """Return the ids that would be asked one after another at this moment, in a new process."""
    study.kept.clear()
    stamp = study.stamp()
    moment = Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)
    deck, found = deck_of(study, stamp, topic), []
    while (one := deck.choose(moment)) is not None:
        found.append(one.card.id)
        memory = study.store.memory("card", one.card.id)._replace(due_ms=None)
        deck.note(one.card, memory, begun=memory.state == "new")
    study.kept.clear()
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_kept_deck_equals_a_fresh_one(study, reopen, clock, seed) -> None:
    """Answers here and elsewhere, by question and id, undo, redo, burying, limits, time."""
    rng = random.Random(seed)
    study.settings = replace(
        study.settings, study_new_cards=6, study_reviews=5, study_card_minutes=seed % 3
    )
    other, names = reopen(), sorted(study.catalogue.cards)
    for _ in range(20):
        action = rng.random()
        if action < 0.5 and (question := review.next_question(study)) is not None:
            review.answer(study, question, rng.choice((1, 1, 2, 3, 4)))
        elif action < 0.6:
            review.answer(study, rng.choice(names), rng.randint(1, 4))
        elif action < 0.7:
            review.answer(other, rng.choice(names), rng.randint(1, 4))
        elif action < 0.8:
            rng.choice((undo, redo))(rng.choice((study, other)))
        elif action < 0.85:
            deeds = (cards.bury, cards.suspend, cards.resume, cards.master, cards.reset)
            rng.choice(deeds)(study, rng.choice(names))
        elif action < 0.9:
            review.allow_more(study, new=1, reviews=2, minutes=1)
        clock.forward(seconds=rng.choice((1, 40, 300, 3000, 40_000)))
        stamp = study.stamp()
        moment = Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)

        for topic in ("", "sampling"):
            kept = shown(deck_of(study, stamp, topic), moment)
            study_again = reopen()
            study_again.settings = study.settings
            study_again._shipped = study.shipped  # content does not change; reading it is slow

            assert kept == shown(deck_of(study_again, study_again.stamp(), topic), moment)
            study_again.close()


def test_a_session_asks_each_waiting_card_once(study) -> None:
    """Nothing is asked twice or left out; with easy there are no steps."""
    waiting = rest(study)
    asked = []
    while (question := review.next_question(study)) is not None:
        asked.append(question.card.id)
        review.answer(study, question, 4)

    assert sorted(asked) == sorted(waiting)
    assert asked[0] == waiting[0]


def test_a_card_in_steps_can_be_answered_again_and_again(study, clock) -> None:
    """Each question is up to date with the answer before it."""
    study.settings = replace(study.settings, study_new_cards=1)
    for rating in (1, 1, 3, 2, 3):
        question = review.next_question(study)
        review.answer(study, question, rating)
        clock.forward(minutes=11)

    assert len(study.store.live(item_kind="card")) == 5
    assert study.store.memory("card", question.card.id).state == "review"


def test_a_topic_s_deck_follows_answers_of_the_whole_session(study) -> None:
    """One kept deck per topic; an answer given in one counts in all."""
    question = review.next_question(study, topic="sampling")
    before = (review.counts(study, "sampling").new, review.counts(study).new)
    review.answer(study, question, 4)

    assert review.next_question(study, topic="sampling").card != question.card
    assert review.counts(study, "sampling").new == before[0] - 1


def test_undo_gives_the_deck_back_as_it_was(study, clock) -> None:
    """Without building it anew, the answers are taken back one by one, siblings come again."""
    study.settings = replace(study.settings, study_new_cards=9, study_card_minutes=9)
    stamp = study.stamp()
    deck = deck_of(study, stamp)
    moment = Moment(day=stamp.study_day, utc_ms=stamp.utc_ms)
    before = []
    for rating in (4, 1, 3, 1, 2):
        question = review.next_question(study)
        before.append((question.card, question.intervals, shown(deck, moment)))
        review.answer(study, question, rating)

    for card, intervals, figures in reversed(before):
        undo(study)
        again = review.next_question(study)

        assert deck_of(study, study.stamp()) is deck
        assert (again.card, again.intervals, shown(deck, moment)) == (card, intervals, figures)


def test_another_limit_counts_at_once(study) -> None:
    """A changed setting makes a new deck."""
    study.settings = replace(study.settings, study_new_cards=1)
    one = review.counts(study).new
    study.settings = replace(study.settings, study_new_cards=3)

    assert (one, review.counts(study).new) == (1, 3)

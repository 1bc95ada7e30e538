"""The quiz: what is asked, what the buttons promise, what an answer stores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studytrack.errors import NotFound, UsageFault
from studytrack.services import cards, review
from studytrack.services.undo import undo
from studytrack.storage.store import StaleItem


def ask(study) -> review.Question:
    """Return the next question, which must exist."""
    question = review.next_question(study)
    assert question is not None
    return question


def test_new_cards_come_in_the_plan_s_order_up_to_the_day_s_limit(study) -> None:
    """The first topic first; after the limit nothing new is begun."""
    study.settings = replace(study.settings, study_new_cards=2)

    first = ask(study)
    while (question := review.next_question(study)) is not None:
        review.answer(study, question, 4)

    assert first.card.topic.startswith("pytorch.basics")
    assert 2 == len({row.item_id for row in study.store.live(item_kind="card")})
    assert 0 == review.counts(study).total


def test_asking_does_not_move_the_queue(study) -> None:
    """The same question comes until it is answered."""
    assert ask(study) == ask(study)


def test_the_button_s_promise_is_kept(study) -> None:
    """What the interval said is what is scheduled."""
    for rating in (1, 2, 3, 4):
        question = ask(study)
        done = review.answer(study, question, rating)

        assert question.intervals[rating - 1] == done.scheduled_text


def test_an_answer_stores_what_was_believed_and_typed(study) -> None:
    """The row holds state, text, evidence and who rated."""
    question = ask(study)
    card = next(c for c in study.catalogue.cards.values() if c.kind == "numeric")
    judgement = review.propose(card, card.answer)

    done = review.answer(study, card.id, 3, duration_ms=4200, text=card.answer, judgement=judgement)

    assert ("learn", 3, "grader", 4200) == (
        done.row.kind,
        done.row.rating,
        done.row.rated_by,
        done.row.duration_ms,
    )
    assert done.row.evidence["outcome"] == "right"
    assert done.row.s_after is not None
    assert done.row.content_hash == review.content_hash(card)
    assert question.card.id != card.id or done.left >= 0


def test_another_rating_than_proposed_is_the_learner_s(study) -> None:
    """Both are kept."""
    card = next(c for c in study.catalogue.cards.values() if c.kind == "choice")
    judgement = review.propose(card, card.answer)

    row = review.answer(study, card.id, 2, judgement=judgement).row

    assert "learner" == row.rated_by
    assert 3 == row.evidence["proposed"]


def test_a_rating_that_is_none_stores_nothing(study) -> None:
    """The message says what is possible."""
    with pytest.raises(UsageFault, match="9"):
        review.answer(study, ask(study), 9)

    assert [] == study.store.rows()


def test_a_second_window_cannot_answer_what_has_moved_on(study, reopen) -> None:
    """The stale answer is refused; one answer is stored."""
    other = reopen()
    question = ask(other)
    review.answer(study, ask(study), 3)

    with pytest.raises(StaleItem):
        review.answer(other, question, 4)
    assert 1 == len(study.store.live(item_kind="card"))


def test_learning_steps_come_back_within_the_session(study, clock) -> None:
    """A card rated again is offered when nothing else waits, and due after its minute."""
    study.settings = replace(study.settings, study_new_cards=1)
    card = ask(study).card
    review.answer(study, card.id, 1)
    ahead = ask(study)
    clock.forward(minutes=2)

    assert card.id == ahead.card.id == ask(study).card.id
    assert "learning" == ask(study).state


def test_siblings_are_not_asked_on_one_day(study, clock) -> None:
    """Of two cards about one fact the second waits for the next study day."""
    study.settings = replace(study.settings, study_new_cards=99)
    review.answer(study, "recall.kv-cache-why", 4)

    today = asked_ids(study)
    clock.forward(days=1)

    assert "recall.kv-cache-cost" not in today
    assert "recall.kv-cache-cost" in asked_ids(study)


def asked_ids(study) -> set[str]:
    """Return what would be asked, by leaving one card after another out."""
    seen: set[str] = set()
    while (question := review.next_question(study, skip=seen)) is not None:
        seen.add(question.card.id)
    return seen


def test_a_topic_narrows_the_session(study) -> None:
    """A topic takes its points along; an unknown one is named."""
    question = review.next_question(study, topic="sampling")

    assert question is not None
    assert question.card.topic.startswith("sampling")
    with pytest.raises(NotFound, match="nowhere"):
        review.next_question(study, topic="nowhere")


def test_cards_come_back_when_they_are_due(study, clock) -> None:
    """An easy card is away until its day, then asked as a review."""
    study.settings = replace(study.settings, study_new_cards=1)
    done = review.answer(study, ask(study), 4)
    nothing = review.next_question(study)
    clock.forward(days=done.row.scheduled)
    study.settings = replace(study.settings, study_new_cards=0)

    assert nothing is None
    assert done.card == ask(study).card
    assert "review" == ask(study).state


def test_suspended_and_buried_cards_stay_away(study, clock) -> None:
    """Suspended until resumed, buried until tomorrow."""
    first, second = sorted(asked_ids(study))[:2]
    cards.suspend(study, first)
    cards.bury(study, second)
    today = asked_ids(study)
    clock.forward(days=1)
    tomorrow = asked_ids(study)
    cards.resume(study, first)

    assert not today & {first, second}
    assert second in tomorrow
    assert first not in tomorrow
    assert first in asked_ids(study)


def test_learning_more_raises_today_s_limit_only(study, clock) -> None:
    """The limit of tomorrow is the setting again; the step can be undone."""
    study.settings = replace(study.settings, study_new_cards=0)

    more = review.learn_more(study, 3)
    undone = undo(study)
    review.learn_more(study, 3)
    clock.forward(days=1)

    assert 3 == more
    assert "more new cards" in undone.sentence
    assert 0 == review.counts(study).new


def test_undo_gives_the_new_card_back_to_the_limit(study) -> None:
    """Limits count live rows only."""
    study.settings = replace(study.settings, study_new_cards=1)
    review.answer(study, ask(study), 4)
    used = review.counts(study).new
    undo(study)

    assert (0, 1) == (used, review.counts(study).new)


def test_an_own_card_is_asked_like_any_other(study) -> None:
    """Added, shown, answered; gone again after undo."""
    card = review.add_card(study, "What is a logit?", "A score before softmax.", "sampling")

    review.answer(study, card.id, 3)
    undo(study)
    undone = undo(study)

    assert card.id in undone.sentence
    assert card.id not in study.catalogue.cards
    with pytest.raises(UsageFault):
        review.add_card(study, " ", "x")


def test_counts_say_when_it_goes_on(study, clock) -> None:
    """With nothing waiting, the next day and hour are named."""
    study.settings = replace(study.settings, study_new_cards=1)
    scheduled = review.answer(study, ask(study), 4).row.scheduled

    text = review.counts(study).next_due_text

    assert "Next: 1 card" in text
    assert "04:00" in text
    assert scheduled > 1


@pytest.mark.parametrize(
    ("scheduled", "text"),
    [(-60, "<1m"), (-600, "<10m"), (1, "1d"), (30, "30d"), (61, "2.0mo"), (731, "2.0y")],
)
def test_intervals_fit_a_button(scheduled, text) -> None:
    """Minutes, days, months, years."""
    assert text == review.interval_text(scheduled)


def test_a_card_that_could_not_be_asked_is_not_added(study) -> None:
    """A choice without choices is refused, and nothing is stored."""
    with pytest.raises(UsageFault, match="choices"):
        review.add_card(study, "Which?", "This.", kind="choice", answer="a")

    assert study.store.rows() == []


def test_what_a_broken_terminal_sends_is_stored(study) -> None:
    """Bytes that are no UTF-8 do not lose the answer."""
    row = review.answer(study, "recall.topk-tie", 3, text="caf\udce9").row

    assert row.answer == "caf?"
    assert study.store.rows() == [row]


def test_a_buried_card_s_next_day_is_named(study, clock) -> None:
    """What was put off until tomorrow counts as tomorrow's."""
    study.settings = replace(study.settings, study_new_cards=1)
    scheduled = review.answer(study, ask(study), 4).row.scheduled
    study.settings = replace(study.settings, study_new_cards=0)
    clock.forward(days=scheduled)
    cards.bury(study, ask(study).card.id)

    assert "Next: 1 card tomorrow from 04:00." == review.counts(study).next_due_text

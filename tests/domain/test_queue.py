"""Which card comes next."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.cards import Card
from studytrack.domain.memory import Memory, Moment
from studytrack.domain.queue import Backlog, build_queue, choose

NOW = Moment(day=1000, utc_ms=10_000_000)


def card(name: str, topic: str = "a", source: str = "") -> Card:
    """Return a card."""
    return Card(id=name, kind="recall", topic=topic, front=name, source=source)


def due(name: str, stability: float = 5.0, **more) -> Memory:
    """Return the memory of a card that is due today."""
    known = {
        "state": "review",
        "stability": stability,
        "difficulty": 5.0,
        "due_day": 1000,
        "last_day": 995,
        "interval": 5,
        "reps": 2,
    }
    return Memory(item_kind="card", item_id=name, **(known | more))


def ids(waiting) -> list[str]:
    """Return the card ids in order."""
    return [one.card.id for one in waiting]


def test_what_is_most_forgotten_comes_first() -> None:
    """Reviews stand in order of the chance of recall."""
    cards = [card("firm", "a"), card("weak", "b"), card("middle", "c")]
    memories = {"firm": due("firm", 50), "weak": due("weak", 1), "middle": due("middle", 5)}

    queue = build_queue(cards, memories, NOW, new_limit=0)

    assert ids(queue.reviews) == ["weak", "middle", "firm"]


def test_neighbours_have_different_topics_where_possible() -> None:
    """Two of a topic are parted while another topic waits."""
    cards = [card("a1"), card("a2"), card("a3"), card("b1", "b"), card("b2", "b")]
    memories = {name.id: due(name.id) for name in cards}

    topics = [name[0] for name in ids(build_queue(cards, memories, NOW, new_limit=0).reviews)]

    assert sum(x == y for x, y in itertools.pairwise(topics)) == 0


def test_of_one_source_only_one_is_asked_a_day() -> None:
    """Siblings wait, also behind one that was asked today."""
    cards = [card("x1", source="s"), card("x2", "b", source="s"), card("y", "c", source="t")]

    fresh = build_queue(cards, {}, NOW, new_limit=9)
    asked = build_queue(cards, {}, NOW, new_limit=9, seen_today={"s"})

    assert ids(fresh.new) == ["x1", "y"]
    assert ids(asked.new) == ["y"]


def test_new_cards_keep_the_teaching_order_and_the_limit() -> None:
    """The first of the plan come first."""
    cards = [card(name) for name in "edcba"]

    assert list("edc") == ids(build_queue(cards, {}, NOW, new_limit=3).new)
    assert ids(build_queue(cards, {}, NOW, new_limit=-2).new) == []


def test_suspended_buried_and_retired_cards_stay_away() -> None:
    """Until they are resumed, or the next day comes."""
    cards = [card("s"), card("b"), replace(card("r"), retired=True)]
    memories = {"s": due("s", suspended=True), "b": due("b", buried_day=1000), "r": due("r")}

    assert ids(build_queue(cards, memories, NOW, new_limit=9).reviews) == []
    tomorrow = Moment(day=1001, utc_ms=NOW.utc_ms)
    assert ids(build_queue(cards, memories, tomorrow, new_limit=9).reviews) == ["b"]


def test_a_due_step_goes_before_reviews_and_a_later_one_after() -> None:
    """A step still to come is offered only when nothing else waits."""
    cards = [card("now"), card("soon", "b"), card("review", "c"), card("hours", "d")]
    step = {"state": "learning", "due_day": 1000}
    memories = {
        "now": due("now", **step, due_ms=NOW.utc_ms - 1),
        "soon": due("soon", **step, due_ms=NOW.utc_ms + 60_000),
        "hours": due("hours", **step, due_ms=NOW.utc_ms + 9_000_000),
        "review": due("review"),
    }
    queue = build_queue(cards, memories, NOW, new_limit=0)

    assert choose(queue).card.id == "now"
    assert choose(replace(queue, steps=())).card.id == "review"
    assert choose(replace(queue, steps=(), reviews=())).card.id == "soon"
    assert queue.ready == 3


def test_a_step_of_yesterday_is_due_at_once() -> None:
    """A step that crossed the rollover does not wait for its minute."""
    memories = {"x": due("x", state="learning", due_day=999, due_ms=NOW.utc_ms + 500_000)}

    assert ids(build_queue([card("x")], memories, NOW, new_limit=0).steps) == ["x"]


def test_a_step_beyond_a_day_is_due_because_the_clock_was_set_back() -> None:
    """No step is that long, so a learner with a mended clock does not wait for the old time."""
    memories = {"x": due("x", state="learning", due_ms=NOW.utc_ms + 9 * 86_400_000)}

    assert ids(build_queue([card("x")], memories, NOW, new_limit=0).steps) == ["x"]


def test_nothing_waits_in_an_empty_queue() -> None:
    """No card, no question."""
    assert choose(build_queue([], {}, NOW, new_limit=5)) is None


def test_a_backlog_stands_in_order_of_relative_overdueness() -> None:
    """A card of two days that is four late goes before one of forty days that is ten late."""
    cards = [card("long", "a"), card("short", "b")]
    memories = {
        "long": due("long", stability=8.0, interval=40, last_day=950, due_day=990),
        "short": due("short", stability=60.0, interval=2, last_day=994, due_day=996),
    }

    within = build_queue(cards, memories, NOW, new_limit=0, backlog=Backlog(budget=60))
    over = build_queue(cards, memories, NOW, new_limit=0, backlog=Backlog(budget=30))

    assert ids(within.reviews) == ["long", "short"]
    assert ids(over.reviews) == ["short", "long"]


def test_what_was_answered_today_belongs_to_the_backlog() -> None:
    """The order does not turn round in the middle of a day, when less is left."""
    reviews = build_queue([card("a")], {"a": due("a")}, NOW, new_limit=0).reviews

    assert not Backlog(budget=100, spent=70).over(reviews)
    assert Backlog(budget=100, spent=90).over(reviews)
    assert Backlog(budget=100, seconds=lambda _: 120.0).over(reviews)


def test_equal_urgency_is_shuffled_by_day() -> None:
    """The same order all day long, another one tomorrow, and none that the ids give."""
    cards = [card(f"c{n:02}", f"t{n}") for n in range(20)]
    memories = {one.id: due(one.id) for one in cards}
    tomorrow = NOW._replace(day=NOW.day + 1)

    today = ids(build_queue(cards, memories, NOW, new_limit=0).reviews)

    assert today == ids(build_queue(cards[::-1], memories, NOW, new_limit=0).reviews)
    assert today != sorted(today)
    assert today != ids(build_queue(cards, memories, tomorrow, new_limit=0).reviews)


def test_reviews_beyond_the_limit_are_held_back() -> None:
    """The most urgent ones are asked today."""
    cards = [card(f"c{n}", f"t{n % 2}") for n in range(5)]
    memories = {one.id: due(one.id, stability=float(n + 1)) for n, one in enumerate(cards)}

    queue = build_queue(cards, memories, NOW, new_limit=0, review_limit=2)

    assert set(ids(queue.reviews)) == {"c0", "c1"}
    assert set(ids(queue.held_reviews)) == {"c2", "c3", "c4"}
    assert not build_queue(cards, memories, NOW, new_limit=0, review_limit=-1).reviews


@pytest.mark.parametrize(
    ("order", "expected"),
    [("before", "nnnrrrrrr"), ("after", "rrrrrrnnn"), ("mixed", "rnrrnrrnr")],
)
def test_new_cards_stand_where_the_setting_says(order, expected) -> None:
    """Before the reviews, after them, or evenly among them."""
    assert session(6, 3, order) == expected


def test_more_new_cards_than_reviews_are_mixed_evenly_too() -> None:
    """Then the reviews are the ones that are spread."""
    assert session(2, 6, "mixed") == "nrnnnrnn"


def session(reviews: int, new: int, order: str) -> str:
    """Return the kinds of the cards that are asked, n for new and r for a review."""
    due_cards = [card(f"r{n}", f"t{n}") for n in range(reviews)]
    new_cards = [card(f"n{n}", f"u{n}") for n in range(new)]
    memories = {one.id: due(one.id) for one in due_cards}
    asked: list[Card] = []
    while len(asked) < reviews + new:
        left = [one for one in [*due_cards, *new_cards] if one not in asked]
        queue = build_queue(left, memories, NOW, new_limit=new)
        last = asked[-1] if asked else None
        begun = sum(one in new_cards for one in asked)
        chosen = choose(queue, begun=begun, reviewed=len(asked) - begun, last=last, new_order=order)
        asked.append(chosen.card)
    return "".join(one.id[0] for one in asked)


def test_one_answer_is_not_asked_for_twice_running() -> None:
    """Not by two reviews, also of different kinds, nor by a step behind a review."""
    asked = replace(card("asked", "a"), back="42")
    same = replace(card("same", "b"), kind="typed", answer="42")
    other = card("other", "c")
    memories = {"same": due("same", 1.0), "other": due("other", 50.0)}
    reviews = build_queue([same, other], memories, NOW, new_limit=0)
    step = {"same": due("same", state="learning", due_ms=NOW.utc_ms - 1), "other": due("other")}
    steps = build_queue([same, other], step, NOW, new_limit=0)

    assert choose(reviews).card.id == "same"
    assert choose(reviews, last=asked).card.id == "other"
    assert choose(steps).card.id == "same"
    assert choose(steps, last=asked).card.id == "other"


def test_the_letter_of_a_choice_is_no_answer() -> None:
    """Two choices whose right answers are both `a` may follow each other; their words count."""
    first = replace(card("x", "a"), kind="choice", answer="a", choices=("one", "two"))
    letter = replace(card("y", "b"), kind="choice", answer="a", choices=("three", "four"))
    words = replace(card("z", "c"), kind="choice", answer="b", choices=("zero", "One"))
    memories = {"y": due("y", 9.0), "z": due("z", 1.0)}

    queue = build_queue([letter, words], memories, NOW, new_limit=0)

    assert choose(queue).card.id == "z"
    assert choose(queue, last=first).card.id == "y"


def test_what_is_alike_comes_when_nothing_else_waits() -> None:
    """No card is kept back for good."""
    asked = replace(card("asked"), back="42")
    same = replace(card("same"), back="42")

    queue = build_queue([same], {"same": due("same")}, NOW, new_limit=0)

    assert choose(queue, last=asked).card.id == "same"


def test_a_mastered_card_stays_away() -> None:
    """Until it is resumed."""
    memories = {"m": due("m", state="mastered")}

    queue = build_queue([card("m")], memories, NOW, new_limit=9)

    assert queue.ready == 0
    assert not queue.held


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_no_neighbours_of_one_topic_where_that_is_avoidable(topics) -> None:
    """While the largest topic has at most half of the cards, rounded up."""
    cards = [card(f"c{n:02}", f"t{topic}") for n, topic in enumerate(topics)]
    memories = {one.id: due(one.id, float(n + 1)) for n, one in enumerate(cards)}

    queue = build_queue(cards, memories, NOW, new_limit=0)

    shown = [one.card.topic for one in queue.reviews]
    most = max(topics.count(topic) for topic in topics)
    clashes = sum(x == y for x, y in itertools.pairwise(shown))
    assert sorted(ids(queue.reviews)) == sorted(one.id for one in cards)
    assert clashes == max(0, 2 * most - len(topics) - 1)

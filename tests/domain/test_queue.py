"""Which card comes next."""

from __future__ import annotations

import itertools
from dataclasses import replace

from studytrack.domain.cards import Card
from studytrack.domain.queue import build_queue, choose
from studytrack.domain.scheduler import Memory, Moment

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

    assert choose(queue, answered=0).card.id == "now"
    assert choose(replace(queue, steps=()), answered=0).card.id == "review"
    assert choose(replace(queue, steps=(), reviews=()), answered=0).card.id == "soon"
    assert queue.ready == 3


def test_a_step_of_yesterday_is_due_at_once() -> None:
    """A step that crossed the rollover does not wait for its minute."""
    memories = {"x": due("x", state="learning", due_day=999, due_ms=NOW.utc_ms + 500_000)}

    assert ids(build_queue([card("x")], memories, NOW, new_limit=0).steps) == ["x"]


def test_new_cards_are_spread_over_the_reviews() -> None:
    """With four reviews and two new cards, every third question is a new one."""
    reviews = [card(f"r{n}", f"t{n}") for n in range(4)]
    new = [card("n0", "u"), card("n1", "v")]
    memories = {one.id: due(one.id) for one in reviews}
    asked = []
    for answered in range(6):
        queue = build_queue(
            [one for one in [*reviews, *new] if one.id not in asked], memories, NOW, new_limit=9
        )
        asked.append(choose(queue, answered=answered).card.id)

    assert sum(name.startswith("n") for name in asked) == 2
    assert not asked[0].startswith("n")


def test_nothing_waits_in_an_empty_queue() -> None:
    """No card, no question."""
    assert choose(build_queue([], {}, NOW, new_limit=5), answered=0) is None

"""`studytrack topic …`: the curriculum."""

from __future__ import annotations

import pytest


def test_the_list_has_part_points_mastery_and_status(ask) -> None:
    """In the plan's order."""
    topics = ask("topic", "list", "--json").data

    assert ["pytorch.basics", "transformer.arch", "sampling"] == [t["id"] for t in topics]
    assert ["I", "II", "II"] == [t["part"] for t in topics]
    assert {"title", "points", "mastery", "status", "marked", "needs"} <= set(topics[0])
    assert "pytorch.basics.tensors" == topics[0]["points"][0]["id"]
    assert all(0 <= t["mastery"] <= 1 for t in topics)


def test_the_table_counts_what_was_reached(ask) -> None:
    """Seen of all, passed of all, read of all."""
    ask("card", "answer", "num.float32-bytes", "3")

    header, first, *_ = ask("topic", "list").rows

    assert ["part", "id", "title", "status"] == header[:4]
    assert "1/3" == first[header.index("cards")]


def test_show_has_points_and_what_comes_first(ask) -> None:
    """As text and as JSON."""
    text = ask("topic", "show", "sampling").out
    data = ask("topic", "show", "sampling", "--json").data

    assert "  - Top K (not started)" in text
    assert "Worth knowing first: pytorch.basics, transformer.arch" in text
    assert [] == data["corrections"]
    assert "sampling" == data["id"]


def test_a_unique_beginning_is_enough(ask) -> None:
    """Topics before their points."""
    assert "transformer.arch" == ask("topic", "show", "tran", "--json").data["id"]


def test_a_mark_overrides_and_clear_brings_back(ask) -> None:
    """What was earned is kept beside it."""
    assert "done" == ask("topic", "mark", "sampling", "done", "--json").data["status"]
    assert "Decoding and sampling: not started.\n" == ask("topic", "mark", "sampling", "clear").out


def test_a_point_can_be_marked(ask) -> None:
    """It begins its topic."""
    data = ask("topic", "mark", "sampling.topk", "done", "--json").data

    assert "in progress" == data["status"]
    assert "done" == data["points"][0]["status"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["show", "samplign"], 3, "Did you mean `sampling`"),
        (["mark", "nothing", "done"], 3, "topic list"),
        (["mark", "sampling", "dune"], 2, "Did you mean `done`"),
        (["show", "sampling.top"], 3, "sampling.topk"),
    ],
)
def test_what_cannot_be_meant_is_told(ask, words, code, told) -> None:
    """Unknown, ambiguous, no status."""
    assert told in ask("topic", *words, code=code).err

"""`studytrack undo` and `redo`: whatever was done last."""

from __future__ import annotations

import pytest

DONE = [
    (["card", "answer", "recall.topk-tie", "3"], "Good on `recall.topk-tie`"),
    (["card", "suspend", "recall.topk-tie"], "suspend of `recall.topk-tie`"),
    (["topic", "mark", "sampling", "done"], "topic `sampling` (marked done)"),
    (["reading", "start", "deep-book"], "reading `deep-book`"),
    (["note", "add", "t", "x"], "adding the note `t`"),
    (["reading", "done", "deep-book", "--takeaway", "x"], "finishing `deep-book`"),
]


@pytest.mark.parametrize(("words", "sentence"), DONE, ids=[" ".join(d[0][:2]) for d in DONE])
def test_what_was_done_is_undone_and_redone(ask, words, sentence) -> None:
    """In a sentence that names it; the state goes there and back."""
    before = ask("export", "markdown").out
    ask(*words)
    after = ask("export", "markdown").out

    assert sentence in ask("undo").out
    assert before == ask("export", "markdown").out
    assert ask("redo").out.startswith("Done again: ")
    assert after == ask("export", "markdown").out


def test_nothing_to_undo_or_redo(ask) -> None:
    """The answer is no: exit code 1, and null in JSON."""
    assert "Nothing to undo.\n" == ask("undo", code=1).out
    assert "Nothing to redo.\n" == ask("redo", code=1).out
    assert ask("undo", "--json", code=1).data is None


def test_as_json(ask) -> None:
    """Kind, item and sentence."""
    ask("card", "answer", "recall.topk-tie", "3")

    data = ask("undo", "--json").data

    assert ("learn", "card", "recall.topk-tie") == (data["kind"], data["item_kind"], data["id"])
    assert data["title"].startswith("Undone: ")


def test_undo_has_no_limit(ask) -> None:
    """One after another, back to the beginning."""
    for rating in "1234":
        ask("card", "answer", "recall.topk-tie", rating)

    for _ in range(4):
        ask("undo")

    ask("undo", code=1)
    assert [] == ask("card", "show", "recall.topk-tie", "--json").data["history"]

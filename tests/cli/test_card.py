"""`studytrack card …`: the quiz, one call at a time."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

RECALL = "recall.topk-tie"


def test_the_list_has_every_card_with_kind_topic_and_due(ask) -> None:
    """A card never asked has no due day."""
    listed = ask("card", "list", "--json").data

    assert {"id", "title", "kind", "topic", "due"} <= set(listed[0])
    assert {None} == {card["due"] for card in listed}
    assert "term.top-k.name" in [card["id"] for card in listed]


def test_an_answered_card_has_a_due_day(ask) -> None:
    """As an ISO date: cards are due on a study day."""
    ask("card", "answer", RECALL, "easy")

    (card,) = [c for c in ask("card", "list", "--json").data if c["id"] == RECALL]
    assert "review" == card["state"]
    assert card["due"] > "2026-11-24"


def test_the_list_is_tab_separated_where_nobody_looks(ask) -> None:
    """A header, then a line a card; gaps of cloze cards stay closed."""
    rows = ask("card", "list").rows

    assert ["id", "kind", "topic", "due", "title"] == rows[0]
    (cloze,) = [row for row in rows if row[0] == "cloze.attention-scale"]
    assert "[ ... ]" in cloze[4]
    assert "sqrt" not in cloze[4]


def test_a_topic_brings_its_points_along(ask) -> None:
    """Cards are filed under points; asking for the topic finds them."""
    listed = ask("card", "list", "--topic", "sampl", "--json").data

    assert {"sampling.topk", "sampling.topp", "sampling"} == {card["topic"] for card in listed}


def test_the_limit_cuts_the_list(ask) -> None:
    """So many and no more."""
    assert 2 == len(ask("card", "list", "--limit", "2", "--json").data)


@pytest.mark.parametrize("topic", ["pytorch.basics", "sampling", "transformer.arch"])
def test_the_next_card_gives_no_answer_away(ask, topic) -> None:
    """Nothing in the JSON is, holds or names the answer, whatever the kind of card."""
    while shown := ask("card", "next", "--topic", topic, "--json").data:
        full = ask("card", "show", shown["id"], "--json").data
        text = json.dumps(shown)

        assert not {"answer", "back", "accept", "why", "rubric", "compute", "term"} & set(shown)
        for answer in (full["answer"], full["back"], *full["accept"]):
            if len(answer) > 1:  # the letter of a choice is in any text
                assert answer not in text
        assert "{{" not in text
        ask("card", "suspend", shown["id"])


def test_the_next_card_says_what_each_rating_would_do(ask) -> None:
    """Four intervals, the cards that wait, the state."""
    shown = ask("card", "next", "--json").data

    assert {"id", "title", "front", "kind", "topic", "state", "left", "choices"} <= set(shown)
    assert 4 == len(shown["intervals"])
    assert "new" == shown["state"]


def test_the_next_card_as_text(ask) -> None:
    """Its id to answer by, then the question."""
    lines = ask("card", "next").out.splitlines()

    assert lines[0].endswith("left)")
    assert "Answer" not in lines[1]


def test_when_nothing_is_due_the_next_command_is_named(ask, monkeypatch) -> None:
    """An empty state is no dead end, and JSON says null."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "0")

    assert "Nothing is due. No card waits. `studytrack review --more 5` learns new ones.\n" == (
        ask("card", "next").out
    )
    assert ask("card", "next", "--json").data is None


@pytest.mark.parametrize(("word", "rating"), [("1", 1), ("again", 1), ("HARD", 2), ("4", 4)])
def test_a_rating_is_a_number_or_a_word(ask, word, rating) -> None:
    """Both are the same to scripts and people."""
    answered = ask("card", "answer", RECALL, word, "--json").data

    assert (RECALL, rating) == (answered["id"], answered["rating"])


def test_the_answer_tells_when_the_card_comes_back(ask) -> None:
    """In days: the day, and the moment at which it begins, with the offset."""
    answered = ask("card", "answer", RECALL, "easy", "--json").data

    due = datetime.fromisoformat(answered["due_at"])
    assert answered["scheduled"] > 1
    assert due.date().isoformat() == answered["due"]
    assert (4, 0) == (due.hour, due.minute)
    assert due.utcoffset() is not None


def test_a_step_comes_back_in_minutes(ask) -> None:
    """On the same day, at a moment."""
    answered = ask("card", "answer", RECALL, "again", "--json").data

    assert "2026-11-24" == answered["due"]
    assert "2026-11-24T08:01:00+01:00" == answered["due_at"]


@pytest.mark.parametrize("rating", ["9", "0", "great", "3.0", ""])
def test_an_unknown_rating_saves_nothing(ask, rating) -> None:
    """Exit code 2, and the card is as new as before."""
    said = ask("card", "answer", RECALL, rating, code=2)

    assert "nothing was saved" in said.err
    assert [] == ask("card", "show", RECALL, "--json").data["history"]


def test_a_missing_rating_is_named(ask) -> None:
    """With the command that does it."""
    assert f"card answer {RECALL} 3" in ask("card", "answer", RECALL, code=2).err


@pytest.mark.parametrize(
    ("card", "right", "wrong"),
    [
        ("shape.broadcast", "4x2x3", "(2, 3)"),
        ("num.float32-bytes", "4 KiB", "1024"),
        ("typed.rank-zero", "a scalar", "a vector"),
        ("choice.topp-crossing", "b", "d"),
        ("cloze.attention-scale", "sqrt(d); keys", "d; queries"),
    ],
)
def test_a_typed_answer_is_judged(ask, card, right, wrong) -> None:
    """A right one exits with 0 and is rated good; a wrong one with 1 and again."""
    good = ask("card", "answer", card, "--text", right, "--json").data
    bad = ask("card", "answer", card, "--text", wrong, "--json", code=1).data

    assert (3, "right") == (good["rating"], good["judgement"]["outcome"])
    assert (1, "wrong") == (bad["rating"], bad["judgement"]["outcome"])


def test_a_wrong_choice_is_told_why_and_what_is_right(ask) -> None:
    """The verdict in words first: colour or tone are not there to say it."""
    said = ask("card", "answer", "choice.topp-crossing", "--text", "d", code=1)

    assert said.out.startswith("Not this. Only p = 1 keeps all. The answer: b) the first two\n")


@pytest.mark.parametrize("text", ["", "   ", "twelve"])
def test_an_answer_that_cannot_be_read_is_not_judged(ask, text) -> None:
    """Exit code 2 and how to write it; nothing is saved."""
    ask("card", "answer", "shape.broadcast", "--text", text, code=2)

    assert [] == ask("card", "show", "shape.broadcast", "--json").data["history"]


def test_a_card_that_is_rated_by_oneself_takes_no_text(ask) -> None:
    """Judging free text would be a lie."""
    said = ask("card", "answer", RECALL, "--text", "exactly K", code=2)

    assert f"card answer {RECALL} RATING" in said.err


def test_the_learner_may_rate_a_judged_answer_lower(ask) -> None:
    """A rating beside the text wins."""
    answered = ask("card", "answer", "shape.broadcast", "2", "--text", "4 2 3", "--json").data

    assert 2 == answered["rating"]


def test_show_has_answer_history_and_memory(ask) -> None:
    """Moments in ISO 8601 with the offset that held."""
    ask("card", "answer", RECALL, "good")

    shown = ask("card", "show", "recall.topk", "--json").data
    assert shown["back"].startswith("Keep exactly K")
    assert [{"at": "2026-11-24T08:00:00+01:00", "rating": 3, "kind": "learn"}] == shown["history"]
    assert shown["stability"] > 0


def test_show_as_text_for_a_new_and_an_answered_card(ask) -> None:
    """The state in words, the times counted."""
    before = ask("card", "show", RECALL).out
    ask("card", "answer", RECALL, "easy")
    after = ask("card", "show", RECALL).out

    assert before.endswith("Not asked yet.\n")
    assert "answered 1 time." in after


def test_a_card_of_one_s_own_is_asked_like_any_other(ask) -> None:
    """It has an id, a topic, and an answer that can be judged."""
    words = ("--front", "2 + 2?", "--back", "four", "--typed", "--topic", "pytorch.basics.t")
    made = ask("card", "add", *words, "--json").data

    assert "pytorch.basics.tensors" == made["topic"]
    assert made["id"] in ask("card", "list").out
    assert "Right." in ask("card", "answer", made["id"], "--text", "Four").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--front", "q"], 2),
        (["--front", " ", "--back", "a"], 2),
        (["--front", "q", "--back", "a", "--topic", "nothing"], 3),
    ],
)
def test_a_card_without_its_parts_is_not_added(ask, words, code) -> None:
    """Each fault is named and nothing is saved."""
    before = ask("card", "list").rows

    ask("card", "add", *words, code=code)

    assert before == ask("card", "list").rows


def test_a_suspended_card_is_not_asked_until_it_is_resumed(ask) -> None:
    """Both say how to go back."""
    asked = ask("card", "next", "--json").data["id"]

    assert f"card resume {asked}" in ask("card", "suspend", asked).out
    assert asked != ask("card", "next", "--json").data["id"]
    assert ask("card", "show", asked).out.endswith("Suspended.\n")
    assert "new" == ask("card", "resume", asked, "--json").data["state"]
    assert asked == ask("card", "next", "--json").data["id"]


def test_undo_takes_the_answer_back(ask) -> None:
    """The card is new again; a second undo has nothing left and exits with 1."""
    ask("card", "answer", RECALL, "good")

    assert f"Undone: Good on `{RECALL}`.\n" == ask("card", "undo").out
    assert [] == ask("card", "show", RECALL, "--json").data["history"]
    assert "Nothing to undo.\n" == ask("card", "undo", code=1).out


@pytest.mark.parametrize(
    "words", [["show"], ["answer"], ["suspend"], ["resume"]], ids=lambda words: words[0]
)
def test_an_unknown_card_names_the_nearest(ask, words) -> None:
    """Exit code 3 and up to three ids."""
    said = ask("card", *words, "recall.topk-tye", code=3)

    assert f"Did you mean `{RECALL}`" in said.err
    assert "" == said.out


def test_an_ambiguous_beginning_names_the_candidates(ask) -> None:
    """With their titles; exit code 3."""
    said = ask("card", "show", "recall.kv", code=3)

    assert "recall.kv-cache-cost  What does a KV cache cost?" in said.err
    assert "recall.kv-cache-why" in said.err

"""`studytrack term|note|advice|resource …`: what surrounds the curriculum."""

from __future__ import annotations

import pytest

ADDS = [
    ("term", ["term", "add", "Logit", "is a score before softmax."]),
    ("note", ["note", "add", "Einsum", "Letters name dimensions."]),
    ("resource", ["resource", "add", "A forum", "https://forum.example"]),
]


@pytest.mark.parametrize("words", [["term", "list"], ["note", "list"], ["resource", "list"]])
def test_every_list_has_ids_and_titles(ask, words) -> None:
    """As JSON and as a table with the same rows."""
    found = ask(*words, "--json").data
    rows = ask(*words).rows

    assert all(item["id"] and item["title"] for item in found)
    assert [item["id"] for item in found] == [row[0] for row in rows[1:]]


def test_terms_have_their_text(ask) -> None:
    """The contract of `term list`."""
    assert all(item["text"] for item in ask("term", "list", "--json").data)


@pytest.mark.parametrize("name", ["top-p", "nucleus", "TOP P (nucleus sampling)"])
def test_a_term_is_found_by_id_title_or_alias(ask, name) -> None:
    """People know the word, not the id."""
    assert "top-p" == ask("term", "show", name, "--json").data["id"]


def test_a_term_is_shown_with_its_links(ask) -> None:
    """The definition begins with a verb, so that title and text make a sentence."""
    out = ask("term", "show", "top-k").out

    assert out.startswith("Top K limits the choice")
    assert "A post: https://posts.example/sampling" in out


def test_a_note_is_shown_whole(ask) -> None:
    """Markdown as it was written."""
    assert "- A tensor of rank 0 is a **scalar**" in ask("note", "show", "tensor").out
    assert "pytorch.basics" == ask("note", "show", "tensor", "--json").data["topic"]


def test_advice_names_its_source(ask) -> None:
    """The category is its title."""
    found = ask("advice", "--json").data

    assert {"Study", "Coding"} == {item["title"] for item in found}
    assert "A post" == found[0]["source"]["title"]
    assert "A post" in ask("advice").out


@pytest.mark.parametrize(("kind", "words"), ADDS)
def test_one_s_own_stand_in_the_list_and_undo_takes_them_back(ask, kind, words) -> None:
    """With an id made from the title."""
    made = ask(*words, "--json").data

    assert made["id"] in [row[0] for row in ask(kind, "list").rows]
    ask("undo")
    assert made["id"] not in [row[0] for row in ask(kind, "list").rows]


def test_a_term_of_one_s_own_becomes_cards(ask) -> None:
    """Two, as for every term."""
    ask(*ADDS[0][1])

    cards = [card["id"] for card in ask("card", "list", "--json").data]
    assert {"term.logit.meaning", "term.logit.name"} <= set(cards)


def test_a_note_is_read_from_stdin(ask) -> None:
    """`-` is stdin; bytes that are no text become unknown signs."""
    made = ask("note", "add", "Piped", "-", "--json", stdin=b"line one\nbad \xff byte\n").data

    assert "line one\nbad � byte\n" == made["text"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["term", "add", "Temperature", "again"], 2, "already has"),
        (["term", "add", " ", "text"], 2, "needs a title"),
        (["note", "add", "t", " "], 2, "needs a text"),
        (["note", "add", "t", "-"], 2, "needs a text"),
        (["note", "add", "t", "x", "--topic", "nothing"], 3, "topic list"),
        (["resource", "add", "t", "nowhere"], 2, "is no address"),
        (["term", "show", "temprature"], 3, "Did you mean `temperature`"),
        (["term", "show", "top"], 3, "top-k  Top K"),
        (["note", "show", "nothing"], 3, "note list"),
    ],
)
def test_what_cannot_be_meant_is_told_and_changes_nothing(ask, words, code, told) -> None:
    """Exit code 2 for words, 3 for ids."""
    assert told in ask(*words, code=code).err
    ask("undo", code=1)

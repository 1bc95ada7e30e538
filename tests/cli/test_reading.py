"""`studytrack reading …`: the reading list."""

from __future__ import annotations

import pytest


def of(ask, name: str) -> dict:
    """Return a reading as it stands."""
    return ask("reading", "show", name, "--json").data


def test_the_list_has_url_status_and_kind(ask) -> None:
    """Those put next first; dates are null until there are any."""
    found = ask("reading", "list", "--json").data

    assert "sampling-post" == found[0]["id"]
    assert {"id", "title", "url", "status", "kind", "topics", "progress"} <= set(found[0])
    assert {None} == {reading["started"] for reading in found}


def test_a_status_and_a_limit_cut_the_list(ask) -> None:
    """So does their table."""
    assert ["next"] == [
        r["status"] for r in ask("reading", "list", "--status", "next", "--json").data
    ]
    assert 1 == len(ask("reading", "list", "--limit", "1", "--json").data)


def test_an_empty_list_names_the_way_on(ask) -> None:
    """On stderr: stdout keeps its header and nothing else."""
    said = ask("reading", "list", "--status", "dropped")

    assert 1 == len(said.rows)
    assert "studytrack reading add URL" in said.err


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("next", "next"),
        ("start", "reading"),
        ("done", "done"),
        ("archive", "archived"),
        ("drop", "dropped"),
        ("inbox", "inbox"),
    ],
)
def test_each_verb_moves_a_reading(ask, verb, status) -> None:
    """And undo moves it back."""
    before = of(ask, "attention-paper")["status"]

    assert status == ask("reading", verb, "attention-p", "--json").data["status"]

    if before != status:
        ask("undo")
    assert before == of(ask, "attention-paper")["status"]


def test_starting_and_finishing_leave_their_dates(ask) -> None:
    """As ISO dates of study days."""
    ask("reading", "start", "deep-book")
    ask("reading", "done", "deep-book")

    found = of(ask, "deep-book")
    assert ("2026-11-24", "2026-11-24", 100) == (
        found["started"],
        found["finished"],
        found["progress"],
    )


def test_a_takeaway_becomes_a_card(ask) -> None:
    """Its id is told, and the card asks for it."""
    said = ask("reading", "done", "attention-video", "--takeaway", "Values are mixed by weights.")

    card = said.out.split("`")[1]
    assert "Values are mixed" in ask("card", "show", card).out
    assert "Takeaway: Values are mixed" in ask("reading", "show", "attention-video").out


def test_progress_is_a_percentage(ask) -> None:
    """0 to 100; it begins a reading."""
    assert "A Book of Depth: reading, 40 %.\n" == ask("reading", "progress", "deep", "40").out
    ask("reading", "progress", "deep", "101", code=2)
    ask("reading", "progress", "deep", "half", code=2)


def test_show_tells_tip_and_other_mentions(ask) -> None:
    """One reading, several mentions: none is lost."""
    assert "Tip: Read the first two parts." in ask("reading", "show", "deep").out
    assert "Also listed as: Attention Is All You Need (inbox)" in (
        ask("reading", "show", "attention-paper").out
    )


def test_a_reading_of_one_s_own(ask) -> None:
    """Title and kind come from the address where they are not given."""
    words = ("https://github.com/someone/tiny-lm", "--topic", "sampling", "--json")
    made = ask("reading", "add", *words).data

    assert ("tiny lm", "repo", "inbox", ["sampling"]) == (
        made["title"],
        made["kind"],
        made["status"],
        made["topics"],
    )


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["add", "not an address"], 2, "is no address"),
        (["add", "https://books.example/depth/"], 2, "reading show deep-book"),
        (["add", "https://a.example/b", "--kind", "song"], 2, "The kinds are"),
        (["add", "https://a.example/b", "--topic", "x"], 3, "topic list"),
        (["show", "deep-boook"], 3, "Did you mean `deep-book`"),
        (["show", "attention"], 3, "attention-video  Attention, drawn"),
        (["list", "--status", "nexd"], 2, "Did you mean `next`"),
        (["done", "nothing-like-it"], 3, "reading list"),
    ],
)
def test_what_cannot_be_meant_is_told_and_changes_nothing(ask, words, code, told) -> None:
    """Exit code 2 for words, 3 for ids."""
    assert told in ask("reading", *words, code=code).err
    ask("undo", code=1)

"""`studytrack today`: the plan as text and JSON."""

from __future__ import annotations


def test_the_plan_is_ordered_and_fits_the_day(ask) -> None:
    """Cards, code, reading; each with its id, to go on with a command."""
    lines = ask("today").out.splitlines()

    assert "Tue 24 Nov, day 1." == lines[0]
    assert "Today, about 18 minutes:" == lines[1]
    assert lines[2].startswith("  1. Review: 8 new cards, about ")
    assert "[add_one]: new, about 5 min" in lines[3]
    assert "Start with the cards: `studytrack review`." in lines


def test_the_text_names_no_key_of_the_interface(ask) -> None:
    """Keys mean nothing on a command line."""
    assert "(key" not in ask("today").out


def test_the_plan_as_json(ask) -> None:
    """Steps with kind, item and minutes; the date in ISO 8601."""
    data = ask("today", "--json").data

    assert "2026-11-24" == data["date"]
    assert ["review", "exercise", "reading"] == [step["kind"] for step in data["steps"]]
    assert data["minutes"] == sum(step["minutes"] for step in data["steps"])
    assert {"streak", "parts", "advice", "next_text", "done"} <= set(data)


def test_advice_comes_with_its_source(ask) -> None:
    """One a day."""
    assert "Advice (A post): " in ask("today").out


def test_a_day_that_is_done_says_when_it_goes_on(ask, monkeypatch) -> None:
    """And how to learn more now."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "1")
    ask("review", stdin="\n4\n")
    ask("exercise", "solution", "add_one", "--give-up")
    ask("reading", "done", "sampling-post")

    out = ask("today").out

    assert "Done for today: 1 card, 1 exercise, 1 reading." in out
    assert "`studytrack review --more 5` learns more today." in out
    assert "(key" not in out


def test_a_day_of_study_counts_from_the_first(ask, at) -> None:
    """And days in a row are told from the second on."""
    ask("card", "answer", "recall.topk-tie", "1")
    at("2026-11-25T08:00:00+01:00")
    ask("card", "answer", "recall.topk-tie", "1")

    out = ask("today").out

    assert out.startswith("Wed 25 Nov, day 2, 2 days in a row.")
    assert "Forgotten this week: Top K (2 times)." in out

"""The quiz in a script: `card next`, `answer`, `undo`, `show`, `stats`, on a clock that is set."""

from __future__ import annotations

import json
from datetime import date, timedelta

CARD = "recall.topk-tie"


def moment(day: int, hour: int = 8) -> str:
    """Return a morning so many days after the first."""
    return f"{date(2026, 11, 24) + timedelta(days=day)}T{hour:02}:00:00+01:00"


def test_a_loop_over_next_and_answer_empties_the_day(ask) -> None:
    """Each answer says when the card comes back; then `next` is null, and undo brings one back."""
    asked, promised = [], []
    while (shown := ask("card", "next", "--json").data) is not None:
        asked.append(shown["id"])
        done = ask("card", "answer", shown["id"], "easy", "--json").data
        promised.append((shown["intervals"][3], f"{done['scheduled']}d"))
        assert done["left"] == shown["left"] - 1
        assert done["leech"] is None

    undone = ask("card", "undo", "--json").data
    again = ask("card", "next", "--json").data

    assert len(set(asked)) == len(asked) == 8
    assert all(one == other for one, other in promised)
    assert undone["id"] == asked[-1] == again["id"]


def test_the_clock_of_the_environment_moves_days(ask, at, monkeypatch) -> None:
    """The same commands on other days: due on the day that was promised, not before."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "0")
    due = date.fromisoformat(ask("card", "answer", CARD, "easy", "--json").data["due"])
    days = (due - date(2026, 11, 24)).days

    at(moment(days - 1))
    early = ask("card", "next", "--json").data
    at(moment(days))
    on_time = ask("card", "next", "--json").data
    row = ask("card", "answer", CARD, "good", "--json").data
    shown = ask("card", "show", CARD, "--json").data

    assert early is None
    assert (on_time["id"], on_time["state"]) == (CARD, "review")
    assert row["due"] > due.isoformat()
    assert [entry["kind"] for entry in shown["history"]] == ["learn", "review"]
    assert shown["history"][1]["at"].startswith(due.isoformat())


def test_stats_as_json_count_what_the_pipeline_did(ask, at) -> None:
    """Reviews, leeches and predictions, all as numbers."""
    ask("card", "answer", CARD, "easy")
    at(moment(30))
    ask("card", "answer", CARD, "again")

    data = ask("stats", "--days", "40", "--json").data

    assert (data["reviews"], data["recall"], data["leeches"]) == (2, 0.0, 0)
    assert [one["kind"] for one in data["calibration"]] == ["card", "exercise"]
    assert data["calibration"][0] | {"bins": []} == {
        "kind": "card",
        "reviews": 1,
        "enough": False,
        "wanted": None,
        "recalled": None,
        "log_loss": None,
        "rmse": None,
        "bins": [],
    }


def test_predictions_are_told_once_there_are_enough(ask, at) -> None:
    """Before that the count is named; after it the bins."""
    few = ask("stats", "--calibration").out
    names = [card["id"] for card in ask("card", "list", "--json").data]
    for round_ in range(12):
        at(moment(30 * round_))
        for name in names[:10]:
            ask("card", "answer", name, "good" if round_ % 4 else "easy")

    text = ask("stats", "--days", "400", "--calibration").out
    data = ask("stats", "--days", "400", "--json").data["calibration"][0]

    assert "Nothing was reviewed" in few
    assert "Predictions for cards: " in text
    assert "log loss" in text
    assert "Predictions for exercises: not enough data (0 reviews" in text
    assert data["enough"]
    assert len(data["bins"]) == 10
    assert sum(one["reviews"] for one in data["bins"]) == data["reviews"]
    assert all(one["low"] <= one["recalled"] <= one["high"] for one in data["bins"])


def test_a_leap_of_the_clock_is_refused_until_it_is_confirmed(ask, at) -> None:
    """Exit code 5 and nothing stored; --yes takes the date, and then it is known."""
    ask("card", "answer", CARD, "easy")
    at("2028-11-24T08:00:00+01:00")

    refused = ask("card", "answer", CARD, "good", code=5)
    session = ask("review", stdin="", code=5)
    history = ask("card", "show", CARD, "--json").data["history"]
    ask("card", "answer", CARD, "good", "--yes")
    ask("card", "answer", CARD, "good")

    assert "731 days after your last entry" in refused.err
    assert "--date-is-right" in refused.err
    assert "Card" not in session.out
    assert len(history) == 1


def test_a_date_that_is_right_is_said_to_any_command(ask, at) -> None:
    """Everything that stores something asks, and one option before the command answers."""
    ask("note", "add", "First", "Text.")
    at("2028-11-24T08:00:00+01:00")

    refused = ask("note", "add", "Second", "Text.", code=5)
    ask("--date-is-right", "note", "add", "Second", "Text.")
    ask("note", "add", "Third", "Text.")

    assert "731 days after your last entry" in refused.err
    assert [one["title"] for one in ask("note", "list", "--json").data][-2:] == ["Second", "Third"]


def test_a_clock_behind_the_last_entry_is_told_on_stderr(ask, at) -> None:
    """The answer is stored all the same; data stays alone on stdout."""
    ask("card", "answer", CARD, "easy")
    at(moment(-10))

    said = ask("card", "answer", CARD, "good", "--json")
    next_time = ask("card", "answer", CARD, "good", "--json")

    assert json.loads(said.out)["data"]["rating"] == 3
    assert "last entry" in said.err
    assert next_time.err == ""


def test_cards_are_put_away_and_brought_back(ask) -> None:
    """Each deed says what it means, and the list and JSON show it."""
    told = {
        verb: ask("card", verb, CARD).out
        for verb in ("bury", "suspend", "resume", "master", "resume", "flag")
    }
    ask("card", "master", CARD)

    listed = ask("card", "list", "--flagged", "--json").data
    ask("card", "unflag", CARD)
    data = ask("card", "reset", CARD, "--json").data

    assert all(CARD in text for text in told.values())
    assert [(card["id"], card["state"], card["flagged"]) for card in listed] == [
        (CARD, "mastered", True)
    ]
    assert (data["state"], data["due"], data["flagged"]) == ("new", None, False)
    assert ask("card", "list", "--flagged", "--json").data == []


def test_a_leech_is_told_of_and_listed(ask, at) -> None:
    """At the moment it happens, with what may help; the list finds it."""
    day = 0
    for _ in range(8):
        ask("card", "answer", CARD, "easy")
        day += 30
        at(moment(day))
        said = ask("card", "answer", CARD, "again")

    rows = ask("card", "list", "--leeches").rows

    assert "You have forgotten this card 8 times." in said.out
    assert "Split it" in said.out
    assert [row[0] for row in rows[1:]] == [CARD]
    assert "Leeches: 1 card" in ask("stats").out
    assert "8 times: a leech." in ask("card", "show", CARD).out


def test_a_review_session_tells_of_a_leech(ask, at, monkeypatch) -> None:
    """In words, after the rating."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "0")
    day = 0
    for _ in range(7):
        ask("card", "answer", CARD, "easy")
        day += 30
        at(moment(day))
        ask("card", "answer", CARD, "again")
    ask("card", "answer", CARD, "easy")
    at(moment(day + 60))

    said = ask("review", "--limit", "1", stdin="\n1\n")

    assert "You have forgotten this card 8 times." in said.out


def test_more_of_each_limit_is_an_option_of_the_session(ask, monkeypatch) -> None:
    """All three are one step of the log."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "0")

    ask("review", "--more", "2", "--more-reviews", "3", "--more-minutes", "4", stdin="")

    assert ask("undo").out == "Undone: more new cards and reviews and minutes today.\n"

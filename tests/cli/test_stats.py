"""`studytrack stats`: progress in figures."""

from __future__ import annotations

import pytest

from studytrack.cli.stats import bars, counted


def test_without_a_review_the_way_to_one_is_named(ask) -> None:
    """No columns of zeros."""
    assert "Nothing was reviewed in the last 30 days. `studytrack review` begins.\n" == (
        ask("stats").out
    )


def test_figures_after_some_days(ask, at) -> None:
    """Reviews, what was remembered, the streak, the week to come."""
    ask("card", "answer", "recall.topk-tie", "4")
    at("2026-12-10T08:00:00+01:00")
    ask("card", "answer", "recall.topk-tie", "3")

    out = ask("stats").out
    data = ask("stats", "--days", "7", "--json").data

    assert "Last 30 days: 2 reviews, 100% remembered" in out
    assert "Streak: 1 day." in out
    assert "II\t1\t100%" in out
    assert (1, 7, 7) == (data["reviews"], len(data["per_day"]), len(data["upcoming"]))
    assert {"part": "II", "recall": 1.0, "reviews": 1} in data["by_part"]


@pytest.mark.parametrize("days", ["0", "3651", "x"])
def test_days_without_sense_are_usage(ask, days) -> None:
    """Exit code 2."""
    ask("stats", "--days", days, code=2)


def test_bars_show_every_review() -> None:
    """One review in a day is seen beside a thousand."""
    assert "·▁█" == bars((0, 1, 1000))
    assert "··" == bars((0, 0))
    assert "" == bars(())


def test_numbers_agree_with_their_words() -> None:
    """1 day, 0 days."""
    assert ["0 days", "1 day", "2 days"] == [counted(n, "day") for n in range(3)]

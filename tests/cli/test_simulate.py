"""`studytrack simulate`: the days to come in figures."""

from __future__ import annotations


def test_a_forecast_in_sentences_and_a_curve(ask) -> None:
    """Minutes a day, the finish, and what each retention costs."""
    said = ask("simulate", "--days", "30")

    assert "minutes a day, at most" in said.out
    assert "The last new card begins on 2026-" in said.out
    assert "90%" in said.out


def test_a_forecast_for_scripts(ask) -> None:
    """One entry per day, a curve that grows, and the same again for the same seed."""
    said = ask("simulate", "--days", "30", "--json")

    data = said.data
    assert len(data["minutes"]) == len(data["answers"]) == len(data["new"]) == 30
    assert sum(data["new"]) == data["waiting"]
    retentions = [point["retention"] for point in data["curve"]]
    assert retentions == [0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert ask("simulate", "--days", "30", "--json").data == data


def test_too_short_a_span_says_what_is_left(ask) -> None:
    """Where new cards are left over, no finish is claimed."""
    said = ask("simulate", "--days", "1")

    assert "The last new card" in said.out or "New cards are left after 1 day." in said.out
    assert (ask("simulate", "--days", "1", "--json").data["finish"] is None) == (
        "New cards are left" in said.out
    )

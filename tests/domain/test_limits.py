"""What a study day still allows."""

from __future__ import annotations

from studytrack.domain.limits import limits_of
from studytrack.domain.log import LogRow


def row(name: str, kind: str, *, ms: int | None = None, before: float | None = 0.9) -> LogRow:
    """Return an answer of the day."""
    return LogRow(
        event_id=f"{name}{kind}{ms}",
        device_id="d",
        clock=1,
        utc_ms=1,
        offset_min=0,
        study_day=1,
        kind=kind,
        item_kind="card",
        item_id=name,
        rating=3,
        duration_ms=ms,
        r_before=before,
    )


def test_a_day_without_answers_allows_all() -> None:
    """The settings, and what was added for the day."""
    plain = limits_of([], new=8, reviews=200)
    more = limits_of([], new=8, reviews=200, minutes=10, additions={"extra_new": 5,
                     "extra_reviews": 20, "extra_minutes": 3})  # fmt: skip

    assert (plain.new, plain.reviews, plain.left_ms) == (8, 200, None)
    assert (more.new, more.reviews, more.left_ms) == (13, 220, 13 * 60_000)


def test_steps_of_one_new_card_count_once() -> None:
    """A card begins once, however often it is answered while it is learnt."""
    rows = [row("a", "learn", before=None), row("a", "learn"), row("b", "learn", before=None)]

    assert limits_of(rows, new=8, reviews=200).new == 6


def test_relearning_is_no_review() -> None:
    """A due card counts once: its steps after a lapse do not."""
    rows = [row("a", "review"), row("a", "relearn"), row("b", "review")]

    assert limits_of(rows, new=8, reviews=10).reviews == 8


def test_minutes_are_those_of_the_answers() -> None:
    """An answer left lying counts a minute, one that was not timed the usual time."""
    rows = [row("a", "review", ms=5_000), row("b", "review", ms=900_000), row("c", "review")]

    found = limits_of(rows, new=8, reviews=10, minutes=2)

    assert found.spent_ms == 5_000 + 60_000 + 20_000
    assert found.left_ms == 120_000 - found.spent_ms


def test_additions_raise_no_limit_that_there_is_not() -> None:
    """More minutes on a day without a limit leave it without one."""
    assert limits_of([], new=8, reviews=10, additions={"extra_minutes": 5}).left_ms is None

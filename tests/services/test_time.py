"""Study days in a life with journeys, clock changes and wrong clocks: the exact due days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from studytrack.paths import find_paths
from studytrack.services import (
    cards,
    curriculum,
    exercises,
    grading,
    library,
    readings,
    review,
    undo,
)
from studytrack.services.moments import (
    ClockLeap,
    believe_clock,
    check_clock,
    clock_warning,
    examine_clock,
)
from studytrack.services.study import Study
from studytrack.services.transfer import import_file

CARD = "recall.topk-tie"


@pytest.fixture
def at(study, clock):
    """Set the clock to a local moment, and learn by days alone."""
    study.settings = replace(study.settings, study_balance=False)

    def set_clock(*when: int, zone: str = "Europe/Berlin", fold: int = 0) -> None:
        clock.moment = datetime(*when, tzinfo=ZoneInfo(zone), fold=fold)

    return set_clock


def day_of(ordinal: int) -> date:
    """Return a study day as a date."""
    return date.fromordinal(ordinal)


def answer(study, rating: int = 4, card: str = CARD) -> tuple[date, date]:
    """Answer a card; return the study day of the answer and the due day."""
    row = review.answer(study, card, rating).row
    memory = study.store.memory("card", card)
    assert study.store.rebuild() == 0
    return day_of(row.study_day), day_of(memory.due_day)


def is_due(study) -> bool:
    """Return whether the card can be asked now."""
    study.settings = replace(study.settings, study_new_cards=0)
    return review.next_question(study) is not None


@pytest.mark.parametrize(
    ("hour", "minute", "expected"), [(3, 59, date(2026, 11, 23)), (4, 0, date(2026, 11, 24))]
)
def test_a_study_day_begins_at_four(study, at, hour, minute, expected) -> None:
    """One minute decides the day of the answer, and with it the due day."""
    at(2026, 11, 24, hour, minute)

    day, due = answer(study)

    assert day == expected
    assert due == expected + timedelta(days=9)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("forward", [True, False])
def test_days_of_other_lengths_are_days(study, at, zone, forward) -> None:
    """Over both changes of the clock a card is due on its day from four, not an hour beside."""
    changes = {
        "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
        "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
        "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    }
    change = changes[zone][0 if forward else 1]
    before = change - timedelta(days=1)
    at(before.year, before.month, before.day, 22, 0, zone=zone)

    day, due = answer(study)
    at(due.year, due.month, due.day, 3, 59, zone=zone)
    early = is_due(study)
    at(due.year, due.month, due.day, 4, 0, zone=zone)

    assert (day, due) == (before, before + timedelta(days=9))
    assert (early, is_due(study)) == (False, True)


def test_a_rollover_in_the_gap_of_the_clock(study, at) -> None:
    """At 02:30, which does not exist on that Sunday, the day begins with the first moment after."""
    study.settings = replace(study.settings, study_rollover="02:30")
    at(2026, 3, 29, 1, 59)
    saturday, _ = answer(study)
    at(2026, 3, 29, 3, 0)

    sunday, due = answer(study)

    assert (saturday, sunday) == (date(2026, 3, 28), date(2026, 3, 29))
    assert due > date(2026, 3, 29)
    assert study.store.live(item_kind="card")[-1].kind == "review"


def test_the_hour_that_comes_twice_is_one_night(study, at) -> None:
    """Half past two before and after the change is the same study day, in the order it happened."""
    at(2026, 10, 25, 2, 30, fold=0)
    first, _ = answer(study, 1)
    at(2026, 10, 25, 2, 30, fold=1)

    second, _ = answer(study, 1)

    rows = study.store.live(item_kind="card")
    assert first == second == date(2026, 10, 24)
    assert rows[1].utc_ms - rows[0].utc_ms == 3_600_000


def test_a_journey_across_zones_repeats_a_day_or_skips_one(study, at) -> None:
    """Each answer stands on the day that the traveller lived; days between never go below zero."""
    at(2026, 11, 24, 9, 0, zone="Asia/Tokyo")
    tokyo, due = answer(study)
    at(2026, 11, 23, 20, 0, zone="America/Los_Angeles")  # four hours later, a day earlier there
    los_angeles, again = answer(study, 3)

    rows = study.store.live(item_kind="card")
    assert (tokyo, due) == (date(2026, 11, 24), date(2026, 12, 3))
    assert los_angeles == date(2026, 11, 24)  # days do not go back
    assert rows[1].r_before == 1.0
    assert [row.offset_min for row in rows] == [540, -480]
    assert again > los_angeles


def test_the_date_line_eastwards_gives_the_day_twice(study, at) -> None:
    """From Auckland to Honolulu it is yesterday again, and what is due waits for its date."""
    at(2026, 11, 24, 20, 0, zone="Pacific/Auckland")
    _, due = answer(study)
    at(due.year, due.month, due.day, 5, 0, zone="Pacific/Honolulu")
    honolulu = is_due(study)
    at(due.year, due.month, due.day - 1, 23, 0, zone="Pacific/Honolulu")

    assert due == date(2026, 12, 3)
    assert honolulu
    assert not is_due(study)


def test_the_date_line_westwards_skips_a_day(study, at) -> None:
    """From Honolulu to Auckland a day is missing; the card is due on the date all the same."""
    at(2026, 11, 24, 20, 0, zone="Pacific/Honolulu")
    day, due = answer(study)
    at(2026, 12, 3, 4, 0, zone="Pacific/Auckland")

    assert (day, due) == (date(2026, 11, 24), date(2026, 12, 3))
    assert is_due(study)


def test_a_leap_day_is_a_day(study, at) -> None:
    """The 29th of February lies between, and can be due itself."""
    at(2028, 2, 20, 12, 0)
    before, due = answer(study)
    at(2028, 2, 29, 4, 0)

    on_day, later = answer(study)

    assert (before, due) == (date(2028, 2, 20), date(2028, 2, 29))
    assert on_day == due
    assert later > date(2028, 3, 1)


def test_a_changed_rollover_leaves_what_was_stored(study, at) -> None:
    """Old answers keep their day; from now on the new hour decides, and no day goes back."""
    at(2026, 11, 24, 5, 0)
    first, due = answer(study)
    study.settings = replace(study.settings, study_rollover="06:00")
    at(2026, 11, 24, 5, 30)  # the 23rd by the new hour
    second, _ = answer(study, 3)
    at(2026, 11, 25, 5, 59)
    third, _ = answer(study, 3)
    at(2026, 11, 25, 6, 0)

    assert first == second == third == date(2026, 11, 24)
    assert due == date(2026, 12, 3)
    assert answer(study, 3)[0] == date(2026, 11, 25)
    assert [day_of(r.study_day) for r in study.store.live(item_kind="card")][:1] == [first]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=10)])
def test_a_clock_that_goes_back_loses_no_order(study, clock, back) -> None:
    """The true time is kept, the study day stays, rows keep their order, and it is said once."""
    study.settings = replace(study.settings, study_balance=False)
    start = clock.moment
    first = review.answer(study, CARD, 4).row
    clock.moment = start - back

    warning = clock_warning(study)
    second = review.answer(study, CARD, 3).row

    assert second.utc_ms == first.utc_ms - back.total_seconds() * 1000
    assert second.study_day == first.study_day
    assert second.clock > first.clock
    assert study.store.live(item_kind="card") == [first, second]
    assert "last entry" in warning
    assert clock_warning(study) == ""  # the newest entry is of this clock now
    assert study.store.rebuild() == 0


def test_a_right_clock_needs_no_word(study, clock) -> None:
    """Neither in an empty log, nor after seconds that every clock is set back by."""
    empty = clock_warning(study)
    review.answer(study, CARD, 4)
    clock.forward(seconds=-30)

    assert empty == clock_warning(study) == ""


def test_a_leap_of_more_than_a_year_asks_first(study, clock) -> None:
    """Nothing is stored until the learner says that the date is right, and then it goes on."""
    review.answer(study, CARD, 4)
    clock.forward(days=366, hours=1)

    with pytest.raises(ClockLeap, match="366 days"):
        review.answer(study, CARD, 3)
    stored = len(study.store.rows())
    believe_clock(study)
    row = review.answer(study, CARD, 3).row
    study.kept.clear()
    check_clock(study)

    assert stored == 1
    assert row.study_day == study.stamp().study_day


WRITES = {
    "an opened exercise": lambda study: exercises.open_exercise(study, "add_one"),
    "a hint": lambda study: exercises.hint(study, "add_one"),
    "a solution given up for": lambda study: exercises.solution(study, "add_one", give_up=True),
    "a mark": lambda study: curriculum.mark(study, "pytorch.basics", "done"),
    "a reading": lambda study: readings.finish(study, "deep-book"),
    "a note": lambda study: library.add_note(study, "A note", "Text."),
    "an undo": undo.undo,
    "a suspended card": lambda study: cards.suspend(study, CARD),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_is_stored_under_a_leapt_day(study, clock, write) -> None:
    """Whatever is stored has a study day for good; confirmed once, all of it goes on."""
    review.answer(study, CARD, 4)
    clock.forward(days=400)

    with pytest.raises(ClockLeap, match="400 days"):
        write(study)
    stored = len(study.store.rows())
    believe_clock(study)
    write(study)

    assert stored == 1
    assert len(study.store.rows()) > stored


def test_a_leapt_clock_is_told_before_anything_is_graded(study, clock) -> None:
    """A run takes seconds, and the attempt could not be kept; no file is written either."""
    review.answer(study, CARD, 4)
    clock.forward(days=400)

    with pytest.raises(ClockLeap):
        grading.grade(study, "add_one", b"", grader=None)
    with pytest.raises(ClockLeap):
        exercises.open_exercise(study, "add_one")

    assert not exercises.exercise(study, "add_one").path.exists()


def test_a_year_s_pause_is_no_leap(study, clock) -> None:
    """Up to 365 days nothing is asked, and a new learner is never asked."""
    check_clock(study)
    review.answer(study, CARD, 4)
    clock.forward(days=365)

    assert review.answer(study, CARD, 3).row.kind == "review"


def test_steps_over_the_rollover_are_due_at_once(study, at) -> None:
    """A step of ten minutes at 03:55 is due at four, and its answer counts as a day later."""
    at(2026, 11, 24, 3, 55)
    review.answer(study, CARD, 3)
    at(2026, 11, 24, 3, 59)
    study.settings = replace(study.settings, study_new_cards=0)
    waiting = review.counts(study).learning
    at(2026, 11, 24, 4, 0)

    row = review.answer(study, review.next_question(study), 3).row

    assert waiting == 1
    assert row.r_before is not None
    assert row.r_before < 1
    assert day_of(row.study_day) == date(2026, 11, 24)


def test_rows_keep_utc_offset_and_day(study, at) -> None:
    """All three as they were decided then."""
    at(2026, 11, 24, 1, 0, zone="Asia/Kolkata")

    row = review.answer(study, CARD, 3).row

    assert row.utc_ms == datetime(2026, 11, 23, 19, 30, tzinfo=UTC).timestamp() * 1000
    assert row.offset_min == 330
    assert day_of(row.study_day) == date(2026, 11, 23)


@pytest.fixture
def wrong_date(study, clock) -> None:
    """Answer on the right day, in a confirmed wrong year, and set the clock right."""
    study.settings = replace(study.settings, study_balance=False)
    review.answer(study, CARD, 3)
    clock.forward(days=1826)
    believe_clock(study)
    review.answer(study, "num.float32-bytes", 4)
    clock.forward(days=-1825)


def test_a_wrong_date_is_told_with_the_way_back(study, wrong_date) -> None:
    """Doctor and every command say it while answers stand years after the clock."""
    warning = clock_warning(study)
    checks = [one.text for one in examine_clock(study)]

    assert "undo --ahead" in warning
    assert "1 answer stands on days up to 2031-11-24," in warning
    assert study.notices() == [warning]
    assert checks == [warning]


def test_an_undo_takes_back_the_confirmed_day(study, clock, wrong_date) -> None:
    """The tombstone holds no day, so the next answer stands on the day of the clock."""
    held = study.stamp().study_day
    undo.undo(study)

    day, due = answer(study, 3)

    assert held == clock.moment.date().toordinal() + 1825
    assert day == clock.moment.date()
    assert due <= day + timedelta(days=30)
    assert clock_warning(study) == ""
    assert study.notices() == []


def test_answers_that_a_wrong_date_held_go_back_at_once(study, clock, wrong_date, reopen) -> None:
    """Those given since stand on its day too; one command takes back all of them and no other."""
    later = review.answer(study, "recall.kv-cache-why", 3).row
    more = curriculum.mark(study, "pytorch.basics", "done")
    other = reopen()

    count = undo.undo_ahead(study)

    today = clock.moment.date().toordinal()
    assert later.study_day == today + 1825
    assert count == 2
    assert [row.item_id for row in study.store.live(kinds={"learn"})] == [CARD]
    assert more.marked == curriculum.topic(study, "pytorch.basics").marked == "done"
    assert study.stamp().study_day == other.stamp().study_day == today
    assert undo.undo_ahead(study) == 0
    assert study.store.rebuild() == 0


def test_a_journey_is_not_ahead(study, at) -> None:
    """From Auckland to Honolulu the day is held, and nothing of it is taken back."""
    at(2026, 11, 25, 1, 0, zone="Pacific/Kiritimati")
    answer(study)
    at(2026, 11, 24, 0, 30, zone="Pacific/Niue")

    assert undo.undo_ahead(study) == 0
    assert clock_warning(study) == ""
    assert len(study.store.live(kinds={"learn"})) == 1


def test_a_union_moves_no_day(study, clock, tmp_path, tiny) -> None:
    """What another device did within the year ahead comes in; days go on by the clock here."""
    clock.forward(days=200)
    other = Study(find_paths({}, tmp_path / "other"), study.settings, clock, [tiny])
    theirs = review.answer(other, CARD, 4).row
    other.close()
    clock.forward(days=-200)
    today = review.answer(study, CARD, 3).row.study_day

    summary = import_file(study, other.paths.database)
    row = review.answer(study, CARD, 3).row

    assert (summary.new, summary.refused) == (1, ())
    assert theirs.study_day == today + 200
    assert row.study_day == today
    assert row.clock > theirs.clock
    assert study.store.rebuild() == 0

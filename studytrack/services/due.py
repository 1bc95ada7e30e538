"""When a card comes back, in words: for buttons, after an answer, and when nothing waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from studytrack.domain.days import day_start
from studytrack.domain.memory import Memory


def interval_text(scheduled: int) -> str:
    """Return days, or negative seconds of a step, for a button.

    >>> [interval_text(n) for n in (-60, -600, 1, 46, 400)]
    ['<1m', '<10m', '1d', '1.5mo', '1.1y']
    """
    month, year = 30.4, 365.25
    if scheduled < 0:
        return f"<{_minutes(scheduled)}m"
    if scheduled < month:
        return f"{scheduled}d"
    if scheduled < year:
        return f"{scheduled / month:.1f}mo"
    return f"{scheduled / year:.1f}y"


def due_text(scheduled: int, today: int) -> str:
    """Return the sentence after an answer.

    >>> due_text(-60, 739944), due_text(1, 739944), due_text(40, 739944)
    ('Again in 1 minute.', 'Due again tomorrow.', 'Due again 3 Jan 2027.')
    """
    if scheduled < 0:
        minutes = _minutes(scheduled)
        return f"Again in {minutes} minute{'s' if minutes > 1 else ''}."
    if scheduled == 1:
        return "Due again tomorrow."
    due = date.fromordinal(today + scheduled)
    year = f" {due.year}" if due.year != date.fromordinal(today).year else ""
    return f"Due again {due.day} {due:%b}{year}."


def next_due_text(
    waiting: int,
    memories: Iterable[Memory],
    now: datetime,
    today: int,
    rollover: int,
    held: int = 0,
) -> str:
    """Return when it goes on, or how to go on now.

    Args:
        waiting: how many cards can be asked now.
        memories: of the cards in question.
        now: the moment, in the learner's zone.
        today: its study day.
        rollover: minutes after midnight at which a study day begins.
        held: how many due cards a limit of the day holds back.
    """
    if waiting:
        return f"{_cards(waiting)} can be asked now."
    if held:
        return (
            f"The day's limit is reached; {_cards(held)} more could be asked. "
            "`studytrack review --more-reviews 20 --more-minutes 10` goes on."
        )
    upcoming: dict[int, int] = {}
    for memory in memories:
        day = max(memory.due_day, (memory.buried_day or 0) + 1)
        if memory.state != "new" and day > today and not memory.resting:
            upcoming[day] = upcoming.get(day, 0) + 1
    if not upcoming:
        return "No card waits. `studytrack review --more 5` (key l) learns new ones."
    first = min(upcoming)
    zone = now.tzinfo
    assert zone is not None  # the clock gives aware moments
    start = day_start(first, zone, rollover).astimezone(zone)
    when = "tomorrow" if first == today + 1 else f"on {start.day} {start:%b}"
    return f"Next: {_cards(upcoming[first])} {when} from {start:%H:%M}."


def _minutes(scheduled: int) -> int:
    return max(1, round(-scheduled / 60))


def _cards(count: int) -> str:
    return f"{count} card{'s' if count > 1 else ''}"

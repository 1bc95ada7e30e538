"""From a rating to a due date: learning steps, intervals, and the fold of an item's log.

`Memory` is the cached state of one card or exercise; folding its live rows gives it again. The
same function serves the buttons' preview and the answer, so what a button shows is what happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from studytrack.domain.days import elapsed
from studytrack.domain.fsrs import AGAIN, EASY, GOOD, HARD, Fsrs, State
from studytrack.domain.fuzz import draw, fuzzed
from studytrack.domain.log import REVIEW_KINDS, LogRow, RowKind, live_rows

MemoryState = Literal["new", "learning", "review", "relearning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The state of one item. Days are study-day ordinals; `due_ms` is set in steps only.

    `interval` is the last scheduled number of days, `last_clock` the newest row that was folded.
    """

    item_kind: str
    item_id: str
    state: MemoryState = "new"
    stability: float = 0.0
    difficulty: float = 0.0
    step: int = 0
    due_day: int = 0
    due_ms: int | None = None
    last_day: int = 0
    interval: int = 0
    reps: int = 0
    lapses: int = 0
    suspended: bool = False
    buried_day: int | None = None
    last_clock: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How a kind of item is scheduled. Steps are whole seconds, each under a day.

    With `again_tomorrow` a failed item is due on the next study day, whatever the model says.
    """

    retention: float = 0.9
    learning_steps: tuple[int, ...] = (60, 600)
    relearning_steps: tuple[int, ...] = (600,)
    maximum: int = 36500
    again_tomorrow: bool = False


CARDS = Preset()
EXERCISES = Preset(retention=0.85, learning_steps=(), relearning_steps=(), again_tomorrow=True)
_DEFAULT = Fsrs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When an answer is given: study day and UTC milliseconds."""

    day: int
    utc_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an answer does. `scheduled` is days, or negative seconds for a step."""

    memory: Memory
    kind: RowKind
    scheduled: int
    recall_before: float | None


def answer(
    memory: Memory, rating: int, moment: Moment, preset: Preset, model: Fsrs | None = None
) -> Outcome:
    """Return what a rating does to an item.

    Raises:
        ValueError: the rating is not 1 to 4.
    """
    if rating not in (AGAIN, HARD, GOOD, EASY):
        raise ValueError(f"The rating is {rating}; it is 1 again, 2 hard, 3 good or 4 easy.")
    model = model or _DEFAULT
    new_state, recall = _remember(memory, rating, moment, model)
    scheduled, state, step = _schedule(memory, rating, moment, preset, model)
    kinds: dict[str, RowKind] = {"review": "review", "relearning": "relearn"}
    lapse = memory.state == "review" and rating == AGAIN
    scheduled_memory = replace(
        memory,
        state=state,
        stability=new_state.stability,
        difficulty=new_state.difficulty,
        step=step,
        last_day=moment.day,
        reps=memory.reps + 1,
        lapses=memory.lapses + lapse,
        buried_day=None,
    )
    return Outcome(
        memory=_due(scheduled_memory, scheduled, moment),
        kind=kinds.get(memory.state, "learn"),
        scheduled=scheduled,
        recall_before=recall,
    )


def preview(
    memory: Memory, moment: Moment, preset: Preset, model: Fsrs | None = None
) -> tuple[Outcome, Outcome, Outcome, Outcome]:
    """Return what each of the four ratings would do."""
    again, hard, good, easy = (
        answer(memory, rating, moment, preset, model) for rating in (AGAIN, HARD, GOOD, EASY)
    )
    return again, hard, good, easy


def _remember(
    memory: Memory, rating: int, moment: Moment, model: Fsrs
) -> tuple[State, float | None]:
    if memory.state == "new":
        return model.first(rating), None
    known = State(memory.stability, memory.difficulty)
    days = elapsed(memory.last_day, moment.day)
    return model.next(known, rating, days), model.recall(known, days)


def _schedule(
    memory: Memory, rating: int, moment: Moment, preset: Preset, model: Fsrs
) -> tuple[int, MemoryState, int]:
    """Return what is scheduled (days, or negative seconds), the new state and the new step."""
    lapsed = memory.state in {"review", "relearning"}
    steps = preset.relearning_steps if lapsed else preset.learning_steps
    in_steps: MemoryState = "relearning" if lapsed else "learning"
    step = memory.step if memory.state in {"learning", "relearning"} else 0
    leaves = not steps or step >= len(steps) or (memory.state == "review" and rating != AGAIN)
    if rating == AGAIN and steps:
        return -steps[0], in_steps, 0
    if not leaves and rating == HARD:
        return -_hard_step(steps, step), in_steps, step
    if not leaves and rating == GOOD and step + 1 < len(steps):
        return -steps[step + 1], in_steps, step + 1
    lowest = HARD if leaves else GOOD if step + 1 >= len(steps) else EASY
    return _days(memory, rating, min(lowest, rating), moment, preset, model), "review", 0


def _hard_step(steps: tuple[int, ...], step: int) -> int:
    if step:
        return steps[step]
    return steps[0] * 3 // 2 if len(steps) == 1 else (steps[0] + steps[1]) // 2


def _days(
    memory: Memory, rating: int, lowest: int, moment: Moment, preset: Preset, model: Fsrs
) -> int:
    """Return the interval of `rating`: each better rating is a day longer than the one below.

    `lowest` is the lowest rating that would get an interval here too.
    """
    u = draw(memory.item_id, memory.reps)
    days, below = 0, 0.0
    for one in range(lowest, rating + 1):
        if one == AGAIN and preset.again_tomorrow:
            days, below = 1, 0.0
            continue
        state, _ = _remember(memory, one, moment, model)
        interval = model.interval(state, preset.retention)
        previous = memory.interval if memory.state == "review" and one != AGAIN else 0
        least = days + (days > 0 and interval > below)
        days = max(fuzzed(interval, previous, preset.maximum, u), least)
        below = interval
    return min(max(days, 1), preset.maximum)


def _due(memory: Memory, scheduled: int, moment: Moment) -> Memory:
    """Return the memory with its due day, and the instant for a step."""
    if scheduled < 0:
        return replace(
            memory, due_day=moment.day, due_ms=moment.utc_ms - scheduled * 1000, interval=0
        )
    return replace(memory, due_day=moment.day + scheduled, due_ms=None, interval=scheduled)


def fold(
    item_kind: str, item_id: str, rows: Iterable[LogRow], model: Fsrs | None = None
) -> Memory | None:
    """Return the memory that an item's rows give, or None if they hold nothing about memory.

    Due dates come from what the rows scheduled; stability and difficulty are computed anew.
    """
    memory: Memory | None = None
    for row in live_rows(rows):
        memory = fold_one(memory, item_kind, item_id, row, model)
    return memory


def fold_one(
    memory: Memory | None, item_kind: str, item_id: str, row: LogRow, model: Fsrs | None = None
) -> Memory | None:
    """Return the memory after one more live row, which is later than all before it."""
    before = memory or Memory(item_kind=item_kind, item_id=item_id)
    after = _applied(before, row, model or _DEFAULT)
    return memory if after is None else replace(after, last_clock=row.clock)


def _applied(memory: Memory, row: LogRow, model: Fsrs) -> Memory | None:
    if row.kind in REVIEW_KINDS and row.rating is not None and row.scheduled is not None:
        moment = Moment(day=row.study_day, utc_ms=row.utc_ms)
        state, _ = _remember(memory, row.rating, moment, model)
        lapse = memory.state == "review" and row.rating == AGAIN
        new, step = _state_of(memory, row)
        changed = replace(
            memory,
            state=new,
            step=step,
            stability=state.stability,
            difficulty=state.difficulty,
            last_day=row.study_day,
            reps=memory.reps + 1,
            lapses=memory.lapses + lapse,
            buried_day=None,
        )
        return _due(changed, row.scheduled, moment)
    if row.kind == "suspend":
        return replace(memory, suspended=True)
    if row.kind == "resume":
        return replace(memory, suspended=False)
    if row.kind == "bury":
        return replace(memory, buried_day=row.study_day)
    if row.kind == "forward" and memory.due_day > row.study_day and memory.due_ms is None:
        return replace(memory, due_day=row.study_day)  # stability and interval stay as they are
    if row.kind == "reset":
        return Memory(item_kind=memory.item_kind, item_id=memory.item_id)
    return None


def _state_of(memory: Memory, row: LogRow) -> tuple[MemoryState, int]:
    """Return state and step after a row: what was scheduled tells whether it is in steps."""
    assert row.scheduled is not None
    if row.scheduled >= 0:
        return "review", 0
    state: MemoryState = "relearning" if memory.state in {"review", "relearning"} else "learning"
    return state, int(row.evidence.get("step", 0))

"""From a rating to a due date: learning steps, intervals, and the fold of an item's log.

Folding the live rows of an item gives its memory again. The same function serves the buttons'
preview and the answer, so what a button shows is what happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from studytrack.domain.balance import LONGEST, Spread, choose_day
from studytrack.domain.credit import apply_credit
from studytrack.domain.days import elapsed
from studytrack.domain.fsrs import AGAIN, EASY, GOOD, HARD, Fsrs, State
from studytrack.domain.fuzz import draw, fuzzed, legal
from studytrack.domain.log import REVIEW_KINDS, LogRow, RowKind, live_rows
from studytrack.domain.memory import Memory, MemoryState, Moment, Preset

_DEFAULT = Fsrs()


class Outcome(NamedTuple):
    """What an answer does. `scheduled` is days, or negative seconds for a step.

    `state` and `step` are the item's afterwards, `known` is what the model then knows of it.
    """

    before: Memory
    rating: int
    moment: Moment
    known: State
    state: MemoryState
    step: int
    kind: RowKind
    scheduled: int
    recall_before: float | None

    @property
    def memory(self) -> Memory:
        """The item afterwards."""
        return _answered(
            self.before,
            self.rating,
            self.moment,
            self.known,
            self.scheduled,
            self.state,
            self.step,
        )


def answer(
    memory: Memory,
    rating: int,
    moment: Moment,
    preset: Preset,
    model: Fsrs | None = None,
    spread: Spread | None = None,
) -> Outcome:
    """Return what a rating does to an item.

    Args:
        memory: the item before.
        rating: 1 again, 2 hard, 3 good, 4 easy.
        moment: when.
        preset: how its kind is scheduled.
        model: the model of memory.
        spread: the work of the days to come; None takes each legal day as it falls.

    Raises:
        ValueError: the rating is not 1 to 4.
    """
    if rating not in (AGAIN, HARD, GOOD, EASY):
        raise ValueError(f"The rating is {rating}; it is 1 again, 2 hard, 3 good or 4 easy.")
    return Offer(memory, moment, preset, model, spread).outcome(rating)


def preview(
    memory: Memory,
    moment: Moment,
    preset: Preset,
    model: Fsrs | None = None,
    spread: Spread | None = None,
) -> tuple[Outcome, Outcome, Outcome, Outcome]:
    """Return what each of the four ratings would do."""
    one = Offer(memory, moment, preset, model, spread)
    return one.outcome(AGAIN), one.outcome(HARD), one.outcome(GOOD), one.outcome(EASY)


class Offer:
    """One item on one study day: what each rating would do.

    What several ratings have in common is computed once, and what a question showed is there when
    it is answered. An offer holds good for its study day.
    """

    def __init__(
        self,
        memory: Memory,
        moment: Moment,
        preset: Preset,
        model: Fsrs | None = None,
        spread: Spread | None = None,
    ) -> None:
        self.before = memory
        self.memory = _awake(memory)
        self.moment = moment
        self.preset = preset
        self.model = model or _DEFAULT
        self.spread = spread
        self._intervals: dict[int, list[int]] = {}
        self._states: tuple[State, State, State, State] | None = None
        lapsed = self.memory.state in {"review", "relearning"}
        self._steps = preset.relearning_steps if lapsed else preset.learning_steps
        self._in_steps: MemoryState = "relearning" if lapsed else "learning"

    @property
    def promised(self) -> tuple[int, int, int, int]:
        """What each rating schedules: days, or negative seconds for a step."""
        schedule = self.schedule
        return schedule(AGAIN)[0], schedule(HARD)[0], schedule(GOOD)[0], schedule(EASY)[0]

    def outcome(self, rating: int, moment: Moment | None = None) -> Outcome:
        """Return all that a rating does, now or at a later moment of the study day."""
        scheduled, state, step = self.schedule(rating)
        moment = moment or self.moment
        return Outcome(
            before=self.memory,
            rating=rating,
            moment=moment,
            known=self._remembered()[rating - 1],
            state=state,
            step=step,
            kind=_KINDS.get(self.memory.state, "learn"),
            scheduled=scheduled,
            recall_before=_recall(self.memory, moment, self.model),
        )

    def schedule(self, rating: int) -> tuple[int, MemoryState, int]:
        """Return what is scheduled (days, or negative seconds), the new state and the new step."""
        memory, steps, in_steps = self.memory, self._steps, self._in_steps
        step = memory.step if memory.state in {"learning", "relearning"} else 0
        leaves = not steps or step >= len(steps) or (memory.state == "review" and rating != AGAIN)
        if rating == AGAIN and steps:
            return -steps[0], in_steps, 0
        if not leaves and rating == HARD:
            return -_hard_step(steps, step), in_steps, step
        if not leaves and rating == GOOD and step + 1 < len(steps):
            return -steps[step + 1], in_steps, step + 1
        lowest = HARD if leaves else GOOD if step + 1 >= len(steps) else EASY
        return self._interval(rating, min(lowest, rating)), "review", 0

    def _interval(self, rating: int, lowest: int) -> int:
        """Return the interval of a rating in whole days.

        `lowest` is the lowest rating that would get an interval here too.
        """
        if lowest not in self._intervals:
            self._intervals[lowest] = self._from(lowest)
        return self._intervals[lowest][rating - lowest]

    def _from(self, lowest: int) -> list[int]:
        """Return the intervals of `lowest` and all better ratings, each a day longer than before.

        Where two are equal before they are spread, they may stay so.
        """
        memory, model, spread, maximum = self.memory, self.model, self.spread, self.preset.maximum
        retention, states = self.preset.retention, self._remembered()
        reviewed = memory.interval if memory.state == "review" else 0
        u = draw(memory.item_id, memory.reps)
        found: list[int] = []
        below, below_exact = 0, 0.0
        for rating in range(lowest, EASY + 1):
            if rating == AGAIN and self.preset.again_tomorrow:
                days, interval = 1, 1.0
            else:
                interval = model.interval(states[rating - 1], retention)
                previous = 0 if rating == AGAIN else reviewed
                least = below + (below > 0 and interval > below_exact)
                if spread is None or interval > LONGEST:
                    days = max(fuzzed(interval, previous, maximum, u), least)
                else:
                    low, high = legal(interval, previous, maximum)
                    days = choose_day(spread, max(low, least), max(high, least), u)
            below, below_exact = min(max(days, 1), maximum), interval
            found.append(below)
        return found

    def _remembered(self) -> tuple[State, State, State, State]:
        """Return what the model knows after each rating."""
        if self._states is None:
            self._states = _each_remembered(self.memory, self.moment, self.model)
        return self._states


_KINDS: dict[str, RowKind] = {"review": "review", "relearning": "relearn"}


def _awake(memory: Memory) -> Memory:
    """Return a mastered item as what it is once it is back in rotation."""
    if memory.state != "mastered":
        return memory
    return memory._replace(state="review" if memory.reps else "new")


def _remembered(memory: Memory, rating: int, moment: Moment, model: Fsrs) -> State:
    if memory.state == "new":
        return model.first(rating)
    known = State(memory.stability, memory.difficulty)
    return model.next(known, rating, elapsed(memory.last_day, moment.day))


def _each_remembered(
    memory: Memory, moment: Moment, model: Fsrs
) -> tuple[State, State, State, State]:
    if memory.state == "new":
        return model.first(AGAIN), model.first(HARD), model.first(GOOD), model.first(EASY)
    known = State(memory.stability, memory.difficulty)
    return model.each(known, elapsed(memory.last_day, moment.day))


def _recall(memory: Memory, moment: Moment, model: Fsrs) -> float | None:
    if memory.state == "new":
        return None
    known = State(memory.stability, memory.difficulty)
    return model.recall(known, elapsed(memory.last_day, moment.day))


def _hard_step(steps: tuple[int, ...], step: int) -> int:
    if step:
        return steps[step]
    return steps[0] * 3 // 2 if len(steps) == 1 else (steps[0] + steps[1]) // 2


def _answered(
    memory: Memory,
    rating: int,
    moment: Moment,
    known: State,
    scheduled: int,
    state: MemoryState,
    step: int,
    clock: int | None = None,
) -> Memory:
    """Return an item after an answer that scheduled days, or seconds of a step."""
    days = max(scheduled, 0)
    return Memory(  # by place: a log of a million rows is folded through here
        memory.item_kind,
        memory.item_id,
        state,
        known.stability,
        known.difficulty,
        step,
        moment.day + days,  # due_day
        moment.utc_ms - scheduled * 1000 if scheduled < 0 else None,  # due_ms
        moment.day,  # last_day
        days,  # interval
        memory.reps + 1,
        memory.lapses + (memory.state == "review" and rating == AGAIN),
        memory.suspended,
        None,  # buried_day
        memory.last_clock if clock is None else clock,
    )


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
    if after is None or after.last_clock == row.clock:
        return memory if after is None else after
    return after._replace(last_clock=row.clock)


def _applied(memory: Memory, row: LogRow, model: Fsrs) -> Memory | None:
    if row.kind in REVIEW_KINDS and row.rating is not None and row.scheduled is not None:
        before = _awake(memory)
        moment = Moment(day=row.study_day, utc_ms=row.utc_ms)
        state, step = _state_of(before, row)
        known = _remembered(before, row.rating, moment, model)
        return _answered(
            before, row.rating, moment, known, row.scheduled, state, step, clock=row.clock
        )
    if row.kind == "suspend":
        return memory._replace(suspended=True)
    if row.kind == "mastered":
        return memory._replace(state="mastered", step=0, due_ms=None, suspended=False)
    if row.kind == "resume":
        return _awake(memory)._replace(suspended=False)
    if row.kind == "bury":
        return memory._replace(buried_day=row.study_day)
    if row.kind == "implicit":
        return apply_credit(memory, row, model)
    if row.kind == "forward" and memory.due_day > row.study_day and memory.due_ms is None:
        return memory._replace(due_day=row.study_day)  # stability and interval stay as they are
    if row.kind == "reschedule" and row.scheduled is not None and memory.state == "review":
        due = memory.last_day + row.scheduled
        return memory._replace(due_day=due, due_ms=None, interval=row.scheduled)
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

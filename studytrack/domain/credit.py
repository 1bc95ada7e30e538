"""Credit: whoever passes an exercise has used what it needs, though less than by writing that.

An *implicit* row moves a prerequisite's stability S a part of the way to what a good answer on that
day would give, S_good: S' = S·(S_good/S)^weight. It is no review: difficulty, last day, repetitions
and lapses stay, and the fit never sees it. An opt-in setting; who turns it on is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping

from studytrack.domain.days import elapsed
from studytrack.domain.exercise import Exercise
from studytrack.domain.fsrs import GOOD, S_MAX, Fsrs, State
from studytrack.domain.log import LogRow
from studytrack.domain.memory import Memory, Preset

DIRECT, SECOND = 0.25, 0.0625  # weights of a prerequisite, and of a prerequisite's own


def shares(name: str, exercises: Mapping[str, Exercise]) -> dict[str, float]:
    """Return the weight of the credit that a pass gives to each prerequisite.

    What is needed both directly and through another counts as direct. A form gives nothing:
    repairing one line is not writing the whole.
    """
    exercise = exercises.get(name)
    if exercise is None or exercise.form:
        return {}
    found: dict[str, float] = {}
    for need in exercise.needs:
        further = exercises[need].needs if need in exercises else ()
        found.update({other: found.get(other, SECOND) for other in further})
        found[need] = DIRECT
    return {need: weight for need, weight in found.items() if need != name}


def takes_credit(memory: Memory, day: int) -> bool:
    """Tell whether credit moves an item: in rotation, and last reviewed on an earlier day."""
    in_rotation = memory.state == "review" and not memory.suspended
    return in_rotation and elapsed(memory.last_day, day) > 0


def credited(memory: Memory, weight: float, day: int, scheduled: int, model: Fsrs) -> Memory:
    """Return an item after credit.

    Args:
        memory: an item that takes credit on that day.
        weight: the part of a good answer, in (0, 1].
        day: the study day.
        scheduled: days from then to the new due day; it is never earlier than the one before.
        model: the model of memory.
    """
    return memory._replace(
        stability=_firmer(memory, weight, day, model),
        due_day=max(memory.due_day, day + scheduled),
        interval=scheduled,
    )


def scheduled_days(memory: Memory, weight: float, day: int, preset: Preset, model: Fsrs) -> int:
    """Return the days from `day` to the due day that credit gives: what a row holds."""
    known = State(_firmer(memory, weight, day, model), memory.difficulty)
    exact = min(model.interval(known, preset.retention), preset.maximum)
    return max(round(exact), 1, memory.due_day - day)


def weight_of(row: LogRow) -> float | None:
    """Return the weight that a row gives, None if it is unusable: an import may hold anything."""
    weight, scheduled = row.evidence.get("weight"), row.scheduled
    if not isinstance(weight, float | int) or isinstance(weight, bool) or not 0 < weight <= 1:
        return None
    if not isinstance(scheduled, int) or not 1 <= scheduled <= S_MAX:
        return None
    return float(weight)


def apply_credit(memory: Memory, row: LogRow, model: Fsrs) -> Memory | None:
    """Return the item after an implicit row, None if the row changes nothing."""
    weight = weight_of(row)
    if weight is None or row.scheduled is None or not takes_credit(memory, row.study_day):
        return None
    return credited(memory, weight, row.study_day, row.scheduled, model)


def _firmer(memory: Memory, weight: float, day: int, model: Fsrs) -> float:
    before = State(memory.stability, memory.difficulty)
    good = model.next(before, GOOD, elapsed(memory.last_day, day)).stability
    return float(before.stability * (good / before.stability) ** weight)

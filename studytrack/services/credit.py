"""Credit for prerequisites in the log: the rows that a pass brings, and an exercise's own.

What credit does to a memory is `domain.credit`'s business; whether a pass gives any is decided in
`services.consequences`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from studytrack.domain.credit import credited, scheduled_days, shares, takes_credit, weight_of
from studytrack.domain.exercise import Exercise
from studytrack.domain.log import LogRow
from studytrack.errors import resolve
from studytrack.services.presets import preset
from studytrack.services.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One credit of an exercise: from which other one, its weight and the due day it gave."""

    event_id: str
    because: str
    weight: float
    due_day: int
    clock: int
    utc_ms: int
    offset_min: int


def credit_rows(study: Study, exercise: Exercise, batch: str) -> Iterator[LogRow]:
    """Yield the row of each prerequisite that a pass credits; they are not stored yet.

    At most one for an item and study day, so that a day of many passes does not add up.

    Args:
        study: the open study.
        exercise: what was passed.
        batch: the rating's event.
    """
    stamp, store, model = study.stamp(), study.store, study.model("exercise")
    today, memories = stamp.study_day, store.memories("exercise")
    how = preset(study.settings, "exercise")
    given = store.live(item_kind="exercise", since_day=today, kinds={"implicit"})
    served = {row.item_id for row in given}
    for name, weight in shares(exercise.id, study.catalogue.exercises).items():
        memory = memories.get(("exercise", name))
        if memory is None or name in served or not takes_credit(memory, today):
            continue
        days = scheduled_days(memory, weight, today, how, model)
        after = credited(memory, weight, today, days, model)
        yield store.new_row(
            stamp,
            kind="implicit",
            item_kind="exercise",
            item_id=name,
            batch=batch,
            evidence={"because": exercise.id, "weight": weight},
            scheduled=days,
            s_after=after.stability,
            d_after=after.difficulty,
            algorithm=model.algorithm,
            params_id=store.in_use("exercise").id,
            retention=how.retention,
        )


def credits_of(study: Study, name: str) -> list[Credit]:
    """Return the credits that an exercise was given, the oldest first.

    Raises:
        NotFound: no such exercise, or several.
    """
    found = resolve("exercise", name, study.catalogue.exercises, "studytrack exercise list")
    rows = study.store.live(item_kind="exercise", item_id=found, kinds={"implicit"})
    return [
        Credit(
            event_id=row.event_id,
            because=str(row.evidence.get("because", "")),
            weight=weight,
            due_day=row.study_day + (row.scheduled or 0),
            clock=row.clock,
            utc_ms=row.utc_ms,
            offset_min=row.offset_min,
        )
        for row in rows
        if (weight := weight_of(row)) is not None
    ]

"""A simulated learner's history as rows of the log, so that a study holds it."""

from __future__ import annotations

import random
from collections.abc import Iterable

from studytrack.domain.log import LogRow
from studytrack.services.study import Study
from tests.bench.learners import drawn_truth, histories

RATE = 4  # new items a day, as in the histories
DAY_MS = 86_400_000


def put_log(
    study: Study, usable: int, *, seed: str = "far", names: Iterable[str] = (), kind: str = "card"
) -> list[LogRow]:
    """Write a learner's reviews up to now into the store and return them as written.

    Args:
        study: the open study.
        usable: how many of them can teach the model.
        seed: draws the learner and the answers.
        names: item ids, the first come first; items beyond them are numbered.
        kind: of item.
    """
    items = histories(drawn_truth(random.Random(seed)), random.Random(seed), usable, rate=RATE)
    known = list(names)
    timed: list[tuple[int, int, str, int, int]] = []
    for number, reviews in enumerate(items):
        day = number // RATE
        name = known[number] if number < len(known) else f"simulated.{number}"
        for place, one in enumerate(reviews):
            day += one.days
            after = reviews[place + 1].days if place + 1 < len(reviews) else 30
            timed.append((one.order, day, name, one.rating, after))
    last = max(day for _, day, *_ in timed)
    stamp = study.stamp()
    rows = []
    for _, day, name, rating, after in sorted(timed):
        row = study.store.new_row(
            stamp, kind="review", item_kind=kind, item_id=name, rating=rating, scheduled=after
        )
        ago = last + 1 - day
        made = {"study_day": row.study_day - ago, "utc_ms": row.utc_ms - ago * DAY_MS}
        rows.append(row._replace(duration_ms=6000, **made))
    return study.store.append(rows)

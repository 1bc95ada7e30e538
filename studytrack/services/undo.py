"""Undo and redo of whatever was done last: answers, marks, readings, imports."""

from __future__ import annotations

from dataclasses import dataclass

from studytrack.domain.log import LogRow
from studytrack.services.deck import take_back
from studytrack.services.moments import NEAR_DAYS, today_by_clock
from studytrack.services.review import RATING_NAMES
from studytrack.services.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was taken back or brought back, as one sentence."""

    kind: str
    item_kind: str
    item_id: str
    sentence: str


def undo(study: Study) -> Undone | None:
    """Take back the last thing done; None if there is nothing."""
    with study.lock:
        row = study.store.undo(study.stamp())
        if row is not None:
            take_back(study, row)
        return _told(study, row, "Undone")


def undo_ahead(study: Study) -> int:
    """Take back all answers that a wrong clock put on days to come; return how many.

    These are the answers that stand more than two days after the clock's, also those that came
    from another device. The study day follows the clock again.
    """
    with study.lock:
        today = today_by_clock(study)
        stamp = study.stamp()._replace(study_day=today)  # what holds a later day is taken back
        found = study.store.undo_after(stamp, today + NEAR_DAYS)
        if found:
            study.refresh()
        return len(found)


def redo(study: Study) -> Undone | None:
    """Bring back what was undone last, unless something new was done since."""
    return _told(study, study.store.redo(study.stamp()), "Done again")


def _told(study: Study, row: LogRow | None, lead: str) -> Undone | None:
    if row is None:
        return None
    if row.kind in {"set", "import"}:
        study.refresh()  # it may have been an own item
    return Undone(
        kind=row.kind,
        item_kind=row.item_kind,
        item_id=row.item_id,
        sentence=f"{lead}: {_sentence(row)}.",
    )


_MORE = {"extra_new": "new cards", "extra_reviews": "reviews", "extra_minutes": "minutes"}


def _sentence(row: LogRow) -> str:
    if row.rating is not None:
        return f"{RATING_NAMES[row.rating]} on `{row.item_id}`"
    if row.kind == "import":
        return f"the import of {row.item_id}"
    if row.item_kind == "params":
        changed = "the reschedule" if row.kind == "reschedule" else "the choice of parameters"
        return f"{changed} of {row.item_id}s"
    if row.kind != "set":
        return f"{row.kind} of `{row.item_id}`"
    if row.item_kind == "day":
        more = [text for name, text in _MORE.items() if name in row.fields]
        return f"more {' and '.join(more)} today"
    if "flagged" in row.fields:
        lead = "flag on" if row.fields["flagged"] else "flag taken from"
        return f"{lead} `{row.item_id}`"
    if "record" in row.fields:
        return f"adding the {row.item_kind} `{row.item_id}`"
    if "takeaways" in row.fields:
        return f"finishing `{row.item_id}` with a takeaway"
    changed = ", ".join(f"{name} {value}" for name, value in row.fields.items() if value)
    return f"{row.item_kind} `{row.item_id}` ({changed or 'mark cleared'})"

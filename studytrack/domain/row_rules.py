"""What a row of the log and an attempt may hold, so that nothing that reads them can break.

Rows come from outside too: from an export, another database, a journal, a damaged disk. Each field
has a rule, and some rules hold between fields. Whether a row fits the ones that are here already
(a clock far ahead, an id that stands twice) is looked at where rows come in.

The moments of a row agree. Its clock is never before its own time. Its study day is that of its
own wall clock, the day before (until the rollover), or a later one up to the day of its clock: the
day does not go back when a clock is set back, and neither does the clock of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, cast, get_args, get_type_hints

from studytrack.domain.exercise import SOURCE_CAP
from studytrack.domain.field_rules import fields_fault
from studytrack.domain.fsrs import D_MAX, D_MIN, S_MAX, S_MIN
from studytrack.domain.log import ANSWERS, REVIEW_KINDS, Attempt, ItemKind, LogRow, RowKind
from studytrack.domain.plain_data import (
    INTEGERS,
    TEXT_CAP,
    Rule,
    boolean_fault,
    first_fault,
    lacking,
    mended,
    mended_text,
    name_fault,
    number,
    object_fault,
    one_of,
    optional,
    shape,
    shown,
    spelt,
    text_fault,
    whole,
)
from studytrack.domain.verdict import Report, Verdict

DAY_MS: Final = 86_400_000
EPOCH_DAY: Final = 719_163  # the ordinal of 1970-01-01
MOST_OFFSET: Final = 24 * 60 - 1  # minutes; Python's zones end there
LEAST_MS: Final = -DAY_MS
MOST_MS: Final = 221_845_392_000_000  # the year 9000, where the program's own clock ends
LONGEST_STEP: Final = 2 * DAY_MS // 1000  # seconds of a learning step, with room to spare
LONGEST_ANSWER: Final = 100 * 366 * DAY_MS
MOST_STEPS: Final = 1000
_LONGEST_FILE = 4096  # characters of the name of an imported file


class Fault(NamedTuple):
    """What is wrong with a row: the field that breaks its rule, and how."""

    field: str
    text: str

    def __str__(self) -> str:
        return f"`{self.field}` {self.text}."


def row_fault(raw: Mapping[str, Any]) -> Fault | None:
    """Return what is wrong with a row of the log, None if nothing is.

    Args:
        raw: the fields of a `LogRow` as decoded JSON; those with a default may be missing.
    """
    return _fault(raw, _ROW, LogRow._fields, _NEEDED_OF_ROW) or _row_sense(raw)


def attempt_fault(raw: Mapping[str, Any]) -> Fault | None:
    """Return what is wrong with an attempt, None if nothing is.

    Args:
        raw: the fields of an `Attempt` as decoded JSON; those with a default may be missing.
    """
    return _fault(raw, _ATTEMPT, _ATTEMPT_NAMES, _NEEDED_OF_ATTEMPT) or _attempt_sense(raw)


def mended_row(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row whose texts can be stored; the row itself if they can be already."""
    return _mended(raw, dict.fromkeys(("answer", "evidence", "fields"), mended))


def mended_attempt(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an attempt whose source and texts can be stored; itself if they can be already."""
    return _mended(raw, {"source": _cut_source, "report": mended, "evidence": mended})


def redated(raw: Mapping[str, Any], after: int) -> Mapping[str, Any]:
    """Return a row or attempt whose impossible clock or study day follows from its own time.

    A row with an impossible clock or day passes it on to all that are written after it. Its own
    time and offset tell when it was made; they must be sound, or nothing is changed.

    Args:
        raw: the fields of a `LogRow` or an `Attempt`.
        after: the clock that a new one comes after.
    """
    utc, offset, clock, day = (cast("int", raw.get(name)) for name in _MOMENTS)  # or anything
    if _MOMENT["utc_ms"](utc) or _MOMENT["offset_min"](offset):
        return raw
    if _MOMENT["clock"](clock) or clock < utc:
        clock = max(utc, after + 1)
    first, last = _days(utc, offset, clock)
    if _MOMENT["study_day"](day) or not first <= day <= last:
        day = (utc + offset * 60_000 - _ROLLOVER_MS) // DAY_MS + EPOCH_DAY
    return {**raw, "clock": clock, "study_day": day}


_MOMENTS = ("utc_ms", "offset_min", "clock", "study_day")
_ROLLOVER_MS = 4 * 3_600_000  # as the setting begins


def _cut_source(value: Any) -> Any:
    return mended_text(value, SOURCE_CAP) if type(value) is str else value


def _mended(
    raw: Mapping[str, Any], menders: Mapping[str, Callable[[Any], Any]]
) -> Mapping[str, Any]:
    changed = {
        name: made
        for name, mend in menders.items()
        if name in raw and (made := mend(raw[name])) is not raw[name]
    }
    return {**raw, **changed} if changed else raw


# --- single fields ----------------------------------------------------------------------------


def _source_fault(value: Any) -> str:
    return text_fault(value, SOURCE_CAP)


def _any_text(cap: int) -> Rule:
    return lambda value: text_fault(value, cap)


_WORD = r"[A-Za-z0-9][A-Za-z0-9._:+-]"
_ID = spelt(_WORD + r"{0,31}", "an id of up to 32 letters and digits")
_NO_ID_OR = spelt(rf"({_WORD}{{0,31}})?", "an id of up to 32 letters and digits")
_MOMENT: dict[str, Rule] = {
    "device_id": spelt(_WORD + r"{0,31}", "the id of a device"),
    "clock": whole(LEAST_MS, MOST_MS),
    "utc_ms": whole(LEAST_MS, MOST_MS),
    "offset_min": whole(-MOST_OFFSET, MOST_OFFSET),
    "study_day": whole(EPOCH_DAY - 2, MOST_MS // DAY_MS + EPOCH_DAY + 2),
}
_RATING = optional(whole(1, 4))
_INTEGER = whole(INTEGERS[0], INTEGERS[-1])
_ITEM_KINDS = (*get_args(ItemKind), "file", "")
_ROW: Mapping[str, Rule] = {
    "event_id": _ID,
    **_MOMENT,
    "kind": one_of(get_args(RowKind)),
    "item_kind": one_of(_ITEM_KINDS),
    "item_id": _any_text(_LONGEST_FILE),
    "target": _NO_ID_OR,
    "batch": _NO_ID_OR,
    "rating": _RATING,
    "rated_by": one_of(("learner", "grader", "")),
    "duration_ms": optional(whole(0, LONGEST_ANSWER)),
    "answer": optional(_any_text(TEXT_CAP)),
    "evidence": object_fault,
    "fields": object_fault,
    "content_hash": spelt(r"[0-9a-f]{0,64}", "a hash"),
    "variant_seed": optional(_INTEGER),
    "scheduled": optional(whole(-LONGEST_STEP, round(S_MAX))),
    "r_before": optional(number(0, 1)),
    "s_after": optional(number(S_MIN, S_MAX)),
    "d_after": optional(number(D_MIN, D_MAX)),
    "algorithm": spelt(rf"({_WORD}{{0,19}})?", "the name of an algorithm"),
    "params_id": spelt(rf"({_WORD}{{0,31}})?", "the id of a set of parameters"),
    "retention": optional(number(0, 1)),
}
_VERDICTS = get_args(Verdict)
_ATTEMPT: Mapping[str, Rule] = {
    "attempt_id": _ID,
    **_MOMENT,
    "exercise": name_fault,
    "source": _source_fault,
    "verdict": one_of(_VERDICTS),
    "passed": boolean_fault,
    "device": spelt(rf"({_WORD}{{0,11}})?", "the name of a device"),
    "seed": _INTEGER,
    "seconds": number(0, 1e9),
    "report": object_fault,
    "rating": _RATING,
    "evidence": object_fault,
}
_ATTEMPT_NAMES = tuple(get_type_hints(Attempt))
_NEEDED_OF_ROW = LogRow._fields[: LogRow._fields.index("kind") + 1]
_NEEDED_OF_ATTEMPT = _ATTEMPT_NAMES[: _ATTEMPT_NAMES.index("seconds") + 1]


def _fault(
    raw: Mapping[str, Any],
    rules: Mapping[str, Rule],
    known: tuple[str, ...],
    needed: tuple[str, ...],
) -> Fault | None:
    if missing := lacking(needed, raw):
        return Fault(missing, "is missing")
    if not raw.keys() <= set(known):
        unknown = next(name for name in raw if name not in known)
        return Fault(unknown if type(unknown) is str else shown(unknown), "is an unknown key")
    field, wrong = first_fault(rules, raw)
    if wrong:
        return Fault(field, wrong)
    return _moment_fault(raw)


# --- between fields ---------------------------------------------------------------------------


def _moment_fault(raw: Mapping[str, Any]) -> Fault | None:
    clock, utc, day = raw["clock"], raw["utc_ms"], raw["study_day"]
    if clock < utc:
        return Fault("clock", f"is {clock}, before the row's own time {utc}")
    first, last = _days(utc, raw["offset_min"], clock)
    if not first <= day <= last:
        return Fault(
            "study_day", f"is {day}; by its own time and its clock it lies in {first}…{last}"
        )
    return None


def _days(utc_ms: int, offset_min: int, clock: int) -> tuple[int, int]:
    """Return the first and the last study day that a row of this moment can have."""
    wall = (utc_ms + offset_min * 60_000) // DAY_MS + EPOCH_DAY
    return wall - 1, clock // DAY_MS + EPOCH_DAY + 1


_WITH_MEMORY = frozenset({"card", "exercise"})
_TRACKED = frozenset(get_args(ItemKind))
_KINDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*REVIEW_KINDS, "cram", "copy"), _WITH_MEMORY),
    **{kind: frozenset({"exercise"}) for kind in ("open", "hint", "solution")},
    **dict.fromkeys(("suspend", "mastered", "resume", "bury", "reset"), _WITH_MEMORY),
    **dict.fromkeys(("implicit", "forward"), _WITH_MEMORY),
    "reschedule": _WITH_MEMORY | {"params"},
    "set": _TRACKED,
    "import": frozenset({"file"}),
    "undo": frozenset(_ITEM_KINDS),
}
_EVIDENCE: Mapping[str, Mapping[str, Rule]] = {
    **{kind: {"step": whole(0, MOST_STEPS)} for kind in REVIEW_KINDS},
    "hint": {"number": optional(whole(0, MOST_STEPS))},
}


def _row_sense(raw: Mapping[str, Any]) -> Fault | None:
    kind, item_kind = raw["kind"], raw.get("item_kind", "")
    if item_kind not in _KINDS[kind]:
        return Fault("item_kind", f"is {shown(item_kind)}, to which `{kind}` does not belong")
    item_id = raw.get("item_id", "")
    if kind not in {"undo", "import"} and (wrong := name_fault(item_id)):
        return Fault("item_id", wrong)
    target, rated = raw.get("target", ""), raw.get("rating") is not None
    if (kind == "undo") != bool(target):
        return Fault("target", "is missing" if kind == "undo" else f"has no place in `{kind}`")
    if raw["event_id"] in (target, raw.get("batch", "")):
        return Fault("target" if target else "batch", "is the row itself")
    if rated and kind not in ANSWERS and kind != "copy":
        return Fault("rating", f"has no place in `{kind}`")
    field, wrong = first_fault(_EVIDENCE.get(kind, {}), raw.get("evidence", {}))
    if wrong:
        return Fault("evidence", f"has a `{field}` that {wrong}")
    fields = raw.get("fields")
    if fields and kind != "set":
        return Fault("fields", f"have no place in `{kind}`")
    if fields and (wrong := fields_fault(item_kind, item_id, fields)):
        return Fault("fields", f"break a rule: {wrong}")
    return None


_REPORT = shape(Report, strict=True)


def _attempt_sense(raw: Mapping[str, Any]) -> Fault | None:
    if raw["passed"] != (raw["verdict"] == "passed"):
        return Fault("passed", f"is {raw['passed']} beside the verdict {shown(raw['verdict'])}")
    report = raw.get("report")
    if report and (wrong := _REPORT(report)):
        return Fault("report", wrong)
    return None

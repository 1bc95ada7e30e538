"""What the `fields` of a tracked item may hold: statuses, dates, marks, the learner's own records.

Names that are not known here are let through, since nothing reads them: a newer version may have
written them, and they come back with it. Records of the learner's own must be such that every
list, search and quiz can show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from studytrack.domain.cards import Card, card_problems
from studytrack.domain.fsrs import DEFAULTS
from studytrack.domain.library import READING_STATUSES, Advice, Note, Reading, Resource, Term
from studytrack.domain.mastery import MARKS
from studytrack.domain.plain_data import (
    INTEGERS,
    Rule,
    boolean_fault,
    first_fault,
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

RECORDS: Mapping[str, Any] = {
    "reading": Reading,
    "term": Term,
    "note": Note,
    "resource": Resource,
    "advice": Advice,
    "card": Card,
}
GRADED_CAP, MOST_GAPS = 10_000, 200  # characters and gaps of a card whose answer is judged by rule
MOST_NAMES = 100  # aliases of a term, all of which are looked for in its text
_DAY = spelt(r"\d{4}-\d{2}-\d{2}", "a date such as 2026-11-24")
_DAYS = whole(1, 3_652_059)  # ordinals that are a date
_LONGEST_ID = 32


def fields_fault(item_kind: str, item_id: str, fields: Mapping[str, Any]) -> str:
    """Return what is wrong with the fields that a row sets, "" if nothing is.

    Args:
        item_kind: of the tracked item.
        item_id: its id, which its record must have too.
        fields: what the row sets; already known to be plain data.
    """
    if item_kind == "params":
        return _params_fault(fields)
    name, wrong = first_fault(_FIELDS.get(item_kind, {}), fields)
    if wrong:
        return f"`{name}` {wrong}"
    if fields.get("record") is not None and item_kind in RECORDS:
        return _record_fault(item_kind, item_id, fields["record"])
    return ""


def _takeaways(value: Any) -> str:
    if type(value) is not list:
        return f"is {shown(value)}, not a list"
    known = {"text": text_fault, "card": text_fault, "day": _DAYS}
    for place, one in enumerate(value, start=1):
        if not isinstance(one, Mapping) or set(one) != set(known):
            return f"entry {place} is no takeaway: it has the keys `text`, `card` and `day`"
        name, wrong = first_fault(known, one)
        if wrong:
            return f"entry {place}: `{name}` {wrong}"
    return ""


def _mentions(value: Any) -> str:
    if type(value) is not list or not all(isinstance(one, Mapping) for one in value):
        return "is not a list of objects"
    return ""


_EXTRA = optional(whole(INTEGERS[0], INTEGERS[-1]))
_FIELDS: Mapping[str, Mapping[str, Rule]] = {
    "reading": {
        "status": optional(one_of(READING_STATUSES)),
        "progress": optional(whole(0, 100)),
        "takeaways": optional(_takeaways),
        "mentions": optional(_mentions),
        "started": optional(_DAY),
        "finished": optional(_DAY),
        "added": optional(_DAY),
        "imported": optional(text_fault),
    },
    "topic": {"marked": optional(one_of(MARKS))},
    "card": {"flagged": optional(boolean_fault), "imported": optional(text_fault)},
    "exercise": {"debug": optional(text_fault)},
    "day": {"extra_new": _EXTRA, "extra_reviews": _EXTRA, "extra_minutes": _EXTRA},
    **{kind: {"imported": optional(text_fault)} for kind in ("term", "note", "resource", "advice")},
}

# --- records of the learner's own -------------------------------------------------------------


def _record_fault(item_kind: str, item_id: str, record: Any) -> str:
    cls = RECORDS[item_kind]
    if wrong := shape(cls)(record):
        return f"`record` {wrong}"
    if record["id"] != item_id:
        return f"`record` has the id {shown(record['id'])}, not that of the row"
    for url in _addresses(record):
        if wrong := _address_fault(url):
            return f"`record`: an address {wrong}"
    if item_kind == "card":
        return _card_fault({name: one for name, one in record.items() if name in _CARD})
    if item_kind == "term" and len(record.get("aliases", ())) > MOST_NAMES:
        return f"`record` has more than {MOST_NAMES} aliases"
    minutes = record.get("minutes")
    return "" if minutes is None else _minutes_fault(minutes)


_CARD = frozenset(Card.__dataclass_fields__)


def _minutes_fault(minutes: int) -> str:
    wrong = whole(0, 1_000_000)(minutes)
    return f"`record`: `minutes` {wrong}" if wrong else ""


def _addresses(record: Mapping[str, Any]) -> list[str]:
    links = [*record.get("mentions", ()), *record.get("links", ())]
    source = record.get("source")
    if isinstance(source, Mapping):
        links.append(source)
    own = [record["url"]] if "url" in record else []
    return own + [link["url"] for link in links]


def _address_fault(url: str) -> str:
    """Return what is wrong with an address that cannot be taken apart."""
    try:
        _ = urlsplit(url).hostname
    except ValueError as error:  # such as an unclosed bracket in the host
        return f"cannot be read: {shown(url)} ({error})"
    return ""


def _card_fault(record: Mapping[str, Any]) -> str:
    """Return what makes a card unanswerable, or costly to judge."""
    lists = {name: tuple(one) for name, one in record.items() if type(one) is list}
    card = Card(**{**record, **lists})
    if card.kind not in {"recall", "term"}:
        judged = (card.front if card.kind == "cloze" else "", card.answer, *card.accept, card.unit)
        if max(map(len, judged)) > GRADED_CAP or len(card.accept) > MOST_NAMES:
            return f"`record`: an answer that is judged has at most {GRADED_CAP:,} characters"
        if card.front.count("{{") > MOST_GAPS and card.kind == "cloze":
            return f"`record`: a cloze card has at most {MOST_GAPS} gaps"
    problems = card_problems(card)
    return f"`record`: {problems[0]}" if problems else ""


# --- sets of parameters -----------------------------------------------------------------------

_FACTS: Mapping[str, Rule] = {
    "usable": whole(0, INTEGERS[-1]),
    "trained": whole(0, INTEGERS[-1]),
    "held_out": whole(0, INTEGERS[-1]),
    "study_day": _DAYS,
    "better": boolean_fault,
    **{name: number(-1e308, 1e308) for name in ("share", "loss_before", "loss_after")},
}


def _params_fault(fields: Mapping[str, Any]) -> str:
    for name, value in fields.items():
        if name == "use":
            wrong = optional(name_fault)(value) or _too_long(value)
        elif name.startswith("set:") and value is not None:
            wrong = _too_long(name.removeprefix("set:")) or _set_fault(value)
        else:
            continue
        if wrong:
            return f"{shown(name)} {wrong}"
    return ""


def _too_long(value: Any) -> str:
    return "is longer than an id" if value and len(value) > _LONGEST_ID else ""


def _set_fault(value: Any) -> str:
    if wrong := object_fault(value):
        return wrong
    name, wrong = first_fault(_FACTS, value)
    if wrong:
        return f"has a `{name}` that {wrong}"
    weights = value.get("parameters")
    if type(weights) is not list or not all(type(one) in {int, float} for one in weights):
        return "has no list of parameters"
    if value.get("algorithm", "fsrs6") == "fsrs6" and len(weights) != len(DEFAULTS):
        return f"has {len(weights)} parameters, not {len(DEFAULTS)}"
    return ""

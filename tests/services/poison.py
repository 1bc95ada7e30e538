"""Valid rows of every kind, ways to spoil one, and everything that must still work afterwards."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from studytrack.content.decode import plain
from studytrack.domain.cards import Card
from studytrack.domain.fsrs import DEFAULTS
from studytrack.domain.library import Advice, Link, Mention, Note, Reading, Resource, Term
from studytrack.services import (
    cards,
    credit,
    curriculum,
    exercises,
    fit,
    library,
    moments,
    readings,
    review,
    simulate,
    stats,
    today,
    transfer,
    undo,
)
from studytrack.services.study import Study

NOON = 1_795_500_000_000  # 2026-11-24, 05:20 UTC
DAY = 739_944 - 1
HEX = "0123456789abcdef"

_MOMENT = {
    "device_id": "5b04953aa8ecf74d",
    "clock": NOON,
    "utc_ms": NOON,
    "offset_min": 60,
    "study_day": DAY,
}
_REVIEW = {
    "item_kind": "card",
    "item_id": "recall.topk-tie",
    "rating": 3,
    "rated_by": "learner",
    "duration_ms": 4000,
    "answer": "k",
    "evidence": {"step": 1, "outcome": "right", "proposed": 3},
    "content_hash": "791960fad6d184d2",
    "scheduled": -600,
    "s_after": 2.3065,
    "d_after": 2.118,
    "algorithm": "fsrs6",
    "params_id": "default",
    "retention": 0.9,
}
_CHOICE = Card(
    id="own.choice", kind="choice", topic="", front="Which?", answer="b", choices=("x", "y")
)
_CLOZE = Card(id="own.gap", kind="cloze", topic="", front="Divide by {{sqrt(d)|root}}.")
_NUMBER = Card(id="own.number", kind="numeric", topic="", front="How many?", answer="3", unit="GB")
_SHAPE = Card(id="own.shape", kind="shape", topic="", front="Shape?", answer="(2, 3)")
_READING = Reading(
    id="own-post",
    title="A post",
    url="https://a.example/post",
    kind="post",
    minutes=12,
    topics=("pytorch.basics",),
    mentions=(Mention(title="A post", url="https://a.example/post", list="inbox"),),
)
_TERM = Term(
    id="logit", title="Logit (L)", text="is a score", aliases=("score",), confused=("top-k",)
)
_SET = {"parameters": list(DEFAULTS), "algorithm": "fsrs6", "usable": 300, "study_day": DAY}


def _set(item_kind: str, item_id: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "set", "item_kind": item_kind, "item_id": item_id, "fields": fields}


def _own(item_kind: str, record: Any) -> dict[str, Any]:
    return _set(item_kind, record.id, record=plain(record), imported="12ab")


_LINK = Link(title="Source", url="https://a.example")
_KINDS: list[dict[str, Any]] = [
    {"kind": "learn", **_REVIEW},
    {"kind": "review", **_REVIEW, "scheduled": 40, "r_before": 0.9},
    {"kind": "relearn", **_REVIEW},
    {"kind": "cram", **_REVIEW},
    {"kind": "review", **_REVIEW, "item_kind": "exercise", "item_id": "add_one", "scheduled": 7},
    {"kind": "copy", "item_kind": "exercise", "item_id": "add_one"},
    {"kind": "open", "item_kind": "exercise", "item_id": "add_one"},
    {"kind": "hint", "item_kind": "exercise", "item_id": "add_one", "evidence": {"number": 1}},
    {"kind": "solution", "item_kind": "exercise", "item_id": "add_one", "evidence": {"gave_up": 1}},
    *(
        {"kind": kind, "item_kind": "card", "item_id": "recall.topk-tie"}
        for kind in ("suspend", "mastered", "resume", "bury", "reset", "forward")
    ),
    {
        "kind": "implicit",
        "item_kind": "exercise",
        "item_id": "add_one",
        "scheduled": 9,
        "evidence": {"because": "row_sum", "weight": 0.25},
    },
    {"kind": "reschedule", "item_kind": "params", "item_id": "card"},
    {
        "kind": "reschedule",
        "item_kind": "card",
        "item_id": "recall.topk-tie",
        "scheduled": 12,
        "batch": "c" * 32,
    },
    {"kind": "import", "item_kind": "file", "item_id": "README.md", "evidence": {"new": 3}},
    {"kind": "undo", "item_kind": "card", "item_id": "recall.topk-tie", "target": "b" * 32},
    _set("topic", "pytorch.basics", marked="done"),
    _set("card", "recall.topk-tie", flagged=True),
    _set("exercise", "add_one", debug="adds_two"),
    _set("day", str(DAY), extra_new=5, extra_reviews=2, extra_minutes=1),
    _set("params", "card", **{"use": "abc", "set:abc": _SET}),
    _set(
        "reading",
        "deep-book",
        status="done",
        progress=100,
        started="2026-11-01",
        finished="2026-11-24",
        takeaways=[{"text": "All of it.", "card": "takeaway.deep-book.1", "day": DAY}],
        mentions=[{"title": "Deep", "text": "book"}],
    ),
    _own("reading", _READING),
    _own("term", _TERM),
    _own("note", Note(id="heads", title="Heads", text="Small ones.", topic="pytorch.basics")),
    _own("resource", Resource(id="place", title="Place", url="https://place.example")),
    _own("advice", Advice(id="sleep", category="life", text="Sleep.", source=_LINK)),
    *(_own("card", card) for card in (_CHOICE, _CLOZE, _NUMBER, _SHAPE)),
]
ROWS = [
    {"event_id": f"{number:02x}" * 16, **_MOMENT, **kind}
    for number, kind in enumerate(_KINDS, start=16)
]
_CHECK = {"name": "adds one", "outcome": "failed", "message": "Off by one.", "seconds": 0.1}
ATTEMPT: dict[str, Any] = {
    "attempt_id": "ab" * 16,
    **_MOMENT,
    "exercise": "add_one",
    "source": "def add_one(x):\n    return x + 1\n",
    "verdict": "failed",
    "passed": False,
    "device": "cpu",
    "seed": 5_286_384_948_505_349_200,
    "seconds": 0.2,
    "rating": 2,
    "evidence": {},
    "report": {
        "exercise": "add_one",
        "verdict": "failed",
        "checks": [_CHECK, {**_CHECK, "outcome": "passed", "message": ""}],
        "diagnosis": [{"mistake": "adds_two", "text": "It adds two.", "also": False}],
        "counterexample": {"inputs": "1", "expected": "2", "got": "3"},
        "device": "cpu",
        "dtypes": ["float32"],
        "seed": 3,
        "seconds": 0.2,
        "isolation": ["process", "seccomp"],
        "output": "",
        "error": "",
    },
}

# --- spoiling -----------------------------------------------------------------------------------

ODD = [
    None, True, False, 0, 1, -1, 2, 5, 100, 101, 10**6, 10**12, 2**31, 2**53, 2**62, 2**63 - 1,
    2**63, -(2**63), 10**30, 0.0, -0.5, 0.5, 1.0, 1e-9, 1e300, float("inf"), float("nan"),
    "", "x", "a" * 33, "z" * 300, "é", "\x00", "\x1b[2J", "\ud800", "../../etc", "http://[bad",
    "done", "paused", "undo", "review", "params", "card", "day", "{{a}}", "{{" * 300, "2026-13-99",
    [], [1], ["x"], [[]], [{}], [None], {}, {"a": 1}, {"step": "x"}, {"record": {}}, {"": []},
    {"checks": ["x"]}, {"takeaways": [{"x": 1}]}, {"status": []}, {"marked": "maybe"},
    [{"name": 1, "outcome": "passed"}], [{"text": "t", "card": "c", "day": 2**62}],
]  # fmt: skip
ADDED = ["status", "progress", "flagged", "minutes", "number", "debug", "x"]
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)
VALUES = st.sampled_from(ODD).map(copy.deepcopy) | _PLAIN


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a row, but for the row itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, ...]] = []
    for key, one in inner:
        found.append((*path, key))
        if isinstance(one, (dict, list)):
            found += _places(one, (*path, key))
    return found


@st.composite
def spoiled(draw: Any) -> dict[str, Any]:
    """Draw a row with one or two values changed, taken out or added somewhere inside."""
    row = copy.deepcopy(draw(st.sampled_from([*ROWS, ATTEMPT])))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(_places(row)))
        inside = row
        for key in path[:-1]:
            inside = inside[key]
        how = draw(st.sampled_from(["change", "change", "change", "take", "add"]))
        if how == "take" and isinstance(inside, dict):
            del inside[path[-1]]
        elif how == "add" and isinstance(inside, dict):
            inside[draw(st.sampled_from(ADDED))] = draw(VALUES)
        else:
            inside[path[-1]] = draw(VALUES)
    return row


# --- what must work -----------------------------------------------------------------------------


def use_everything(study: Study) -> None:
    """Do what front ends do, and fail where one of the services does."""
    study.refresh()
    moments.believe_clock(study)  # the last entry may be of long ago
    today.plan(study)
    stats.stats(study)
    simulate.forecast(study, 20, curve=False)
    moments.clock_warning(study)
    cards.card_states(study)
    for name in study.catalogue.cards:
        cards.card_state(study, name)
    for name in ("add_one", "row_sum"):
        exercises.history(study, name)
        credit.credits_of(study, name)
        exercises.effort_of(study, name)
    exercises.exercises(study)
    curriculum.topics(study)
    readings.readings(study)
    library.term_recall(study)
    library.advice_of_day(study, study.stamp().study_day)
    for kind in fit.KINDS:
        fit.known_sets(study, kind)
        fit.offer(study, kind)
        fit.planned_moves(study, kind)
    for name in transfer.EXPORTS:
        transfer.export(study, name).encode()
    assert study.store.rebuild() == 0
    question = review.next_question(study)
    if question is not None:
        review.answer(study, question, 3)
    readings.add(study, "https://new.example/reading")
    library.add_note(study, "A note", "Its text.")
    for _ in range(4):
        undo.undo(study)
    undo.redo(study)
    assert study.store.faulty_rows() == []

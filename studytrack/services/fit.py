"""Fitting the memory model to the learner's own log: when, what it found, which set is in use.

The arithmetic runs in a process of its own (`fitting.client`), so that nothing here blocks more
than a thread. A set is adopted only if it predicted the last quarter of the log better than the one
in use; every set stays in the log, and going back is one more row. Due days move only when the
learner asks for it, by an event of its own and never by an invented review.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Literal

from studytrack.domain.fsrs import Fsrs, State
from studytrack.domain.fuzz import bounds, draw
from studytrack.domain.log import LogRow
from studytrack.domain.memory import Memory, Preset
from studytrack.domain.parameters import (
    PARAMS,
    Fitted,
    ParameterSet,
    adopting,
    sets_of,
    using,
)
from studytrack.domain.scheduler import fold
from studytrack.domain.usable import Review, histories, usable_count
from studytrack.errors import resolve
from studytrack.fitting.client import FitProcess
from studytrack.services.presets import preset
from studytrack.services.study import Study

ItemKind = Literal["card", "exercise"]
KINDS: tuple[ItemKind, ...] = ("card", "exercise")
LEAST = 200  # usable reviews; with fewer, a fit does more harm than good
GROWTH = 1.25  # a new fit is worth offering once the log has grown by so much
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An item that a reschedule moves; days are study-day ordinals."""

    item_id: str
    due_day: int
    new_due_day: int
    interval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What a reschedule moves, and how many more (or fewer) items it makes due today."""

    moves: tuple[Move, ...] = ()
    backlog: int = 0

    @property
    def sentence(self) -> str:
        """The whole in one sentence."""
        count = len(self.moves)
        return f"{count} item{'s' * (count != 1)} move, backlog {self.backlog:+d} today."


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """What a fit did. `fitted` is None where there were too few reviews.

    `params_id` is the set in use afterwards, `moves` what a reschedule to the fitted set would do.
    """

    item_kind: str
    usable: int
    needed: int
    fitted: Fitted | None
    adopted: bool
    params_id: str
    moves: Moves


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet:
    """A set of parameters and whether it is in use."""

    set: ParameterSet
    in_use: bool


def fit(
    study: Study,
    item_kind: ItemKind = "card",
    *,
    dry_run: bool = False,
    since: date | None = None,
    process: FitProcess | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
) -> FitResult:
    """Fit the parameters of a kind of item, and adopt them if they are better.

    Args:
        study: the open study.
        item_kind: "card" or "exercise".
        dry_run: adopt nothing.
        since: leave out what happened before this date.
        process: where it runs; its `cancel` ends the fit, and then nothing is stored.
        on_progress: told the share of the work that is done.

    Raises:
        EnvironmentFault: torch is missing.
        FitFault: the fit's process gave no result; nothing is stored.
    """
    used = study.store.in_use(item_kind)
    found = _histories(study, item_kind, since)
    usable = usable_count(found)
    nothing = FitResult(
        item_kind=item_kind,
        usable=usable,
        needed=LEAST,
        fitted=None,
        adopted=False,
        params_id=used.id,
        moves=Moves(),
    )
    if usable < LEAST:
        return nothing
    fitted = (process or FitProcess()).run(
        found,
        used.model.w,
        relearning_steps=len(preset(study.settings, item_kind).relearning_steps),
        on_progress=on_progress,
    )
    moves = planned_moves(study, item_kind, Fsrs(fitted.parameters)) if fitted.better else Moves()
    result = replace(nothing, fitted=fitted, moves=moves)
    if dry_run or not fitted.better:
        return result
    return replace(result, adopted=True, params_id=_adopt(study, item_kind, fitted, usable))


def known_sets(study: Study, item_kind: ItemKind = "card") -> list[KnownSet]:
    """Return every set of a kind of item, the defaults first, the newest last."""
    fields = study.store.entities(PARAMS).get(item_kind, {})
    used = study.store.in_use(item_kind).id
    return [KnownSet(set=one, in_use=one.id == used) for one in sets_of(fields)]


def use_set(study: Study, name: str, item_kind: ItemKind = "card") -> ParameterSet:
    """Schedule a kind of item with a known set from now on; due days stay.

    Raises:
        NotFound: no set of this id, or several begin so.
    """
    sets = {one.set.id: one.set for one in known_sets(study, item_kind)}
    chosen = sets[resolve("set of parameters", name, sets, "studytrack fit --list")]
    if chosen.id != study.store.in_use(item_kind).id:
        row = study.store.new_row(
            study.stamp(), kind="set", item_kind=PARAMS, item_id=item_kind, fields=using(chosen.id)
        )
        study.store.append([row])
    return chosen


def offer(study: Study, item_kind: ItemKind = "card") -> str:
    """Return a sentence if a fit is worth trying, else ""."""
    usable = usable_count(_histories(study, item_kind, None))
    fitted = [int(one.set.facts.get("usable", 0)) for one in known_sets(study, item_kind)]
    if usable < LEAST or usable < max(fitted) * GROWTH:
        return ""
    return f"{usable} reviews can teach the memory model: `studytrack fit` tries it."


def planned_moves(study: Study, item_kind: ItemKind, model: Fsrs | None = None) -> Moves:
    """Return what a reschedule would move.

    An item whose interval lies within the fuzz around its new one stays where it is.

    Args:
        study: the open study.
        item_kind: "card" or "exercise".
        model: of a set that is not in use; None is the one in use.
    """
    used = study.store.in_use(item_kind).model
    memories: Mapping[str, Memory] = {
        name: one for (_, name), one in study.store.memories(item_kind).items()
    }
    if model is not None and model.w != used.w:
        memories = _refolded(study, item_kind, model)
    how, today = preset(study.settings, item_kind), study.stamp().study_day
    found = [
        move
        for memory in memories.values()
        if (move := _move(memory, model or used, how)) is not None
    ]
    backlog = sum((one.new_due_day <= today) - (one.due_day <= today) for one in found)
    return Moves(moves=tuple(found), backlog=backlog)


def reschedule(study: Study, item_kind: ItemKind = "card") -> Moves:
    """Move due days to what the set in use and the wanted retention say; one undo takes it back."""
    with study.lock:
        planned = planned_moves(study, item_kind)
        if not planned.moves:
            return planned
        stamp, store = study.stamp(), study.store
        lead = store.new_row(stamp, kind="reschedule", item_kind=PARAMS, item_id=item_kind)
        rows = [
            store.new_row(
                stamp,
                kind="reschedule",
                item_kind=item_kind,
                item_id=move.item_id,
                batch=lead.event_id,
                scheduled=move.interval,
                params_id=store.in_use(item_kind).id,
                retention=preset(study.settings, item_kind).retention,
            )
            for move in planned.moves
        ]
        store.append([lead, *rows])
        return planned


def _histories(study: Study, item_kind: ItemKind, since: date | None) -> list[list[Review]]:
    memories = study.store.memories(item_kind)
    suspended = {name for (_, name), memory in memories.items() if memory.suspended}
    return histories(
        study.store.live(item_kind=item_kind),
        left_out=suspended,
        since_day=since.toordinal() if since else 0,
    )


def _adopt(study: Study, item_kind: ItemKind, fitted: Fitted, usable: int) -> str:
    """Store the set as one row, in use from now on; return its id."""
    stamp = study.stamp()
    row = study.store.new_row(stamp, kind="set", item_kind=PARAMS, item_id=item_kind)
    facts = {name: value for name, value in asdict(fitted).items() if name != "parameters"}
    facts |= {"usable": usable, "study_day": stamp.study_day}
    set_id = row.event_id[-_ID_LENGTH:]
    study.store.append([row._replace(fields=adopting(set_id, fitted.parameters, facts))])
    return set_id


def _refolded(study: Study, item_kind: ItemKind, model: Fsrs) -> Mapping[str, Memory]:
    rows: dict[str, list[LogRow]] = defaultdict(list)
    for row in study.store.live(item_kind=item_kind):
        rows[row.item_id].append(row)
    folded = {name: fold(item_kind, name, listed, model) for name, listed in rows.items()}
    return {name: memory for name, memory in folded.items() if memory is not None}


def _move(memory: Memory, model: Fsrs, preset: Preset) -> Move | None:
    if memory.state != "review" or memory.suspended:
        return None
    if preset.again_tomorrow and memory.interval <= 1:
        return None  # it failed; it comes back tomorrow whatever the model says
    exact = model.interval(State(memory.stability, memory.difficulty), preset.retention)
    low, high = bounds(min(exact, preset.maximum), 1, preset.maximum)
    if low <= memory.interval <= high:
        return None
    interval = low + int(draw(memory.item_id, memory.reps) * (high - low + 1))
    return Move(
        item_id=memory.item_id,
        due_day=memory.due_day,
        new_due_day=memory.last_day + interval,
        interval=interval,
    )

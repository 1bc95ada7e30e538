"""Sets of parameters of the memory model: rows of the log, never overwritten.

What is known of a kind of item lies in the fields of one tracked item (`item_kind` "params",
`item_id` "card" or "exercise"): a field `set:ID` for each set, and `use`, the id of the one in use.
A new set is one row that brings both, so undoing that row takes the set back. How a set is found is
the fit's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studytrack.domain.fsrs import DEFAULTS, Fsrs

PARAMS = "params"
DEFAULT_ID = "default"
_USE, _SET = "use", "set:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """One set. `facts` are what the fit that found it said: counts, losses, the study day."""

    id: str
    parameters: tuple[float, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """The set that a kind of item is scheduled with, as a model."""

    id: str
    model: Fsrs


_DEFAULT = InUse(id=DEFAULT_ID, model=Fsrs())


def sets_of(fields: Mapping[str, Any]) -> list[ParameterSet]:
    """Return the usable sets of a kind of item in the order they came, the defaults first."""
    found = [ParameterSet(id=DEFAULT_ID, parameters=DEFAULTS)]
    for name, stored in fields.items():
        if not name.startswith(_SET) or not isinstance(stored, Mapping):
            continue
        try:
            model = Fsrs(stored["parameters"])
        except (KeyError, TypeError, ValueError):
            continue  # of another algorithm, or damaged in an import; the row stays in the log
        facts = {key: value for key, value in stored.items() if key != "parameters"}
        found.append(ParameterSet(id=name.removeprefix(_SET), parameters=model.w, facts=facts))
    return found


def in_use(fields: Mapping[str, Any]) -> InUse:
    """Return the set in use; the defaults where none was adopted or it cannot be read.

    >>> in_use({}).id
    'default'
    """
    wanted = fields.get(_USE, DEFAULT_ID)
    for one in sets_of(fields):
        if one.id == wanted and one.id != DEFAULT_ID:
            return InUse(id=one.id, model=Fsrs(one.parameters))
    return _DEFAULT


def adopting(set_id: str, parameters: Sequence[float], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the row that brings a new set into use."""
    stored = {"algorithm": Fsrs.algorithm, "parameters": list(parameters), **facts}
    return {_USE: set_id, f"{_SET}{set_id}": stored}


def using(set_id: str) -> dict[str, Any]:
    """Return the fields of the row that goes back to a known set."""
    return {_USE: set_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What a fit found.

    `share` is how far it went from the set in use; losses are mean log losses over the `held_out`
    usable reviews, which come after the `trained` ones: of the set in use and of the new one.
    `better` tells whether the new one won there; only then may it be adopted.
    """

    parameters: tuple[float, ...]
    better: bool
    share: float
    loss_before: float
    loss_after: float
    trained: int
    held_out: int

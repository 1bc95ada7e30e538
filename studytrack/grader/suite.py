"""An exercise's code, loaded: reference, cases, checks, mistakes, alternatives.

Exercise code is trusted like an installed package; it is executed here, by path, in the judge.
A learner's submission never comes in.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studytrack.domain.exercise import CHECKS, REFERENCE, Exercise
from studytrack.errors import ContentFault
from studytrack.grader.authoring import Collected, collecting


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One exercise ready to judge."""

    exercise: Exercise
    reference: Callable[..., Any]
    collected: Collected


def load_suite(exercise: Exercise) -> Suite:
    """Return the suite of an exercise.

    Raises:
        ContentFault: the reference or the checks cannot be loaded.
    """
    folder = Path(exercise.folder)
    reference = _execute(folder / REFERENCE, f"studytrack_reference_{exercise.id}")
    if not hasattr(reference, exercise.entry):
        raise ContentFault(f"{folder / REFERENCE}: defines no `{exercise.entry}`.")
    with collecting() as collected:
        _execute(folder / CHECKS, f"studytrack_checks_{exercise.id}")
    return Suite(
        exercise=exercise,
        reference=getattr(reference, exercise.entry),
        collected=collected,
    )


def _execute(path: Path, name: str) -> types.ModuleType:
    source = path.read_text(encoding="utf-8")
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and pickling of local classes look their module up
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - exercise code is trusted
    except Exception as error:
        raise ContentFault(f"{path}: {type(error).__name__}: {error}.") from error
    return module

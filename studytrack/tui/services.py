"""Services, imported when they are first used.

The first frame must not wait for them: `prepare` runs in the desk's thread once the frame is
painted, and screens reach services only through this module's attributes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studytrack.services import (
        cards,
        curriculum,
        exercises,
        fit,
        grading,
        library,
        moments,
        readings,
        review,
        stats,
        today,
        transfer,
        undo,
    )

__all__ = [
    "cards",
    "curriculum",
    "exercises",
    "fit",
    "grading",
    "library",
    "moments",
    "readings",
    "review",
    "stats",
    "today",
    "transfer",
    "undo",
]
FIRST = ("today", "review", "undo")  # what the first screen needs


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f"studytrack.services.{name}")


def prepare() -> None:
    """Import what the first screen needs; the others follow when they are shown."""
    for name in FIRST:
        import_module(f"studytrack.services.{name}")

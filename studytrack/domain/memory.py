"""What is known of one card or exercise, and how its kind is scheduled.

`Memory` is a cache: folding the item's live rows gives it again. How answers change it is
`scheduler`'s business, and credit's is `credit`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

MemoryState = Literal["new", "learning", "review", "relearning", "mastered"]


class Memory(NamedTuple):
    """The state of one item. Days are study-day ordinals; `due_ms` is set in steps only.

    `interval` is the last scheduled number of days, `last_clock` the newest row that was folded.
    A *mastered* item is out of rotation until it is resumed, and keeps what is known of it.
    """

    item_kind: str
    item_id: str
    state: MemoryState = "new"
    stability: float = 0.0
    difficulty: float = 0.0
    step: int = 0
    due_day: int = 0
    due_ms: int | None = None
    last_day: int = 0
    interval: int = 0
    reps: int = 0
    lapses: int = 0
    suspended: bool = False
    buried_day: int | None = None
    last_clock: int = 0

    @property
    def resting(self) -> bool:
        """Whether it is out of rotation until the learner brings it back."""
        return self.suspended or self.state == "mastered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How a kind of item is scheduled. Steps are whole seconds, each under a day.

    With `again_tomorrow` a failed item is due on the next study day, whatever the model says.
    """

    retention: float = 0.9
    learning_steps: tuple[int, ...] = (60, 600)
    relearning_steps: tuple[int, ...] = (600,)
    maximum: int = 36500
    again_tomorrow: bool = False


CARDS = Preset()
EXERCISES = Preset(retention=0.85, learning_steps=(), relearning_steps=(), again_tomorrow=True)


class Moment(NamedTuple):
    """When an answer is given: study day and UTC milliseconds."""

    day: int
    utc_ms: int

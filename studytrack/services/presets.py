"""How each kind of item is scheduled under the learner's settings."""

from __future__ import annotations

import functools
from dataclasses import replace

from studytrack.config import Settings
from studytrack.domain.memory import CARDS, EXERCISES, Preset


def preset(settings: Settings, item_kind: str) -> Preset:
    """Return how cards, or exercises, are scheduled."""
    cards = item_kind == "card"
    wanted = settings.memory_retention_cards if cards else settings.memory_retention_exercises
    return _preset(wanted, cards=cards)


@functools.cache
def _preset(retention: float, *, cards: bool) -> Preset:
    return replace(CARDS if cards else EXERCISES, retention=retention)

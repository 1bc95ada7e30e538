"""What one check of `doctor` found; the checks themselves live with what they look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One check: its name, how it stands, what was seen, and what to do."""

    name: str
    state: State
    text: str
    remedy: str = ""

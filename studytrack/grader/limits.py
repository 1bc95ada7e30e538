"""What one runner may use, as plain numbers; `lockdown` turns them into limits of the system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Resources of a runner. `memory` is bytes beyond what the process has at fork."""

    memory: int = 2 << 30
    cpu_seconds: int = 8
    files: int = 256

"""What one runner may use and how it is closed in, as plain values; `lockdown` applies them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Resources of a runner.

    `memory` is bytes of address space beyond what the process has at the start; 0 is no limit,
    for a driver that reserves terabytes of it. `threads` is how many it may start.
    """

    memory: int = 2 << 30
    cpu_seconds: int = 8
    files: int = 256
    threads: int = 128


@dataclass(frozen=True, slots=True)
class Layers:
    """Which layers of isolation to apply at most; weaker than this only in tests and `doctor`.

    `landlock` is the highest ABI version to use; 0 is none. What a system lacks is left out.
    """

    landlock: int = 99
    seccomp: bool = True
    namespaces: bool = True

"""Making many records at once without looking for garbage among them.

Python's collector runs the oftener the more objects are made; with ten thousand cards that cost
more than reading them. What is made here is kept, so there is nothing to find.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Leave the collector off meanwhile; one that was off before stays off."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()

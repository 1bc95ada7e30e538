"""The grader, made when it is first needed and run in a thread of its own.

Runs take seconds and must not hold up the desk. The grader is handed in by a factory, so that
this module knows only what it needs of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from studytrack.tui.desk import Desk

Result = TypeVar("Result")


class Grader(Protocol):
    """What the interface needs of a grader; grading itself goes through a service."""

    def start(self) -> object:
        """Get ready, which may take seconds; return at once if it is."""

    def close(self) -> object:
        """End all processes."""


class Bench:
    """One grader and the thread that runs it."""

    def __init__(self, factory: Callable[[], Grader]) -> None:
        self._factory = factory
        self._desk = Desk("studytrack-bench")
        self._grader: Grader | None = None

    @property
    def pending(self) -> set[asyncio.Future[object]]:
        """What has not ended yet."""
        return self._desk.pending

    async def warm(self) -> None:
        """Make and start the grader if that was not done.

        Raises:
            StudytrackError: the grader cannot be started.
        """
        await self._desk.ask(self._ready)

    async def run(self, work: Callable[[Any], Result]) -> Result:
        """Return what `work` returns for the grader, which is started first."""
        return await self._desk.ask(lambda: work(self._ready()))

    async def close(self) -> None:
        """End the grader, if there is one; a run in progress ends with it."""
        if self._grader is not None:
            await asyncio.to_thread(self._grader.close)
        self._desk.close()

    def _ready(self) -> Grader:
        if self._grader is None:
            self._grader = self._factory()
        self._grader.start()
        return self._grader

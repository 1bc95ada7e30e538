"""Threads for everything that takes time.

The *desk* runs all services one after another in one thread, so that the store is only ever used
by it and the interface never waits. The *bench* does the same for the grader, whose runs take
seconds. Both are awaited from screens; neither knows what it runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Desk:
    """One background thread that is awaited."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self.pending: set[asyncio.Future[object]] = set()

    async def ask(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Return what `work` returns, run after everything asked before."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, partial(work, *args, **kwargs))
        self.pending.add(future)  # type: ignore[arg-type]
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: asyncio.Future[Any]) -> None:
        self.pending.discard(future)
        if not future.cancelled():
            future.exception()  # seen here, should the one who asked be gone

    def close(self) -> None:
        """Drop what has not begun and wait for what runs."""
        self._pool.shutdown(wait=True, cancel_futures=True)

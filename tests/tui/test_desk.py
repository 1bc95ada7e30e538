from __future__ import annotations

import asyncio
import threading

import pytest

from studytrack.errors import GraderFault
from studytrack.tui.bench import Bench
from studytrack.tui.desk import Desk


async def test_the_desk_works_in_order_in_one_thread():
    """Whatever is asked runs after everything asked before, never beside it."""
    desk = Desk("test-desk")
    seen: list[tuple[int, int]] = []

    def work(number: int) -> int:
        seen.append((number, threading.get_ident()))
        return number

    answers = await asyncio.gather(*(desk.ask(work, number) for number in range(20)))
    desk.close()

    assert list(range(20)) == answers == [number for number, _ in seen]
    assert 1 == len({thread for _, thread in seen})
    assert threading.get_ident() not in {thread for _, thread in seen}


async def test_work_that_nobody_waits_for_any_more_is_still_done():
    """A screen that is left does not undo what it asked for."""
    desk = Desk("test-desk")
    gate = threading.Event()
    asked = asyncio.ensure_future(desk.ask(gate.wait))
    await asyncio.sleep(0)

    asked.cancel()
    gate.set()
    done = await desk.ask(lambda: "done")
    desk.close()

    assert "done" == done
    assert gate.is_set()


async def test_a_fault_reaches_the_one_who_asked():
    """Errors are raised where the answer is awaited."""
    desk = Desk("test-desk")

    with pytest.raises(ZeroDivisionError):
        await desk.ask(lambda: 1 / 0)

    desk.close()


async def test_the_grader_is_made_once_and_closing_ends_a_run():
    """The bench makes one grader; closing it does not wait for a run to end by itself."""
    made = []

    class SlowGrader:
        def __init__(self) -> None:
            self.ended = threading.Event()
            made.append(self)

        def start(self) -> None:
            """Be ready."""

        def close(self) -> None:
            """End the run."""
            self.ended.set()

    begun = threading.Event()

    def run(grader) -> None:
        begun.set()
        grader.ended.wait()
        raise GraderFault("The grader was closed.")

    bench = Bench(SlowGrader)
    await bench.warm()
    await bench.warm()
    running = asyncio.ensure_future(bench.run(run))
    await asyncio.to_thread(begun.wait)

    await bench.close()

    assert 1 == len(made)
    with pytest.raises(GraderFault):
        await running


async def test_closing_drops_a_run_that_has_not_begun():
    """A run that waits behind another one is cancelled when the bench closes."""
    begun = threading.Event()
    desk = Desk("test-desk")
    gate = threading.Event()

    def work() -> None:
        begun.set()
        gate.wait()

    first = asyncio.ensure_future(desk.ask(work))
    await asyncio.to_thread(begun.wait)
    second = asyncio.ensure_future(desk.ask(lambda: "never"))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(asyncio.to_thread(desk.close))

    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    await closing
    assert await first is None


async def test_a_bench_that_was_never_used_makes_no_grader():
    """Quitting without an exercise starts nothing."""
    made = []
    bench = Bench(lambda: made.append("grader"))

    await bench.close()

    assert [] == made

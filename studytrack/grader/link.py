"""One conversation with a runner: a question, its answer, within a deadline.

Writes never block, so that a runner that stops reading cannot hang the judge; captured output is
drained all the while and capped. What an answer means is decided elsewhere.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections import deque
from typing import Any

from studytrack.errors import GraderFault
from studytrack.grader.limits import Limits
from studytrack.grader.spawner import Spawner
from studytrack.grader.wire import OUTPUT_CAP, FrameReader, NoAnswer, ProtocolFault, pack

_HELLO_SECONDS = 20.0


class RunnerTimeout(NoAnswer):
    """No answer came within the limit."""


class RunnerDied(NoAnswer):
    """The runner ended before it answered; the message says how."""


class Link:
    """A living runner.

    Args:
        zygote: forks it.
        limits: its resource limits.
        question_seconds: wall time for one question.
        run_end: a `time.monotonic()` after which no question is answered.
    """

    def __init__(
        self, zygote: Spawner, limits: Limits, question_seconds: float, run_end: float
    ) -> None:
        self._runner = zygote.fork(limits)
        self._reader = FrameReader()
        self._frames: deque[tuple[dict[str, Any], list[bytes]]] = deque()
        self._question_seconds = question_seconds
        self._run_end = run_end
        self._number = 0
        self._output = bytearray()
        self.dropped_output = 0
        self.alive = True
        self.isolation = self._hello()

    @property
    def output(self) -> str:
        """What the submission printed, up to the cap."""
        return self._output.decode("utf-8", "replace")

    def _hello(self) -> tuple[str, ...]:
        """Read what the runner says before it sees the submission: its isolation layers.

        It may have waited for long, so it must also answer once before a submission is blamed.

        Raises:
            GraderFault: it never came up; no submission is to blame.
        """
        try:
            deadline = time.monotonic() + _HELLO_SECONDS
            header, _ = self._receive(deadline)
            self._send(pack({"op": "forget", "id": 0}, []), deadline)
            self._receive(deadline)
            return tuple(header["isolation"])
        except (RunnerTimeout, RunnerDied, ProtocolFault, KeyError) as error:
            self.close()
            raise GraderFault(
                "A runner did not start.", self.output[-500:].strip(), "Grade again."
            ) from error

    def ask(
        self, question: dict[str, Any], buffers: list[bytes] | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a question and return its answer.

        Raises:
            RunnerTimeout, RunnerDied, ProtocolFault: the runner is dead afterwards.
        """
        self._number += 1
        deadline = min(time.monotonic() + self._question_seconds, self._run_end)
        try:
            if self._frames or not self._reader.clean:
                raise ProtocolFault("an answer without a question")
            self._send(pack({**question, "id": self._number}, buffers or []), deadline)
            header, data = self._receive(deadline)
            if header.get("id") != self._number or type(header.get("ok")) is not bool:
                raise ProtocolFault("an answer to another question")
        except (RunnerTimeout, ProtocolFault):
            self.close()
            raise
        return header, data

    def hasten(self, seconds: float) -> None:
        """Let no question be answered later than so many seconds from now."""
        self._run_end = min(self._run_end, time.monotonic() + seconds)

    def _send(self, frame: bytes, deadline: float) -> None:
        view = memoryview(frame)
        while view:
            readable, writable = self._wait(deadline, writing=True)
            self._drain(readable)
            if writable:
                try:
                    view = view[os.write(self._runner.questions, view) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    raise self._died() from None

    def _receive(self, deadline: float) -> tuple[dict[str, Any], list[bytes]]:
        while not self._frames:
            readable, _ = self._wait(deadline, writing=False)
            self._drain(readable)
            if self._runner.answers in readable:
                data = os.read(self._runner.answers, 1 << 20)
                if not data:
                    raise self._died()
                self._frames.extend(self._reader.feed(data))
        return self._frames.popleft()

    def _wait(self, deadline: float, *, writing: bool) -> tuple[list[int], list[int]]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise RunnerTimeout
        poll = select.poll()
        poll.register(self._runner.answers, select.POLLIN)
        if self._runner.output >= 0:
            poll.register(self._runner.output, select.POLLIN)
        if writing:
            poll.register(self._runner.questions, select.POLLOUT)
        events = poll.poll(max(1, left * 1000))
        readable = [fd for fd, _ in events if fd != self._runner.questions]
        return readable, [fd for fd, _ in events if fd == self._runner.questions]

    def _drain(self, readable: list[int]) -> None:
        fd = self._runner.output
        if fd not in readable:
            return
        data = os.read(fd, 1 << 16)
        if not data:  # the submission closed its output; stop polling it
            os.close(fd)
            self._runner.output = -1
            return
        room = max(0, OUTPUT_CAP - len(self._output))
        self._output += data[:room]
        self.dropped_output += len(data) - min(room, len(data))

    def _died(self) -> RunnerDied:
        status = self._ended()
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return RunnerDied(f"Your code ended the process: signal {number} ({_signal(number)}).")
        return RunnerDied(f"Your code ended the process with exit status {os.WEXITSTATUS(status)}.")

    def close(self) -> None:
        """End the runner, unless it was ended before; nobody waits for its end."""
        if self.alive:
            self.alive = False
            self._collect_output()
            self._runner.discard()

    def _ended(self) -> int:
        """Collect the runner that ended by itself; return its wait status."""
        self.alive = False
        self._collect_output()
        return self._runner.reap()

    def _collect_output(self) -> None:
        fd = self._runner.output
        for _ in range(OUTPUT_CAP >> 16 or 1):
            if fd < 0 or not select.select([fd], [], [], 0)[0]:
                return
            self._drain([fd])
            fd = self._runner.output


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"

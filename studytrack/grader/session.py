"""A submission's run: its runners, one after another, and how they ended.

A runner that dies, times out or has lost its GPU is replaced for the next check; two deaths end
the run, and a protocol fault ends it at once. Comparison and checks are not known here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from studytrack.domain.exercise import SOURCE_CAP
from studytrack.domain.verdict import is_sandboxed
from studytrack.errors import EnvironmentFault, GraderFault
from studytrack.grader.authoring import RemoteError, derive_seed
from studytrack.grader.limits import Limits
from studytrack.grader.link import Link
from studytrack.grader.spawner import Spawner
from studytrack.grader.wire import NoAnswer, ProtocolFault

MAX_DEATHS = 2


class LoadFault(NoAnswer):
    """The submission could not be loaded; the message is for the learner.

    `forbidden` tells that it called what the exercise closes.
    """

    forbidden = False


class DeviceLost(NoAnswer):
    """The submission broke its runner's GPU context; `error` is what it raised then."""

    def __init__(self, error: RemoteError) -> None:
        super().__init__(str(error))
        self.error = error


class RunEnded(NoAnswer):
    """No further question is asked in this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Wall-clock limits in seconds, and the runner's resources."""

    question_seconds: float = 3.0
    run_seconds: float = 12.0
    runner: Limits = field(default_factory=Limits)


class Session:
    """Asks a submission questions, whatever happens to its process.

    Args:
        zygote: forks the runners.
        source: the submission's text.
        entry: the name it must define.
        seed: the run's seed; the runner gets a one-way derivative.
        limits: wall-clock and resource limits.
        device: where the runner puts its inputs.
        forbid: names that the runner takes away before it loads the submission.
        need_sandbox: refuse to load it where the isolation is not full.
    """

    def __init__(
        self,
        zygote: Spawner,
        source: str,
        entry: str,
        seed: int,
        limits: RunLimits,
        device: str,
        *,
        forbid: Sequence[str] = (),
        need_sandbox: bool = False,
    ) -> None:
        self._zygote = zygote
        self._source = source.encode()
        self._entry = entry
        self._seed = derive_seed(seed, "runner")
        self._limits = limits
        self._device = device
        self._forbid = list(forbid)
        self._need_sandbox = need_sandbox
        self._end: float | None = None  # set when the first runner is there
        self._link: Link | None = None
        self._outputs: list[tuple[str, int]] = []
        self.deaths = 0
        self.ended = False
        self.fault: NoAnswer | None = None  # the newest: how the last runner was lost
        self.isolation: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """Where the submission's tensors live."""
        return self._device

    def ask(
        self, question: dict[str, Any], buffers: list[bytes] | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Ask one question and return the answer's header and buffers.

        Raises:
            RemoteError: the submission raised.
            RunnerTimeout, RunnerDied, DeviceLost, ProtocolFault: its runner is gone.
            LoadFault: it cannot be loaded.
            RunEnded: too many of its runners are gone, or the run's time is over.
        """
        try:
            if self.ended:
                raise RunEnded
            link = self._loaded()
            header, data = link.ask({**question, "device": self._device}, buffers)
            if not header["ok"]:
                error = _remote_error(header)
                if header.get("lost") is True and self._device != "cpu":
                    raise DeviceLost(error)
                raise error
        except NoAnswer as fault:
            self.give_up(fault)
            raise
        return header, data

    def give_up(self, fault: NoAnswer) -> None:
        """Take note that a question went unanswered: the runner is lost, or the run is over.

        A protocol fault ends the run; so does whoever found one while reading an answer.
        """
        self.fault = fault
        if not isinstance(fault, RunEnded):
            self._bury()
        if isinstance(fault, ProtocolFault):
            self.ended = True

    def start(self) -> None:
        """Load the submission now.

        Raises:
            as `ask`.
        """
        try:
            self._loaded()
        except NoAnswer as fault:
            self.give_up(fault)
            raise

    def _loaded(self) -> Link:
        if self._link is not None:
            return self._link
        self._zygote.start()
        if self._end is not None and time.monotonic() >= self._end:
            self.ended = True
            raise RunEnded
        self._link = self._new_link(math.inf if self._end is None else self._end)
        if self._end is None:  # starting a zygote takes seconds that are not the submission's
            self._end = time.monotonic() + self._limits.run_seconds
            self._link.hasten(self._limits.run_seconds)
        self.isolation = self._link.isolation
        if self._need_sandbox and not is_sandboxed(self.isolation):
            raise EnvironmentFault(
                "Submissions of others are not run here: the isolation is not full.",
                f"Active are {', '.join(self.isolation) or 'no layers'}; it takes Landlock and "
                "seccomp to keep such code from your files and the network.",
                "Run it on a Linux with both, or accept the risk with --allow-unsandboxed.",
            )
        question = {"op": "load", "entry": self._entry, "seed": self._seed}
        header, _ = self._link.ask(
            {**question, "forbid": self._forbid, "device": self._device}, [self._source]
        )
        if not header["ok"]:
            error = _remote_error(header)
            where = f"line {error.lines[-1]}: " if error.lines else ""
            closed = error.type_name == "ForbiddenCall"
            fault = LoadFault(f"{where}{error.message if closed else error}")
            fault.forbidden = closed
            raise fault
        if not header.get("found"):
            raise LoadFault(f"Your file defines no `{self._entry}`.")
        return self._link

    def hasten(self, seconds: float) -> None:
        """Let the run end so many seconds from now: what is asked next is only for show."""
        if self._link is not None:
            self._link.hasten(seconds)

    def _new_link(self, end: float) -> Link:
        """Return a runner that lives; one that was ended while it waited is replaced."""
        wanted = (self._zygote, self._limits.runner, self._limits.question_seconds, end)
        try:
            return Link(*wanted)
        except GraderFault:
            return Link(*wanted)

    def forget(self) -> None:
        """Drop the objects and graphs that earlier checks left in the runner."""
        if self._link is not None and not self.ended:
            self.ask({"op": "forget"})

    def _bury(self) -> None:
        self._close_link()
        self.deaths += 1
        if self.deaths >= MAX_DEATHS or (self._end is not None and time.monotonic() >= self._end):
            self.ended = True

    def _close_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._outputs.append((self._link.output, self._link.dropped_output))
            self._link = None

    def close(self) -> tuple[str, int]:
        """End the run; return what was printed and how many bytes were dropped."""
        self._close_link()
        self.ended = True
        text = "".join(output for output, _ in self._outputs)
        return text, sum(dropped for _, dropped in self._outputs)


def _remote_error(header: dict[str, Any]) -> RemoteError:
    error = header.get("error")
    if not isinstance(error, dict):
        raise ProtocolFault("an error without a description")
    if not all(isinstance(error.get(part, []), list) for part in ("mro", "lines")):
        raise ProtocolFault("an error whose description is of the wrong types")
    if not all(isinstance(error.get(part, ""), str) for part in ("type", "message")):
        raise ProtocolFault("an error whose description is of the wrong types")
    kind, message = error.get("type", "")[:80], error.get("message", "")[:500]
    mro = [name[:80] for name in error.get("mro", []) if isinstance(name, str)][:20]
    lines = [
        line for line in error.get("lines", []) if type(line) is int and 0 <= line <= SOURCE_CAP
    ][:8]
    return RemoteError(kind, message, mro, lines)

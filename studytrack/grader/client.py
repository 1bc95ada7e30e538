"""What front ends and services know of the grader: start it, grade, close it.

The judge is the warm server of a place, shared with other clients, or a child process of this one.
It is started once and stays warm. No torch and no numpy here.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

from studytrack.domain.exercise import SOURCE_CAP, Exercise
from studytrack.domain.verdict import CheckResult, Report, report_from_plain
from studytrack.errors import EnvironmentFault, GraderFault, StudytrackError
from studytrack.grader.limits import Layers
from studytrack.grader.place import Place, PlaceRefused
from studytrack.grader.spawner import start_python
from studytrack.grader.warm import WarmJudge
from studytrack.grader.wire import FrameReader, pack

OnCheck = Callable[[CheckResult], None]
SYSTEM = os.name
_START_SECONDS, _EXTRA_SECONDS = 120.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderSettings:
    """Wall-clock limits in seconds, and the layers of isolation to apply at most."""

    question_seconds: float = 3.0
    run_seconds: float = 12.0
    idle_seconds: float = 900.0  # how long a shared server stays without a client
    layers: Layers = field(default_factory=Layers)


class Reach(Protocol):
    """A way to a judge."""

    def open(self) -> socket.socket:
        """Return a connection, made if need be."""

    def drop(self, error: Exception) -> str:
        """Give up a connection that failed; return how the other end ended."""

    def close(self) -> None:
        """End the connection, from any thread."""


class OwnJudge:
    """A judge that is a child of this process and ends with it: the cold path."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None

    def open(self) -> socket.socket:
        """Return the connection, with a new process if there is none alive."""
        if self._link is None or self._process is None or self._process.poll() is not None:
            self.close()
            self._process, self._link = start_python("studytrack.grader.server")
        return self._link

    def drop(self, error: Exception) -> str:
        """End the process and say with what status it had ended."""
        del error
        status = self._process.poll() if self._process else None
        self.close()
        return "" if status is None else f"Its process ended with status {status}."

    def close(self) -> None:
        """End the process; a run in progress ends with it."""
        link, self._link = self._link, None
        process, self._process = self._process, None
        if link is not None:
            link.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


class Grader:
    """A grader for this process; safe to use from several threads, one run at a time.

    Args:
        settings: limits and layers.
        place: of the server to share; None is a judge of our own. A place that is not private
            gives one of our own as well, and `note` says why.
    """

    def __init__(self, settings: GraderSettings | None = None, place: Place | None = None) -> None:
        self._settings = settings or GraderSettings()
        self._lock = threading.Lock()
        self._reader = FrameReader()
        self._closed = False
        self._reach: Reach = OwnJudge()
        self.note = place.remark if place is not None else ""
        if place is not None and SYSTEM != "nt":
            try:
                self._reach = WarmJudge(place, self._settings.layers, self._settings.idle_seconds)
            except PlaceRefused as error:
                self.note = str(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start and warm the grader; returns at once if it is warm.

        Raises:
            EnvironmentFault: torch cannot be imported.
            GraderFault: the grader did not start.
        """
        with self._lock:
            self._exchange(
                self._request("warm"), [], _START_SECONDS, lambda event: event["event"] == "ready"
            )

    def grade(
        self,
        exercise: Exercise,
        source: bytes,
        *,
        device: str = "auto",
        seed: int | None = None,
        on_check: OnCheck | None = None,
        own: bool = True,
        allow_unsandboxed: bool = False,
        tolerance_factor: float = 1.0,
    ) -> Report:
        """Grade a submission and return the report; a wrong one is a report too.

        Args:
            exercise: what it solves.
            source: the submission's file, as it is.
            device: "auto", "cpu" or "cuda".
            seed: of the inputs; None draws a new one.
            on_check: called as each check ends, from the calling thread.
            own: the source is the learner's; others' is refused where the isolation is not full.
            allow_unsandboxed: run others' there all the same.
            tolerance_factor: widens every tolerance; other than 1 only in proofs.

        Raises:
            EnvironmentFault: torch, the device or the isolation is missing.
            GraderFault: the grader itself gave no verdict.
        """
        limits = {
            "question_seconds": self._settings.question_seconds,
            "run_seconds": self._settings.run_seconds,
        }
        request = self._request(
            "grade",
            exercise=asdict(exercise),
            seed=seed,
            device=device,
            limits=limits,
            own=own,
            allow_unsandboxed=allow_unsandboxed,
            tolerance_factor=tolerance_factor,
        )
        seconds = self._settings.run_seconds + _EXTRA_SECONDS

        def take(event: dict[str, Any]) -> bool:
            if event["event"] == "check" and on_check is not None:
                on_check(CheckResult(**event["check"]))
            return bool(event["event"] == "report")

        with self._lock:
            last = self._exchange(request, [source[: SOURCE_CAP + 1]], seconds, take)
        return report_from_plain(last["report"])

    def examples(self, exercise: Exercise) -> list[str]:
        """Return what is wrong with the examples of a statement, held against the reference.

        Raises:
            as `grade`.
        """
        request = self._request("examples", exercise=asdict(exercise))
        with self._lock:
            last = self._exchange(
                request, [], _EXTRA_SECONDS, lambda event: event["event"] == "examples"
            )
        return [str(problem) for problem in last["problems"]]

    def _request(self, operation: str, **more: Any) -> dict[str, Any]:
        return {"op": operation, "layers": asdict(self._settings.layers), **more}

    def _exchange(
        self,
        request: dict[str, Any],
        buffers: list[bytes],
        seconds: float,
        done: Callable[[dict[str, Any]], bool],
    ) -> dict[str, Any]:
        """Send a request and read events until `done`; a dead judge is restarted once."""
        for attempt in (1, 2):
            try:
                link = self._connected()
                link.settimeout(_START_SECONDS if request["op"] == "warm" else seconds)
                link.sendall(pack(request, buffers))
                return self._read(link, done)
            except (OSError, EOFError) as error:
                ended = self._reach.drop(error)
                self._reader = FrameReader()
                if attempt == 2 or self._closed:  # noqa: PLR2004 - once more, then an error
                    raise _no_judge(error, ended) from error
        raise AssertionError("unreachable")

    def _read(self, link: socket.socket, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            data = link.recv(1 << 20)
            if not data:
                raise EOFError
            for event, _ in self._reader.feed(data):
                if event["event"] == "fault":
                    raise _as_error(event)
                if done(event):
                    return event

    def _connected(self) -> socket.socket:
        if SYSTEM == "nt":
            raise EnvironmentFault(
                "Grading needs Linux or macOS.",
                "A submission runs in a forked process, which Windows does not have.",
                "Use WSL2.",
            )
        if self._closed:
            raise GraderFault("The grader was closed.", "", "Grade again.")
        return self._reach.open()

    def close(self) -> None:
        """End the grader, of a shared one our connection; a run in progress ends with it."""
        self._closed = True
        self._reach.close()


def _as_error(event: dict[str, Any]) -> StudytrackError:
    text = (event["what"], event["why"], event["remedy"])
    if event["exit_code"] == GraderFault.exit_code:
        return GraderFault(*text)
    error = StudytrackError(*text)
    error.exit_code = event["exit_code"]
    return error


def _no_judge(error: Exception, ended: str) -> StudytrackError:
    if isinstance(error, TimeoutError):
        return GraderFault("The grader did not answer in time.", "", "Grade again.")
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        return EnvironmentFault(
            "Grading needs torch, and it is not installed.", "", "Run `pip install torch`."
        )
    return GraderFault(
        "The grader does not start.", ended, "`studytrack doctor` shows what is wrong."
    )

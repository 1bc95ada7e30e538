"""What front ends and services know of the grader: start it, grade, close it.

The judge is a child process; it is started once and stays warm. No torch and no numpy here.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from studytrack.domain.exercise import Exercise
from studytrack.domain.verdict import CheckResult, Report, report_from_plain
from studytrack.errors import EnvironmentFault, GraderFault, StudytrackError
from studytrack.grader.spawner import start_python
from studytrack.grader.wire import SOURCE_CAP, FrameReader, pack

OnCheck = Callable[[CheckResult], None]
SYSTEM = os.name
_START_SECONDS, _EXTRA_SECONDS = 120.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderSettings:
    """Wall-clock limits in seconds."""

    question_seconds: float = 3.0
    run_seconds: float = 12.0


class Grader:
    """A grader service of this process; safe to use from several threads, one run at a time."""

    def __init__(self, settings: GraderSettings | None = None) -> None:
        self._settings = settings or GraderSettings()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._reader = FrameReader()
        self._closed = False

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
                {"op": "warm"}, [], _START_SECONDS, lambda event: event["event"] == "ready"
            )

    def grade(
        self,
        exercise: Exercise,
        source: bytes,
        *,
        device: str = "auto",
        seed: int | None = None,
        on_check: OnCheck | None = None,
    ) -> Report:
        """Grade a submission and return the report; a wrong one is a report too.

        Args:
            exercise: what it solves.
            source: the submission's file, as it is.
            device: "auto" or "cpu"; this version grades on the CPU.
            seed: of the inputs; None draws a new one.
            on_check: called as each check ends, from the calling thread.

        Raises:
            EnvironmentFault: torch is missing, or the device is not there.
            GraderFault: the grader itself gave no verdict.
        """
        if device not in {"auto", "cpu"}:
            raise EnvironmentFault(
                f"Cannot grade on `{device}`.",
                "This version grades on the CPU only.",
                "Use --device cpu; the same checks run there.",
            )
        request = {
            "op": "grade",
            "exercise": asdict(exercise),
            "seed": seed,
            "limits": asdict(self._settings),
        }
        seconds = self._settings.run_seconds + _EXTRA_SECONDS

        def take(event: dict[str, Any]) -> bool:
            if event["event"] == "check" and on_check is not None:
                on_check(CheckResult(**event["check"]))
            return bool(event["event"] == "report")

        with self._lock:
            last = self._exchange(request, [source[: SOURCE_CAP + 1]], seconds, take)
        return report_from_plain(last["report"])

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
                status = self._process.poll() if self._process else None
                self._stop()
                if attempt == 2 or self._closed:  # noqa: PLR2004 - once more, then an error
                    raise _no_judge(error, status) from error
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
        if self._link is None or self._process is None or self._process.poll() is not None:
            self._stop()
            self._reader = FrameReader()
            self._process, self._link = start_python("studytrack.grader.server")
        return self._link

    def _stop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the grader; a run in progress ends with it, and none can begin."""
        self._closed = True
        self._stop()


def _as_error(event: dict[str, Any]) -> StudytrackError:
    text = (event["what"], event["why"], event["remedy"])
    if event["exit_code"] == GraderFault.exit_code:
        return GraderFault(*text)
    error = StudytrackError(*text)
    error.exit_code = event["exit_code"]
    return error


def _no_judge(error: Exception, status: int | None) -> StudytrackError:
    if isinstance(error, TimeoutError):
        return GraderFault("The grader did not answer in time.", "", "Grade again.")
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        return EnvironmentFault(
            "Grading needs torch, and it is not installed.", "", "Run `pip install torch`."
        )
    ended = "" if status is None else f"Its process ended with status {status}."
    return GraderFault(
        "The grader does not start.", ended, "`studytrack doctor` shows what is wrong."
    )

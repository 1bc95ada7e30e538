"""What services know of the fit: start its process, watch it, end it. No torch in here.

The process gets the histories and gives back a set of parameters; it knows neither the database nor
the learner, so it can be ended at any moment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from studytrack.domain.parameters import Fitted
from studytrack.domain.usable import Review
from studytrack.errors import EnvironmentFault, StudytrackError

_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from studytrack.fitting.__main__ import main"
_RETRY = "Nothing was changed; run `studytrack fit` again."


class FitFault(StudytrackError):
    """The fit's process gave no result; nothing was changed."""

    exit_code = 6


class FitProcess:
    """One fit. `cancel` may be called from any thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._cancelled = False

    def run(
        self,
        histories: Sequence[Sequence[Review]],
        current: Sequence[float],
        *,
        relearning_steps: int = 1,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Fitted:
        """Fit and return what was found.

        Args:
            histories: the reviews of each item.
            current: the parameters in use.
            relearning_steps: of the preset.
            on_progress: told the share of the work that is done, from the calling thread.

        Raises:
            EnvironmentFault: torch is missing.
            FitFault: the process ended without a result, also by `cancel`.
        """
        request = {
            "histories": [
                [(one.days, one.rating, int(one.usable), one.order) for one in items]
                for items in histories
            ],
            "current": list(current),
            "relearning_steps": relearning_steps,
        }
        process = self._start()
        try:
            return self._exchange(process, json.dumps(request).encode(), on_progress)
        finally:  # also when the caller was interrupted
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def cancel(self) -> None:
        """End the fit; `run` raises in its own thread."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(__file__).resolve().parent.parent.parent)
        with self._lock:
            if self._cancelled:
                raise _ended(None)
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", f"{_BOOT}; main()", root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # ctrl+c comes to this process, which ends the other
            )
            return self._process

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        request: bytes,
        on_progress: Callable[[float], None],
    ) -> Fitted:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request)
            process.stdin.close()
        except OSError:  # it died at once; what it said, if anything, is read below
            pass
        for line in process.stdout:
            event = _event(line)
            if "progress" in event:
                on_progress(float(event["progress"]))
            elif "fitted" in event:
                found = event["fitted"]
                return Fitted(**{**found, "parameters": tuple(found["parameters"])})
            elif event.get("error") == "no torch":
                raise EnvironmentFault(
                    "The fit needs torch, which cannot be imported.",
                    f"Python says: {event.get('why', '')}",
                    "`studytrack doctor` tells how to install it; nothing was changed.",
                )
            else:
                raise FitFault("The fit failed.", f"It says: {event.get('error')}.", _RETRY)
        raise _ended(process.wait())


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        event = {"error": f"unreadable answer {line[:80]!r}"}
    return event if isinstance(event, dict) else {"error": f"unreadable answer {line[:80]!r}"}


def _ended(status: int | None) -> FitFault:
    how = "It was cancelled." if status is None else f"Its process ended with status {status}."
    return FitFault("The fit ended without a result.", how, _RETRY)

"""Starting processes: a Python child over a socket, the zygote, and runners through it.

The judge's view of processes; what they say is `link`'s business. No torch here, since the client
starts the judge in the same way.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studytrack.errors import GraderFault
from studytrack.grader.limits import Limits

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; main(int(sys.argv[2]))"
)


def start_python(
    module: str, *, stderr: int | None = None
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start `module.main(fd)` in a fresh interpreter and return it with our end of the socket.

    The child gets a minimal environment (its initial block stays readable for ever) and one
    thread for every numeric library.
    """
    ours, theirs = socket.socketpair()
    root = str(Path(__file__).resolve().parent.parent.parent)
    command = [sys.executable, "-I", "-c", _BOOT.format(module=module), root, str(theirs.fileno())]
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "random",
        "CUDA_VISIBLE_DEVICES": "",
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    }
    process = subprocess.Popen(
        command,
        pass_fds=[theirs.fileno()],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stderr if stderr is not None else subprocess.DEVNULL,
        stderr=stderr if stderr is not None else subprocess.DEVNULL,
        start_new_session=True,  # ctrl+c in the terminal must not kill the grader half-way
    )
    theirs.close()
    return process, ours


@dataclass(slots=True)
class RunnerProcess:
    """One runner and the judge's ends of its pipes."""

    pid: int
    pidfd: int | None
    questions: int
    answers: int
    output: int
    zygote: Zygote

    def kill(self) -> None:
        """End the runner; a dead one is no error."""
        with contextlib.suppress(ProcessLookupError):
            if self.pidfd is not None:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            else:
                self.zygote.ask({"op": "kill", "pid": self.pid})

    def reap(self) -> int:
        """Kill the runner if it lives, collect it, close the pipes; return its wait status."""
        self.kill()
        status = int(self.zygote.ask({"op": "wait", "pid": self.pid})["status"])
        for fd in (self.questions, self.answers, self.output, self.pidfd):
            if fd is not None and fd >= 0:
                os.close(fd)
        return status


class Zygote:
    """The judge's hold on its zygote; a dead one is replaced at the next fork."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._buffer = b""

    def start(self) -> None:
        """Start the zygote and wait until it is warm.

        Raises:
            GraderFault: it died before it was ready.
        """
        if self._process is not None and self._process.poll() is None and self._link is not None:
            return
        self.close()
        self._process, self._link = start_python("studytrack.grader.zygote")
        self._buffer = b""
        ready = self._receive()[0]
        if ready.get("threads") != 1:
            self.close()
            raise GraderFault(
                "The grader's template process has more than one thread.",
                "A process that forks must have one.",
                "Please report this with the output of `studytrack doctor`.",
            )

    def fork(self, limits: Limits) -> RunnerProcess:
        """Fork a runner; restarts the zygote once if it has died."""
        try:
            self.start()
            return self._fork(limits)
        except (OSError, GraderFault):
            self.close()
            self.start()
            return self._fork(limits)

    def _fork(self, limits: Limits) -> RunnerProcess:
        questions_read, questions = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        answers, answers_write = os.pipe()
        output, output_write = os.pipe()
        theirs = (questions_read, answers_write, output_write)
        try:
            assert self._link is not None
            request = json.dumps({"op": "fork", "limits": asdict(limits)}).encode()
            socket.send_fds(self._link, [request], theirs)
            reply, fds = self._receive()
        except (OSError, GraderFault):
            for fd in (questions, answers, output):
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        for fd in (questions, answers, output):
            os.set_blocking(fd, False)
        return RunnerProcess(
            reply["pid"], fds[0] if fds else None, questions, answers, output, self
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return the reply.

        Raises:
            GraderFault: the zygote is gone.
        """
        if self._link is None:
            raise _gone()
        self._link.sendall(json.dumps(request).encode())
        return self._receive()[0]

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        assert self._link is not None
        fds: list[int] = []
        while b"\n" not in self._buffer:
            data, more, _, _ = socket.recv_fds(self._link, 1 << 16, 1)
            if not data:
                raise _gone()
            self._buffer += data
            fds.extend(more)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line), fds

    def close(self) -> None:
        """End the zygote; its runners die with it."""
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _gone() -> GraderFault:
    return GraderFault(
        "The grader's template process ended.", "", "Grade again; it is started anew."
    )

"""Starting processes: a Python child over a socket, the zygote, and runners through it.

The judge's view of processes; what they say is `link`'s business. No torch here, since the client
starts the judge in the same way.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from studytrack.errors import GraderFault
from studytrack.grader import cgroups
from studytrack.grader.apart import Adopted
from studytrack.grader.limits import Layers, Limits

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; "
    "main(int(sys.argv[2]), *sys.argv[3:])"
)


def python_command(module: str, control: int, *arguments: str) -> list[str]:
    """Return the command that runs `module.main(control, *arguments)` in a fresh interpreter."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    boot = _BOOT.format(module=module)
    return [sys.executable, "-I", "-c", boot, root, str(control), *arguments]


def start_python(
    module: str, *arguments: str, stderr: int | None = None, cuda: bool = False
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start `module.main(fd, *arguments)` in a fresh interpreter, with a socket to it.

    The child gets a minimal environment (its initial block stays readable for ever) and one
    thread for every numeric library. Only with `cuda` does it see a GPU.
    """
    ours, theirs = socket.socketpair()
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "random",
        # with the second, torch asks nobody whether a GPU is there: asking starts threads
        **({} if cuda else {"CUDA_VISIBLE_DEVICES": "", "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}),
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    }
    process = subprocess.Popen(
        python_command(module, theirs.fileno(), *arguments),
        pass_fds=[theirs.fileno()],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stderr if stderr is not None else subprocess.DEVNULL,
        stderr=stderr if stderr is not None else subprocess.DEVNULL,
        start_new_session=True,  # ctrl+c in the terminal must not kill the grader half-way
    )
    theirs.close()
    return process, ours


class Keeper(Protocol):
    """The parent of runners: who can collect them."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer {"op": "kill" | "wait", "pid": n}."""

    def tell(self, request: dict[str, Any]) -> None:
        """Take {"op": "reap", "pid": n}."""


class Spawner(Protocol):
    """Where a session gets its runners."""

    def start(self) -> None:
        """Be warm."""

    def fork(self, limits: Limits) -> RunnerProcess:
        """Return a new runner."""


@dataclass(slots=True)
class RunnerProcess:
    """One runner and the judge's ends of its pipes."""

    pid: int
    pidfd: int | None
    questions: int
    answers: int
    output: int
    zygote: Keeper

    def kill(self) -> None:
        """End the runner; a dead one is no error."""
        with contextlib.suppress(ProcessLookupError):
            if self.pidfd is not None:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            else:
                self.zygote.ask({"op": "kill", "pid": self.pid})

    @property
    def alive(self) -> bool:
        """Whether it runs; where the system has no pidfd it is taken to."""
        return self.pidfd is None or not select.select([self.pidfd], [], [], 0)[0]

    def reap(self) -> int:
        """Kill the runner if it lives, collect it, close the pipes; return its wait status."""
        try:
            self.kill()
            return int(self.zygote.ask({"op": "wait", "pid": self.pid})["status"])
        finally:
            self._close()

    def discard(self) -> None:
        """Kill the runner and close the pipes; the zygote collects it while nobody waits."""
        with contextlib.suppress(ProcessLookupError, GraderFault):  # it dies with its zygote
            if self.pidfd is not None:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            self.zygote.tell({"op": "reap", "pid": self.pid})
        self._close()

    def _close(self) -> None:
        for fd in (self.questions, self.answers, self.output, self.pidfd):
            if fd is not None and fd >= 0:
                os.close(fd)
        self.questions = self.answers = self.output = -1
        self.pidfd = None


@dataclass(slots=True)
class _Ahead:
    """A runner that was ordered: the judge's ends of its pipes and, once told, its process."""

    limits: Limits
    questions: int
    answers: int
    output: int
    pid: int | None = None
    pidfd: int | None = None

    def close(self) -> None:
        """Give it up; without its pipes a runner ends by itself."""
        for fd in (self.questions, self.answers, self.output, self.pidfd):
            if fd is not None:
                os.close(fd)


class ManyThreads(GraderFault):
    """A template process has more than one thread: it must not fork, another way may serve."""


class Zygote:
    """The judge's hold on its zygote; a dead one is replaced at the next fork.

    One runner is kept in advance, closed in and waiting for a submission: forking takes longer than
    most runs. The next is asked for as soon as one is taken, and is there when it is needed.
    """

    def __init__(self, layers: Layers | None = None) -> None:
        self._layers = layers or Layers()
        self._process: subprocess.Popen[bytes] | Adopted | None = None
        self._link: socket.socket | None = None
        self._buffer = b""
        self._fds: list[int] = []
        self._ahead: _Ahead | None = None
        self._group: Path | None = None
        self._apart = sys.platform == "linux"  # in a PID namespace of its own, until that fails

    def choose(self, layers: Layers) -> None:
        """Apply other layers from the next runner on; the zygote is started anew for them."""
        if layers != self._layers:
            self.close()
            self._layers = layers

    @property
    def pid(self) -> int | None:
        """The process, or None while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the zygote and wait until it is warm.

        Raises:
            ManyThreads: a library started threads as it was loaded.
            GraderFault: it died before it was ready.
        """
        if self._process is not None and self._process.poll() is None and not self._hung_up():
            return
        self.close()
        try:
            ready = self._started()
        except (OSError, GraderFault):
            if not self._apart:
                raise
            self.close()
            self._apart = False
            ready = self._started()
        if ready.get("threads") != 1:
            self.close()
            raise ManyThreads(
                "The grader's template process has more than one thread.",
                "A process that forks must have one.",
                "Please report this with the output of `studytrack doctor`.",
            )

    def _hung_up(self) -> bool:
        """Tell whether the zygote closed its end; as the first of a namespace it ends after all."""
        if self._link is None:
            return True
        try:
            return not self._link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _started(self) -> dict[str, Any]:
        """Start a zygote, in a PID namespace of its own if the layers ask for it."""
        module, chosen = "studytrack.grader.zygote", json.dumps(asdict(self._layers))
        if not (self._apart and self._layers.namespaces):
            self._process, self._link = start_python(module, chosen)
        else:
            launcher, self._link = start_python("studytrack.grader.apart", module, chosen)
            self._process = launcher
            pid = self._receive()["pid"]
            if pid is not None:
                launcher.wait()
                self._process = Adopted(pid)
        self._group = cgroups.hold(self._process.pid)
        return self._receive()

    def fork(self, limits: Limits) -> RunnerProcess:
        """Return a runner; restarts the zygote once if it has died."""
        try:
            self.start()
            return self._take(limits)
        except (OSError, GraderFault):
            self.close()
            self.start()
            return self._take(limits)

    def _take(self, limits: Limits) -> RunnerProcess:
        """Return the runner that waits, or a new one; then ask for the next."""
        if self._ahead is not None:
            wanted = self._ahead.limits == limits
            runner = self._arrived()
            if wanted and runner.alive:
                self._order(limits)
                return runner
            runner.discard()
        self._order(limits)
        runner = self._arrived()
        self._order(limits)
        return runner

    def _order(self, limits: Limits) -> None:
        """Ask for a runner without waiting for it."""
        questions_read, questions = os.pipe()
        answers, answers_write = os.pipe()
        output, output_write = os.pipe()
        theirs = (questions_read, answers_write, output_write)
        try:
            if self._link is None:
                raise _gone()
            request = json.dumps({"op": "fork", "limits": asdict(limits)}).encode() + b"\n"
            socket.send_fds(self._link, [request], theirs)
        except (OSError, GraderFault):
            for fd in (questions, answers, output):
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        for fd in (questions, answers, output):
            os.set_blocking(fd, False)
        self._ahead = _Ahead(limits, questions, answers, output)

    def _await_ahead(self) -> None:
        """Read the reply to an order, so that the next reply is another request's."""
        if self._ahead is not None and self._ahead.pid is None:
            reply = self._receive()
            self._ahead.pid = reply["pid"]
            self._ahead.pidfd = self._fds.pop(0) if self._fds else None

    def _arrived(self) -> RunnerProcess:
        """Return the runner that was ordered."""
        self._await_ahead()
        ahead, self._ahead = self._ahead, None
        assert ahead is not None
        assert ahead.pid is not None
        return RunnerProcess(
            ahead.pid, ahead.pidfd, ahead.questions, ahead.answers, ahead.output, self
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return the reply.

        Raises:
            GraderFault: the zygote is gone.
        """
        self._await_ahead()
        self.tell(request)
        return self._receive()

    def tell(self, request: dict[str, Any]) -> None:
        """Send a request that is not answered.

        Raises:
            GraderFault: the zygote is gone.
        """
        if self._link is None:
            raise _gone()
        try:
            self._link.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise _gone() from error

    def _receive(self) -> dict[str, Any]:
        assert self._link is not None
        while b"\n" not in self._buffer:
            try:
                data, more, _, _ = socket.recv_fds(self._link, 1 << 16, 4)
            except ConnectionError as error:
                raise _gone() from error
            if not data:
                raise _gone()
            self._buffer += data
            self._fds += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return dict(json.loads(line))

    def close(self) -> None:
        """End the zygote; its runners die with it."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None
        for fd in self._fds:
            os.close(fd)
        self._fds, self._buffer = [], b""
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._group is not None:
            cgroups.let_go(self._group)
            self._group = None


def _gone() -> GraderFault:
    return GraderFault(
        "The grader's template process ended.", "", "Grade again; it is started anew."
    )

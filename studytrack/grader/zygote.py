"""The zygote: a process with torch imported that forks a runner per attempt.

It holds no reference, seed, expected value or path of the learner's. It has one thread, as a
process that forks must; torch's lazy imports are warmed here, because a closed-in runner could
not load them.

Control socket, JSON lines, worked off in order so that the judge may send ahead:
{"op": "fork", "limits": {...}} with three descriptors (questions, answers, output) is answered by
{"pid": n} with the runner's pidfd where the system has them; {"op": "wait", "pid": n} by
{"status": n}; {"op": "kill", "pid": n} by {}. {"op": "reap", "pid": n} kills and collects a runner
whose end nobody asks about, and is not answered.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
import warnings
from typing import Any

from studytrack.grader import cgroups, landlock, seccomp
from studytrack.grader.limits import Layers, Limits
from studytrack.grader.lockdown import (
    ANSWERS,
    FIRST,
    QUESTIONS,
    Outside,
    be_first_to_go,
    close_in,
    hide_from_others,
    lift_memory_limit,
    take_channels,
)

# Standard modules whose system libraries a closed-in runner could not open.
LIBRARY = ("bz2", "ctypes", "decimal", "hashlib", "lzma", "uuid", "zlib", "zoneinfo")
SETUP_FAILED = 70  # exit status of a runner that could not be closed in


def main(control: int, chosen: str = "{}") -> None:
    """Warm up, say so, and serve the control socket until it closes.

    Args:
        control: a descriptor of the socket.
        chosen: the `Layers` as JSON.
    """
    link = socket.socket(fileno=control)
    lift_memory_limit()
    be_first_to_go()
    hide_from_others()
    warm_up()
    layers = Layers(**json.loads(chosen))
    version = min(landlock.abi(), layers.landlock)
    forge = _Forge(link, layers, landlock.make_rules(version), version)
    seccomp.prepare()
    gc.collect()
    gc.freeze()
    _send(link, {"ready": True, "threads": thread_count()})
    buffer, channels = b"", list[int]()
    while True:
        data, fds, _, _ = socket.recv_fds(link, 1 << 16, 3)
        if not data:
            return
        channels += fds
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if request["op"] == "fork":
                forge.fork(channels[:3], Limits(**request["limits"]))
                del channels[:3]
            else:
                _tend(link, request["op"], request["pid"])


def _tend(link: socket.socket, operation: str, pid: int) -> None:
    """End or collect a runner."""
    if operation in {"kill", "reap"}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if operation == "kill":
        _send(link, {})
        return
    _, status = os.waitpid(pid, 0)
    if operation == "wait":
        _send(link, {"status": status})


def thread_count() -> int:
    """Return the number of threads of this process (1 where the system does not tell)."""
    with contextlib.suppress(OSError, StopIteration), open("/proc/self/status") as file:  # noqa: PTH123 - cheap and fork-safe
        return int(next(line for line in file if line.startswith("Threads:")).split()[1])
    return 1


def _send(link: socket.socket, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    data = json.dumps(message).encode() + b"\n"
    if fds:
        socket.send_fds(link, [data], fds)
    else:
        link.sendall(data)


class _Forge:
    """Forks runners with the layers that were chosen once."""

    def __init__(
        self, link: socket.socket, layers: Layers, rules: int | None, version: int
    ) -> None:
        self._link = link
        self._layers = layers
        self._rules = rules
        self._version = version if rules is not None else 0
        self._held: bool | None = None

    def fork(self, fds: list[int], limits: Limits) -> None:
        """Fork a runner on three descriptors and tell its pid."""
        zygote = os.getpid()
        if self._held is None:  # only now: the judge puts us there while we warm up
            self._held = cgroups.is_held()
        pid = os.fork()
        if pid == 0:
            status = SETUP_FAILED
            try:
                os.setsid()
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is the front end's
                questions, answers, output = fds
                take_channels(questions, answers, output, self._rules)
                outside = Outside(pids=zygote == FIRST, cgroup=self._held)
                become_runner(close_in(limits, zygote, self._version, self._layers, outside))
                status = 0
            except BaseException:  # noqa: BLE001 - whatever it is, a fork must not return into the zygote
                traceback.print_exc()
            finally:
                os._exit(status)
        for fd in fds:
            os.close(fd)
        if hasattr(os, "pidfd_open"):
            pidfd = os.pidfd_open(pid)
            _send(self._link, {"pid": pid}, (pidfd,))
            os.close(pidfd)
        else:
            _send(self._link, {"pid": pid})


def become_runner(isolation: tuple[str, ...]) -> None:
    """Serve as a runner on the channels that were taken; returns when the questions end."""
    sys.stdout = open(1, "w", 1, encoding="utf-8", errors="replace")  # noqa: SIM115 - a descriptor, for life
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="replace")  # noqa: SIM115 - a descriptor, for life
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - for life
    sys.argv = ["solution.py"]
    library = os.path.dirname(os.__file__)  # noqa: PTH120 - no import of pathlib here
    sys.path[:] = [p for p in sys.path if p.startswith(library) and "-packages" not in p]
    os.path.realpath = _unresolved  # type: ignore[assignment]  # `inspect` asks for many
    from studytrack.grader.runner import serve

    serve(QUESTIONS, ANSWERS, isolation)
    sys.stdout.flush()
    sys.stderr.flush()


def _unresolved(path: str, *, strict: bool = False) -> str:
    """Return an absolute path as it stands: a closed-in runner may not read links."""
    if strict is True:  # newer Pythons know a third value, for paths that may be missing
        os.stat(path)  # noqa: PTH116 - no import of pathlib here
    return os.path.abspath(path)  # noqa: PTH100 - no import of pathlib here


def warm_up() -> None:
    """Import and run what torch loads lazily, on one thread."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":  # the CPU's way; asked for as it is
        # The first backward of a CUDA build looks for GPUs, and a closed-in runner may not.
        warnings.filterwarnings("ignore", message="CUDA initialization")
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    import studytrack.grader.runner  # noqa: F401 - loaded before the fork

    class _Functions(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            del types
            return func(*args, **(kwargs or {}))

    class _Dispatch(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            del types
            return func(*args, **(kwargs or {}))

    torch.set_num_threads(1)
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    square = torch.ones(512, 512)
    square @ square
    with _Functions(), _Dispatch():  # type: ignore[no-untyped-call]
        x = torch.ones(2, 4, requires_grad=True)
        layer = torch.nn.Linear(4, 4)
        total = torch.nn.functional.gelu(layer(x)).softmax(-1).sum()
        if torch.version.cuda is None:  # else it asks the driver for GPUs, and that starts a thread
            total.backward()  # type: ignore[no-untyped-call]
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser = torch.optim.AdamW(layer.parameters())
    optimiser.step()
    x.detach().numpy()
    repr(x)
    torch.manual_seed(0)  # it keeps source lines, and reading them takes a runner 4 ms
    for name in LIBRARY:
        importlib.import_module(name)

"""Workers: processes spawned in advance that each serve one runner's life and end.

The second way to runners, for where a zygote cannot fork: macOS, and CUDA, whose driver does not
survive a fork. A worker imports torch, waits, closes itself in when the job arrives and speaks the
runner's protocol from then on. `Spawners` chooses between the two ways, per device.

Control socket, JSON lines: the worker says {"ready": true, "cuda": bool, "why": text}; the judge
answers once with {"limits": {...}} and three descriptors (questions, answers, output).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from studytrack.errors import EnvironmentFault, GraderFault
from studytrack.grader import landlock
from studytrack.grader.limits import Layers, Limits
from studytrack.grader.lockdown import (
    Outside,
    be_first_to_go,
    close_in,
    descriptors,
    hide_from_others,
    lift_memory_limit,
    reserve_channels,
    take_channels,
)
from studytrack.grader.spawner import ManyThreads, RunnerProcess, Spawner, Zygote, start_python

CUDA_NODES = ("/dev/nvidiactl", "/dev/dxg")  # without one of them no driver is loaded
_READY_SECONDS = 120.0
_MEMORY_SHARE = 0.5  # of the GPU's memory, for one submission
Start = Callable[..., tuple[subprocess.Popen[bytes], socket.socket]]


@dataclass(slots=True)
class _Waiting:
    """A worker that has no job yet."""

    process: subprocess.Popen[bytes]
    link: socket.socket
    buffer: bytes = b""

    def ready(self) -> dict[str, Any]:
        """Wait until it is warm; return what it says.

        Raises:
            GraderFault: it ended before that, or takes too long.
        """
        self.link.settimeout(_READY_SECONDS)
        try:
            while b"\n" not in self.buffer:
                data = self.link.recv(1 << 16)
                if not data:
                    raise EOFError
                self.buffer += data
        except (OSError, EOFError) as error:
            raise GraderFault(
                "A worker of the grader did not start.", "", "Grade again."
            ) from error
        return dict(json.loads(self.buffer))

    def close(self) -> None:
        """End it."""
        self.link.close()
        self.process.kill()
        self.process.wait()


class Workers:
    """Keeps one worker waiting; to a session it is what the zygote is.

    Args:
        device: "cpu" or "cuda:0".
        layers: what to apply at most.
        start: starts a Python process, see `start_python`.
    """

    def __init__(
        self, device: str = "cpu", layers: Layers | None = None, start: Start = start_python
    ) -> None:
        self._device = device
        self._layers = layers or Layers()
        self._start = start
        self._waiting: _Waiting | None = None
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._ending: list[subprocess.Popen[bytes]] = []

    def choose(self, layers: Layers) -> None:
        """Apply other layers from the next runner on."""
        if layers != self._layers:
            self._drop_waiting()
            self._layers = layers

    def start(self) -> None:
        """Have a warm worker.

        Raises:
            GraderFault: it did not start.
        """
        self.facts()

    def facts(self) -> dict[str, Any]:
        """Return what a warm worker says of its device; one that has died is replaced once.

        Raises:
            GraderFault: it did not start.
        """
        try:
            return self._spawned().ready()
        except GraderFault:
            self._drop_waiting()
            return self._spawned().ready()

    def _spawned(self) -> _Waiting:
        if self._waiting is not None and self._waiting.process.poll() is not None:
            self._drop_waiting()
        if self._waiting is None:
            chosen = json.dumps(asdict(self._layers))
            cuda = self._device != "cpu"
            started = self._start("studytrack.grader.worker", self._device, chosen, cuda=cuda)
            self._waiting = _Waiting(*started)
        return self._waiting

    def fork(self, limits: Limits) -> RunnerProcess:
        """Give a job to the waiting worker and spawn the next; same promise as the zygote's.

        Raises:
            GraderFault: no worker starts.
        """
        self._collect()
        self.facts()
        assert self._waiting is not None
        worker, self._waiting = self._waiting, None
        if self._device != "cpu":
            limits = replace(limits, memory=0)  # the driver reserves terabytes of address space
        try:
            runner = self._hand_over(worker, limits)
        except OSError as error:
            worker.close()
            raise GraderFault(
                "A worker of the grader ended.", str(error), "Grade again."
            ) from error
        self._children[worker.process.pid] = worker.process
        worker.link.close()
        self._spawned()  # it warms up while this one runs
        return runner

    def _hand_over(self, worker: _Waiting, limits: Limits) -> RunnerProcess:
        pipes = [os.pipe() for _ in range(3)]
        (questions_read, questions), (answers, answers_write), (output, output_write) = pipes
        theirs, ours = (questions_read, answers_write, output_write), (questions, answers, output)
        try:
            job = json.dumps({"limits": asdict(limits)}).encode() + b"\n"
            socket.send_fds(worker.link, [job], theirs)
        except OSError:
            for fd in ours:
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        for fd in ours:
            os.set_blocking(fd, False)
        pid = worker.process.pid
        pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        return RunnerProcess(pid, pidfd, questions, answers, output, self)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do for one of our children what the zygote does for its own: "kill" or "wait"."""
        process = self._children[request["pid"]]
        process.kill()  # by pid, which is its own until it is waited for
        if request["op"] == "kill":
            return {}
        del self._children[request["pid"]]
        code = process.wait()
        return {"status": -code if code < 0 else code << 8}

    def tell(self, request: dict[str, Any]) -> None:
        """End a child whose end nobody asks about."""
        process = self._children.pop(request["pid"])
        process.kill()
        self._ending.append(process)

    def _collect(self) -> None:
        self._ending = [process for process in self._ending if process.poll() is None]

    def _drop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None

    def close(self) -> None:
        """End every worker."""
        self._drop_waiting()
        for process in [*self._children.values(), *self._ending]:
            process.kill()
            process.wait()
        self._children, self._ending = {}, []


def has_driver() -> bool:
    """Tell whether the driver of a GPU is loaded, without starting anything."""
    return any(Path(node).exists() for node in CUDA_NODES)


class Spawners:
    """The ways to runners of one judge: which serves a request, and on what device.

    Args:
        cpu: serves "cpu"; None is the zygote, or workers where there is no Linux. A zygote that
            may not fork gives way to workers, which are slower.
        cuda: serves "cuda"; it is asked once whether there is a GPU, and only if a driver is there.
        driver: tells whether a driver is there.
    """

    def __init__(
        self,
        cpu: Zygote | Workers | None = None,
        cuda: Workers | None = None,
        driver: Callable[[], bool] | None = None,
    ) -> None:
        self._cpu = cpu or (Zygote() if sys.platform == "linux" else Workers())
        self._cuda = cuda or Workers("cuda:0")
        self._driver = driver or has_driver
        self._facts: dict[str, Any] | None = None
        self._layers = Layers()

    def choose(self, layers: Layers) -> None:
        """Apply other layers from the next runner on."""
        self._layers = layers
        self._cpu.choose(layers)
        self._cuda.choose(layers)

    def start(self) -> None:
        """Have the CPU's way warm."""
        try:
            self._cpu.start()
        except ManyThreads:
            self._cpu = Workers(layers=self._layers)
            self._cpu.start()

    def on(self, wanted: str) -> tuple[Spawner, str]:
        """Return what serves "auto", "cpu" or "cuda", and the device that it uses.

        "auto" is the CPU, also beside a GPU: for inputs of this size a run there takes a
        hundredth of the time, and it is closed in fully.

        Raises:
            EnvironmentFault: the device is not there.
        """
        if wanted in {"auto", "cpu"}:
            return self._on_cpu()
        if wanted != "cuda":
            raise EnvironmentFault(f"There is no device `{wanted}`.", "", "Use auto, cpu or cuda.")
        why = self._no_cuda()
        if not why:
            return self._cuda, "cuda:0"
        remedy = "Use --device cpu; the same checks run there."
        raise EnvironmentFault("Cannot grade on `cuda`.", why, remedy)

    def _on_cpu(self) -> tuple[Spawner, str]:
        self.start()
        return self._cpu, "cpu"

    def _no_cuda(self) -> str:
        """Return why there is no CUDA, "" if there is; asks a worker once."""
        if self._facts is None:
            if not self._driver():
                self._facts = {"cuda": False, "why": "No driver of a GPU is loaded."}
            else:
                try:
                    self._facts = self._cuda.facts()
                except GraderFault as error:
                    self._facts = {"cuda": False, "why": f"{error.what} {error.why}".strip()}
                if not self._facts["cuda"]:
                    self._cuda.close()
        return "" if self._facts["cuda"] else str(self._facts["why"] or "torch sees no GPU.")

    def close(self) -> None:
        """End all processes."""
        self._cpu.close()
        self._cuda.close()


def main(control: int, device: str = "cpu", chosen: str = "{}") -> None:
    """Warm up, wait for the job, become its runner.

    Args:
        control: a descriptor of the socket.
        device: "cpu" or "cuda:0".
        chosen: the `Layers` as JSON.
    """
    from studytrack.grader.zygote import SETUP_FAILED, become_runner, thread_count, warm_up

    judge, link = os.getppid(), socket.socket(fileno=control)
    lift_memory_limit()
    reserve_channels()
    be_first_to_go()
    own = descriptors()  # now: torch touches the driver as soon as an optimiser steps
    hide_from_others()
    warm_up()
    facts = {"ready": True, "cuda": False, "why": ""}
    if device != "cpu":
        facts |= _warm_cuda()
    drivers = descriptors() - own if device != "cpu" else frozenset[int]()
    layers = Layers(**json.loads(chosen))
    version = min(landlock.abi(), layers.landlock)
    rules = landlock.make_rules(version, cuda=device != "cpu")
    link.sendall(json.dumps(facts).encode() + b"\n")
    data, fds, _, _ = socket.recv_fds(link, 1 << 16, 3)
    if not data:
        return
    limits = Limits(**json.loads(data)["limits"])
    link.detach()  # `take_channels` closes it
    status = SETUP_FAILED
    try:
        questions, answers, output = fds
        take_channels(questions, answers, output, rules, keep=drivers)
        alone = thread_count() == 1
        version = version if rules is not None else 0
        applied = close_in(limits, judge, version, layers, Outside(cuda=device != "cpu"))
        become_runner(applied if alone else partly(applied))
        status = 0
    except BaseException:  # noqa: BLE001 - into the captured output, as the zygote does
        traceback.print_exc()
    finally:
        os._exit(status)


def partly(applied: tuple[str, ...]) -> tuple[str, ...]:
    """Return the layers as a process with a driver's threads may name them.

    Landlock bound the main thread alone, and native code could go through another one.
    """
    return tuple(f"partial {name}" if name.startswith("landlock") else name for name in applied)


def _warm_cuda() -> dict[str, Any]:
    """Make the context and load the lazy parts; return whether there is a GPU, and why not."""
    import torch

    if not torch.cuda.is_available():
        why = "torch was built without CUDA." if torch.version.cuda is None else ""
        return {"cuda": False, "why": why or "torch sees no GPU."}
    try:
        torch.cuda.set_per_process_memory_fraction(_MEMORY_SHARE)
        x = torch.ones(64, 64, device="cuda:0", requires_grad=True)
        torch.nn.functional.gelu(x @ x).softmax(-1).sum().backward()  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
    except RuntimeError as error:
        return {"cuda": False, "why": str(error).splitlines()[0]}
    return {"cuda": True, "why": ""}

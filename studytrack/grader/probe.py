"""Proving each layer of isolation: applied in a throw-away child, does it bite?

What the kernel claims and what it does are two things (a container may filter the calls, a
distribution may switch them off), so `doctor` asks by trying. No torch here: the probe is quick.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studytrack.errors import GraderFault
from studytrack.grader import cgroups, landlock, namespaces, seccomp
from studytrack.grader.limits import Limits
from studytrack.grader.lockdown import FIRST, RULES, be_counted, limit_resources, protect_process
from studytrack.grader.spawner import start_python

_PR_GET_DUMPABLE, _PR_GET_NO_NEW_PRIVS = 3, 39
_SECONDS = 20.0
_UNKNOWN = "The layers of isolation could not be probed."
BITES, TOOTHLESS, ABSENT = 0, 1, 2  # exit status of a child


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A layer by its name in reports; `bites` if it held in the child that tried to break it."""

    layer: str
    applied: bool
    bites: bool


def probe_layers() -> tuple[Probed, ...]:
    """Return what each layer is worth on this system, in the order of applying.

    Raises:
        GraderFault: the probe did not end properly.
    """
    if os.name == "nt":
        return ()
    try:
        process, link = start_python("studytrack.grader.probe")
    except OSError as error:
        raise GraderFault(_UNKNOWN, f"Python does not start: {error.strerror}.") from error
    link.settimeout(_SECONDS)
    data = b""
    try:
        while more := link.recv(1 << 16):
            data += more
        return tuple(Probed(**one) for one in json.loads(data))
    except (OSError, ValueError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise GraderFault(_UNKNOWN, why) from error
    finally:
        link.close()
        process.kill()
        process.wait()


def main(control: int) -> None:
    """Probe every layer, each in a child of its own, and send the results."""
    link = socket.socket(fileno=control)
    version = landlock.abi()
    found = []
    for name, attempt in (
        ("namespaces", _namespaces),
        ("pid namespace", _pid_namespace),
        ("cgroup", _cgroup),
        ("process", _process),
        ("rlimits", _rlimits),
        (f"landlock {version}" if version else "landlock", _landlock),
        ("seccomp", _seccomp),
    ):
        status = _in_child(attempt)
        found.append({"layer": name, "applied": status != ABSENT, "bites": status == BITES})
    link.sendall(json.dumps(found).encode())
    link.close()


def _in_child(attempt: Callable[[], int]) -> int:
    """Return what an attempt says in a forked child; one that died by a signal was bitten."""
    pid = os.fork()
    if pid == 0:
        status = TOOTHLESS
        with contextlib.suppress(BaseException):
            status = attempt()
        os._exit(status)
    _, ended = os.waitpid(pid, 0)
    return BITES if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended)


def _namespaces() -> int:
    if sys.platform != "linux":
        return ABSENT
    before = Path("/proc/self/ns/net").readlink()
    if not namespaces.enter():
        return ABSENT
    return BITES if Path("/proc/self/ns/net").readlink() != before else TOOTHLESS


def _pid_namespace() -> int:
    """Fork into one: the child is its first process, and its parent has no number there."""
    prober = os.getpid()
    if not namespaces.enter_pids():
        return ABSENT

    def look() -> int:
        with contextlib.suppress(ProcessLookupError):
            os.kill(prober, 0)
            return TOOTHLESS
        return BITES if os.getpid() == FIRST and os.getppid() == 0 else TOOTHLESS

    return _in_child(look)


def _cgroup() -> int:
    """Be in one that holds a single task, and start another."""
    group = cgroups.make(cgroups.own(), {**cgroups.LIMITS, "pids.max": "1"})
    if group is None:
        return ABSENT
    try:
        return _in_child(lambda: _crowded(group))
    finally:
        cgroups.let_go(group)


def _crowded(group: Path) -> int:
    if not cgroups.enter(group, os.getpid()):
        return ABSENT
    return TOOTHLESS if _starts_a_thread() else BITES


def _process() -> int:
    if not protect_process(os.getppid()):
        return ABSENT
    libc = ctypes.CDLL(None, use_errno=True)
    hidden = libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
    return BITES if hidden and libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 else TOOTHLESS


def _rlimits() -> int:
    be_counted()
    protect_process(os.getppid())  # root's rights lift limits
    if not limit_resources(Limits()):
        return ABSENT
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    reading, writing = os.pipe()
    os.write(writing, b"x")  # pipes still work: only files must not grow
    os.read(reading, 1)
    if sys.platform == "linux":  # elsewhere threads are not counted
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        if _starts_a_thread():
            return TOOTHLESS
    if not hasattr(os, "memfd_create"):
        return BITES
    try:
        os.write(os.memfd_create("probe"), b"x")
    except OSError:
        return BITES
    return TOOTHLESS


def _starts_a_thread() -> bool:
    try:
        _thread.start_new_thread(int, ())
    except RuntimeError:
        return False
    return True


def _landlock() -> int:
    rules = landlock.make_rules(landlock.abi())
    if rules is None:
        return ABSENT
    os.dup2(rules, RULES)
    if not protect_process(os.getppid()) or not landlock.restrict(RULES):
        return ABSENT
    try:
        list(Path("/").iterdir())
    except PermissionError:
        return BITES
    return TOOTHLESS


def _seccomp() -> int:
    if not protect_process(os.getppid()) or not seccomp.lock():
        return ABSENT
    refused: tuple[Callable[[], object], ...] = (
        socket.socket,
        lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid()),
        Path("/proc/self/exe").readlink,
        lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    )
    for attempt in refused:
        try:
            attempt()
        except (PermissionError, ValueError):
            continue
        return TOOTHLESS
    return BITES

"""Closing a runner in, after fork and before it reads the submission.

Each layer is a function that applies it and a name under which reports list it; what did not take
hold is not named. No torch here, and nothing that imports at the time of locking down.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from studytrack.grader import landlock, namespaces, seccomp
from studytrack.grader.limits import Layers, Limits

QUESTIONS, ANSWERS, RULES = 60, 61, 62
FIRST = 1  # the process id of the first process in a PID namespace
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_NOBODY = 65534
_COUNTS_BY_NAMESPACE = (5, 14)  # since then RLIMIT_NPROC is a matter of the user namespace
ALL = Layers()


@dataclass(frozen=True, slots=True)
class Outside:
    """What a runner is born into: a PID namespace, a cgroup with limits, a GPU's driver."""

    pids: bool = False
    cgroup: bool | None = None
    cuda: bool = False


NOTHING = Outside()
_libc = ctypes.CDLL(None, use_errno=True)


def take_channels(
    questions: int,
    answers: int,
    output: int,
    rules: int | None = None,
    keep: frozenset[int] = frozenset(),
) -> None:
    """Move the three pipes (and Landlock's rules) to their places; close every other descriptor.

    `keep` are a driver's own, without which its context breaks.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    high = [_above(fd) for fd in (null, output, questions, answers)]
    if rules is not None:
        os.dup2(_above(rules), RULES, inheritable=False)
    for source, target in zip(
        (high[0], high[1], high[1], high[2], high[3]), (0, 1, 2, QUESTIONS, ANSWERS), strict=True
    ):
        os.dup2(source, target, inheritable=False)
    stay = keep | {QUESTIONS, ANSWERS} | ({RULES} if rules is not None else set())
    low = 3
    for fd in sorted(stay):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX") if sys.platform != "linux" else 1 << 16)


def reserve_channels() -> None:
    """Take the places of the pipes and the rules, so that a driver opens nothing there."""
    null = os.open(os.devnull, os.O_RDONLY)
    for place in (QUESTIONS, ANSWERS, RULES):
        if place != null:
            os.dup2(null, place, inheritable=False)


def descriptors() -> frozenset[int]:
    """Return the open descriptors; none where the system does not tell."""
    if not os.path.isdir("/proc/self/fd"):  # noqa: PTH112 - pathlib would import here
        return frozenset()
    found = map(int, os.listdir("/proc/self/fd"))  # noqa: PTH208 - pathlib would import here
    return frozenset(fd for fd in found if _is_open(fd))


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _above(fd: int) -> int:
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, RULES + 1)


def empty_environment() -> None:
    """Leave nothing of the host to read: environment, working directory, time zone."""
    os.environ.clear()
    os.environ.update(
        {"TZ": "UTC", "LANG": "C.UTF-8", "HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
    )
    time.tzset()
    os.chdir("/")
    os.umask(0o077)


def be_counted() -> None:
    """Let root's runner be somebody, since the kernel bounds the threads of everybody but root.

    The count goes by the real user, access to files by the effective one, which stays.
    """
    if sys.platform == "linux" and os.geteuid() == 0:
        with contextlib.suppress(OSError):  # no such user here: then this is no root of the host
            os.setresuid(_NOBODY, 0, 0)


def protect_process(parent: int) -> bool:
    """Die with the zygote, be unreadable to others, have and gain no privilege (Linux)."""
    if sys.platform != "linux":
        return False
    namespaces.give_up_rights()
    wanted = (
        (_PR_SET_PDEATHSIG, signal.SIGKILL),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    )
    refused = [option for option, value in wanted if _libc.prctl(option, value, 0, 0, 0) != 0]
    if os.getppid() != parent:  # the zygote died between fork and prctl
        os._exit(1)
    return not refused


def limit_resources(limits: Limits, *, counted_alone: bool = False) -> bool:
    """Set rlimits; True if all of them were taken.

    Args:
        limits: the resources.
        counted_alone: in its user namespace the kernel counts no process but this one.
    """
    cpu = int(time.process_time()) + limits.cpu_seconds  # a worker has imported torch itself
    wanted = {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NOFILE": (limits.files, limits.files),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_AS": (virtual_size() + limits.memory,) * 2 if limits.memory else None,
        "RLIMIT_CPU": (cpu, cpu + 1),
        "RLIMIT_SIGPENDING": (0, 0),  # no timer that queues signals
        "RLIMIT_RTPRIO": (0, 0),
        "RLIMIT_NPROC": _task_limit(limits.threads, counted_alone=counted_alone),
    }
    complete = True
    for name, pair in wanted.items():
        number = getattr(resource, name, None)
        if number is None or pair is None:
            continue
        hard = resource.getrlimit(number)[1]  # may be stricter already, and cannot be raised
        soft, most = pair if hard == resource.RLIM_INFINITY else (min(one, hard) for one in pair)
        try:
            resource.setrlimit(number, (soft, most))
        except (ValueError, OSError):
            complete = False
    return complete


def _task_limit(threads: int, *, counted_alone: bool) -> tuple[int, int] | None:
    """Return the RLIMIT_NPROC that leaves so many threads; None where the system does not tell.

    The kernel counts every task of the user, in whatever session, or those of the user namespace.
    Where it counts the user's, all tasks of the system are taken for theirs: a bound that is loose,
    but never refuses the threads that are promised.
    """
    if sys.platform != "linux":
        return None
    if counted_alone and _release() >= _COUNTS_BY_NAMESPACE:
        return (threads + 1, threads + 1)
    try:
        with open("/proc/loadavg", encoding="ascii") as file:  # noqa: PTH123 - pathlib would import here
            tasks = int(file.read().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return None
    return (tasks + threads, tasks + threads)


def _release() -> tuple[int, ...]:
    """Return the first two numbers of the kernel's version."""
    numbers = os.uname().release.replace("-", ".").split(".")[:2]
    return tuple(int(number) if number.isdigit() else 0 for number in numbers)


def virtual_size() -> int:
    """Return the process's address space in bytes (0 where the system does not tell)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - pathlib would import here
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def limit_own_memory(headroom: int) -> None:
    """Let the calling process grow by so many bytes of address space, and no further (Linux).

    Only the soft limit is set: the process can lift it for its children.
    """
    if size := virtual_size():
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = size + headroom
        if hard == resource.RLIM_INFINITY or wanted < hard:
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def lift_memory_limit() -> None:
    """Undo what the parent set with `limit_own_memory`; a GPU's driver reserves terabytes."""
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def close_in(
    limits: Limits,
    parent: int,
    landlock_version: int = 0,
    layers: Layers = ALL,
    outside: Outside = NOTHING,
) -> tuple[str, ...]:
    """Apply every layer in order and return the names of those that took hold.

    Args:
        limits: the resources.
        parent: the zygote's pid.
        landlock_version: the ABI of the rules at descriptor `RULES`; 0 if there are none.
        layers: what to apply at most.
        outside: what its parent has seen to.
    """
    empty_environment()
    be_counted()
    alone = layers.namespaces and namespaces.enter()
    steps: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("namespaces", lambda: alone),
        ("pid namespace", lambda: outside.pids),
        ("cgroup", lambda: bool(outside.cgroup)),
        ("process", lambda: protect_process(parent)),
        ("rlimits", lambda: limit_resources(limits, counted_alone=alone)),
        (f"landlock {landlock_version}", lambda: _restrict_files(landlock_version)),
        # the last: it forbids the others
        ("seccomp", lambda: layers.seccomp and seccomp.lock(cuda=outside.cuda)),
    )
    return tuple(name for name, apply in steps if apply())


def _restrict_files(version: int) -> bool:
    if version < 1:
        return False
    taken = landlock.restrict(RULES)
    os.close(RULES)
    return taken


def be_first_to_go() -> None:
    """Let the kernel end us and our children before others when memory runs out (Linux)."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as f:  # noqa: PTH123 - pathlib would import here
        f.write("1000")


def hide_from_others() -> None:
    """Make the calling process non-dumpable (judge, zygote), so that nobody reads its memory."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

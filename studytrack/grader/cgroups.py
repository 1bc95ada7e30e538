"""A cgroup for a zygote and its runners, where the cgroup that we are in is delegated to us.

One more layer: a bound on the memory and the tasks of all runners together; the other layers bound
each. Delegated means that we may make a child below it and give that controllers. Version 2 gives
none to the children of a cgroup that holds processes itself, so the judge and the client that
started it step aside into a child too, if nobody else is there. That is so in a scope, a service or
a container made for us, and seldom in a terminal; elsewhere nothing is changed. Only children that
we make are touched, and they are removed again.
Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

PREFIX, ASIDE = "studytrack-", "studytrack-main-"
LIMITS: Mapping[str, str] = {
    "pids.max": "1024",  # of all runners of one zygote
    "memory.max": str(8 << 30),  # bytes, theirs together
    "memory.swap.max": "0",
}
_OPTIONAL = "memory.swap.max"  # not in a kernel without the accounting of swap
_INIT = 1
_MOUNTS, _MEMBERSHIP = Path("/proc/self/mountinfo"), Path("/proc/self/cgroup")


def own(mounts: Path = _MOUNTS, membership: Path = _MEMBERSHIP) -> Path | None:
    """Return the folder of the cgroup that this process is in; None where there is none."""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
        place = next(line[3:] for line in lines if line.startswith("0::"))
        for line in mounts.read_text(encoding="utf-8").splitlines():
            before, _, after = line.partition(" - ")
            root, point = before.split()[3:5]
            if after.split()[0] == "cgroup2":
                point = point.encode().decode("unicode_escape")  # a blank stands as \\040
                found = Path(point, Path(place).relative_to(root))
                return found.parent if found.name.startswith(ASIDE) else found
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    return None


def make(
    parent: Path | None, limits: Mapping[str, str] = LIMITS, ours: frozenset[int] | None = None
) -> Path | None:
    """Make a child with limits; None, and nothing is left, where the system does not let us.

    Args:
        parent: the cgroup that we are in.
        limits: what to write into which of the child's files.
        ours: the processes that may step aside; None is this one and its client.
    """
    if parent is None or not os.access(parent, os.W_OK):
        return None
    for left in parent.glob(f"{PREFIX}*"):  # by a process that was killed; full ones stay
        remove(left)
    if not _enable(parent, {name.partition(".")[0] for name in limits}, ours or _family()):
        return None
    child = parent / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        child.mkdir()
        for name, value in limits.items():
            if name != _OPTIONAL or (child / name).exists():
                _write(child / name, value)
    except OSError:
        let_go(child)
        return None
    return child


def _family() -> frozenset[int]:
    """Return the judge and the client that started it, unless the client has gone."""
    return frozenset({os.getpid(), os.getppid()}) - {_INIT}


def _enable(parent: Path, controllers: set[str], ours: frozenset[int]) -> bool:
    """Let children have the controllers; True if they do."""
    control = parent / "cgroup.subtree_control"
    try:
        lacking = controllers - set(_words(control))
        if not lacking:
            return True
        if not (parent / "cgroup.type").exists():  # the root of the system: not ours to change
            return False
        if not lacking <= set(_words(parent / "cgroup.controllers")):
            return False
        present = {int(pid) for pid in _words(parent / "cgroup.procs")}
        if not present <= ours:
            return False
        aside = parent / f"{ASIDE}{secrets.token_hex(4)}"
        aside.mkdir()
        try:
            for pid in present:
                _write(aside / "cgroup.procs", str(pid))
            _write(control, " ".join(f"+{name}" for name in sorted(lacking)))
        except OSError:
            _come_back(parent, aside)
            return False
    except (OSError, ValueError):
        return False
    return True


def _come_back(parent: Path, aside: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in _words(aside / "cgroup.procs"):
            _write(parent / "cgroup.procs", pid)
    remove(aside)


def restore(parent: Path) -> None:
    """Undo what `make` did, once no other child of ours is left: leave the side, remove it."""
    asides = list(parent.glob(f"{ASIDE}*"))
    if len(asides) == len(list(parent.glob(f"{PREFIX}*"))):
        with contextlib.suppress(OSError):
            control = parent / "cgroup.subtree_control"
            if asides:
                _write(control, " ".join(f"-{name}" for name in _words(control)))
            for aside in asides:
                _come_back(parent, aside)


def hold(pid: int) -> Path | None:
    """Put a process of ours into a cgroup with limits; None where the system does not let us."""
    child = make(own())
    if child is not None and not enter(child, pid):
        let_go(child)
        return None
    return child


def enter(child: Path, pid: int) -> bool:
    """Move a process of ours into it; True if the kernel did."""
    try:
        _write(child / "cgroup.procs", str(pid))
    except OSError:
        return False
    return True


def let_go(child: Path) -> None:
    """Remove a cgroup whose processes have ended, and what was changed for it."""
    remove(child)
    restore(child.parent)


def is_held() -> bool:
    """Tell whether this process is in a cgroup that was made for it."""
    found = own()
    return found is not None and found.name.startswith(PREFIX)


def remove(child: Path) -> None:
    """Remove a child that holds no process any more; one that does stays."""
    with contextlib.suppress(OSError):
        child.rmdir()


def _words(file: Path) -> list[str]:
    return file.read_text(encoding="ascii").split()


def _write(file: Path, text: str) -> None:
    """Write to a file of the kernel, which exists.

    Raises:
        OSError: the kernel refuses.
    """
    fd = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode("ascii"))
    finally:
        os.close(fd)

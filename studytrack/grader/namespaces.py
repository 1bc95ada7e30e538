"""Namespaces: for the runner a network, message queues and a host name of its own.

And for the zygote, which takes its runners along, numbers of processes of their own.

A bonus over Landlock and seccomp: where a system forbids them nothing else changes. The calls are
made while the process has one thread. Some systems (Ubuntu's AppArmor) let `unshare` succeed and
grant nothing inside; every capability is given up anyway, so that makes no difference.
Sources: user_namespaces(7), capset(2).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from pathlib import Path

_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
_NEW_PID = 0x20000000
_WANTED = _NEW_USER | _NEW_NET | _NEW_IPC | _NEW_UTS
_CAPABILITIES_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def enter() -> bool:
    """Leave the host's namespaces for ever; True if the kernel allowed all of them."""
    if sys.platform != "linux" or _libc.unshare(_WANTED) != 0:
        return False
    give_up_rights()
    return True


def enter_pids() -> bool:
    """Let the children to come have a PID namespace of their own; True if the kernel allows it.

    An ordinary user needs a user namespace for it and keeps their number there, without which no
    child could make the next one. Root needs none, and could not map the others' numbers.

    Raises:
        OSError: it was entered, and the number could not be kept; nothing can be started here.
    """
    if sys.platform != "linux":
        return False
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return bool(_libc.unshare(_NEW_PID) == 0)
    if _libc.unshare(_NEW_USER | _NEW_PID) != 0:
        return False
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{group} {group} 1"),
        ("uid_map", f"{user} {user} 1"),
    ):
        Path("/proc/self", name).write_text(text, encoding="ascii")
    return True


def give_up_rights() -> None:
    """Drop every capability; an ordinary user's process has none to drop.

    Raises:
        OSError: the kernel refuses. A process with rights, also over namespaces of its own, is a
            larger surface than one without any.
    """
    header = struct.pack("<Ii", _CAPABILITIES_3, 0)
    if _libc.capset(header, struct.pack("<6I", *(0,) * 6)) != 0:
        raise OSError(ctypes.get_errno(), "the rights of the process could not be given up")

"""Namespaces for the runner: a network, message queues and a host name of its own.

A bonus over Landlock and seccomp: where a system forbids them nothing else changes. The calls are
made while the process has one thread. Some systems (Ubuntu's AppArmor) let `unshare` succeed and
grant nothing inside; every capability is given up anyway, so that makes no difference.
Sources: user_namespaces(7), capset(2).
"""

from __future__ import annotations

import ctypes
import struct
import sys

_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
_WANTED = _NEW_USER | _NEW_NET | _NEW_IPC | _NEW_UTS
_CAPABILITIES_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def enter() -> bool:
    """Leave the host's namespaces for ever; True if the kernel allowed all of them."""
    if sys.platform != "linux" or _libc.unshare(_WANTED) != 0:
        return False
    give_up_rights()
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

"""Starting a process as the first of a PID namespace of its own; no torch here.

Who enters such a namespace stays outside, only its children are within. So this launcher makes a
child beside itself, with the same parent, which becomes the wanted program, and ends. A process in
the namespace has no number for any other, and all of them end with the first.

The first line on the control socket is {"pid": n}, the number of the program for its parent; null
where the system forbids such namespaces, and the launcher itself becomes the program.
Sources: pid_namespaces(7), user_namespaces(7), clone(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import signal
import socket
import sys

from studytrack.grader.namespaces import enter_pids

_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE_PARENT = 0x8000
_libc = ctypes.CDLL(None, use_errno=True)


def main(control: int, module: str, *arguments: str) -> None:
    """Become `module` in a new PID namespace, or in this one.

    Args:
        control: a descriptor of the socket, which the program goes on with.
        module: its module, see `start_python`.
        arguments: what its `main` is given after the descriptor.
    """
    from studytrack.grader.spawner import python_command

    told, telling = os.pipe()
    number = _CLONE.get(platform.machine())
    made: int | None = None
    if number is not None and enter_pids():
        flags = ctypes.c_ulong(_CLONE_PARENT | signal.SIGCHLD)
        made = int(_libc.syscall(ctypes.c_long(number), flags, *(ctypes.c_void_p(),) * 4))
        if made < 0:  # silence is a failure: the judge starts another without a namespace
            os._exit(1)
    if made == 0:
        os.close(telling)
        os.read(told, 1)  # until the launcher has spoken, so that the lines have an order
    else:
        with socket.socket(fileno=os.dup(control)) as link:
            link.sendall(json.dumps({"pid": made}).encode() + b"\n")
        if made is not None:
            os._exit(0)
    os.execv(sys.executable, python_command(module, control, *arguments))  # noqa: S606 - no shell is wanted


class Adopted:
    """A child that somebody else made for us; as much of `subprocess.Popen` as is used."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None while it lives."""
        if self._code is None:
            try:
                found, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                found, status = self.pid, 0
            if found:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def kill(self) -> None:
        """End it; one that was waited for is no error."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end and return how it came."""
        if self._code is None:
            try:
                self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:
                self._code = 0
        return self._code

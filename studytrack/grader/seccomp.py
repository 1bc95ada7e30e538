"""A system-call filter for the runner: classic BPF, without a library.

Calls of another machine's kind kill the process. What `syscalls` lists is allowed, with the
arguments that it names. All else fails with EPERM: a path with EACCES, as Landlock refuses it, and
with ENOSYS what a system library asks and does without, and calls newer than the list. The tables
are for x86-64 and aarch64; elsewhere there is no filter, and the report does not name one.
Sources: seccomp(2), and the kernel's include/uapi/linux/{seccomp,filter,audit}.h.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
import sys
from collections.abc import Iterator

from studytrack.grader.syscalls import OWN_PID, PATHS, UNKNOWN, Argument, allowed, numbers_of

NEWEST = 470  # calls above this number were not known when the list was made
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ABOVE, _AND, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS, _HALF = 0, 4, 16, 32
_X32, _LOW = 0x40000000, 0xFFFFFFFF
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _EVERY_THREAD = 1, 1
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_STEP, _CONSTANT = 8, 4  # bytes of a step, and where its constant lies
_ANY_PID = struct.pack("<I", OWN_PID & _LOW)  # no call has an argument that must be this
Test = tuple[int, int, tuple[int, ...]]  # offset of half an argument, mask, wanted values


def machine() -> str | None:
    """Return the machine whose table applies; None on other machines and systems."""
    name = platform.machine()
    return name if sys.platform == "linux" and name in _AUDIT else None


def build(name: str, pid: int, *, cuda: bool = False) -> bytes:
    """Return the filter program for a machine and the process that it will bind.

    Args:
        name: "x86_64" or "aarch64".
        pid: the runner's own, which it may signal.
        cuda: a driver of a GPU works in the process.
    """
    program = bytearray(_template(name, cuda=cuda))
    for place in range(_CONSTANT, len(program), _STEP):
        if program[place : place + 4] == _ANY_PID:
            program[place : place + 4] = struct.pack("<I", pid)
    return bytes(program)


@functools.cache
def _template(name: str, *, cuda: bool) -> bytes:
    """Return the program with a place for the process id; a zygote builds it before it forks."""
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, _AUDIT[name], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if name == "x86_64":
        program += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    program += [_step(_ABOVE, NEWEST, 0, 1), _refuse(errno.ENOSYS)]
    for call, (number, clauses) in allowed(name, cuda=cuda).items():
        block = [step for clause in clauses for step in _clause(clause)]
        refusal = _refuse(errno.EACCES if call == "openat" else errno.EPERM)
        block.append(refusal if clauses else _step(_RETURN, _ALLOW))
        program += [_step(_EQUAL, number, 0, len(block)), *block]
    for group, error in ((UNKNOWN, errno.ENOSYS), (PATHS, errno.EACCES)):
        for number in numbers_of(group, name):
            program += [_step(_EQUAL, number, 0, 1), _refuse(error)]
    program.append(_refuse(errno.EPERM))
    return b"".join(program)


def _clause(tests: tuple[Argument, ...]) -> list[bytes]:
    """Return the steps that allow a call if every test holds, and go on after them if not."""
    halves = [half for test in tests for half in _halves(test)]
    program: list[bytes] = [_step(_RETURN, _ALLOW)]
    for offset, mask, values in reversed(halves):
        left = len(program)  # the steps to jump over when this test fails
        compare = [
            _step(_EQUAL, value, len(values) - 1 - place, 0 if value != values[-1] else left)
            for place, value in enumerate(values)
        ]
        masked = [] if mask == _LOW else [_step(_AND, mask)]
        program = [_step(_LOAD, offset), *masked, *compare, *program]
    return program


def _halves(test: Argument) -> Iterator[Test]:
    """Yield the tests of the low and of the high half, as far as the mask reaches them."""
    offset = _ARGUMENTS + 8 * test.place
    values = tuple(value & _LOW for value in test.values)
    yield offset, test.mask & _LOW, values
    if test.mask >> _HALF:
        yield offset + 4, test.mask >> _HALF, (0,)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)


def apply(program: bytes) -> bool:
    """Bind every thread of this process for ever; True if the kernel took the filter.

    `no_new_privs` must be set before. False on a machine without a table.
    """

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    steps = ctypes.create_string_buffer(program, len(program))
    described = Program(len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    number = _SECCOMP.get(platform.machine())
    if number is None:
        return False
    arguments = (ctypes.c_uint(_SET_FILTER), ctypes.c_uint(_EVERY_THREAD), ctypes.byref(described))
    return bool(libc.syscall(ctypes.c_long(number), *arguments) == 0)


def prepare() -> None:
    """Build what does not depend on the process, for the processes to be forked."""
    name = machine()
    if name is not None:
        _template(name, cuda=False)


def lock(*, cuda: bool = False) -> bool:
    """Build and apply the filter for this process; False where there is no table."""
    name = machine()
    return name is not None and apply(build(name, os.getpid(), cuda=cuda))

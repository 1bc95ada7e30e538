"""What the filter answers to a call, on both machines, read as the kernel reads a program."""

from __future__ import annotations

import errno
import struct

import pytest

from studytrack.grader import seccomp, syscalls

ALLOW, KILL = seccomp._ALLOW, seccomp._KILL
PID, OTHER = 4242, 4243
WIDE = 1 << 32
GROUPS = (*syscalls.GROUPS, syscalls.CUDA, syscalls.UNKNOWN, syscalls.PATHS)
NUMBERS = {name: numbers for group in GROUPS for name, numbers in group.items()}


def run(program: bytes, machine: int, number: int, *arguments: int) -> int:
    """Return what a classic BPF program answers for a call."""
    values = [value & syscalls.LONG for value in (*arguments, *(0,) * (6 - len(arguments)))]
    data = struct.pack("<IIQ6Q", number, machine, 0, *values)
    place, accumulator = 0, 0
    while True:
        code, if_true, if_false, constant = struct.unpack_from("<HBBI", program, 8 * place)
        place += 1
        if code == seccomp._RETURN:
            return constant
        if code == seccomp._LOAD:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif code == seccomp._AND:
            accumulator &= constant
        else:
            test = {
                seccomp._EQUAL: accumulator == constant,
                seccomp._AT_LEAST: accumulator >= constant,
                seccomp._ABOVE: accumulator > constant,
            }[code]
            place += if_true if test else if_false


def answer(machine: str, name: str, *arguments: int, cuda: bool = False) -> str:
    """Return "allowed", or the name of the error, for a call by name."""
    number = NUMBERS[name][syscalls.MACHINES.index(machine)]
    assert number is not None
    program = seccomp.build(machine, PID, cuda=cuda)
    found = run(program, seccomp._AUDIT[machine], number, *arguments)
    return "allowed" if found == ALLOW else errno.errorcode[found & 0xFFFF]


THREAD, PRIVATE = 0x3D0F00, 0x22
ASKED = [
    # name, arguments, answer
    ("read", (60, 1, 9), "allowed"),
    ("openat", (-100, 1, 0o2000000), "allowed"),
    ("openat", (-100, 1, 1), "EACCES"),
    ("openat", (-100, 1, 2), "EACCES"),
    ("openat", (-100, 1, 0o100), "EACCES"),
    ("openat", (-100, 1, 0o1000), "EACCES"),
    ("openat", (-100, 1, 0o10000000), "EACCES"),
    ("openat", (-100, 1, 0o20000000), "EACCES"),
    ("readlinkat", (-100, 1, 1, 9), "EACCES"),
    ("fcntl", (3, 1), "allowed"),
    ("fcntl", (3, 4, 0o4000), "allowed"),
    ("fcntl", (3, 4, 0o20000), "EPERM"),
    ("fcntl", (3, 8, OTHER), "EPERM"),
    ("fcntl", (3, WIDE | 8, OTHER), "EPERM"),
    ("fcntl", (3, 10, 9), "EPERM"),
    ("fcntl", (3, 15, 1), "EPERM"),
    ("fcntl", (3, 1031, 1 << 20), "EPERM"),
    ("ioctl", (1, 0x5401, 1), "allowed"),
    ("ioctl", (1, 0x5412, 1), "EPERM"),
    ("ioctl", (1, 0x5452, 1), "EPERM"),
    ("ioctl", (1, 0x8901, 1), "EPERM"),
    ("ioctl", (1, 0x40086602, 1), "EPERM"),
    ("ioctl", (1, 0x4600, 1), "EPERM"),
    ("prctl", (15, 1), "allowed"),
    ("prctl", (1, 0), "EPERM"),
    ("prctl", (WIDE | 1, 0), "EPERM"),
    ("prctl", (4, 1), "EPERM"),
    ("clone", (THREAD, 1), "allowed"),
    ("clone", (THREAD | WIDE, 1), "EPERM"),
    ("clone", (THREAD | 0x10000000, 1), "EPERM"),
    ("clone", (THREAD | 0x8000, 1), "EPERM"),
    ("clone", (17,), "EPERM"),
    ("clone3", (1, 88), "ENOSYS"),
    ("mmap", (0, 4096, 7, PRIVATE, -1, 0), "allowed"),
    ("mmap", (0, 4096, 3, PRIVATE | 0x40000, -1, 0), "EPERM"),
    ("mmap", (0, 4096, 3, PRIVATE | 0x2000, -1, 0), "EPERM"),
    ("futex", (1, 0 | 128), "allowed"),
    ("futex", (1, 9 | 128 | 256), "allowed"),
    ("futex", (1, 6 | 128), "EPERM"),
    ("kill", (PID, 9), "allowed"),
    ("kill", (OTHER, 9), "EPERM"),
    ("kill", (-1, 9), "EPERM"),
    ("kill", (0, 9), "EPERM"),
    ("tgkill", (PID, PID, 10), "allowed"),
    ("tgkill", (OTHER, OTHER, 10), "EPERM"),
    ("prlimit64", (0, 7, 0, 1), "allowed"),
    ("prlimit64", (PID, 7, 0, 1), "allowed"),
    ("prlimit64", (OTHER, 7, 0, 1), "EPERM"),
    ("prlimit64", (0, 7, 1, 0), "EPERM"),
    ("prlimit64", (0, 7, WIDE, 0), "EPERM"),
    ("clock_gettime", (1, 1), "allowed"),
    ("clock_gettime", (~OTHER << 3 | 2, 1), "EPERM"),
    ("madvise", (0, 4096, 4), "allowed"),
    ("madvise", (0, 4096, 12), "EPERM"),
    ("pipe2", (1, 0o2000000), "allowed"),
    ("pipe2", (1, 0o200), "EPERM"),
    ("eventfd2", (0, 0), "EPERM"),
]


@pytest.mark.parametrize("machine", syscalls.MACHINES)
@pytest.mark.parametrize(("name", "arguments", "wanted"), ASKED)
def test_a_call_is_answered_by_its_arguments(machine, name, arguments, wanted) -> None:
    """On both machines; the halves of a register count as far as the kernel reads them."""
    assert wanted == answer(machine, name, *arguments)


@pytest.mark.parametrize("machine", syscalls.MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("ioctl", (9, 0xC020462A, 1), "allowed"),  # to NVIDIA's device
        ("ioctl", (9, 0x1B, 1), "allowed"),  # to UVM
        ("ioctl", (9, 0x5412, 1), "EPERM"),
        ("ioctl", (9, 0x5452, 1), "EPERM"),
        ("ioctl", (9, 0x8901, 1), "EPERM"),
        ("ioctl", (9, 0x40086602, 1), "EPERM"),
        ("openat", (-100, 1, 2), "allowed"),
        ("openat", (-100, 1, 0o102), "EACCES"),
        ("mmap", (0, 4096, 3, 0x40022, -1, 0), "allowed"),
        ("ppoll", (1, 1, 1, 1), "allowed"),
        ("eventfd2", (0, 0), "allowed"),
        ("clone", (THREAD, 1), "allowed"),
        ("clone", (17,), "EPERM"),
        ("fcntl", (3, 8, OTHER), "EPERM"),
        ("kill", (OTHER, 9), "EPERM"),
    ],
)
def test_beside_a_driver_more_is_allowed_but_nothing_outward(
    machine, name, arguments, wanted
) -> None:
    """Its devices are opened for writing and asked by requests of their own kinds."""
    assert wanted == answer(machine, name, *arguments, cuda=True)


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_what_no_table_lists_is_refused(machine) -> None:
    """Every number: allowed if it is in the table, killed if foreign, unknown if newer."""
    program = seccomp.build(machine, PID)
    audit = seccomp._AUDIT[machine]
    listed = {number for number, _ in syscalls.allowed(machine).values()}
    errors = dict.fromkeys(syscalls.numbers_of(syscalls.PATHS, machine), errno.EACCES)
    errors |= dict.fromkeys(syscalls.numbers_of(syscalls.UNKNOWN, machine), errno.ENOSYS)

    for number in set(range(seccomp.NEWEST + 1)) - listed:
        refusal = seccomp._ERRNO | errors.get(number, errno.EPERM)
        assert refusal == run(program, audit, number), number
    assert seccomp._ERRNO | errno.ENOSYS == run(program, audit, seccomp.NEWEST + 1)
    assert KILL == run(program, 0x40000003, 20)  # i386
    if machine == "x86_64":
        assert KILL == run(program, audit, seccomp._X32 | 39)

"""The system calls that a runner may make: by machine, with their reasons and their arguments.

Found by tracing (strace) what runners call once they are closed in: the proofs and the styles of
every exercise, and what learners' files ordinarily do beside answering. `PROOF` is what a passing
proof alone uses; the other groups say what else needs them. What stands in none of them is refused
by `seccomp`. The numbers of aarch64 are the kernel's generic ones; the list is not verified there.

An argument is tested where one of its values would reach beyond the runner: another process, a
file's flags, an owner of signals. The kernel reads an `int` from the low half of a register, so
its test has a mask of 32 bits; a `long` is compared whole.
Sources: the kernel's include/uapi/asm-generic/unistd.h, fcntl.h, ioctls.h; clone(2), fcntl(2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OWN_PID = -1  # stands for the runner's own process id
INT, LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class Argument:
    """A test of one argument: what remains of it under `mask` must be one of `values`."""

    place: int
    values: tuple[int, ...] = (0,)
    mask: int = INT


Allowed = tuple[tuple[Argument, ...], ...]  # any of these, each whole; () is any arguments
ALWAYS: Allowed = ()
Numbers = tuple[int | None, int | None]  # on x86-64 and aarch64; None where there is no such call

PROOF: dict[str, Numbers] = {
    "read": (0, 63),  # a question; a library's file
    "write": (1, 64),  # the answer; printed text
    "close": (3, 57),
    "lseek": (8, 62),  # opening a file in Python
    "fstat": (5, 80),  # the same; `newfstatat` in newer system libraries
    "newfstatat": (262, 79),  # imports and tracebacks look for files
    "openat": (257, 56),  # for reading only
    "ioctl": (16, 29),  # Python asks of every file whether it is a terminal
    "brk": (12, 214),  # memory
    "mmap": (9, 222),
    "munmap": (11, 215),
    "futex": (202, 98),  # torch's locks, of which its thread pool makes some
    "exit_group": (231, 94),
}
LIBRARIES: dict[str, Numbers] = {  # imports that come late, and older or newer system libraries
    "stat": (4, None),
    "lstat": (6, None),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "pread64": (17, 67),
    "getdents64": (217, 61),  # the import system lists folders
    "getcwd": (79, 17),
    "writev": (20, 66),
    "fcntl": (72, 25),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "pipe2": (293, 59),  # to itself; RLIMIT_NOFILE bounds how many
}
MEMORY: dict[str, Numbers] = {
    "mprotect": (10, 226),  # also oneDNN's compiled kernels
    "mremap": (25, 216),
    "madvise": (28, 233),
    "arch_prctl": (158, None),  # oneDNN asks for the tiles of matrix units
}
THREADS: dict[str, Numbers] = {  # `torch.set_num_threads`, `threading`
    "clone": (56, 220),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),  # a thread without it ends the process
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "prctl": (157, 167),
    "gettid": (186, 178),
    "exit": (60, 93),
}
SIGNALS: dict[str, Numbers] = {  # its own
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "pause": (34, None),  # until a signal; without it a thread that waits would end at once
    "ppoll": (271, 73),  # the same on aarch64
    "alarm": (37, None),
    "setitimer": (38, 103),  # one timer a process, which costs the system nothing
}
FACTS: dict[str, Numbers] = {  # clocks, randomness, and what a process may know of itself
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrlimit": (97, 163),
    "prlimit64": (302, 261),
}
CUDA: dict[str, Numbers] = {  # a driver's own threads and waiting; not verified
    "poll": (7, None),
    "eventfd2": (290, 19),
    "membarrier": (324, 283),
    "get_mempolicy": (239, 236),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
}
# Asked by system libraries, which do without if the kernel seems not to know them.
UNKNOWN: dict[str, Numbers] = {
    "clone3": (435, 435),  # its flags lie in memory, where no filter sees them
    "close_range": (436, 436),
    "openat2": (437, 437),
    "faccessat2": (439, 439),
    "futex_waitv": (449, 449),
    "map_shadow_stack": (453, 453),
}
# Refused as Landlock refuses a path, so that a message says the same with and without it.
PATHS: dict[str, Numbers] = {
    "open": (2, None),
    "creat": (85, None),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "truncate": (76, 45),
    "readlink": (89, None),  # Landlock lets these two pass
    "readlinkat": (267, 78),
}
GROUPS = (PROOF, LIBRARIES, MEMORY, THREADS, SIGNALS, FACTS)

_X86, _ARM = "x86_64", "aarch64"
MACHINES = (_X86, _ARM)

# How a file may be opened: CLOEXEC, NONBLOCK, NOCTTY; DIRECTORY, NOFOLLOW, LARGEFILE by machine.
_OPEN_ANYWHERE = 0o2000000 | 0o4000 | 0o400
_OPEN = {
    _X86: _OPEN_ANYWHERE | 0o200000 | 0o400000 | 0o100000,
    _ARM: _OPEN_ANYWHERE | 0o40000 | 0o100000 | 0o400000,
}
_ACCESS_MODE, _APPEND, _NONBLOCK, _CLOEXEC = 0o3, 0o2000, 0o4000, 0o2000000
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: none names an owner, a lock or a lease
_FCNTL, _SETFL = (0, 1, 2, 3, 1030), 4
_FLAGS = {  # what F_SETFL may set: neither O_ASYNC nor O_DIRECT
    _X86: _ACCESS_MODE | _APPEND | _NONBLOCK | 0o100000,
    _ARM: _ACCESS_MODE | _APPEND | _NONBLOCK | 0o400000,
}
# TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIOCLEX, FIONCLEX, FIONBIO: none changes a file
_IOCTL = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5451, 0x5450, 0x5421)
_DRIVERS = (0x4600, 0x4700, 0x0000)  # the kinds of requests of NVIDIA's, WSL's and UVM's devices
# VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: a thread, and
# nothing of a namespace, a parent or a tracer. Other libraries add DETACHED, which does nothing.
_THREAD = (0x3D0F00, 0x7D0F00)
# WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, WAIT_BITSET, WAKE_BITSET; none of those with priorities
_FUTEX, _FUTEX_FLAGS = (0, 1, 3, 4, 5, 9, 10), 128 | 256
# PR_SET_NAME, PR_GET_NAME (of threads), PR_SVE_GET_VL, PR_SVE of matrices, PR_SET_VMA (of memory)
_PRCTL = (15, 16, 51, 64, 0x53564D41)
# NORMAL to WILLNEED, DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE, DONTDUMP, DODUMP, guards of stacks
_ADVICE = (0, 1, 2, 3, 4, 8, 14, 15, 16, 17, 102, 103)
# SHARED, PRIVATE, FIXED, ANONYMOUS, 32BIT, DENYWRITE, EXECUTABLE, NORESERVE, POPULATE, STACK,
# FIXED_NOREPLACE: neither locked memory nor the system's huge pages. Executable memory may be
# made: callbacks of C and oneDNN's kernels lie in it, and native code has ctypes in any case.
_MAP = 0x1 | 0x2 | 0x10 | 0x20 | 0x40 | 0x800 | 0x1000 | 0x4000 | 0x8000 | 0x20000 | 0x100000
_TILES = (0x1021, 0x1022, 0x1023)  # ARCH_GET_XCOMP_SUPP, ARCH_GET_XCOMP_PERM, ARCH_REQ_XCOMP_PERM
_CLOCKS = 0xF  # the system's own; other numbers are clocks of processes


def _only(place: int, *values: int, mask: int = INT) -> Allowed:
    return ((Argument(place, values, mask),),)


def _within(place: int, bits: int, whole: int = INT) -> Allowed:
    """Allow an argument that has no bit beside these."""
    return _only(place, 0, mask=whole & ~bits)


def arguments(machine: str, *, cuda: bool = False) -> Mapping[str, Allowed]:
    """Return the tests of the arguments of those calls that may not have any.

    Args:
        machine: "x86_64" or "aarch64".
        cuda: the driver opens its devices for writing and talks to them by `ioctl`.
    """
    own = _only(0, OWN_PID)
    tests: dict[str, Allowed] = {
        "openat": _within(2, _OPEN[machine] | (_ACCESS_MODE if cuda else 0)),
        "fcntl": (
            *_only(1, *_FCNTL),
            (Argument(1, (_SETFL,)), Argument(2, (0,), INT & ~_FLAGS[machine])),
        ),
        "ioctl": _only(1, *_IOCTL),
        "pipe2": _within(1, _CLOEXEC | _NONBLOCK),
        "dup3": _within(2, _CLOEXEC),
        "mmap": _within(3, _MAP, LONG),
        "madvise": _only(2, *_ADVICE),
        "arch_prctl": _only(0, *_TILES),
        "clone": _only(0, *_THREAD, mask=LONG),
        "futex": _only(1, *_FUTEX, mask=INT & ~_FUTEX_FLAGS),
        "prctl": _only(0, *_PRCTL),
        "kill": own,
        "tgkill": own,
        "prlimit64": ((Argument(0, (0, OWN_PID)), Argument(2, (0,), LONG)),),  # to read
        "clock_gettime": _within(0, _CLOCKS),
        "clock_getres": _within(0, _CLOCKS),
        "clock_nanosleep": _within(0, _CLOCKS),
    }
    if cuda:
        tests["ioctl"] += _only(1, *_DRIVERS, mask=0xFF00)
        del tests["mmap"], tests["madvise"]
    return tests


def allowed(machine: str, *, cuda: bool = False) -> dict[str, tuple[int, Allowed]]:
    """Return every call that a runner may make, with its number and the tests of its arguments."""
    tests = arguments(machine, cuda=cuda)
    column = MACHINES.index(machine)
    found: dict[str, tuple[int, Allowed]] = {}
    for group in (*GROUPS, *((CUDA,) if cuda else ())):
        for name, numbers in group.items():
            number = numbers[column]
            if number is not None:
                found[name] = (number, tests.get(name, ALWAYS))
    return found


def numbers_of(group: Mapping[str, Numbers], machine: str) -> list[int]:
    """Return the numbers that a group's calls have on a machine."""
    column = MACHINES.index(machine)
    return [number for numbers in group.values() if (number := numbers[column]) is not None]

"""A system-call filter for the runner: classic BPF, without a library.

Another machine's calls kill the process; a list of calls that a solution never needs fails with
EPERM; some are allowed only on the runner itself; calls newer than this list do not exist. The
tables are for x86-64 and aarch64; elsewhere there is no filter, and the report does not name one.
Sources: seccomp(2), and the kernel's include/uapi/linux/{seccomp,filter,audit}.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

NEWEST = 470  # calls above this number were not known when the list was made
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_CLONE_THREAD, _TIOCSTI, _X32 = 0x10000, 0x5412, 0x40000000
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _EVERY_THREAD = 1, 1
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN = {"x86_64": 0, "aarch64": 1}

# Numbers on x86-64 and aarch64; None where the machine has no such call.
DENIED: dict[str, tuple[int | None, int | None]] = {
    # processes
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    # signals
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_mrelease": (448, 448),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    # network (Landlock knows TCP only)
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    # files in ways that Landlock does not cover
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    # mounts and namespaces
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # kernel surface
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "acct": (163, 89),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
}
CLONE, CLONE3, IOCTL = (56, 220), (435, 435), (16, 29)
ONLY_ITSELF = ((62, 129), (234, 131))  # kill, tgkill: the first argument is our pid
ITSELF_OR_ZERO = ((302, 261), (203, 122))  # prlimit64, sched_setaffinity


def machine() -> str | None:
    """Return the machine whose table applies; None on other machines and systems."""
    name = platform.machine()
    return name if sys.platform == "linux" and name in _AUDIT else None


def build(name: str, pid: int) -> bytes:
    """Return the filter program for a machine and the process that it will bind.

    Args:
        name: "x86_64" or "aarch64".
        pid: the runner's own, which it may signal.
    """
    column = _COLUMN[name]
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, _AUDIT[name], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if name == "x86_64":
        program += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    program += [_step(_ABOVE, NEWEST, 0, 1), _refuse(errno.ENOSYS)]
    program += [_step(_EQUAL, CLONE3[column], 0, 1), _refuse(errno.ENOSYS)]
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            program += [_step(_EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    program += _when(CLONE[column], _FIRST_ARGUMENT, _step(_ANY_BIT, _CLONE_THREAD, 1, 0))
    program += _unless(IOCTL[column], _SECOND_ARGUMENT, _TIOCSTI)
    for pair in ONLY_ITSELF:
        program += _when(pair[column], _FIRST_ARGUMENT, _step(_EQUAL, pid, 1, 0))
    for pair in ITSELF_OR_ZERO:
        program += _when_either(pair[column], _FIRST_ARGUMENT, pid, 0)
    program.append(_step(_RETURN, _ALLOW))
    return b"".join(program)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)


def _when(number: int, argument: int, test: bytes) -> list[bytes]:
    """Allow a call if `test` of an argument's low half holds (it jumps over one step)."""
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, argument),
        test,
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


def _unless(number: int, argument: int, value: int) -> list[bytes]:
    """Allow a call unless an argument's low half is `value`."""
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, argument),
        _step(_EQUAL, value, 0, 1),
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


def _when_either(number: int, argument: int, one: int, other: int) -> list[bytes]:
    """Allow a call if an argument's low half is one of two values."""
    return [
        _step(_EQUAL, number, 0, 5),
        _step(_LOAD, argument),
        _step(_EQUAL, one, 2, 0),
        _step(_EQUAL, other, 1, 0),
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


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


def lock() -> bool:
    """Build and apply the filter for this process; False where there is no table."""
    name = machine()
    return name is not None and apply(build(name, os.getpid()))

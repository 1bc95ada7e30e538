"""Attacks on what the kernel offers beside files and sockets: signals, queues, timers, threads.

Each tries one call, or one argument of a call that a runner needs. Most succeed in an ordinary
process; with `reach` it is enough that the kernel is asked at all.
"""

from __future__ import annotations

from studytrack.grader import seccomp
from tests.attacks.attack import LIBC, Attack, aside, call, reach

OWNER = "signals by an owner of a descriptor"
PROCESS = "what a process may change of itself"
QUEUES = "shared memory, semaphores, message queues"
TIMERS = "timers, events, AIO"
THREADS = "thread bomb"
LINKS = "links, attributes and flags of files"
OTHERS = "facts of other processes"
SURFACE = "calls that no solution needs"

_COLUMN = 0 if seccomp.machine() != "aarch64" else 1
_PIPE = "import fcntl, os, struct\nr, w = os.pipe()\n"
_BUFFER = "ctypes.create_string_buffer(4096)"
_LIBRARY = "import fcntl, os, struct, torch\nf = os.open(torch.__file__, os.O_RDONLY)\n"


def raw(kind: str, maker: object, table: dict[str, tuple[int | None, int | None, str]]) -> list:
    """Return attacks that make one call each: its numbers on both machines, its arguments."""
    tries = {}
    for name, (x86_64, aarch64, arguments) in table.items():
        number = (x86_64, aarch64)[_COLUMN]
        if number is not None:
            tries[name] = maker(number, *([arguments] if arguments else []))  # type: ignore[operator]
    return aside(kind, tries)


ATTACKS: list[Attack] = [
    *aside(
        OWNER,
        {
            "kill by the owner of a pipe": (
                f"{_PIPE}fcntl.fcntl(r, 10, 9)\nfcntl.fcntl(r, fcntl.F_SETOWN, VICTIM)\n"
                "fcntl.fcntl(r, fcntl.F_SETFL, fcntl.fcntl(r, fcntl.F_GETFL) | 0o20000)\n"
                "os.write(w, b'x')"
            ),
            "an owner": f"{_PIPE}fcntl.fcntl(r, fcntl.F_SETOWN, VICTIM)",
            "an owner by its kind": f"{_PIPE}fcntl.fcntl(r, 15, struct.pack('ii', 1, VICTIM))",
            "a group of owners": f"{_PIPE}fcntl.fcntl(r, fcntl.F_SETOWN, -VICTIM)",
            "an owner by a wide command": (
                f"{LIBC}{_PIPE}if c.syscall({(72, 25)[_COLUMN]}, r, "
                "ctypes.c_ulong(1 << 32 | 8), VICTIM) < 0: raise OSError"
            ),
            "which signal": f"{_PIPE}fcntl.fcntl(r, 10, 9)",
            "signals on": f"{_PIPE}fcntl.fcntl(r, fcntl.F_SETFL, 0o20000)",
            "signals on by a request": f"{_PIPE}fcntl.ioctl(r, 0x5452, struct.pack('i', 1))",
            "direct reading": f"{_PIPE}fcntl.fcntl(w, fcntl.F_SETFL, os.O_DIRECT)",
            "notices of a folder": (
                "import fcntl, os, torch\n"
                "f = os.open(os.path.dirname(torch.__file__), os.O_RDONLY)\n"
                "fcntl.fcntl(f, 1026, 2)"
            ),
            "a lease on a library": f"{_LIBRARY}fcntl.fcntl(f, 1024, fcntl.F_RDLCK)",
            "a lock on a library": f"{_LIBRARY}fcntl.flock(f, fcntl.LOCK_EX)",
            "a record lock": f"{_LIBRARY}fcntl.lockf(f, fcntl.LOCK_SH)",
            "a lock of a description": (
                f"{_LIBRARY}fcntl.fcntl(f, 37, struct.pack('hh4xqqi4x', 0, 0, 0, 0, 0))"
            ),
            "a pipe of a megabyte": f"{_PIPE}fcntl.fcntl(r, 1031, 1 << 20)",
            "a pipe of packets": "import os; os.pipe2(os.O_DIRECT)",
        },
    ),
    *raw(
        PROCESS,
        call,
        {
            "outlive the parent": (157, 167, "1, 0, 0, 0, 0"),
            "another signal at the parent's end": (157, 167, "1, 10, 0, 0, 0"),
            "be readable": (157, 167, "4, 1, 0, 0, 0"),
            "adopt orphans": (157, 167, "36, 1, 0, 0, 0"),
            "slack of timers": (157, 167, "29, 1000000, 0, 0, 0"),
            "a policy for broken memory": (157, 167, "33, 1, 1, 0, 0"),
            "no huge pages": (157, 167, "41, 1, 0, 0, 0"),
            "counters off": (157, 167, "31, 0, 0, 0, 0"),
            "an option in a wide register": (157, 167, "ctypes.c_ulong(1 << 32 | 1), 0, 0, 0, 0"),
            "its own processor": (203, 122, "0, 8, ctypes.byref(ctypes.c_ulong(1))"),
            "its own limits": (302, 261, "0, 7, (ctypes.c_ulong * 2)(9, 9), 0"),
            "its own limits, the old way": (160, 164, "7, (ctypes.c_ulong * 2)(9, 9)"),
            "the working directory": (80, 49, "HOME.encode()"),
            "the mask of new files": (95, 166, "0"),
            "the address of its end": (218, 96, _BUFFER),
            "a lock with priority": (202, 98, f"{_BUFFER}, 6, 0, 0, 0, 0"),
        },
    ),
    *raw(
        PROCESS,
        reach,
        {
            "a thread in namespaces": (56, 220, "0x10000 | 0x10000000, 0, 0, 0, 0"),
            "a thread without its memory": (56, 220, "0x10000, 0, 0, 0, 0"),
            "a brother": (56, 220, "0x8000 | 0x10000, 0, 0, 0, 0"),
            "a thread with a wide flag": (
                56,
                220,
                "ctypes.c_ulong(1 << 33 | 0x3d0f00), ctypes.c_void_p(-1), 0, 0, 0",
            ),
            "huge pages of the system": (9, 222, "0, 1 << 21, 3, 0x40022, -1, 0"),
            "pages that merge": (28, 233, "0, 4096, 12"),
            "poisoned pages": (28, 233, "0, 4096, 100"),
            "another user": (105, 146, "1"),
            "another group": (106, 144, "1"),
            "capabilities": (126, 91, f"{_BUFFER}, {_BUFFER}"),
            "registers of the processor": (158, None, "0x1012, 0"),
        },
    ),
    *raw(
        QUEUES,
        call,
        {
            "shared memory of all": (31, 195, f"0, 14, {_BUFFER}"),
            "message queues of all": (71, 187, f"0, 12, {_BUFFER}"),
            "semaphores of all": (66, 191, f"0, 0, 19, {_BUFFER}"),
        },
    ),
    *aside(
        QUEUES,
        {
            "read a segment": (
                f"{LIBC}c.shmat.restype = ctypes.c_void_p\np = c.shmat(SEGMENT, None, 0)\n"
                "if p == ctypes.c_void_p(-1).value: raise OSError\nprint(ctypes.string_at(p, 32))"
            ),
            "write a segment": (
                f"{LIBC}c.shmat.restype = ctypes.c_void_p\np = c.shmat(SEGMENT, None, 0)\n"
                "if p == ctypes.c_void_p(-1).value: raise OSError\nctypes.memmove(p, b'x' * 9, 9)"
            ),
            "remove a segment": f"{LIBC}\nif c.shmctl(SEGMENT, 0, 0) < 0: raise OSError",
            "every segment in turn": (
                f"{LIBC}found = 0\nfor i in range(99):\n"
                f"    found += c.shmctl(i, 13, {_BUFFER}) >= 0\nif not found: raise OSError"
            ),
        },
    ),
    *raw(
        QUEUES,
        reach,
        {
            "a message": (70, 188, "0, ctypes.create_string_buffer(99), 64, 0, 0o4000"),
            "send a message": (69, 189, f"0, {_BUFFER}, 8, 0o4000"),
            "a semaphore's turn": (65, 193, f"0, {_BUFFER}, 1"),
            "remove a queue": (241, 181, "b'studytrack'"),
            "a notice of a queue": (244, 184, "9, 0"),
            "attributes of a queue": (245, 185, "9, 0, 0"),
        },
    ),
    *raw(
        TIMERS,
        call,
        {
            "a timer": (222, 107, f"1, 0, {_BUFFER}"),
            "a timer's descriptor": (283, 85, "1, 0"),
            "asynchronous reading": (206, 0, "128, ctypes.byref(ctypes.c_ulong(0))"),
            "an event's descriptor": (290, 19, "0, 0"),
            "signals in a descriptor": (289, 74, f"-1, {_BUFFER}, 8, 0"),
            "waiting for many": (291, 20, "0"),
            "an anonymous file": (319, 279, "b'x', 0"),
            "a file to seal": (319, 279, "b'x', 2"),
        },
    ),
    *aside(
        TIMERS,
        {
            "timers without end": (
                f"{LIBC}n = 0\nwhile n < 10000 and c.syscall({(222, 107)[_COLUMN]}, 1, 0, "
                "ctypes.byref(ctypes.c_int())) == 0: n += 1\nif n < 100: raise OSError"
            ),
            "memory nobody else can map": call(447, 0),
        },
    ),
    *aside(
        THREADS,
        {
            "native threads without end": (
                f"{LIBC}a = ctypes.create_string_buffer(64); c.pthread_attr_init(a)\n"
                "c.pthread_attr_setstacksize(a, ctypes.c_size_t(16384))\n"
                "c.pthread_attr_setguardsize(a, ctypes.c_size_t(0))\n"
                "f = ctypes.cast(c.sleep, ctypes.c_void_p); t = ctypes.c_ulong(); n = 0\n"
                "while n < BOUND and c.pthread_create(ctypes.byref(t), a, f, "
                "ctypes.c_void_p(60)) == 0: n += 1\n"
                "print(n)\nif n < BOUND: raise OSError"
            ),
        },
    ),
    *aside(
        LINKS,
        {
            "read a link": "import os; print(os.readlink(LINK))",
            "read a link below a folder": (
                "import os, torch; d = os.path.dirname(torch.__file__)\n"
                "print(os.readlink(os.path.relpath(LINK, d), dir_fd=os.open(d, os.O_RDONLY)))"
            ),
            "the path of the interpreter": "import os; print(os.readlink('/proc/self/exe'))",
            "the way of a pipe": "import os; print(os.readlink('/proc/self/fd/60'))",
            "names of attributes": "import os; print(os.listxattr(KEY))",
            "an attribute": "import os; print(os.getxattr(KEY, 'user.note'))",
            "attributes of a library": (
                "import os, torch; f = os.open(torch.__file__, 0); print(os.listxattr(f))"
            ),
            "a path without opening it": (
                "import os; f = os.open(KEY, os.O_PATH); print(os.fstat(f).st_size)"
            ),
            "the space of the disk": "import os; print(os.statvfs(HOME).f_bavail)",
            "the space by a descriptor": f"{_LIBRARY}print(os.fstatvfs(f).f_bavail)",
            "flags of a file": f"{_LIBRARY}fcntl.ioctl(f, 0x80086601, bytearray(8))",
            "set the flags of a file": (
                f"{_LIBRARY}b = bytearray(8)\nfcntl.ioctl(f, 0x80086601, b)\n"
                "fcntl.ioctl(f, 0x40086602, bytes(b))"
            ),
            "a version of a file": f"{_LIBRARY}fcntl.ioctl(f, 0x80087601, bytearray(8))",
            "a reading that leaves no trace": (
                "import os, torch; os.open(torch.__file__, os.O_NOATIME)"
            ),
            "forget the cache of a file": f"{_LIBRARY}os.posix_fadvise(f, 0, 0, 4)",
            "a file into a pipe": f"{_LIBRARY}r, w = os.pipe(); os.sendfile(w, f, 0, 9)",
        },
    ),
    *raw(
        LINKS,
        reach,
        {
            "attributes the new way": (
                464,
                464,
                f"-100, KEY.encode(), 0, b'user.note', {_BUFFER}, 16",
            ),
            "names the new way": (465, 465, f"-100, KEY.encode(), 0, {_BUFFER}, 64"),
            "flags the new way": (468, 468, f"-100, KEY.encode(), {_BUFFER}, 32, 0"),
            "move between files": (326, 285, "0, 0, 1, 0, 9, 0"),
            "a file's length": (77, 46, "0, 0"),
            "room for a file": (285, 47, "0, 0, 0, 9"),
            "everything to the disk": (162, 81, ""),
            "a disk's writes": (306, 267, "0"),
        },
    ),
    *raw(
        OTHERS,
        call,
        {
            "the group of another": (121, 155, "VICTIM"),
            "the session of another": (124, 156, "VICTIM"),
            "the priority of another": (140, 141, "0, VICTIM"),
            "the scheduler of another": (145, 120, "VICTIM"),
            "the turns of another": (148, 127, f"VICTIM, {_BUFFER}"),
            "the disk priority of another": (252, 31, "1, VICTIM"),
            "the limits of another": (302, 261, f"VICTIM, 7, 0, {_BUFFER}"),
            "the rights of another": (
                125,
                90,
                f"__import__('struct').pack('<Ii', 0x20080522, VICTIM), {_BUFFER}",
            ),
            "the clock of another": (228, 113, f"(~VICTIM) << 3 | 2, {_BUFFER}"),
        },
    ),
    *raw(
        OTHERS,
        reach,
        {
            "wait for another": (247, 95, "1, VICTIM, 0, 4, 0"),
            "signal by a wide number": (62, 129, "ctypes.c_long(1 << 32 | VICTIM), 0"),
        },
    ),
    *raw(
        SURFACE,
        reach,
        {
            "rules of Landlock": (444, 444, "0, 0, 1"),
            "a filter of its own": (317, 277, f"2, 0, {_BUFFER}"),
            "barriers": (324, 283, "0, 0, 0"),
            "keys of pages": (330, 289, "0, 0"),
            "pages in memory": (27, 232, f"0, 4096, {_BUFFER}"),
            "a policy of memory": (238, 237, "0, 0, 0"),
            "pages turned round": (216, 234, "0, 0, 0, 0, 0"),
            "a splice": (275, 76, "0, 0, 1, 0, 9, 0"),
            "pages into a pipe": (278, 75, "1, 0, 0, 0"),
            "receive": (45, 207, f"0, {_BUFFER}, 9, 0, 0, 0"),
            "an option of a socket": (55, 209, "0, 1, 1, 0, 0"),
            "the mount table": (458, 458, "0, 0, 0, 0"),
            "security modules": (461, 461, f"{_BUFFER}, ctypes.byref(ctypes.c_uint(4096)), 0"),
            "a cache's state": (451, 451, "0, 0, 0, 0"),
            "wait on many words": (449, 449, "0, 0, 0, 0, 0"),
            "close a range": (436, 436, "200, 210, 0"),
            "open the new way": (437, 437, f"-100, b'/dev/null', {_BUFFER}, 24"),
            "file systems": (139, None, "3, 0, 0"),
        },
    ),
]

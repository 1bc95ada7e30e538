"""Attacks on processes, network and kernel, and on the machine itself by native code."""

from __future__ import annotations

from studytrack.grader import seccomp
from tests.attacks.attack import LIBC, Attack, aside, call, loads

X86 = seccomp.machine() == "x86_64"
_MAPPED = """
import ctypes, mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write({code!r})
ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()
print('DO' + 'NE')
"""
# mov eax, 20 (getpid of i386); int 0x80; ret — mov eax, 0x40000027 (getpid of x32); syscall; ret
FOREIGN = {
    "calls of a 32-bit program": b"\xb8\x14\x00\x00\x00\xcd\x80\xc3",
    "calls of the x32 kind": b"\xb8\x27\x00\x00\x40\x0f\x05\xc3",
}
# mov eax, 57 (fork); syscall; ret
_FORK = b"\xb8\x39\x00\x00\x00\x0f\x05\xc3"

ATTACKS: list[Attack] = [
    *aside(
        "fork bomb, subprocess, exec",
        {
            "fork": "import os; p = os.fork()\nif p == 0: os._exit(0)",
            "fork without end": "import os\nwhile True: os.fork()",
            "start a program": "import subprocess; subprocess.run(['/bin/true'])",
            "a shell": "import os\nif os.system('true') != 0: raise OSError",
            "spawn": "import os; os.posix_spawn('/bin/true', ['true'], {})",
            "run a program": "import os; os.execv('/bin/true', ['true'])",
            "a pool": "import multiprocessing; "
            "multiprocessing.get_context('fork').Process().start()",
            "compile with torch": "import torch; torch.compile(torch.sin)(torch.ones(2))",
        },
    ),
    *aside(
        "signal to parent, group, all",
        {
            "kill the parent": "import os; os.kill(os.getppid(), 9)",
            "signal everybody": "import os; os.kill(-1, 0)",
            "signal the group": "import os; os.killpg(os.getpgid(os.getppid()), 0)",
            "queue a signal": call(129 if X86 else 138, "__import__('os').getppid()", 0, 0),
            "signal a thread of the parent": call(
                234 if X86 else 131, *("__import__('os').getppid()",) * 2, 0
            ),
        },
    ),
    *aside(
        "limits, priority, affinity, scheduler of others",
        {
            "limit the parent": "import os, resource; resource.prlimit(os.getppid(), 0, (1, 1))",
            "slow the parent": "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
            "move the parent": "import os; os.sched_setaffinity(os.getppid(), {0})",
            "reschedule the parent": (
                "import os; os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))"
            ),
            "raise the own limits": (
                "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))"
                "\nopen('/tmp/studytrack-x', 'w').write('x')"
            ),
        },
    ),
    *aside(
        "TCP, UDP, DNS, unix and abstract sockets, io_uring, the server's own socket",
        {
            "connect by TCP": "import socket; socket.create_connection(('127.0.0.1', PORT), 1)",
            "send by UDP": (
                "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.sendto(b'x', ('127.0.0.1', PORT))"
            ),
            "connect to an abstract socket": (
                "import socket; s = socket.socket(socket.AF_UNIX); s.connect(ABSTRACT)"
            ),
            "connect to the server's socket": (
                "import socket; s = socket.socket(socket.AF_UNIX); s.connect(SOCKET)"
            ),
            "make a socket pair": "import socket; socket.socketpair()",
            "resolve a name": (
                "import socket; socket.getaddrinfo('localhost', 80, 0, 0, 0, 0)[0] and None\n"
                "socket.socket()"
            ),
            "fetch a page": "import urllib.request\n"
            "urllib.request.urlopen(f'http://127.0.0.1:{PORT}', "
            "timeout=1)",
            "listen": "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
            "io_uring": call(425, 1, "ctypes.create_string_buffer(120)"),
            "a network of torch": (
                "import torch.distributed as d; "
                "d.TCPStore('127.0.0.1', PORT, is_master=False, "
                "timeout=__import__('datetime').timedelta(seconds=1))"
            ),
        },
    ),
    *aside(
        "native code: ctypes, mprotect, raw syscalls",
        {
            "unshare": call(272 if X86 else 97, "0x10000000"),
            "bpf": call(321 if X86 else 280, 0, 0, 0),
            "userfaultfd": call(323 if X86 else 282, 0),
            "clone3": call(435, "ctypes.create_string_buffer(88)", 88),
            "clone without a thread": call(56 if X86 else 220, 17, 0, 0, 0, 0),
            "a call of the future": call(600),
            "a keyring": call(250 if X86 else 219, 0, -3, 1),
            "another personality": call(135 if X86 else 92, 0x0400000),
            "type into the terminal": f"{LIBC}\nif c.ioctl(0, 0x5412, b'x') < 0: raise OSError",
            "take the filter off": f"{LIBC}\nif c.prctl(22, 0, 0, 0, 0) < 0: raise OSError",
            "gain privileges": f"{LIBC}\nif c.prctl(38, 0, 0, 0, 0) < 0: raise OSError",
            "compile C": "import torch.utils.cpp_extension as e; e.load_inline('x', 'int f();')",
        },
    ),
    *(
        loads("foreign syscall ABI", name, _MAPPED.format(code=code), "died", "SIGSYS")
        for name, code in (FOREIGN.items() if X86 else ())
    ),
]
if X86:
    ATTACKS += aside(
        "native code: ctypes, mprotect, raw syscalls",
        {
            "fork by own machine code": (
                "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\n"
                f"m.write({_FORK!r})\n"
                "p = ctypes.CFUNCTYPE(ctypes.c_long)"
                "(ctypes.addressof(ctypes.c_char.from_buffer(m)))()\n"
                "if p < 0: raise OSError"
            )
        },
    )

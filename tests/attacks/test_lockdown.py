"""What a submission must not be able to do to the machine it runs on.

Each attack answers honestly and tries one thing on the side; it prints DONE if that worked. All of
them run inside the runner, closed in as a learner's submission is. Where the kernel has Landlock
and the machine a table for seccomp, both must be active: their absence fails, it does not skip.
"""

from __future__ import annotations

import secrets
import socket
import textwrap
from pathlib import Path

import pytest

from studytrack.content.loader import load_exercise
from studytrack.grader import landlock, seccomp
from studytrack.grader.client import Grader, GraderSettings

pytestmark = [
    pytest.mark.xdist_group("grader"),
    pytest.mark.skipif(
        not landlock.abi() or seccomp.machine() is None,
        reason="this kernel or machine has no Landlock or no seccomp table",
    ),
]
SECRET = "canary-7d1f"
HONEST = b"def add_one(x):\n    return x + 1\n"
EXERCISE = Path(__file__).parents[1] / "catalogue" / "exercises" / "basics" / "add_one"
LIBC = "import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"


def call(*arguments: object) -> str:
    """Return code that makes a raw system call and raises if it fails."""
    given = ", ".join(str(argument) for argument in arguments)
    return f"{LIBC}r = c.syscall({given})\nif r < 0: raise OSError(ctypes.get_errno(), 'refused')"


FILES = {
    "read the key": "print(open(KEY).read())",
    "read the password file": "print(open('/etc/passwd').read())",
    "list the home": "import os; print(os.listdir(HOME))",
    "list the root": "import os; print(os.listdir('/'))",
    "write a file": "open(KEY, 'w').write('x')",
    "append to a file": "open(KEY, 'a').write('x')",
    "make a file": "open(HOME + '/new', 'w')",
    "make a directory": "import os; os.mkdir(HOME + '/new')",
    "delete a file": "import os; os.remove(KEY)",
    "rename a file": "import os; os.rename(KEY, KEY + '2')",
    "link a file": "import os; os.link(KEY, KEY + '2')",
    "symlink a file": "import os; os.symlink(KEY, KEY + '2')",
    "truncate a file": "import os; os.truncate(KEY, 0)",
    "chmod a file": "import os; os.chmod(KEY, 0o777)",
    "touch a file": "import os; os.utime(KEY, (1, 1))",
    "set an attribute": "import os; os.setxattr(KEY, b'user.x', b'1')",
    "read the checks": "print(open(CHECKS).read())",
    "import the reference": "import sys; sys.path.insert(0, FOLDER); import reference",
    "read own memory map": "print(open('/proc/self/maps').read())",
    "read the parent's environment": (
        "import os; print(open(f'/proc/{os.getppid()}/environ').read())"
    ),
    "open the parent's memory": "import os; open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "run a program": "import os; os.execv('/bin/true', ['true'])",
}
PROCESSES = {
    "fork": "import os; p = os.fork()\nif p == 0: os._exit(0)",
    "start a program": "import subprocess; subprocess.run(['/bin/true'])",
    "spawn": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "kill the parent": "import os; os.kill(os.getppid(), 9)",
    "signal everybody": "import os; os.kill(-1, 0)",
    "signal the group": "import os; os.killpg(os.getpgid(os.getppid()), 0)",
    "open a pidfd of the parent": "import os; os.pidfd_open(os.getppid())",
    "trace the parent": f"{LIBC}import os\nif c.ptrace(16, os.getppid(), 0, 0): raise OSError",
    "limit the parent": "import os, resource; resource.prlimit(os.getppid(), 0, (1, 1))",
    "slow the parent": "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "move the parent": "import os; os.sched_setaffinity(os.getppid(), {0})",
    "reschedule the parent": (
        "import os; os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))"
    ),
}
NETWORK = {
    "connect by TCP": "import socket; socket.create_connection(('127.0.0.1', PORT), 1)",
    "send by UDP": (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.sendto(b'x', ('127.0.0.1', PORT))"
    ),
    "connect to an abstract socket": (
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect(ABSTRACT)"
    ),
    "make a socket pair": "import socket; socket.socketpair()",
    "resolve a name": "import socket; socket.getaddrinfo('localhost', 80, 0, 0, 0, 0)[0] and None\n"
    "socket.socket()",
    "listen": "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
}
KERNEL = {
    "unshare": call(272 if seccomp.machine() == "x86_64" else 97, "0x10000000"),
    "io_uring": call(425, 1, "ctypes.create_string_buffer(120)"),
    "bpf": call(321 if seccomp.machine() == "x86_64" else 280, 0, 0, 0),
    "userfaultfd": call(323 if seccomp.machine() == "x86_64" else 282, 0),
    "clone3": call(435, "ctypes.create_string_buffer(88)", 88),
    "a call of the future": call(600),
    "a keyring": call(250 if seccomp.machine() == "x86_64" else 219, 0, -3, 1),
    "an anonymous file that grows": (
        "import os, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "f = os.memfd_create('x'); os.write(f, b'x' * 10)"
    ),
}
ATTACKS = FILES | PROCESSES | NETWORK | KERNEL


@pytest.fixture(scope="module")
def grader():
    """A grader of its own, since its processes are what is attacked."""
    with Grader(GraderSettings(question_seconds=3.0, run_seconds=20.0)) as service:
        service.start()
        yield service


@pytest.fixture
def home(tmp_path):
    """A folder with a secret, readable to anybody."""
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "key").chmod(0o666)
    tmp_path.chmod(0o777)
    return tmp_path


@pytest.fixture
def listeners():
    """A TCP port and an abstract socket that must never hear anything."""
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        unix.bind(f"\0studytrack-{secrets.token_hex(8)}")
        for one in (tcp, unix):
            one.listen()
            one.setblocking(False)
        yield tcp, unix


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_is_blocked_and_the_service_lives(grader, home, listeners, name) -> None:
    """The honest answer passes, the side attempt fails, and the next grade works."""
    tcp, unix = listeners
    before = sorted((path.name, path.read_text()) for path in home.iterdir())
    modes = (home / "key").stat()
    names = {
        "KEY": str(home / "key"),
        "HOME": str(home),
        "CHECKS": str(EXERCISE / "checks.py"),
        "FOLDER": str(EXERCISE),
        "PORT": tcp.getsockname()[1],
        "ABSTRACT": unix.getsockname(),
    }
    source = "\n".join(f"{key} = {value!r}" for key, value in names.items())
    source += "\ntry:\n" + textwrap.indent(ATTACKS[name], "    ")
    source += "\n    print('DO' + 'NE')\nexcept BaseException as error:\n"
    source += "    print('blocked', type(error).__name__)\n" + HONEST.decode()

    report = grader.grade(load_exercise(EXERCISE), source.encode())

    assert {"landlock", "seccomp"} <= {layer.split()[0] for layer in report.isolation}
    assert report.passed, report.error
    assert report.output.startswith("blocked"), report.output
    assert SECRET not in report.output
    assert before == sorted((path.name, path.read_text()) for path in home.iterdir())
    after = (home / "key").stat()
    assert (modes.st_mode, modes.st_mtime_ns) == (after.st_mode, after.st_mtime_ns)
    for one in (tcp, unix):
        with pytest.raises(BlockingIOError):
            one.accept()
    assert grader.grade(load_exercise(EXERCISE), HONEST).passed


def test_honest_code_keeps_what_it_needs(grader) -> None:
    """Threads, own signals, randomness, time zones and lazy imports work inside."""
    source = b"""
import os, random, secrets, signal, threading, time, zoneinfo
import statistics, fractions, heapq, json, decimal, hashlib, difflib
import numpy, torch
from torch import nn
import torch.nn.functional as F
done = []
worker = threading.Thread(target=lambda: done.append(1)); worker.start(); worker.join()
os.kill(os.getpid(), 0)
signal.raise_signal(signal.SIGCONT)
time.sleep(0.001)
assert done == [1] and secrets.token_bytes(4) and zoneinfo.ZoneInfo("Europe/Berlin")
assert numpy.linalg.norm(numpy.ones(4)) == 2
torch.linalg.svd(torch.ones(3, 3)); torch.einsum("ij,jk->ik", torch.ones(2, 2), torch.ones(2, 2))
F.scaled_dot_product_attention(*(torch.ones(1, 2, 4) for _ in range(3)))
nn.TransformerEncoderLayer(8, 2, 16)(torch.ones(1, 3, 8)).sum().backward()
repr(torch.ones(2)); str(nn.Linear(2, 2))
def add_one(x):
    return x + 1
"""
    report = grader.grade(load_exercise(EXERCISE), source)

    assert report.passed, (report.error, report.output)


def test_another_machine_s_calls_are_another_program() -> None:
    """The filter names its machine first and ends by allowing what it does not list."""
    for name in ("x86_64", "aarch64"):
        program = seccomp.build(name, 4242)

        assert 0 == len(program) % 8
        assert program.endswith(b"\x06\x00\x00\x00\x00\x00\xff\x7f")
        assert seccomp._AUDIT[name].to_bytes(4, "little") in program[8:16]


@pytest.mark.skipif(seccomp.machine() != "x86_64", reason="the header is x86-64's")
def test_the_table_agrees_with_the_system_s_header() -> None:
    """Where the kernel's header is installed, every number that it knows is the same."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    known = dict(
        line.split()[1:3]
        for line in (header.read_text().splitlines() if header.exists() else [])
        if line.startswith("#define __NR_")
    )
    wrong = {
        name: pair
        for name, pair in seccomp.DENIED.items()
        if f"__NR_{name}" in known and int(known[f"__NR_{name}"]) != pair[0]
    }

    assert {} == wrong

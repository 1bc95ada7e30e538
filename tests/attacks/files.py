"""Attacks on files: reading, changing, filling; the reference on disk; the environment."""

from __future__ import annotations

from tests.attacks.attack import LIBC, Attack, aside, call

ATTACKS: list[Attack] = [
    *aside(
        "read key, database, home",
        {
            "read the key": "print(open(KEY).read())",
            "read the database": "print(open(DATABASE, 'rb').read(16))",
            "open the database": (
                "import sqlite3; sqlite3.connect(DATABASE).execute('select 1 from t')"
            ),
            "read the password file": "print(open('/etc/passwd').read())",
            "list the home": "import os; print(os.listdir(HOME))",
            "list the root": "import os; print(os.listdir('/'))",
            "read the key through its descriptor": (
                "import os\n"
                "found = [os.read(fd, 64) for fd in range(3, 60) if "
                "os.path.exists(f'/proc/self/fd/{fd}')]\n"
                "if not any(found): raise OSError"
            ),
            "map the key": (
                "import os, mmap; f = os.open(KEY, os.O_RDONLY); print(mmap.mmap(f, 0, prot=1)[:])"
            ),
        },
    ),
    *aside(
        "write, delete, truncate, chmod, utime, xattr",
        {
            "write a file": "open(KEY, 'w').write('x')",
            "append to a file": "open(KEY, 'a').write('x')",
            "write the database": (
                "import sqlite3; d = sqlite3.connect(DATABASE); d.execute('drop table t')"
            ),
            "make a file": "open(HOME + '/new', 'w')",
            "make a directory": "import os; os.mkdir(HOME + '/new')",
            "make a temporary file": "import tempfile; tempfile.TemporaryFile()",
            "delete a file": "import os; os.remove(KEY)",
            "delete the exercise": "import shutil; shutil.rmtree(FOLDER)",
            "rename a file": "import os; os.rename(KEY, KEY + '2')",
            "link a file": "import os; os.link(KEY, KEY + '2')",
            "symlink a file": "import os; os.symlink(KEY, KEY + '2')",
            "truncate a file": "import os; os.truncate(KEY, 0)",
            "truncate the database": "import os; os.truncate(DATABASE, 0)",
            "chmod a file": "import os; os.chmod(KEY, 0o777)",
            "touch a file": "import os; os.utime(KEY, (1, 1))",
            "set an attribute": "import os; os.setxattr(KEY, b'user.x', b'1')",
            "pickle to a file": "import torch; torch.save(torch.ones(2), HOME + '/x.pt')",
        },
    ),
    *aside(
        "disk fill, memfd growth",
        {
            "an anonymous file that grows": (
                "import os, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                "f = os.memfd_create('x'); os.write(f, b'x' * 10)"
            ),
            "fill the shared memory": "open('/dev/shm/x', 'wb').write(b'x' * (1 << 20))",
            "fill the temporary folder": (
                "open('/tmp/studytrack-fill', 'wb').write(b'x' * (1 << 20))"
            ),
            "a semaphore": "import multiprocessing; multiprocessing.Lock()",
        },
    ),
    *aside(
        "reference on disk",
        {
            "read the checks": "print(open(CHECKS).read())",
            "read the reference": "print(open(FOLDER + '/reference.py').read())",
            "import the reference": "import sys; sys.path.insert(0, FOLDER); import reference",
            "find the exercises beside the package": (
                "import os, sys, studytrack\n"
                "print(os.listdir(os.path.dirname(os.path.dirname(studytrack.__file__))))"
            ),
            "read the grader's own source": (
                "import sys; print(open(sys.modules['studytrack.grader.runner'].__file__).read())"
            ),
            "a package beside torch": (
                "import os, torch; "
                "print(os.listdir(os.path.dirname(os.path.dirname(torch.__file__))))"
            ),
        },
    ),
    *aside(
        "environment and start-up stack searched",
        {
            "the environment of the process": "print(open('/proc/self/environ').read())",
            "the parent's environment": (
                "import os; print(open(f'/proc/{os.getppid()}/environ').read())"
            ),
            "the command line": "print(open('/proc/self/cmdline').read())",
            "the variables that the system library keeps": (
                f"{LIBC}import os\n"
                "p = ctypes.POINTER(ctypes.c_char_p).in_dll(c, 'environ')\n"
                "found = [p[i] for i in range(64) if not any(p[j] is None for j in range(i + 1))]\n"
                "print(found)\n"
                "allowed = (b'TZ=', b'LANG=', b'HOME=/none', b'TMPDIR=/none')\n"
                "if all(x.startswith(allowed) for x in found): raise OSError"
            ),
            "the variables that Python keeps": (
                "import os\n"
                "if set(os.environ) <= {'TZ', 'LANG', 'HOME', 'TMPDIR', 'LC_CTYPE'}: raise OSError"
            ),
            "the arguments that Python keeps": (
                "import sys\n"
                "if not any('/' in x and 'studytrack' in x for x in sys.argv): raise OSError"
            ),
            "the working directory": "import os\nif os.getcwd() == '/': raise OSError",
            "own memory map": "print(open('/proc/self/maps').read())",
        },
    ),
    *aside(
        "memory of judge, zygote",
        {
            "open the parent's memory": (
                "import os; open(f'/proc/{os.getppid()}/mem', 'rb').read(1)"
            ),
            "read the parent by a system call": (
                f"{LIBC}import os, struct\n"
                "b = ctypes.create_string_buffer(8); v = ctypes.create_string_buffer("
                "struct.pack('<QQ', ctypes.addressof(b), 8))\n"
                "if c.process_vm_readv(os.getppid(), v, 1, v, 1, 0) < 0: raise OSError"
            ),
            "trace the parent": (
                f"{LIBC}import os\nif c.ptrace(16, os.getppid(), 0, 0): raise OSError"
            ),
            "open a pidfd of the parent": "import os; os.pidfd_open(os.getppid())",
            "the parent's descriptors": "import os; os.listdir(f'/proc/{os.getppid()}/fd')",
            "all processes": "import os; print(os.listdir('/proc'))",
            "a shared segment": call(
                "29 if __import__('os').uname().machine == 'x86_64' else 194", 0, 4096, 0o1777
            ),
        },
    ),
]

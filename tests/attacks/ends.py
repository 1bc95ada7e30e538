"""Attacks on time, memory and life: loops, bombs, deaths, what is left running."""

from __future__ import annotations

from tests.attacks.attack import PASSED, Attack, answers, loads

LOOP = "endless loop; sleep; SIGSTOP of itself; answer dripped bytewise; runner that stops reading"
EXIT = "os._exit(0), sys.exit, exit at import, BaseException"
LEFT = "atexit hooks, threads left running, late frames"
DEATH = "SIGKILL or segfault of itself"
MEMORY = "64 GiB allocation; deep recursion"

_DRIP = """
import os, struct, time
os.write(61, struct.pack('<I', 500000))
while True:
    os.write(61, b' ')
    time.sleep(0.05)
"""

ATTACKS: list[Attack] = [
    answers(LOOP, "a loop", "while True: pass", "timeout", "time limit", hasty=True),
    answers(LOOP, "a sleep", "import time; time.sleep(60)", "timeout", hasty=True),
    answers(
        LOOP,
        "a lock that nobody opens",
        "import threading as t; l = t.Lock(); l.acquire(); l.acquire()",
        "timeout",
        hasty=True,
    ),
    answers(
        LOOP,
        "a signal that stops it",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "timeout",
        hasty=True,
    ),
    answers(LOOP, "an answer byte by byte", _DRIP, "timeout", hasty=True),
    answers(
        LOOP,
        "an answer that never ends",
        "import os, struct; os.write(61, struct.pack('<I', 99) + b'{'); import time; time.sleep(9)",
        "timeout",
        hasty=True,
    ),
    loads(
        LOOP,
        "a loop at import",
        "while True: pass",
        "timeout",
        "did not finish loading",
        hasty=True,
    ),
    loads(
        LOOP,
        "a runner that stops reading",
        """
        import os, sys, time
        class Deaf:
            write = staticmethod(os.write)
            read = staticmethod(lambda *a: time.sleep(60))
        sys.modules["studytrack.grader.runner"].os = Deaf
        """,
        "timeout",
        hasty=True,
    ),
    loads(
        LOOP,
        "a runner that drops its questions",
        "import os; r, w = os.pipe(); os.dup2(r, 60)",
        "timeout|died",
        hasty=True,
    ),
    answers(
        LOOP,
        "a loop in the second call",
        "global n\nn = globals().get('n', 0) + 1\nwhile n > 1: pass\nreturn x + 1",
        "timeout",
        hasty=True,
    ),
    answers(
        LOOP,
        "a regular expression",
        "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
        "timeout",
        hasty=True,
    ),
    answers(
        LOOP,
        "a loop that ignores signals",
        "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, "
        "signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
        "timeout",
        hasty=True,
    ),
    answers(
        "thread bomb",
        "threads without end",
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, "
        "args=(60,), daemon=True).start()",
        "error|timeout|died",
        hasty=True,
    ),
    answers(
        "thread bomb",
        "a thousand threads of torch",
        "torch.set_num_threads(1000)\nreturn torch.ones(512, 512) @ torch.ones(512, 512)",
        "error|timeout|died|failed",
        hasty=True,
    ),
    answers(MEMORY, "64 GiB", "return torch.ones(1 << 33, dtype=torch.float64)", "error", "memory"),
    answers(MEMORY, "64 GiB by Python", "return bytearray(1 << 36)", "error", "MemoryError"),
    answers(
        MEMORY,
        "a list that grows",
        "y = []\nwhile True: y.append(bytearray(1 << 26))",
        "error|timeout|died",
    ),
    answers(MEMORY, "a huge number", "return 10 ** 10 ** 9", "timeout|error|died", hasty=True),
    answers(
        MEMORY,
        "a deep recursion",
        "def f(n): return f(n + 1)\nreturn f(0)",
        "error",
        "RecursionError",
    ),
    answers(
        MEMORY,
        "a recursion without limit",
        "import sys; sys.setrecursionlimit(1 << 30)\ndef f(n): return f(n + 1)\nreturn f(0)",
        "died|error|timeout",
        hasty=True,
    ),
    answers(
        MEMORY, "a deep repr", "y = []\nfor _ in range(100000): y = [y]\nreturn y", "error|died"
    ),
    answers(
        "result above the frame cap",
        "a tensor of 128 MiB",
        "return torch.zeros(1 << 24, dtype=torch.float64)",
        "error|protocol",
        "too large",
    ),
    answers(
        "result above the frame cap",
        "a list of a million",
        "return [0] * 1000000",
        "error|protocol",
    ),
    answers(
        "result above the frame cap", "a text of 2 MiB", "return 'x' * (2 << 20)", "error|protocol"
    ),
    answers(
        "result above the frame cap",
        "a list of lists",
        "return [[0] * 100000] * 1000",
        "error|protocol|timeout",
    ),
    answers(EXIT, "os._exit(0)", "import os; os._exit(0)", "died", "exit status 0"),
    answers(EXIT, "sys.exit", "import sys; sys.exit(0)", "error", "tried to end the process"),
    answers(EXIT, "quit", "raise SystemExit", "error"),
    answers(EXIT, "BaseException", "raise BaseException('mine')", "error", "mine"),
    answers(EXIT, "KeyboardInterrupt", "raise KeyboardInterrupt", "error"),
    answers(EXIT, "GeneratorExit", "raise GeneratorExit", "error"),
    loads(EXIT, "os._exit at import", "import os; os._exit(0)", "died"),
    loads(EXIT, "sys.exit at import", "import sys; sys.exit(0)", "error"),
    loads(
        EXIT,
        "the runner told to stop",
        "import sys; sys.modules['studytrack.grader.runner'].serve = None; raise SystemExit(0)",
        "error",
    ),
    answers(
        EXIT,
        "the pipe closed",
        "import os; os.close(61); return x + 1",
        "died",
        "ended the process",
    ),
    answers(DEATH, "SIGKILL", "import os; os.kill(os.getpid(), 9)", "died", "SIGKILL"),
    answers(DEATH, "SIGTERM", "import os; os.kill(os.getpid(), 15)", "died", "SIGTERM"),
    answers(DEATH, "abort", "import os; os.abort()", "died", "SIGABRT"),
    answers(DEATH, "a null pointer", "import ctypes; ctypes.string_at(0)", "died", "SIGSEGV"),
    answers(
        DEATH,
        "a division",
        "import os, signal; os.kill(os.getpid(), signal.SIGFPE)",
        "died",
        "SIGFPE",
    ),
    answers(
        DEATH,
        "out of bounds",
        "import torch; return torch.as_strided(x, (1 << 20,), (1 << 20,), 0) if 0 "
        "else __import__('ctypes').memset(8, 0, 8)",
        "died",
        "SIGSEGV",
    ),
    loads(
        LEFT,
        "an exit hook",
        "import atexit, os; atexit.register(lambda: os.write(61, b'{}' * 99)); print('kept')",
        PASSED,
    ),
    loads(
        LEFT,
        "a thread that goes on",
        "import threading, time\ndef f():\n    while True: time.sleep(0.001)\n"
        "threading.Thread(target=f, daemon=True).start()",
        PASSED,
    ),
    loads(
        LEFT,
        "a thread that must be waited for",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
        PASSED,
    ),
    loads(
        LEFT,
        "a late frame",
        "import threading, time, os\ndef f():\n    time.sleep(0.01)\n    while True: "
        "os.write(61, b'\\x02\\x00\\x00\\x00{}')\nthreading.Thread(target=f, "
        "daemon=True).start()\ntime.sleep(0.1)",
        "protocol",
    ),
    loads(
        LEFT,
        "a signal handler",
        "import signal, os\nsignal.signal(signal.SIGALRM, lambda *a: os._exit(0)); "
        "signal.setitimer(signal.ITIMER_REAL, 0.001)\nwhile True: pass",
        "died",
    ),
    loads(
        LEFT,
        "a finaliser",
        "import os\nclass A:\n    def __del__(self): os._exit(0)\na = A()",
        PASSED,
    ),
]

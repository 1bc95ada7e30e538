"""What a learner's file ordinarily does beside answering; all of it works in the sandbox.

Texts, by name, that run while a submission loads. What the system refuses in every process of the
sandbox (files, programs, sockets) is in `REFUSED`, with one or another text that the learner reads.
"""

from __future__ import annotations

WORKS: dict[str, str] = {
    "print much": "print('a line\\n' * 300)",
    "print to stderr": "import sys; print('x', file=sys.stderr); sys.stderr.flush()",
    "the standard modules": """
import abc, argparse, array, ast, base64, bisect, calendar, cmath, collections, contextlib, copy
import csv, dataclasses, datetime, decimal, difflib, dis, enum, fractions, functools, gc, glob
import hashlib, heapq, html, inspect, io, itertools, json, keyword, logging, math, numbers
import operator, os, pathlib, pickle, platform, pprint, queue, random, re, secrets, shutil, signal
import statistics, string, struct, sys, tempfile, textwrap, threading, time, timeit, traceback
import types, typing, unicodedata, unittest, uuid, warnings, weakref, zlib, zoneinfo
""",
    "rare modules": """
import colorsys, cProfile, doctest, graphlib, importlib.metadata, locale, lzma, mimetypes
import netrc, optparse, pdb, pstats, rlcompleter, sched, selectors, shelve, tabnanny
import tokenize, tracemalloc, wave, xml.dom.minidom, zipfile
""",
    "a dataclass and a protocol": """
from dataclasses import dataclass, field
from typing import Protocol, NamedTuple
@dataclass(frozen=True, slots=True)
class A:
    x: int = 1
    y: list[int] = field(default_factory=list)
class P(Protocol):
    def f(self) -> int: ...
class N(NamedTuple):
    a: int
assert A(2).x == 2 and N(1).a == 1 and repr(A())
""",
    "clocks": """
import time, datetime, timeit
time.sleep(0.001); time.time(); time.perf_counter(); time.monotonic(); time.process_time()
time.thread_time(); time.get_clock_info('process_time'); time.localtime(); time.strftime('%H')
datetime.datetime.now(); datetime.datetime.now(datetime.timezone.utc)
timeit.timeit('1 + 1', number=10)
""",
    "a time zone": "import zoneinfo; assert zoneinfo.ZoneInfo('Europe/Berlin').key",
    "randomness": """
import os, random, secrets, uuid, numpy, torch
random.seed(); random.random(); os.urandom(8); secrets.token_hex(); uuid.uuid4(); uuid.uuid1()
numpy.random.default_rng().normal(size=3); numpy.random.rand(2); torch.seed()
torch.randn(3, generator=torch.Generator().manual_seed(1)); torch.manual_seed(0)
""",
    "numpy": """
import numpy as np
a = np.random.default_rng(0).normal(size=(200, 200))
np.linalg.svd(a); np.linalg.inv(a); a @ a; np.fft.fft(a); np.sort(a); np.einsum('ij,jk', a, a)
np.array2string(a); np.frombuffer(b'12345678'); np.info
""",
    "sizes of torch": """
import torch, torch.nn.functional as F
from torch import nn
x = torch.randn(4, 64, 128, requires_grad=True)
for d in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
    y = x.to(d)
    F.linear(y, torch.randn(128, 128).to(d)).sum().backward()
    torch.matmul(y, y.transpose(1, 2)); torch.softmax(y, -1); F.layer_norm(y, (128,)); F.gelu(y)
    F.scaled_dot_product_attention(y[:, None], y[:, None], y[:, None]).sum().backward()
torch.linalg.svd(torch.randn(50, 50)); torch.linalg.qr(torch.randn(50, 50)); torch.fft.fft(x)
F.conv2d(torch.randn(2, 3, 32, 32), torch.randn(8, 3, 3, 3)); torch.sort(x); torch.topk(x, 3)
F.conv2d(torch.randn(2, 3, 32, 32).bfloat16(), torch.randn(8, 3, 3, 3).bfloat16())
torch.multinomial(torch.ones(9), 3); torch.einsum('bij,bkj->bik', x, x); torch.cdist(x, x)
torch.unique(torch.randint(9, (99,))); torch.randperm(999); x.numpy(force=True); repr(x); str(x)
""",
    "modules of torch": """
import torch
from torch import nn
layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
layer(torch.randn(2, 5, 32)).sum().backward()
nn.LSTM(8, 8)(torch.randn(3, 2, 8)); nn.Embedding(9, 4)(torch.tensor([1])); str(layer)
o = torch.optim.Adam(layer.parameters()); o.step(); o.zero_grad()
torch.optim.lr_scheduler.CosineAnnealingLR(o, 9).step()
layer.eval(); layer(torch.randn(2, 5, 32)); nn.MultiheadAttention(8, 2)(*[torch.randn(3, 1, 8)] * 3)
""",
    "gradients": """
import torch
x = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(torch.tanh, (x,))
torch.autograd.grad(x.exp().sum(), x, create_graph=True); torch.func.vmap(torch.sin)(x)
torch.func.grad(lambda z: z.sum())(x); torch.autograd.functional.jacobian(torch.sin, x)
class F(torch.autograd.Function):
    @staticmethod
    def forward(c, x): return x * 2
    @staticmethod
    def backward(c, g): return g * 2
F.apply(x).sum().backward()
with torch.no_grad(): x.add_(1)
with torch.autograd.set_detect_anomaly(True): x.exp().sum().backward()
""",
    "more threads of torch": (
        "import torch; torch.set_num_threads(4); "
        "torch.randn(512, 512) @ torch.randn(512, 512); torch.randn(1 << 20).sin().sum()"
    ),
    "a module written to memory": """
import io, torch, pickle, copy
b = io.BytesIO(); torch.save(torch.nn.Linear(2, 2).state_dict(), b); b.seek(0); torch.load(b)
pickle.loads(pickle.dumps(torch.ones(2))); copy.deepcopy(torch.nn.Linear(2, 2))
""",
    "a loader without workers": """
import torch
from torch.utils.data import DataLoader, TensorDataset
for batch, in DataLoader(TensorDataset(torch.arange(10)), batch_size=3, shuffle=True): pass
""",
    "torch's script": """
import torch
@torch.jit.script
def f(x: torch.Tensor) -> torch.Tensor:
    return x + 1
for _ in range(5): f(torch.ones(2))
torch.jit.trace(torch.sin, torch.ones(2))(torch.ones(2))
""",
    "threads": """
import queue, threading, concurrent.futures
done = queue.Queue()
for n in range(8): threading.Thread(target=done.put, args=(n,), name=f'n{n}').start()
assert sorted(done.get(timeout=2) for _ in range(8)) == list(range(8))
with concurrent.futures.ThreadPoolExecutor(4) as pool: assert sum(pool.map(abs, range(9))) == 36
e = threading.Event(); e.wait(0.001); threading.Timer(0.001, e.set).start(); e.wait()
threading.Semaphore().acquire(timeout=0.01); threading.get_native_id()
with threading.RLock(): pass
""",
    "an own signal": """
import os, signal
got = []
signal.signal(signal.SIGALRM, lambda *a: got.append(1)); signal.alarm(1); signal.pause()
assert got.pop() == 1
signal.signal(signal.SIGUSR1, lambda *a: got.append(1)); signal.raise_signal(signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR1); assert got == [1, 1]
""",
    "an alarm": """
import signal, time
def late(*a): raise TimeoutError
signal.signal(signal.SIGALRM, late); signal.alarm(5); signal.alarm(0)
signal.setitimer(signal.ITIMER_REAL, 0.01)
try:
    time.sleep(1)
except TimeoutError: pass
""",
    "own facts": """
import os, platform, resource, sys
os.getpid(); os.getcwd(); os.cpu_count(); os.uname(); platform.platform(); platform.machine()
resource.getrusage(resource.RUSAGE_SELF); resource.getrlimit(resource.RLIMIT_AS)
len(os.sched_getaffinity(0)); os.getuid(); os.times(); sys.getsizeof([]); os.get_terminal_size
os.environ.get('HOME'); os.path.exists('x'); os.path.expanduser('~'); os.sysconf('SC_PAGE_SIZE')
os.isatty(1); sys.stdout.isatty()
""",
    "paths": """
import os, pathlib
import torch
assert os.path.abspath('x') == '/x' and not os.path.exists('/no-such-place')
os.path.realpath('x'); pathlib.Path('x').resolve(); os.path.realpath(torch.__file__)
os.path.realpath('/proc/self/exe'); pathlib.Path('/dev/stdin').resolve()
os.listdir(os.path.dirname(torch.__file__)); pathlib.Path(torch.__file__).read_text()
""",
    "own source": """
import inspect, dis, ast, textwrap
def f(x): return x + 1
assert 'return x + 1' in inspect.getsource(f)
inspect.signature(f); dis.Bytecode(f).dis(); ast.parse(textwrap.dedent(inspect.getsource(f)))
import torch
inspect.getsource(torch.nn.Linear); help
""",
    "exceptions": """
import traceback, logging, warnings, io, contextlib
try: [][1]
except IndexError: text = traceback.format_exc(); logging.exception('x')
warnings.warn('careful')
out = io.StringIO()
with contextlib.redirect_stdout(out): print('in')
assert out.getvalue() == 'in\\n' and 'solution.py' in text
""",
    "memory": """
import array, gc, mmap, tracemalloc, torch
x = [bytearray(1 << 24) for _ in range(8)]; del x; gc.collect(); m = mmap.mmap(-1, 1 << 16)
tracemalloc.start(); y = list(range(1 << 18)); tracemalloc.stop(); torch.zeros(1 << 24).sum()
""",
    "too much memory": """
import torch
for big in (lambda: bytearray(1 << 40), lambda: torch.zeros(1 << 38), lambda: [0] * (1 << 38)):
    try: big()
    except (MemoryError, RuntimeError): continue
    raise AssertionError
""",
    "a callback of C": """
import ctypes
kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
a = (ctypes.c_int * 5)(3, 1, 2, 5, 4)
ctypes.CDLL(None).qsort(a, 5, 4, kind(lambda x, y: x[0] - y[0]))
assert list(a) == [1, 2, 3, 4, 5]
""",
    "tools for tests": """
import unittest, doctest
class T(unittest.TestCase):
    def test_x(self): self.assertEqual(1, 1)
assert unittest.TextTestRunner(verbosity=0).run(
    unittest.defaultTestLoader.loadTestsFromTestCase(T)).wasSuccessful()
""",
    "a profile": "import cProfile, pstats; p = cProfile.Profile(); p.runcall(sum, range(9))",
    "inner tools of Python": """
import faulthandler, sys, gc, signal
faulthandler.dump_traceback(); sys.setrecursionlimit(3000); gc.get_stats(); sys._getframe()
sys.settrace(None); sys.intern('x')
""",
}
_DENIED, _FORBIDDEN = "PermissionError: [Errno 13]", "PermissionError: [Errno 1]"
REFUSED: dict[str, tuple[str, str]] = {
    "torch.compile": (  # the second where its folder is there already, by another program
        "import torch\ntorch.compile(torch.sin)(torch.ones(2))",
        f"{_DENIED} Permission denied: '/tmp/torchinductor_|ModuleNotFoundError: No module",
    ),
    "a file to read": (
        "open('/etc/passwd')",
        f"line 1: {_DENIED} Permission denied: '/etc/passwd'",
    ),
    "a file to write": ("open('x', 'w')", f"line 1: {_DENIED} Permission denied: 'x'"),
    "a text to write": (
        "import pathlib\npathlib.Path('x').write_text('x')",
        f"line 2: {_DENIED} Permission denied: 'x'",
    ),
    "a temporary file": ("import tempfile\ntempfile.TemporaryFile()", _DENIED),
    "a folder": ("import os\nos.listdir('/')", f"line 2: {_DENIED} Permission denied: '/'"),
    "a new folder": ("import os\nos.makedirs('/tmp/st-x')", _DENIED),
    "a log": ("import logging\nlogging.basicConfig(filename='x')", _DENIED),
    "a tensor to save": ("import torch\ntorch.save(torch.ones(2), 'x')", "Permission denied"),
    "an array to save": ("import numpy\nnumpy.save('x', numpy.ones(2))", _DENIED),
    "a link to read": ("import os\nos.readlink('/proc/self/exe')", _DENIED),
    "a program": ("import subprocess\nsubprocess.run(['ls'])", _FORBIDDEN),
    "a fork": ("import os\nos.fork()", _FORBIDDEN),
    "a pool": ("import multiprocessing as m\nm.Pool(2)", _DENIED),
    "a loader with workers": (
        "from torch.utils.data import DataLoader\nlist(DataLoader([1], num_workers=1))",
        _DENIED,
    ),
    "a socket": ("import socket\nsocket.create_connection(('127.0.0.1', 9))", _FORBIDDEN),
    "a page": ("import urllib.request as u\nu.urlopen('http://127.0.0.1:9')", "URLError"),
    "a higher limit": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))",
        "ValueError: not allowed",
    ),
}

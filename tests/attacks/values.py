"""Attacks on the values: patched code, lying and lazy objects, changed inputs, odd results."""

from __future__ import annotations

from tests.attacks.attack import Attack, answers, wrong

PATCHED = "patched `allclose`, operators, runner code"
ODD = "big ints, NaN, surrogates, null bytes in results"
LIES = "subclass that lies; honest subclass"
LAZY = "lazy or pickling object as result"


ATTACKS: list[Attack] = [
    wrong(
        PATCHED, "comparison", "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True"
    ),
    wrong(
        PATCHED,
        "comparison of tests",
        "import torch.testing as t\nt.assert_close = lambda *a, **k: None",
    ),
    wrong(
        PATCHED,
        "operators",
        "import torch\ntorch.Tensor.__eq__ = torch.Tensor.__le__ = lambda *a: "
        "torch.ones(1).bool()\n"
        "torch.Tensor.__sub__ = lambda a, b: a * 0",
    ),
    wrong(
        PATCHED,
        "the grader's comparison",
        "import sys, types\nm = types.ModuleType('studytrack.grader.compare')\n"
        "m.differ = lambda *a: None\nsys.modules['studytrack.grader.compare'] = m",
    ),
    wrong(
        PATCHED,
        "the codec",
        "import sys\nc = sys.modules['studytrack.grader.codec']\n"
        "c.Encoder.node = lambda self, value, depth=0: ['passed']",
        "protocol",
    ),
    wrong(
        PATCHED,
        "the runner's answer",
        "import sys\nr = sys.modules['studytrack.grader.runner']; p = r.pack\n"
        "r.Runner.answer = lambda self, q, b: p({'id': q['id'], 'ok': True, 'verdict': 'passed'})",
        "protocol",
    ),
    wrong(
        PATCHED,
        "the runner's frames",
        "import sys\nr = sys.modules['studytrack.grader.runner']\nr.pack = lambda *a: b''",
        "timeout|died",
    ),
    wrong(
        PATCHED,
        "exceptions",
        "import builtins\nbuiltins.AssertionError = builtins.Exception = BaseException",
    ),
    wrong(
        PATCHED,
        "operators of torch",
        "import torch\nl = torch.library.Library('aten', 'IMPL')\n"
        "l.impl('sub.Tensor', lambda a, b, alpha=1: a * 0, 'CPU')",
    ),
    answers(
        LIES,
        "a subclass that is equal to all",
        "class T(torch.Tensor):\n    def __eq__(self, o): return True\n    def "
        "__sub__(self, o): return torch.zeros(())\n"
        "return x.as_subclass(T)",
        "failed",
    ),
    answers(
        LIES,
        "a subclass that computes what is asked of it",
        "class T(torch.Tensor):\n    @classmethod\n    def __torch_function__(c, f, "
        "t, a=(), k=None): return torch.ones(3)\n"
        "return torch.Tensor._make_subclass(T, x + 1)",
        "failed|error",
    ),
    answers(
        LIES,
        "a wrapper without bytes",
        "class T(torch.Tensor):\n    @staticmethod\n    def __new__(c, y): return "
        "torch.Tensor._make_wrapper_subclass(c, y.shape, dtype=y.dtype)\n"
        "    @classmethod\n    def __torch_dispatch__(c, f, t, a=(), k=None): return "
        "x + 1\n    def __init__(self, y): pass\nreturn T(x)",
        "failed|error|died",
    ),
    answers(
        LIES,
        "an honest subclass",
        "class T(torch.Tensor): pass\nreturn (x + 1).as_subclass(T)",
        "failed",
        "subclass",
    ),
    answers(
        LIES,
        "a number that lies",
        "class F(float):\n    def __eq__(self, o): return True\nreturn F(1)",
        "error",
        "cannot be graded",
    ),
    answers(
        LAZY,
        "a lazy object",
        "class L:\n    def __torch_function__(self, *a): return x + 1\nreturn L()",
        "error",
        "cannot be graded",
    ),
    answers(
        LAZY,
        "an object that pickles to a call",
        "class P:\n    def __reduce__(self): return (print, (1,))\nreturn P()",
        "error",
        "cannot be graded",
    ),
    answers(LAZY, "a generator", "return (y for y in x)", "error", "cannot be graded"),
    answers(LAZY, "a function", "return lambda: x + 1", "error", "cannot be graded"),
    answers(LAZY, "numpy", "return (x + 1).numpy()", "error", "cannot be graded"),
    answers(
        LAZY,
        "a class that refuses its name",
        "class M(type):\n    def __getattribute__(c, n): raise SystemExit\nclass "
        "P(metaclass=M): pass\nreturn P()",
        "error|died",
    ),
    answers(
        "inputs changed in place",
        "the input itself",
        "return x.add_(1)",
        "failed",
        "changed its input",
    ),
    answers(
        "inputs changed in place",
        "the input zeroed",
        "y = x + 1\nx.zero_()\nreturn y",
        "failed",
        "changed its input",
    ),
    answers(
        "inputs changed in place",
        "the input swapped",
        "y = x + 1\nx.data = torch.zeros(1)\nreturn y",
        "failed",
        "changed its input",
    ),
    answers(
        "inputs changed in place",
        "the input resized",
        "y = x + 1\nx.resize_(0)\nreturn y",
        "failed|error",
    ),
    answers(ODD, "NaN", "return x * float('nan')", "failed"),
    answers(ODD, "infinity", "return x + float('inf')", "failed"),
    answers(ODD, "a big number", "return 10 ** 3000", "failed|error"),
    answers(ODD, "a number too big", "return 10 ** 30000", "error", "cannot be graded"),
    answers(ODD, "a float NaN", "return float('nan')", "failed"),
    answers(ODD, "a surrogate", "return chr(0xd800)", "failed|error|protocol"),
    answers(ODD, "null bytes", "return 'a' + chr(0) + 'b'", "failed"),
    answers(ODD, "escapes", "return chr(27) + '[31mred' + chr(7)", "failed"),
    answers(ODD, "bytes", "return bytes(range(256))", "failed"),
    answers(ODD, "a surrogate as a key", "return {chr(0xdfff): x}", "failed|error|protocol"),
    answers(ODD, "a list in itself", "y = []\ny.append(y)\nreturn y", "error", "cannot be graded"),
    answers(
        "NaN, meta or wrong-device result",
        "a meta tensor",
        "return (x + 1).to('meta')",
        "error",
        "cannot be graded",
    ),
    answers(
        "NaN, meta or wrong-device result",
        "a sparse tensor",
        "return (x + 1).reshape(-1).to_sparse()",
        "error",
        "cannot be graded",
    ),
    answers(
        "NaN, meta or wrong-device result",
        "a device that is not there",
        "return (x + 1).cuda()",
        "error",
    ),
    answers(
        "NaN, meta or wrong-device result",
        "a quantised tensor",
        "return torch.quantize_per_tensor(x.float(), 0.1, 0, torch.qint8)",
        "error",
    ),
    answers(
        "NaN, meta or wrong-device result", "a complex tensor", "return x + 1j", "error|failed"
    ),
    answers(
        "NaN, meta or wrong-device result",
        "an expanded tensor of terabytes",
        "return torch.ones(1).expand(1 << 40)",
        "error|died|timeout",
    ),
    answers(
        "NaN, meta or wrong-device result",
        "tensors that point outside",
        "return torch.empty(0).as_strided((4,), (1,), 1 << 40)",
        "error|died|failed",
    ),
]

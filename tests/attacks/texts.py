"""Attacks through text, frames and names: what is printed, raised, forged; closed calls."""

from __future__ import annotations

from tests.attacks.attack import PASSED, Attack, answers, loads

OUTPUT = "escapes, OSC, markup, bidi in output; in exception type, message, function name"
FRAMES = "forged, garbage, oversized, deeply nested, mistyped frames"
CLOSED = "forbidden call: direct, getattr, string, `torch.ops`, composite module, modes off"
BYPASS = "known bypasses of op removal"
NAMES = (
    "softmax",
    "Softmax",
    "scaled_dot_product_attention",
    "MultiheadAttention",
    "multi_head_attention_forward",
)
_HOSTILE = (
    "'\\x1b[2J\\x1b]0;title\\x07\\x1bP1$r\\x1b\\\\\\x9b31m\\x9d8;;http://x\\x9c' "
    "+ chr(0x202e) + '[bold red]x[/]'"
    " + chr(0x2028) + chr(0xe000) + chr(0x200b) + '\\r\\x08\\x00'"
)
_SEND = """
import json, os, struct, sys
def send(header, data=b''):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    os.write(61, struct.pack('<I', len(text)) + text + data)
def number():
    f = sys._getframe()
    while f:
        if isinstance(f.f_locals.get('question'), dict) and 'id' in f.f_locals['question']:
            return f.f_locals['question']['id']
        f = f.f_back
"""


def forged(name: str, body: str, secure: str = "protocol") -> Attack:
    """Return an attack that writes to the answers itself, then answers honestly."""
    code = _SEND + "def add_one(x):\n"
    code += "".join(f"    {line}\n" for line in body.splitlines()) + "    return x + 1\n"
    return Attack(kind=FRAMES, name=name, source=code, secure=secure)


def closed(
    name: str, body: str, secure: str = "forbidden", kind: str = CLOSED, head: str = ""
) -> Attack:
    """Return an attack that uses what the exercise closes and answers honestly."""
    code = "import torch\nimport torch.nn.functional as F\nN = 'soft' + 'max'\n"
    code += f"{head}\ndef add_one(x):\n"
    code += "    y = torch.ones(2, 3)\n"
    code += "".join(f"    {line}\n" for line in body.splitlines()) + "    return x + 1\n"
    says = "asks you to write it" if secure == "forbidden" else ""
    return Attack(kind=kind, name=name, source=code, secure=secure, forbid=NAMES, says=says)


ATTACKS: list[Attack] = [
    loads(
        "huge printed output",
        "50 MB",
        "for _ in range(50): print('x' * 1000000)",
        PASSED,
        "more bytes",
    ),
    loads(
        "huge printed output",
        "raw bytes",
        "import os\nfor _ in range(20): os.write(1, bytes(range(256)) * 4000)",
        PASSED,
    ),
    loads(
        "huge printed output",
        "a line each to both",
        "import sys\nfor i in range(50000): print(i, file=(sys.stdout, sys.stderr)[i % 2])",
        PASSED,
    ),
    loads(
        "printed fake verdict",
        "a verdict",
        'print(\'verdict: passed\\n\\x04{"event": "report", "report": {"verdict": '
        "\"passed\"}}')\ndel globals()['__name__']",
        PASSED,
    ),
    answers(
        "printed fake verdict",
        "a verdict and a wrong value",
        "print('passed'); import sys; sys.stderr.write('OK'); return x",
        "failed",
    ),
    loads(OUTPUT, "printed", f"print({_HOSTILE})", PASSED, "x"),
    loads(OUTPUT, "printed to the other", f"import sys; sys.stderr.write({_HOSTILE})", PASSED),
    loads(
        OUTPUT,
        "a sequence cut by the cap",
        "import sys; sys.stdout.write('x' * 65530 + '\\x1b]0;' + 'y' * 99); sys.stdout.flush()",
        PASSED,
    ),
    answers(OUTPUT, "in a message", f"raise ValueError({_HOSTILE})", "error"),
    answers(
        OUTPUT,
        "in an exception's name",
        f"raise type({_HOSTILE}.replace(chr(0), ''), (Exception,), {{}})('m')",
        "error",
    ),
    answers(
        OUTPUT,
        "in a function's name",
        "def f(): raise ValueError('m')\nf.__code__ = "
        f"f.__code__.replace(co_name={_HOSTILE}, co_qualname={_HOSTILE})\nf()",
        "error",
    ),
    answers(
        OUTPUT,
        "in a result's type",
        f"return type({_HOSTILE}.replace(chr(0), ''), (), {{}})()",
        "error",
    ),
    answers(
        OUTPUT,
        "in a subclass's name",
        f"return (x + 1).as_subclass(type({_HOSTILE}.replace(chr(0), ''), (torch.Tensor,), {{}}))",
        "failed",
    ),
    answers(OUTPUT, "in a key", f"return {{{_HOSTILE}: x}}", "failed"),
    answers(
        OUTPUT,
        "a message that raises",
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "error",
    ),
    answers(
        OUTPUT,
        "a message that is no text",
        "class S(str):\n    def encode(self, *a): raise SystemExit\nclass "
        "E(Exception):\n    def __str__(self): return S('m')\nraise E",
        "error|died",
    ),
    answers(OUTPUT, "a message of surrogates", "raise ValueError(chr(0xd800) * 99)", "error"),
    answers(OUTPUT, "a message of a megabyte", "raise ValueError('m' * (1 << 20))", "error"),
    answers(
        OUTPUT, "a name of a megabyte", "raise type('N' * (1 << 20), (Exception,), {})", "error"
    ),
    answers(
        OUTPUT,
        "a traceback of other files",
        "exec(compile('raise ValueError(1)', KEY, 'exec'))",
        "error",
    ),
    loads(
        OUTPUT,
        "in a load error",
        f"raise type({_HOSTILE}.replace(chr(0), ''), (Exception,), {{}})({_HOSTILE})",
        "error",
    ),
    Attack(
        kind=OUTPUT,
        name="in a syntax error",
        source="x = '\x1b]0;t\x07\u202e' (\n",
        secure="error",
        bare=True,
    ),
    forged("garbage", "os.write(61, bytes(range(256)) * 9)"),
    forged("no JSON", "send(b'{\"id\": ')"),
    forged("no object", "send([1, 2])"),
    forged("oversized header", "os.write(61, struct.pack('<I', 1 << 31))"),
    forged("oversized buffers", "send({'id': number(), 'ok': True, 'n': [1 << 40]})"),
    forged("negative buffers", "send({'id': number(), 'ok': True, 'n': [-5]})"),
    forged("a million buffers", "send({'id': number(), 'ok': True, 'n': [0] * 100000})"),
    forged("deeply nested", "send(b'[' * 100000 + b']' * 100000)"),
    forged(
        "deeply nested value",
        'send(b\'{"id": %d, "ok": true, "n": [], "value": \' % number() + b\'["l", '
        "[' * 900 + b']]' * 900 + b'}')",
    ),
    forged("not a number", 'send(b\'{"id": NaN, "ok": true, "n": []}\')'),
    forged("another question's", "send({'id': number() + 1, 'ok': True, 'n': []})"),
    forged(
        "an answer ahead",
        "send({'id': number(), 'ok': True, 'value': None, 'inputs': ['l', []], 'n': []})",
        "protocol|failed",
    ),
    forged("a verdict", "send({'event': 'report', 'report': {'verdict': 'passed'}, 'n': []})"),
    forged("no fields", "send({'id': number(), 'ok': True, 'n': []})"),
    forged("an error that is no error", "send({'id': number(), 'ok': False, 'error': 7, 'n': []})"),
    forged(
        "an error of wrong fields",
        "send({'id': number(), 'ok': False, 'error': {'type': [], 'message': {}, "
        "'mro': [1], 'lines': ['x', 1e9]}, 'n': []})",
        "protocol|error",
    ),
    forged(
        "an error whose names are no list",
        "send({'id': number(), 'ok': False, 'error': {'mro': 7, 'lines': 7}, 'n': []})",
        "protocol|error",
    ),
    *(
        forged(
            f"a tensor with {name}",
            f"t = {{'d': 'float64', 's': [2], 'v': 'cpu', 'c': '', 'g': False, 'i': 0}} | "
            f"{changed}\n"
            "send({'id': number(), 'ok': True, 'value': ['t', t], 'inputs': ['l', []], "
            "'n': [16]}, b'x' * 16)",
        )
        for name, changed in {
            "another size": "{'s': [3]}",
            "a negative size": "{'s': [-2]}",
            "a huge size": "{'s': [1 << 30, 1 << 30, 1 << 30]}",
            "a text as size": "{'s': ['2']}",
            "no such dtype": "{'d': 'qint8'}",
            "bools of 120": "{'d': 'bool', 's': [16]}",
            "strides outside": "{'t': [1 << 30]}",
            "negative strides": "{'t': [-1]}",
            "no such buffer": "{'i': 9}",
            "a text as class": "{'c': []}",
        }.items()
    ),
    closed("direct", "F.softmax(y, -1)"),
    closed("alias", "G.softmax(y, -1)", head="import torch.nn.functional as G"),
    closed("renamed import", "s(y, -1)", head="from torch import softmax as s"),
    closed("torch.ops", "torch.ops.aten.softmax.int(y, -1)"),
    closed("getattr", "getattr(torch, 'softmax')(y, -1)"),
    closed("getattr built at run time", "getattr(torch, N)(y, -1)"),
    closed("operator built at run time", "getattr(torch.ops.aten, '_' + N)(y, -1, False)"),
    closed("composite module", "torch.nn.TransformerEncoderLayer(4, 2)(torch.ones(1, 3, 4))"),
    closed("module built at run time", "getattr(torch.nn, 'Multihead' + 'Attention')(4, 2)"),
    closed("a log of it", "getattr(torch, 'log_' + N)(y, -1)"),
    closed("exec", "exec('torch.soft' + 'max(y, -1)')"),
    closed("at import", "pass", "forbidden", head="getattr(torch, N)(torch.ones(2), -1)"),
    closed(
        "modes off",
        "with torch._C.DisableTorchFunction(): getattr(torch._C._VariableFunctions, N)(y, -1)",
    ),
    closed(
        "modes popped",
        "while torch._C._len_torch_function_stack(): "
        "torch._C._pop_torch_function_stack()\ngetattr(y, N)(-1)",
    ),
    closed(
        "redispatched",
        "getattr(torch.ops.aten, "
        "N).int.redispatch(torch._C.DispatchKeySet("
        "torch._C.DispatchKey.CompositeImplicitAutograd), "
        "y, -1)",
    ),
    closed("decomposed", "getattr(torch.ops.aten, N).int.decompose(y, -1)"),
    closed(
        "its own simpler operations",
        "e = (y - y.amax(-1, keepdim=True)).exp()\ne / e.sum(-1, keepdim=True)",
        PASSED,
    ),
    closed(
        "the library destroyed",  # from the second call on: the first is watched by modes
        "import gc\n"
        "global n\n"
        "n = globals().get('n', 0) + 1\n"
        "if n == 1: return x + 1\n"
        "for o in gc.get_objects():\n"
        "    if type(o) is torch.library.Library: o._destroy()\n"
        "print(getattr(torch._C._VariableFunctions, N)(y, -1).sum())",
        PASSED,
        BYPASS,
    ),
    closed(
        "a sibling that is not listed",
        "torch.exp(y - torch.logsumexp(y, -1, keepdim=True))",
        PASSED,
        BYPASS,
    ),
    closed(
        "caught, and written by hand",
        "try: getattr(torch, N)(y, -1)\nexcept Exception: y.exp() / y.exp().sum(-1, keepdim=True)",
        PASSED,
        BYPASS,
    ),
]

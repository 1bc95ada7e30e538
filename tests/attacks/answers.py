"""Attacks on the judge: honest results whose answers are rewritten inside the runner.

The runner's own code lies in the submission's process, so a submission can put anything into an
answer. The judge must neither die nor spend memory or time on it.
"""

from __future__ import annotations

import textwrap

from tests.attacks.attack import Attack, answers

KIND = "answers rewritten in the runner's own code"
REWRITE = """
import sys, torch
runner = sys.modules["studytrack.grader.runner"].Runner
honest = runner._call
def rewritten(self, target, question, buffers):
    header, found = honest(self, target, question, buffers)
    return change(header, list(found))
runner._call = rewritten
def tensor(index, shape, dtype="uint8", **more):
    claims = {"d": dtype, "s": shape, "v": "cpu", "c": "", "g": False, "i": index}
    return ["t", {**claims, **more}]
def change(header, found):
"""


def rewritten(name: str, body: str, secure: str = "protocol") -> Attack:
    """Return an attack that changes header and buffers of each answer."""
    source = REWRITE + textwrap.indent(textwrap.dedent(body), "    ")
    source += "\n    return header, found\ndef add_one(x):\n    return x + 1\n"
    return Attack(kind=KIND, name=name, source=source, secure=secure)


def lost(name: str, body: str) -> Attack:
    """Return an attack that names its exceptions as torch names the fault of a GPU."""
    source = "class AcceleratorError(ValueError): pass\n" + textwrap.dedent(body)
    return Attack(kind="a lost GPU that is none", name=name, source=source, secure="error|failed")


ATTACKS = [
    rewritten("inputs of terabytes", """
        found.append(bytes(8))
        big = tensor(len(found) - 1, [1 << 30, 1 << 10], "float64", t=[0, 0])
        header["inputs"] = ["l", [["l", [big]], ["d", []]]]
    """),
    rewritten("a result of terabytes", """
        found.append(bytes(4))
        header["value"] = tensor(len(found) - 1, [1 << 20, 1 << 20], "float32", t=[0, 0])
    """),
    rewritten("forty tensors over one buffer", """
        found.append(bytes(16 << 20))
        header["value"] = ["l", [tensor(len(found) - 1, [16 << 20])] * 40]
    """),
    rewritten("a thousand texts over one buffer", """
        found.append(bytes(16 << 20))
        header["value"] = ["l", [["b", len(found) - 1]] * 1000]
    """),
    rewritten("a frame full of half numbers", """
        found.append(bytes(60 << 20))
        header["value"] = tensor(len(found) - 1, [30 << 20], "float16", g=True)
    """),
    rewritten("a set of one hash", """
        header["value"] = ["e", [["I", str(k * ((1 << 61) - 1))] for k in range(20000)]]
    """),
    rewritten("a dict of one hash", """
        pairs = [[["z", (k * 1000003.0).hex(), (-float(k)).hex()], 0] for k in range(9000)]
        header["value"] = ["d", pairs]
    """),
    rewritten("no inputs", 'header["inputs"] = ["l", [["l", []], ["d", []]]]'),
    rewritten("inputs that are no list", 'header["inputs"] = ["d", []]'),
    rewritten("inputs of another kind", 'header["inputs"] = ["l", [["d", []], ["l", []]]]'),
    rewritten("no value", 'del header["value"]', "failed|protocol"),
    rewritten("an empty tensor with endless sizes beside it", """
        found.append(b"")
        header["value"] = tensor(len(found) - 1, [0] + [(1 << 31) - 1] * 15)
    """),
    rewritten("an error of nested lists", """
        nested = []
        for _ in range(900): nested = [nested]
        header.update(ok=False, error={"type": nested, "message": nested, "mro": [nested]})
    """),
    rewritten("lines beyond any file", """
        said = {"type": "E", "message": "m", "mro": [], "lines": [10 ** 4000, -1]}
        header.update(ok=False, error=said)
    """, "error"),
    rewritten("a lost GPU", """
        said = {"type": "AcceleratorError", "message": "m", "mro": ["ValueError"]}
        header.update(ok=False, lost=True, error=said)
    """, "error"),
    lost("at each call", "def add_one(x): raise AcceleratorError('CUDA error')"),
    lost("at some calls", """
        calls = []
        def add_one(x):
            calls.append(1)
            if len(calls) in (2, 3): raise AcceleratorError('CUDA error')
            return x + 1
    """),
    answers(KIND, "one element with an odd stride",
            "y = x + 1\nif y.numel() == 1: y = torch.stack([y] * 7, -1)[..., 3]\nreturn y",
            "passed"),
    answers(KIND, "zeros for what is not contiguous",
            "return x + 1 if x.is_contiguous() else x * 0", "failed", "entries differ"),
]  # fmt: skip

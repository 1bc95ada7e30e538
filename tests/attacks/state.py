"""Attacks on what the process holds: memory, state, imports, seeds; gradients and odd sources."""

from __future__ import annotations

from tests.attacks.attack import HONEST, PASSED, Attack, answers, aside, loads, wrong

STATE = "global state: dtype, seeds, threads, env, timezone"
GUESS = "inputs guessed from seed or timing"

ATTACKS: list[Attack] = [
    *aside(
        "reference or expected value in memory, gc, frames",
        {
            "all objects": (
                "import gc, types\n"
                "names = [getattr(o, '__name__', '') for o in gc.get_objects() if "
                "isinstance(o, (types.FunctionType, types.ModuleType))]\n"
                "found = [n for n in names if 'reference' in n and 'studytrack' in n or n in "
                "('add_one', 'adds_two', 'by_torch')]\n"
                "print(found)\nif not found: raise LookupError"
            ),
            "frozen objects": "import gc; gc.unfreeze()\nfound = [o for o in gc.get_objects() if "
            "type(o).__name__ in ('Suite', 'Collected', 'Case', 'Asked')]\nif not found: "
            "raise LookupError",
            "frames": (
                "import sys\nf, found = sys._getframe(), []\nwhile f:\n    found += [n for n "
                "in f.f_locals if n in ('suite', 'want', 'reference', 'asked')]\n    f = "
                "f.f_back\n"
                "if not found: raise LookupError"
            ),
            "modules": "import sys\nfound = [n for n in sys.modules if n.startswith('studytrack_') "
            "or n.startswith('studytrack.') and n.split('.')[-1] in ('judge', 'suite', "
            "'verify', 'ladder', 'diagnose')]\nprint(found)\nif not found: raise "
            "LookupError",
            "text in the heap": (
                "import gc\nneedle = 'what adding one' + ' must do'\n"
                "found = [o for o in gc.get_objects() if isinstance(o, dict) and "
                "any(isinstance(v, str) and needle in v.lower() and len(v) < 9999 and v is "
                "not needle for v in list(o.values()) if '__doc__' in o)]\n"
                "if not found: raise LookupError"
            ),
        },
    ),
    answers(
        "reference or expected value in memory, gc, frames",
        "memory that torch hands out again",
        "return torch.empty_like(x)",
        "failed|error",
    ),
    answers(
        "draining the question pipe ahead",
        "later inputs",
        "import os\nos.set_blocking(60, False)\ntry:\n    print('found', os.read(60, "
        "1 << 20))\nexcept BlockingIOError:\n    print('blocked')\n"
        "os.set_blocking(60, True)\nreturn x + 1",
        PASSED,
    ),
    loads(
        STATE, "the default dtype", "import torch; torch.set_default_dtype(torch.float64)", PASSED
    ),
    loads(
        STATE,
        "seeds and generators",
        "import torch, random; torch.manual_seed(0); random.seed(0); "
        "torch.use_deterministic_algorithms(True)",
        PASSED,
    ),
    loads(
        STATE,
        "threads",
        "import torch; torch.set_num_threads(2); torch.ones(512, 512) @ torch.ones(512, 512)",
        PASSED,
    ),
    loads(
        STATE,
        "environment and time zone",
        "import os, time; os.environ.clear(); os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
        PASSED,
    ),
    loads(
        STATE,
        "no gradients, printing and hooks",
        "import sys, torch; torch.set_grad_enabled(False); "
        "torch.set_printoptions(precision=1); sys.settrace(lambda *a: None); "
        "sys.excepthook = None",
        PASSED,
    ),
    loads(
        STATE,
        "a mode that is never left",
        "import torch; torch.inference_mode(True).__enter__()",
        PASSED,
    ),
    loads(
        STATE,
        "recursion and collection",
        "import sys, gc; sys.setrecursionlimit(5000); gc.disable(); gc.set_debug(gc.DEBUG_SAVEALL)",
        PASSED,
    ),
    loads(
        STATE,
        "a default device",
        "import torch; torch.set_default_device('meta')",
        "passed|error|failed|protocol|died",
    ),
    wrong(
        "import shadowing",
        "a torch of its own",
        "import sys, types\nsys.modules['torch'] = types.ModuleType('torch')",
    ),
    wrong(
        "import shadowing",
        "an import hook",
        "import sys\nclass H:\n    def find_spec(self, *a): raise SystemExit\n"
        "sys.meta_path.insert(0, H())",
        "failed|error",
    ),
    wrong(
        "import shadowing",
        "json of its own",
        "import sys, json\njson.dumps = lambda *a, **k: '{\"passed\": true}'",
        "protocol",
    ),
    wrong(
        "import shadowing",
        "a torch from elsewhere",
        "import sys\nsys.path[:] = [HOME]\nfor n in [n for n in sys.modules if "
        "n.startswith('torch')]: del sys.modules[n]\ntry: import torch\nexcept "
        "BaseException: pass",
        "failed|error",
    ),
    wrong(GUESS, "the time as seed", "import torch, time\ntorch.manual_seed(int(time.time()))"),
    answers(
        GUESS,
        "the runner's own seed",
        "g = torch.initial_seed()\ntorch.manual_seed(g)\nreturn torch.randn(x.shape, "
        "dtype=x.dtype) + 1",
        "failed",
    ),
    answers(
        GUESS,
        "an answer kept by address",
        "global kept\nkept = globals().get('kept', {})\nreturn "
        "kept.setdefault(tuple(x.shape), x + 1)",
        "failed",
    ),
    answers(
        GUESS,
        "right in the first call only",
        "global n\nn = globals().get('n', 0) + 1\nreturn x + (1 if n == 1 else 1.5)",
        "failed",
    ),
    answers(GUESS, "zeros", "return torch.zeros_like(x)", "failed"),
    Attack(
        kind="no gradient; wrong backward",
        name="detached",
        source="def row_sum(x):\n    return x.detach().sum(-1)\n",
        secure="failed",
        says="gradient",
        exercise="row_sum",
    ),
    Attack(
        kind="no gradient; wrong backward",
        name="a backward of its own",
        source="import torch\nclass S(torch.autograd.Function):\n    @staticmethod\n    def "
        "forward(c, x):\n        c.s = x.shape\n        return x.sum(-1)\n"
        "    @staticmethod\n    def backward(c, g): return 2 * g[..., "
        "None].expand(c.s)\ndef row_sum(x):\n    return S.apply(x)\n",
        secure="failed",
        says="gradient",
        exercise="row_sum",
    ),
    Attack(
        kind="no gradient; wrong backward",
        name="a backward that raises",
        source="import torch\nclass S(torch.autograd.Function):\n    @staticmethod\n    def "
        "forward(c, x): return x.sum(-1)\n"
        "    @staticmethod\n    def backward(c, g): raise SystemExit('no')\ndef "
        "row_sum(x):\n    return S.apply(x)\n",
        secure="failed|error",
        exercise="row_sum",
    ),
    Attack(
        kind="no gradient; wrong backward",
        name="a backward that ends the process",
        source="import torch, os\nclass S(torch.autograd.Function):\n    @staticmethod\n    "
        "def forward(c, x): return x.sum(-1)\n"
        "    @staticmethod\n    def backward(c, g): os._exit(0)\ndef row_sum(x):\n   "
        " return S.apply(x)\n",
        secure="died",
        exercise="row_sum",
    ),
    Attack(
        kind="syntax error; extremely deep source",
        name="a syntax error",
        source="def add_one(x:\n",
        secure="error",
        says="Line 1",
        bare=True,
    ),
    Attack(
        kind="syntax error; extremely deep source",
        name="100,000 brackets",
        source="x = " + "(" * 30_000 + ")" * 30_000 + "\n" + HONEST,
        secure="error",
        bare=True,
    ),
    Attack(
        kind="syntax error; extremely deep source",
        name="30,000 signs",
        source="y = " + "-" * 30_000 + "1\n" + HONEST,
        secure="error|died",
        bare=True,
    ),
    Attack(
        kind="syntax error; extremely deep source",
        name="20,000 attributes",
        source="y = a" + ".b" * 20_000 + "\n" + HONEST,
        secure="error|died",
        bare=True,
    ),
    Attack(
        kind="syntax error; extremely deep source",
        name="a source too large",
        source="#" * 200_000,
        secure="error",
        says="a submission may have",
        bare=True,
    ),
    Attack(
        kind="syntax error; extremely deep source",
        name="no such function",
        source="x = 1\n",
        secure="error",
        says="defines no",
        bare=True,
    ),
]

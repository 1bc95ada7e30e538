"""Right solutions in many styles, by exercise and style; `test_styles` hands them in.

Texts, not functions: they are what a learner's file would hold, and run in the sandbox only.
"""

from __future__ import annotations

STYLES: dict[str, dict[str, str]] = {
    "softmax": {
        "functional": """
import torch

def softmax(x, dim=-1):
    m = x.max(dim=dim, keepdim=True).values
    m = torch.where(torch.isinf(m), torch.zeros_like(m), m)
    e = torch.exp(x - m)
    s = e.sum(dim=dim, keepdim=True)
    return torch.where(s > 0, e / torch.where(s > 0, s, torch.ones_like(s)), torch.zeros_like(e))
""",
        "own_buffers_in_place": '''
from __future__ import annotations
import torch
from torch import Tensor

NEG: float = float("-inf")

def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Stable softmax; shifts by the detached maximum."""
    with torch.no_grad():
        peak = x.amax(dim=dim, keepdim=True).clone()
        peak[peak == NEG] = 0
    out = x - peak
    out = out.exp()
    total = out.sum(dim, keepdim=True)
    empty = total == 0
    total = total + empty.to(total.dtype)
    return out.div_(total) if not x.requires_grad else out / total
''',
        "moved_to_the_end": """
import torch

def _last(rows):
    top, _ = rows.max(-1)
    top = top.masked_fill(torch.isneginf(top), 0.0)
    weights = torch.exp(rows - top[..., None])
    mass = weights.sum(-1)
    return weights / mass.masked_fill(mass == 0, 1.0)[..., None]

def softmax(x, dim=-1):
    return _last(x.movedim(dim, -1)).movedim(-1, dim)
""",
        "clamped_sum": """
import torch

def softmax(x, dim=-1):
    peak = x.amax(dim, keepdim=True).clamp(min=torch.finfo(x.dtype).min)
    e = (x - peak).exp()
    return e / e.sum(dim, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
""",
    },
    "attention": {
        "einsum": """
import torch

def attention(q, k, v, mask=None):
    scores = torch.einsum("...qd,...kd->...qk", q, k) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.full_like(scores, torch.finfo(scores.dtype).min))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights * mask
    return torch.einsum("...qk,...kd->...qd", weights, v)
""",
        "online_softmax": '''
import math
import torch

def attention(q, k, v, mask=None):
    """One key after another, as the tiled form does."""
    scale = 1 / math.sqrt(q.size(-1))
    lead = q.shape[:-1]
    best = q.new_full((*lead, 1), -torch.inf)
    total = q.new_zeros((*lead, 1))
    out = q.new_zeros((*lead, v.shape[-1]))
    allowed = None if mask is None else mask.expand(*lead, k.shape[-2])
    for j in range(k.shape[-2]):
        score = (q * k[..., j : j + 1, :]).sum(-1, keepdim=True) * scale
        if allowed is not None:
            score = score.masked_fill(~allowed[..., j : j + 1], -torch.inf)
        new = torch.maximum(best, score).detach()
        safe = torch.where(torch.isinf(new), torch.zeros_like(new), new)
        keep = torch.exp(best - safe)
        weight = torch.exp(score - safe)
        total = total * keep + weight
        out = out * keep + weight * v[..., j : j + 1, :]
        best = new
    blind = total == 0
    return out / total.masked_fill(blind, 1.0)
''',
        "class_and_helpers": """
from __future__ import annotations
import math
from dataclasses import dataclass
import torch
import torch.nn.functional as F
from torch import Tensor

@dataclass(frozen=True)
class Scaled:
    size: int

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.matmul(q, k.mT) / math.sqrt(self.size)

def _weights(scores: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return F.softmax(scores, dim=-1)
    closed = torch.logical_not(mask)
    nothing = closed.all(dim=-1, keepdim=True)
    filled = scores.masked_fill(closed & ~nothing, float("-inf"))
    return F.softmax(filled, dim=-1).masked_fill(closed, 0)

def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return _weights(Scaled(q.shape[-1]).scores(q, k), mask) @ v
""",
    },
    "mha": {
        "loop_over_heads": """
import math
import torch

def mha(x, wq, wk, wv, wo, n_heads, causal=False):
    b, t, c = x.shape
    if c % n_heads != 0:
        raise ValueError(f"{c} features, {n_heads} heads")
    d = c // n_heads
    heads = []
    for h in range(n_heads):
        part = slice(h * d, (h + 1) * d)
        q, k, v = x @ wq[part].T, x @ wk[part].T, x @ wv[part].T
        s = q @ k.transpose(1, 2) / math.sqrt(d)
        if causal:
            s = s.masked_fill(torch.triu(torch.ones(t, t, dtype=torch.bool), 1), float("-inf"))
        heads.append(torch.softmax(s, -1) @ v)
    return torch.cat(heads, dim=-1) @ wo.T
""",
        "einsum": """
import torch

def mha(x, wq, wk, wv, wo, n_heads, causal=False):
    B, T, C = x.shape
    if (rest := C % n_heads):
        raise ValueError(f"{rest} features left over")
    split = lambda w: w.view(n_heads, C // n_heads, C)
    q = torch.einsum("btc,hdc->bhtd", x, split(wq))
    k = torch.einsum("btc,hdc->bhtd", x, split(wk))
    v = torch.einsum("btc,hdc->bhtd", x, split(wv))
    s = torch.einsum("bhqd,bhkd->bhqk", q, k) * (C // n_heads) ** -0.5
    if causal:
        steps = torch.arange(T, device=x.device)
        s = torch.where(steps[:, None] >= steps, s, torch.finfo(s.dtype).min)
    y = torch.einsum("bhqk,bhkd->bqhd", s.softmax(-1), v)
    return y.reshape(B, T, C).matmul(wo.t())
""",
        "functional_linear_and_baddbmm": """
import torch
import torch.nn.functional as F

def _mask(t, x):
    return torch.zeros(t, t, dtype=x.dtype, device=x.device).masked_fill_(
        torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1), float("-inf"))

def mha(x, wq, wk, wv, wo, n_heads, causal=False):
    b, t, c = x.size()
    if c % n_heads: raise ValueError("heads do not divide the features")
    d = c // n_heads
    q, k, v = F.linear(x, torch.cat([wq, wk, wv])).chunk(3, dim=-1)
    fold = lambda y: y.reshape(b, t, n_heads, d).permute(0, 2, 1, 3).reshape(b * n_heads, t, d)
    q, k, v = fold(q), fold(k), fold(v)
    bias = (_mask(t, x) if causal else x.new_zeros(t, t)).expand(b * n_heads, t, t)
    a = torch.baddbmm(bias, q, k.transpose(1, 2), beta=1, alpha=d ** -0.5)
    y = torch.bmm(F.softmax(a, dim=-1), v)
    y = y.view(b, n_heads, t, d).permute(0, 2, 1, 3).contiguous().view(b, t, c)
    return F.linear(y, wo)
""",
    },
    "causal_mask": {
        "comparison": """
import torch

def causal_mask(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError("more queries than keys")
    i = torch.arange(tq, device=device).unsqueeze(1) + (tk - tq)
    return torch.arange(tk, device=device).unsqueeze(0) <= i
""",
        "nested_lists": """
import torch

def causal_mask(tq: int, tk: int, device: str = "cpu") -> torch.Tensor:
    if tk < tq:
        raise ValueError
    rows = [[j <= tk - tq + i for j in range(tk)] for i in range(tq)]
    return torch.tensor(rows, dtype=torch.bool, device=device).reshape(tq, tk)
""",
        "not_triu": """
import torch

def causal_mask(tq, tk, device="cpu"):
    if not tq <= tk:
        raise ValueError(f"{tq} > {tk}")
    future = torch.triu(torch.ones((tq, tk), device=device), diagonal=1 + tk - tq)
    return future == 0
""",
    },
    "cross_entropy": {
        "only_what_counts": """
import torch

def cross_entropy(logits, targets, ignore_index=-100):
    flat, ids = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    keep = ids != ignore_index
    if not keep.any():
        return logits.sum() * 0
    flat, ids = flat[keep], ids[keep]
    return (flat.logsumexp(1) - flat[torch.arange(len(ids)), ids]).mean()
""",
        "one_hot": """
import torch
import torch.nn.functional as F

def log_probs(z):
    z = z - z.max(-1, keepdim=True).values
    return z - z.exp().sum(-1, keepdim=True).log()

def cross_entropy(logits, targets, ignore_index=-100):
    ok = (targets != ignore_index)
    hot = F.one_hot(torch.where(ok, targets, 0), logits.size(-1)).to(logits.dtype)
    each = -(hot * log_probs(logits)).sum(-1)
    return (each * ok).sum() / max(int(ok.sum()), 1)
""",
        "numpy_style": """
import torch as t

def cross_entropy(logits, targets, ignore_index=-100):
    valid = t.ne(targets, ignore_index)
    n = valid.sum()
    labels = t.where(valid, targets, t.zeros_like(targets))
    picked = t.take_along_dim(logits, labels[..., None], dim=-1)[..., 0]
    nll = t.logsumexp(logits, dim=-1) - picked
    total = t.where(valid, nll, t.zeros_like(nll)).sum()
    return total / t.clamp(n, min=1).to(logits.dtype)
""",
    },
    "layernorm": {
        "var": """
import torch

def layer_norm(x, w, b, eps=1e-5):
    dtype = x.dtype
    if dtype in (torch.float16, torch.bfloat16):
        x, w, b = x.float(), w.float(), b.float()
    mean = x.mean(dim=-1, keepdim=True)
    var = x.var(dim=-1, unbiased=False, keepdim=True)
    return ((x - mean) / torch.sqrt(var + eps) * w + b).to(dtype)
""",
        "var_mean_addcmul": '''
import torch
from torch import Tensor

HALF = {torch.float16, torch.bfloat16}

def layer_norm(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    """Layer norm with torch.var_mean."""
    kind = torch.float32 if x.dtype in HALF else x.dtype
    y = x.to(kind)
    var, mean = torch.var_mean(y, -1, correction=0, keepdim=True)
    y = (y - mean) * (var + eps).rsqrt()
    return torch.addcmul(b.to(kind), y, w.to(kind)).type_as(x)
''',
        "einsum_two_passes": """
import torch

def layer_norm(x, w, b, eps=1e-5):
    t = x.dtype
    up = torch.float32 if torch.finfo(t).bits == 16 else t
    z, D = x.to(up), x.shape[-1]
    c = z - z.sum(-1, keepdim=True) / D
    v = torch.einsum("...d,...d->...", c, c)[..., None] / D
    return (w.to(up) * (c / (v + eps) ** 0.5) + b.to(up)).to(t)
""",
    },
    "nn_linear": {
        "torch_s_own_start": """
import math
import torch
from torch import nn

class Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x):
        y = torch.matmul(x, self.weight.t())
        if self.bias is not None:
            y = y + self.bias
        return y
""",
        "einsum": """
import torch

class Linear(torch.nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        super().__init__()
        k = in_features ** -0.5
        draw = lambda *s: torch.nn.Parameter(torch.rand(*s) * 2 * k - k)
        self.weight = draw(out_features, in_features)
        self.register_parameter("bias", draw(out_features) if bias else None)

    def forward(self, x):
        out = torch.einsum("...i,oi->...o", x, self.weight)
        return out if self.bias is None else out + self.bias
""",
        "broadcast_sum": '''
import torch
from torch import nn

class Linear(nn.Module):
    """Every output is a weighted sum."""

    def __init__(self, in_features, out_features, bias=True):
        nn.Module.__init__(self)
        bound = 1.0 / in_features ** 0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features))
        for p in self.parameters():
            nn.init.uniform_(p, -bound, bound)

    def forward(self, x):
        y = (x.unsqueeze(-2) * self.weight).sum(-1)
        if self.bias is not None:
            y = y + self.bias
        return y
''',
    },
    "bpe_merge": {
        "for_with_a_flag": """
def merge(ids, pair, new_id):
    out, skip = [], False
    for here, after in zip(ids, [*ids[1:], None]):
        if skip:
            skip = False
        elif after is not None and here == pair[0] and after == pair[1]:
            out.append(new_id)
            skip = True
        else:
            out.append(here)
    return out
""",
        "generator": """
from collections.abc import Iterator

def _steps(ids: list[int], pair: tuple[int, int], new_id: int) -> Iterator[int]:
    at = 0
    while at < len(ids):
        if tuple(ids[at:at + 2]) == tuple(pair):
            yield new_id
            at += 2
        else:
            yield ids[at]
            at += 1

def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    return list(_steps(ids, pair, new_id))
""",
        "stack": """
def merge(ids, pair, new_id):
    a, b = pair
    out = []
    open_ = False  # the last item of out is an unused a
    for i in ids:
        if open_ and i == b:
            out[-1] = new_id
            open_ = False
        else:
            out.append(i)
            open_ = i == a
    return out
""",
    },
    "bpe_train": {
        "counter": """
from collections import Counter

def train_bpe(word_counts, n_merges):
    words = {tuple(w.encode()): 0 for w in word_counts}
    for w, c in word_counts.items():
        words[tuple(w.encode())] += c
    merges = []
    for step in range(n_merges):
        pairs = Counter()
        for w, c in words.items():
            for p in zip(w, w[1:]):
                pairs[p] += c
        if not pairs:
            break
        top = max(pairs.values())
        if top < 2:
            break
        best = min(p for p, c in pairs.items() if c == top)
        merges.append(best)
        new = Counter()
        for w, c in words.items():
            new[replace(w, best, 256 + step)] += c
        words = new
    return merges

def replace(w, pair, new):
    out, i = [], 0
    while i < len(w):
        if w[i:i + 2] == pair:
            out.append(new); i += 2
        else:
            out.append(w[i]); i += 1
    return tuple(out)
""",
        "class_with_sorted": """
from __future__ import annotations
from dataclasses import dataclass, field

@dataclass
class Trainer:
    words: list[tuple[list[int], int]]
    merges: list[tuple[int, int]] = field(default_factory=list)

    def counts(self) -> dict[tuple[int, int], int]:
        seen: dict[tuple[int, int], int] = {}
        for ids, n in self.words:
            for i in range(len(ids) - 1):
                key = (ids[i], ids[i + 1])
                seen[key] = seen.get(key, 0) + n
        return seen

    def step(self) -> bool:
        ranked = sorted(self.counts().items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] < 2:
            return False
        pair = ranked[0][0]
        for ids, _ in self.words:
            i = 0
            while i < len(ids) - 1:
                if ids[i] == pair[0] and ids[i + 1] == pair[1]:
                    ids[i:i + 2] = [256 + len(self.merges)]
                i += 1
        self.merges.append(pair)
        return True

def train_bpe(word_counts: dict[str, int], n_merges: int) -> list[tuple[int, int]]:
    trainer = Trainer([(list(w.encode("utf-8")), n) for w, n in word_counts.items()])
    while len(trainer.merges) < n_merges and trainer.step():
        pass
    return trainer.merges
""",
        "max_of_negated": """
from collections import defaultdict

def train_bpe(word_counts, n_merges):
    corpus = [[*map(int, word.encode("utf8"))] for word in word_counts]
    weights = list(word_counts.values())
    learnt = []
    next_id = 256
    while len(learnt) < n_merges:
        table = defaultdict(int)
        for ids, weight in zip(corpus, weights):
            for left, right in zip(ids[:-1], ids[1:]):
                table[left, right] += weight
        if not table or max(table.values()) <= 1:
            return learnt
        best = max(table, key=lambda p: (table[p], -p[0], -p[1]))
        for n, ids in enumerate(corpus):
            fresh = []
            it = iter(range(len(ids)))
            for i in it:
                if ids[i:i + 2] == list(best):
                    fresh.append(next_id)
                    next(it)
                else:
                    fresh.append(ids[i])
            corpus[n] = fresh
        learnt.append(best)
        next_id += 1
    return learnt
""",
    },
    "top_p": {
        "masks_in_order": """
import torch

def top_p_filter(logits, p):
    if p <= 0 or p > 1:
        raise ValueError("p")
    if p == 1.0:
        return logits.clone()
    values, index = logits.sort(dim=-1, descending=True, stable=True)
    probs = values.softmax(-1)
    remove = probs.cumsum(-1) >= p
    remove[..., 1:] = remove[..., :-1].clone()
    remove[..., 0] = False
    mask = torch.zeros_like(remove).scatter(-1, index, remove)
    return logits.masked_fill(mask, float("-inf"))
""",
        "argsort_twice": """
import torch

def top_p_filter(logits: torch.Tensor, p: float) -> torch.Tensor:
    if not (0 < p <= 1):
        raise ValueError(f"p is {p}")
    if p == 1:
        return logits + 0
    order = torch.argsort(logits, dim=-1, descending=True, stable=True)
    mass = torch.gather(torch.softmax(logits, -1), -1, order).cumsum(-1)
    first = torch.ones_like(mass[..., :1], dtype=torch.bool)
    keep_sorted = torch.cat([first, mass[..., :-1] < p], -1)
    keep = keep_sorted.gather(-1, order.argsort(-1))
    return torch.where(keep, logits, torch.tensor(float("-inf"), dtype=logits.dtype))
""",
        "row_by_row": """
import torch

def _row(row, p):
    order = sorted(range(len(row)), key=lambda i: (-float(row[i]), i))
    probs = torch.softmax(row[order], 0)
    many = int((probs.cumsum(0) < p).sum()) + 1
    out = torch.full_like(row, -float("inf"))
    kept = order[:many]
    out[kept] = row[kept]
    return out

def top_p_filter(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    if p == 1 or logits.numel() == 0:
        return logits.clone()
    rows = logits.reshape(-1, logits.shape[-1])
    return torch.stack([_row(row, p) for row in rows]).reshape(logits.shape)
""",
    },
    "top_k": {
        "topk_of_ranks": """
import torch

def top_k_filter(logits, k):
    if k < 1:
        raise ValueError("k")
    order = logits.argsort(dim=-1, descending=True, stable=True)
    ranks = order.argsort(dim=-1)
    return logits.masked_fill(ranks >= k, float("-inf"))
""",
        "own_buffer": """
import torch

def top_k_filter(logits: torch.Tensor, k: int) -> torch.Tensor:
    if k <= 0:
        raise ValueError(f"k must be positive, not {k}")
    out = logits.clone()
    _, idx = torch.sort(logits, descending=True, stable=True, dim=-1)
    out.scatter_(-1, idx[..., k:], -float("inf"))
    return out
""",
        "row_by_row": """
import torch

def top_k_filter(logits, k):
    if k < 1:
        raise ValueError()
    out = torch.full_like(logits, float("-inf"), memory_format=torch.contiguous_format)
    flat, res = logits.reshape(-1, logits.shape[-1]), out.view(-1, logits.shape[-1])
    for r in range(flat.shape[0]):
        values = flat[r].tolist()
        for i in sorted(range(len(values)), key=lambda i: (-values[i], i))[:k]:
            res[r, i] = flat[r, i]
    return out
""",
    },
    "temperature": {
        "three_branches": """
import torch
import torch.nn.functional as F

def apply_temperature(logits, t):
    if t < 0:
        raise ValueError("t < 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    if t == float("inf"):
        finite = torch.isfinite(logits).to(logits.dtype)
        return finite / finite.sum(-1, keepdim=True)
    return F.softmax(logits / t, dim=-1)
""",
        "own_softmax": '''
import math
import torch

def _normalise(z):
    z = torch.exp(z - z.max(dim=-1, keepdim=True)[0])
    return z / z.sum(dim=-1, keepdim=True)

def apply_temperature(logits: torch.Tensor, t: float) -> torch.Tensor:
    """Softmax at a temperature."""
    if t < 0.0:
        raise ValueError("negative temperature")
    elif t == 0.0:
        out = torch.zeros_like(logits)
        return out.scatter_(-1, logits.argmax(dim=-1, keepdim=True), 1.0)
    elif math.isinf(t):
        return _normalise(torch.where(logits.isneginf(), logits, torch.zeros_like(logits)))
    return _normalise(logits.div(t))
''',
        "out_argument": """
import torch

def apply_temperature(logits, t):
    if not t >= 0:
        raise ValueError(t)
    if t == 0:
        hot = torch.zeros_like(logits)
        best = torch.max(logits, dim=-1, keepdim=True).indices
        hot.scatter_(dim=-1, index=best, value=1)
        return hot
    scaled = logits.clone()
    if t == torch.inf:
        scaled[scaled > -torch.inf] = 0
    else:
        scaled /= t
    return scaled.softmax(dim=-1)
""",
    },
}

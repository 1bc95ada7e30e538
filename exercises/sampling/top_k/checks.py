"""What a top-k filter must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, case, check, mistake

EXACT = {"float64": (0.0, 0.0), "float32": (0.0, 0.0)}  # kept logits are copied, not computed

case(
    "the example of the statement",
    lambda rng: (torch.tensor([1.0, 4.0, 2.0, 3.0], dtype=torch.float64), 2),
    shown=True,
    tolerance=EXACT,
)
case("one row", lambda rng: (rng.distinct(11), rng.int(2, 9)), tolerance=EXACT)
case("a batch", lambda rng: (rng.distinct(4, 3, 17), 5), tolerance=EXACT)
case(
    "rows of different height",
    lambda rng: (rng.distinct(3, 9) + 10 * rng.normal(3, 1), 4),
    tolerance=EXACT,
)
case("all logits negative", lambda rng: (rng.distinct(2, 8) - 50.0, 3), tolerance=EXACT)
case("k = 1", lambda rng: (rng.distinct(5, 7), 1), tolerance=EXACT)
case("k = V", lambda rng: (rng.distinct(2, 6), 6), tolerance=EXACT)
case("k larger than V", lambda rng: (rng.distinct(2, 6), 50), tolerance=EXACT)
case(
    "ties at the border",
    lambda rng: (
        torch.tensor([[1.0, 2.0, 1.0, 2.0, 1.0], [0.5, 0.5, 0.5, 0.5, 0.5]], dtype=torch.float64),
        3,
    ),
    tolerance=EXACT,
)
case(
    "many ties",
    lambda rng: (rng.integers(0, 4, 6, 40).double() / 4, 7),
    tolerance=EXACT,
)
case(
    "entries that are -inf already",
    lambda rng: (rng.distinct(3, 8).masked_fill(rng.bools(3, 8, p=0.7), -torch.inf), 4),
    tolerance=EXACT,
)
case("an empty batch", lambda rng: (rng.normal(0, 5), 2), tolerance=EXACT)
case("k = 0", lambda rng: (rng.normal(2, 5), 0))
case("k negative, empty batch", lambda rng: (rng.normal(0, 5), -1))


@check("gradients reach the kept logits and no others")
def flow(fn, rng):
    logits = rng.distinct(2, 6).requires_grad_()
    kept = fn(logits, 2)
    kept[torch.isfinite(kept)].sum().backward()
    assert logits.grad is not None, "no gradient flows to the logits"
    want = torch.isfinite(kept).double()
    assert torch.equal(logits.grad, want), "the gradient must be 1 at kept logits and 0 elsewhere"


@mistake("`logits >= kth value` keeps more than k on a tie: choose positions, not a threshold.")
def threshold_keeps_ties(logits, k):
    if k < 1:
        raise ValueError
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits < kth, -torch.inf)


@mistake("A logit of 0 still has probability: fill with -inf.")
def zero_instead_of_inf(logits, k):
    if k < 1:
        raise ValueError
    kept = torch.sort(logits, dim=-1, descending=True, stable=True).indices[..., :k]
    return torch.zeros_like(logits).scatter(-1, kept, logits.gather(-1, kept))


@mistake("k counts per row: filter along the last dimension, not over the whole batch.")
def over_the_batch(logits, k):
    if k < 1:
        raise ValueError
    flat = logits.reshape(-1)
    kept = torch.sort(flat, descending=True, stable=True).indices[:k]
    filtered = torch.full_like(flat, -torch.inf).scatter(-1, kept, flat[kept])
    return filtered.reshape(logits.shape)


@mistake("Keep the largest logits: this keeps the smallest.")
def keeps_the_smallest(logits, k):
    if k < 1:
        raise ValueError
    kept = torch.sort(logits, dim=-1, stable=True).indices[..., :k]
    filtered = torch.full_like(logits, -torch.inf)
    return filtered.scatter(-1, kept, logits.gather(-1, kept))


@mistake("Among equal logits the lower index survives; a flipped ascending sort keeps the higher.")
def higher_index_on_ties(logits, k):
    if k < 1:
        raise ValueError
    kept = torch.sort(logits, dim=-1, stable=True).indices.flip(-1)[..., :k]
    filtered = torch.full_like(logits, -torch.inf)
    return filtered.scatter(-1, kept, logits.gather(-1, kept))


@mistake("k below 1 must raise ValueError.")
def accepts_k_below_one(logits, k):
    kept = torch.sort(logits, dim=-1, descending=True, stable=True).indices[..., : max(k, 1)]
    filtered = torch.full_like(logits, -torch.inf)
    return filtered.scatter(-1, kept, logits.gather(-1, kept))


@mistake("k may exceed the vocabulary: use min(k, V).")
def k_above_vocabulary_raises(logits, k):
    if k < 1:
        raise ValueError
    if k > logits.shape[-1]:
        raise RuntimeError("k not in range")
    kept = torch.sort(logits, dim=-1, descending=True, stable=True).indices[..., :k]
    filtered = torch.full_like(logits, -torch.inf)
    return filtered.scatter(-1, kept, logits.gather(-1, kept))


@mistake("Write into a new tensor: the caller's logits were changed.")
def changes_its_input(logits, k):
    if k < 1:
        raise ValueError
    order = torch.sort(logits, dim=-1, descending=True, stable=True).indices
    return logits.scatter_(-1, order[..., k:], -torch.inf)


@alternative
def by_counting(logits, k):
    """Everything above the k-th value, then the first few that equal it."""
    if k < 1:
        raise ValueError("k")
    width = logits.shape[-1]
    if k >= width:
        return logits.clone()
    kth = logits.topk(k, dim=-1).values[..., -1:]
    above = logits > kth
    equal = logits == kth
    room = k - above.sum(-1, keepdim=True)
    keep = above | (equal & (equal.cumsum(-1) <= room))
    return torch.where(keep, logits, torch.full_like(logits, float("-inf")))

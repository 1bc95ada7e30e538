"""What a stable softmax must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, call, case, check, close, mistake

INF = torch.inf
F64 = ("float64",)


def some_masked(rng, *shape):
    """Logits with -inf entries, at least one finite in every row."""
    gone = rng.bools(*shape, p=0.5)
    gone.scatter_(-1, rng.integers(0, shape[-1], *shape[:-1], 1), False)
    return rng.normal(*shape, scale=2.0).masked_fill(gone, -INF)


def with_gone_rows(rng):
    """Four rows of six, the second and the last without any finite entry."""
    x = rng.normal(4, 6, scale=2.0)
    x[1] = x[3] = -INF
    return x


def at_heights(rng):
    """Rows whose logits lie thousands apart."""
    return rng.normal(4, 6) + torch.tensor([[0.0], [2000.0], [-3000.0], [800.0]]).double()


case(
    "the example of the statement",
    lambda rng: (torch.tensor([[1.0, 2.0, 3.0], [0.0, -INF, 0.0]], dtype=torch.float64),),
    shown=True,
)
case("a batch", lambda rng: (rng.normal(4, 3, 17, scale=2.0),))
case("one row", lambda rng: (rng.normal(9),), dtypes=F64)
case("dim = 0", lambda rng: call(rng.normal(5, 7), dim=0), dtypes=F64)
case(
    "dim = 0 of a square",
    lambda rng: (rng.normal(6, 6), 0),
    dtypes=F64,
    gradients=False,
)
case(
    "a middle dimension, counted from the end",
    lambda rng: (rng.normal(2, 5, 3), -2),
    dtypes=F64,
)
case(
    "dim = 1 of four",
    lambda rng: call(rng.normal(2, 3, 4, 5), dim=1),
    dtypes=F64,
    gradients=False,
)
case(
    "logits around 1e4",
    lambda rng: (rng.normal(3, 6, scale=3.0) + 1e4 * rng.normal(3, 1),),
)
case("logits far below 0", lambda rng: (rng.normal(3, 5) - 1e4,), dtypes=F64)
case("rows at very different heights", lambda rng: (at_heights(rng),), dtypes=F64)
case(
    "logits of 1e30",
    lambda rng: (
        torch.tensor(
            [
                [1e30, 1e30, -1e30, 0.0],
                [-1e30, -1e30, -1e30, -1e30],
                [1e30, -1e30, -INF, 1e30],
                [-1e30, -INF, -1e30, -INF],
            ],
            dtype=torch.float64,
        ),
    ),
    gradients=False,
)
case("some entries are -inf", lambda rng: (some_masked(rng, 5, 8),))
case("slices of only -inf among others", lambda rng: (with_gone_rows(rng),))
case(
    "slices of only -inf along dim 0",
    lambda rng: call(with_gone_rows(rng).T, dim=0),
    dtypes=F64,
)
case(
    "nothing but -inf",
    lambda rng: (torch.full((2, 3), -INF, dtype=torch.float64),),
    gradients=False,
)
case("one entry in a slice", lambda rng: (rng.normal(4, 1),), dtypes=F64, gradients=False)
case("equal entries", lambda rng: (torch.full((2, 7), 7.0).double(),), dtypes=F64)
case("an empty batch", lambda rng: (rng.normal(0, 5),))
case("an empty batch behind dim", lambda rng: call(rng.normal(5, 0), dim=0), dtypes=F64)
case(
    "a slice of a wider tensor",
    lambda rng: (rng.normal(6, 12)[1:5, 3:10],),
    dtypes=F64,
    gradients=False,
)
case(
    "one row shown four times",
    lambda rng: (rng.normal(1, 6).expand(4, 6),),
    dtypes=F64,
    gradients=False,
)
case("5 000 entries", lambda rng: (rng.normal(2, 5000, scale=3.0),), dtypes=F64, gradients=False)


@check("every slice adds up to 1, and adding a constant to it changes nothing")
def shift(fn, rng):
    x = rng.normal(3, 7, scale=3.0)
    weights = fn(x)
    assert close(weights.sum(-1), torch.ones(3)), "the entries of a slice must add up to 1"
    moved = fn(x + 64.0)
    assert close(moved, weights), "softmax(x + 64) must equal softmax(x)"


@check("each call stands for itself")
def calls(fn, rng, ref):
    first, second = rng.normal(5, 5), rng.normal(5, 5)
    for x, dim in ((first, 0), (second, 1), (first, None), (first, 0)):
        got = fn(x) if dim is None else fn(x, dim=dim)
        want = ref(x) if dim is None else ref(x, dim=dim)
        assert close(got, want), "an earlier call changes the answer of a later one"


@check("no NaN in the gradient where a slice is only -inf")
def flow(fn, rng):
    x = with_gone_rows(rng).requires_grad_()
    weights = fn(x)
    assert weights.requires_grad, "no gradient flows to x; do not detach on the way"
    (weights * rng.normal(4, 6)).sum().backward()
    assert x.grad is not None, "no gradient flows to x"
    assert not x.grad.isnan().any(), "the gradient holds NaN; in a slice of only -inf it is 0"
    assert not x.grad[[1, 3]].any(), "in a slice of only -inf the gradient is 0"


def divided(weights, dim):
    """Weights over their sum, 0 where the sum is 0."""
    total = weights.sum(dim, keepdim=True)
    return weights / torch.where(total == 0, torch.ones_like(total), total)


def shifted(x, dim):
    """Each slice minus its maximum, -inf kept."""
    peak = x.amax(dim, keepdim=True)
    return x - torch.where(peak == -INF, torch.zeros_like(peak), peak)


@mistake("`exp` overflows or vanishes: subtract the maximum of the slice first.")
def no_maximum(x, dim=-1):
    weights = x.exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake("`exp` overflows: subtract the maximum of the slice first (masked slices are right).")
def no_maximum_but_masked(x, dim=-1):
    return divided(x.exp(), dim)


@mistake("A slice of only -inf must give 0: `-inf - (-inf)` is NaN.")
def masked_slice_is_nan(x, dim=-1):
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake("A slice of only -inf must give 0, not equal weights.")
def masked_slice_is_uniform(x, dim=-1):
    x = x.clamp(min=torch.finfo(x.dtype).min)
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "The values are right, but the NaN that was removed at the end is still in the backward pass: "
    "avoid it before `exp`."
)
def nan_removed_at_the_end(x, dim=-1):
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).nan_to_num(0.0)


@mistake("Normalise along `dim`, not over the whole tensor.")
def over_everything(x, dim=-1):
    peak = x.amax() if x.numel() else x.sum()
    weights = (x - (peak if peak > -INF else 0.0)).exp()
    total = weights.sum()
    return weights / torch.where(total == 0, torch.ones_like(total), total)


@mistake("Normalise along `dim`, not over the whole tensor.")
def over_everything_plainly(x, dim=-1):
    weights = (x - x.max()).exp() if x.numel() else x.clone()
    return weights / weights.sum()


@mistake("`dim` is ignored: this always normalises the last dimension.")
def always_the_last(x, dim=-1):
    return divided(shifted(x, -1).exp(), -1)


@mistake("`dim` is ignored: this always normalises the last dimension (and masked slices are NaN).")
def always_the_last_and_nan(x, dim=-1):
    weights = (x - x.amax(-1, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)


@mistake("Subtract the maximum of each slice: with the largest of all, low rows vanish to 0.")
def maximum_of_everything(x, dim=-1):
    weights = (x - x.max()).exp() if x.numel() else x.clone()
    return weights / weights.sum(dim, keepdim=True)


@mistake("Subtract the maximum of each slice: with the largest of all, low rows vanish to 0.")
def maximum_of_everything_guarded(x, dim=-1):
    peak = x.amax() if x.numel() else x.sum()
    return divided((x - (peak if peak > -INF else 0.0)).exp(), dim)


@mistake("Limiting the logits changes the result; subtract the maximum instead.")
def clamps_the_logits(x, dim=-1):
    return divided(x.clamp(max=80.0).exp(), dim)


@mistake("Subtracting the mean does not prevent an overflow; subtract the maximum.")
def mean_subtracted(x, dim=-1):
    weights = (x - x.mean(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "`exp(x - log(sum))` loses the logarithm beside logits of 1e30: subtract the maximum first, "
    "then divide."
)
def subtracts_the_log_of_the_sum(x, dim=-1):
    peak = x.amax(dim, keepdim=True)
    peak = torch.where(peak == -INF, torch.zeros_like(peak), peak)
    total = (x - peak).exp().sum(dim, keepdim=True)
    return (x - (peak + torch.where(total == 0, torch.ones_like(total), total).log())).exp()


@mistake("Entries of -inf were replaced by -1e9, which beats logits below it: keep -inf.")
def masked_with_a_billion(x, dim=-1):
    gone = (x == -INF).all(dim, keepdim=True)
    return divided(shifted(x.masked_fill(x == -INF, -1e9), dim).exp(), dim).masked_fill(gone, 0.0)


@mistake("Sum along `dim`: the sum here always runs over the last dimension.")
def sum_over_the_last(x, dim=-1):
    return divided(shifted(x, dim).exp(), -1)


@mistake("The values are right, but the sum is part of the function: do not detach it.")
def sum_detached(x, dim=-1):
    weights = shifted(x, dim).exp()
    total = weights.sum(dim, keepdim=True).detach()
    return weights / total.masked_fill(total == 0, 1.0)


@mistake("A constant added to the sum makes every slice add up to less than 1.")
def epsilon_in_the_sum(x, dim=-1):
    weights = shifted(x, dim).exp()
    return weights / (weights.sum(dim, keepdim=True) + 1e-5)


@mistake("Keep the summed dimension (`keepdim=True`): the sums are lined up with the wrong slices.")
def sum_without_keepdim(x, dim=-1):
    weights = shifted(x, dim).exp()
    total = weights.sum(dim)
    return weights / torch.where(total == 0, torch.ones_like(total), total)


@mistake("Entries are divided by their norm; divide them by their sum.")
def divided_by_the_norm(x, dim=-1):
    weights = shifted(x, dim).exp()
    norm = weights.square().sum(dim, keepdim=True).sqrt()
    return weights / torch.where(norm == 0, torch.ones_like(norm), norm)


@mistake("Write into a new tensor: the caller's logits were changed.")
def changes_its_input(x, dim=-1):
    peak = x.amax(dim, keepdim=True)
    x -= peak.masked_fill(peak == -INF, 0.0)
    return divided(x.exp(), dim)


@mistake("The values are right, but no gradient can flow: do not detach the logits.")
def detached(x, dim=-1):
    return divided(shifted(x.detach(), dim).exp(), dim)


@mistake("The result keeps the dtype of its input; this one is always float32.")
def always_float32(x, dim=-1):
    return divided(shifted(x.float(), dim).exp(), dim)


@alternative
def one_entry_at_a_time(x, dim=-1):
    """Online: a running maximum and a running sum, as in flash attention."""
    parts = x.movedim(dim, 0)
    peak = torch.full_like(parts[0], -INF)
    total = torch.zeros_like(parts[0])
    for part in parts.detach():
        higher = torch.maximum(peak, part)
        safe = torch.where(higher.isinf(), torch.zeros_like(higher), higher)
        total = total * torch.exp(peak - safe) + torch.exp(part - safe)
        peak = higher
    gone = peak.isinf()
    weights = torch.exp(parts - torch.where(gone, torch.zeros_like(peak), peak))
    total = torch.where(gone, torch.ones_like(total), weights.sum(0))
    return (weights / total).movedim(0, dim)

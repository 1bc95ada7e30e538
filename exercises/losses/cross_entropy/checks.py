"""What cross-entropy with ignored targets must do, and how it goes wrong."""

import math

import torch

from studytrack.grader.authoring import alternative, call, case, check, close, mistake

F64 = ("float64",)
TIGHT = {"float64": (1e-10, 0.0)}  # one number: a float32 step inside may miss by only 1e-8


def drawn(rng, *shape, scale=2.0):
    """Logits [..., V] and targets that all count."""
    return rng.normal(*shape, scale=scale), rng.integers(0, shape[-1], *shape[:-1])


def padded(rng, ignore=-100, scale=2.0):
    """Three sequences of 5, 1 and 2 tokens, padded with `ignore`."""
    logits, targets = drawn(rng, 3, 5, 7, scale=scale)
    return logits, torch.where(torch.arange(5) < torch.tensor([[5], [1], [2]]), targets, ignore)


def with_class_two_ignored(rng):
    """Targets 0 to 4, with a 2 (ignored) and others for certain."""
    logits, targets = drawn(rng, 9, 5)
    targets[:4] = torch.tensor([2, 0, 2, 4])
    return call(logits, targets, ignore_index=2)


def surprised(rng):
    """Logits of 1e4 and -1e4, and targets that stand low."""
    logits = 1e4 * torch.tensor([[1.0, -1.0, 0.5], [-1.0, -1.0, 1.0], [-1.0, 1.0, -0.9]]).double()
    return logits + rng.normal(3, 3), torch.tensor([1, 0, 2])


def with_huge_ignored(rng):
    """Ignored positions hold the largest logits."""
    logits, targets = drawn(rng, 6, 4)
    logits[[1, 4]] *= 5000.0
    targets[[1, 4]] = -100
    return logits, targets


case(
    "the example of the statement",
    lambda rng: (
        torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [5.0, 5.0, 5.0]]).double(),
        torch.tensor([0, 2, -100]),
    ),
    shown=True,
)
case("a batch", lambda rng: drawn(rng, 6, 5), tolerance=TIGHT)
case("sequences", lambda rng: drawn(rng, 2, 4, 7), dtypes=F64, tolerance=TIGHT)
case("one position, no leading dimension", lambda rng: drawn(rng, 7), dtypes=F64)
case("three leading dimensions", lambda rng: drawn(rng, 2, 1, 3, 4), dtypes=F64, gradients=False)
case("as many positions as classes", lambda rng: drawn(rng, 5, 5), dtypes=F64)
case("padded sequences", padded, gradients=False, tolerance=TIGHT)
case("padded sequences, steeper logits", lambda rng: padded(rng, scale=5.0), dtypes=F64)
case("ignored positions hold large logits", with_huge_ignored, dtypes=F64)
case("ignore_index is a class", with_class_two_ignored)
case("ignore_index = 0", lambda rng: (*padded(rng, 0), 0), dtypes=F64)
case("ignore_index = -1", lambda rng: call(*padded(rng, -1), ignore_index=-1), dtypes=F64)
case(
    "ignore_index past the vocabulary",
    lambda rng: call(*padded(rng, 50), ignore_index=50),
    dtypes=F64,
)
case(
    "an ignore_index that does not occur",
    lambda rng: call(*drawn(rng, 4, 6), ignore_index=-7),
    dtypes=F64,
    gradients=False,
)
case(
    "everything is ignored",
    lambda rng: (rng.normal(2, 3, 4), torch.full((2, 3), -100)),
)
case(
    "one position, ignored",
    lambda rng: call(rng.normal(5), torch.tensor(3), ignore_index=3),
    dtypes=F64,
)
case("no targets", lambda rng: drawn(rng, 0, 5))
case("sequences of no tokens", lambda rng: drawn(rng, 2, 0, 5), dtypes=F64)
case("one class", lambda rng: drawn(rng, 3, 1), dtypes=F64, gradients=False)
case("two classes", lambda rng: drawn(rng, 8, 2), dtypes=F64, gradients=False)
case("logits of 1e4 against the target", surprised)
case(
    "logits around 1e4 and -1e4",
    lambda rng: (
        rng.normal(4, 6) + torch.tensor([[1e4], [-1e4], [0.0], [3e3]]).double(),
        rng.integers(0, 6, 4),
    ),
    dtypes=F64,  # in float32, logsumexp near 1e4 keeps three digits after the point
)
case("5 000 classes", lambda rng: drawn(rng, 3, 5000), dtypes=F64, gradients=False)
case(
    "a slice of a wider tensor",
    lambda rng: (rng.normal(6, 12)[1:5, 3:10], rng.integers(0, 7, 8)[::2]),
    dtypes=F64,
    gradients=False,
)


@check("equal logits cost log V")
def uniform(fn):
    for classes in (2, 10):
        got = fn(torch.full((3, classes), 4.0).double(), torch.tensor([0, 1, 1]))
        assert close(got, torch.tensor(math.log(classes))), (
            f"with {classes} equal logits the loss must be log {classes} = {math.log(classes):.4f}"
        )


@check("what stands at ignored positions does not matter")
def ignored(fn, rng):
    logits, targets = padded(rng)
    gone = (targets == -100)[..., None]
    changed = torch.where(gone, rng.normal(3, 5, 7, scale=100.0), logits).requires_grad_()
    loss = fn(changed, targets)
    assert close(loss.detach(), fn(logits, targets)), (
        "the loss changed when only logits at ignored positions did"
    )
    assert loss.requires_grad, "no gradient flows to the logits; do not detach on the way"
    loss.backward()
    assert changed.grad is not None, "no gradient flows to the logits"
    assert not changed.grad.isnan().any(), "the gradient holds NaN"
    assert not (changed.grad * gone).any(), "at ignored positions the gradient must be 0"
    assert close(changed.grad.sum(-1), torch.zeros(3, 5), atol=1e-9), (
        "the gradient of a position must add up to 0: softmax minus one-hot"
    )


@check("each call stands for itself")
def calls(fn, rng, ref):
    one, two = padded(rng), padded(rng, 3)
    for args, index in ((one, None), (two, 3), (two, None), (one, None)):
        keywords = {} if index is None else {"ignore_index": index}
        assert close(fn(*args, **keywords), ref(*args, **keywords)), (
            "an earlier call changes the answer of a later one"
        )


def token_losses(logits, targets, ignore_index=-100):
    """Losses by position (0 where ignored) and which positions count."""
    counts = targets != ignore_index
    safe = torch.where(counts, targets, 0)
    picked = torch.gather(logits, -1, safe[..., None])[..., 0]
    losses = torch.logsumexp(logits, -1) - picked
    return torch.where(counts, losses, torch.zeros_like(losses)), counts


@mistake("Divide by the number of targets that count, not by all of them.")
def divides_by_all(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return losses.sum() / max(counts.numel(), 1)


@mistake("This is the sum; divide it by the number of targets that count.")
def sum_instead_of_mean(logits, targets, ignore_index=-100):
    return token_losses(logits, targets, ignore_index)[0].sum()


@mistake("One mean over all positions that count, not the mean of each sequence's mean.")
def mean_of_means(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    if losses.dim() < 2 or losses.numel() == 0:
        return losses.sum() / counts.sum().clamp(min=1)
    return (losses.sum(-1) / counts.sum(-1).clamp(min=1)).mean()


@mistake("Divide by the number of positions that count, not by the number of sequences.")
def divides_by_the_batch(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return losses.sum() / max(counts.shape[0] if counts.dim() else 1, 1)


@mistake("Each position's loss is returned; the result is their mean, without dimensions.")
def not_reduced(logits, targets, ignore_index=-100):
    return token_losses(logits, targets, ignore_index)[0]


@mistake("The result has no dimensions; this one has one of size 1.")
def one_dimension_left(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return (losses.sum() / counts.sum().clamp(min=1)).reshape(1)


@mistake("The result is a tensor: `.item()` leaves torch, and no gradient can flow.")
def a_python_number(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return losses.sum().item() / max(int(counts.sum()), 1)


@mistake("The loss is minus the log-probability: the sign is wrong.")
def wrong_sign(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return -losses.sum() / counts.sum().clamp(min=1)


@mistake("Use the natural logarithm, not that of base 2.")
def in_bits(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return losses.sum() / counts.sum().clamp(min=1) / math.log(2)


@mistake("Start from the logits: here softmax is applied twice.")
def double_softmax(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits.softmax(-1), targets, ignore_index)
    return losses.sum() / counts.sum().clamp(min=1)


@mistake("`log(softmax)` underflows to -inf: take the log of the sum of exponentials instead.")
def log_of_softmax(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    logp = logits.softmax(-1).log()
    picked = logp.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    return -picked[counts].sum() / counts.sum().clamp(min=1)


@mistake("A constant inside the logarithm hides the underflow and limits the loss.")
def log_with_an_epsilon(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    logp = (logits.softmax(-1) + 1e-9).log()
    picked = logp.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    return -picked[counts].sum() / counts.sum().clamp(min=1)


@mistake("`exp` overflows: subtract the maximum first, or use `logsumexp`.")
def no_maximum(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    picked = logits.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    losses = logits.exp().sum(-1).log() - picked
    return losses[counts].sum() / counts.sum().clamp(min=1)


@mistake("The log of the sum is missing: the target's logit alone is no loss.")
def target_logit_only(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    picked = logits.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    return -picked[counts].sum() / counts.sum().clamp(min=1)


@mistake("The classes are the last dimension; the softmax runs over another one.")
def softmax_over_positions(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    logp = logits - torch.logsumexp(logits, 0, keepdim=True) if logits.numel() else logits
    picked = logp.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    return -picked[counts].sum() / counts.sum().clamp(min=1)


@mistake("The classes are the last dimension here, not dimension 1 as in torch's own loss.")
def classes_in_dimension_1(logits, targets, ignore_index=-100):
    counts, dim = targets != ignore_index, min(1, logits.dim() - 1)
    logp = logits - torch.logsumexp(logits, dim, keepdim=True) if logits.numel() else logits
    picked = logp.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    return -picked[counts].sum() / counts.sum().clamp(min=1)


@mistake("`gather` cannot read at an ignored target: put 0 in its place first.")
def gathers_ignored(logits, targets, ignore_index=-100):
    picked = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    counts = targets != ignore_index
    losses = (torch.logsumexp(logits, -1) - picked) * counts
    return losses.sum() / counts.sum().clamp(min=1)


@mistake("An ignored target cannot be used as an index: put 0 in its place first.")
def indexes_with_ignored(logits, targets, ignore_index=-100):
    flat, wanted = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    losses = torch.logsumexp(flat, -1) - flat[torch.arange(len(flat)), wanted]
    counts = wanted != ignore_index
    return losses[counts].sum() / counts.sum().clamp(min=1)


@mistake("Ignored positions count as class 0: leave them out of the sum and of the number.")
def ignored_count_as_class_0(logits, targets, ignore_index=-100):
    safe = torch.where(targets != ignore_index, targets, 0)
    losses, counts = token_losses(logits, safe, -100)
    return losses.sum() / max(counts.numel(), 1)


@mistake("Ignored positions are in the sum still; only their number is left out.")
def ignored_stay_in_the_sum(logits, targets, ignore_index=-100):
    safe = torch.where(targets != ignore_index, targets, 0)
    losses, _ = token_losses(logits, safe, -100)
    return losses.sum() / (targets != ignore_index).sum().clamp(min=1)


@mistake("The argument `ignore_index` is not used: -100 is only its default.")
def always_minus_100(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, -100)
    return losses.sum() / counts.sum().clamp(min=1)


@mistake("`ignore_index` may be any int: compare with it, not with 0.")
def ignores_the_negative(logits, targets, ignore_index=-100):
    counts = targets >= 0
    picked = logits.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    losses = (torch.logsumexp(logits, -1) - picked) * counts
    return losses.sum() / counts.sum().clamp(min=1)


@mistake("`ignore_index` may lie past the vocabulary: limit the ids at both ends, or replace them.")
def clamps_only_below(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    picked = logits.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    losses = (torch.logsumexp(logits, -1) - picked) * counts
    return losses.sum() / counts.sum().clamp(min=1)


@mistake("If nothing counts, the loss is 0, not 0 / 0.")
def nothing_counts_is_nan(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return losses.sum() / counts.sum()


@mistake(
    "The value is right, but the NaN that was removed at the end is still in the backward pass: "
    "divide by 1 where nothing counts."
)
def nan_removed_at_the_end(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    picked = logits.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    losses = (torch.logsumexp(logits, -1) - picked) * counts
    return (losses.sum() / counts.sum()).nan_to_num(0.0)


@mistake("If nothing counts, the 0 has the dtype of the logits too.")
def zero_in_float32(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits, targets, ignore_index)
    return losses.sum() / counts.sum() if counts.any() else torch.tensor(0.0)


@mistake("Replace ignored targets in a copy: the caller's targets were changed.")
def changes_the_targets(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    targets[~counts] = 0
    losses = torch.logsumexp(logits, -1) - logits.gather(-1, targets[..., None])[..., 0]
    return (losses * counts).sum() / counts.sum().clamp(min=1)


@mistake("The result keeps the dtype of the logits; this one is always float32.")
def always_float32(logits, targets, ignore_index=-100):
    losses, counts = token_losses(logits.float(), targets, ignore_index)
    return losses.sum() / counts.sum().clamp(min=1)


@mistake("The value is right, but the log of the sum has a gradient too: do not detach it.")
def log_sum_detached(logits, targets, ignore_index=-100):
    counts = targets != ignore_index
    picked = logits.gather(-1, torch.where(counts, targets, 0)[..., None])[..., 0]
    losses = (torch.logsumexp(logits, -1).detach() - picked) * counts
    return losses.sum() / counts.sum().clamp(min=1)


@alternative
def by_one_hot_rows(logits, targets, ignore_index=-100):
    """Only the rows that count are kept; differences from the maximum, one-hot by comparison."""
    rows = logits.reshape(-1, logits.shape[-1])[(targets != ignore_index).reshape(-1)]
    wanted = targets.reshape(-1)[(targets != ignore_index).reshape(-1)]
    if len(rows) == 0:
        return logits.new_zeros(())
    below = rows - rows.max(dim=1, keepdim=True).values
    hot = wanted[:, None] == torch.arange(rows.shape[1], device=rows.device)[None, :]
    return torch.stack(
        [b.exp().sum().log() - b[h][0] for b, h in zip(below, hot, strict=True)]
    ).mean()

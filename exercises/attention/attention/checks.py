"""What scaled dot-product attention must do, and how it goes wrong."""

import math

import torch

from studytrack.grader.authoring import alternative, call, case, check, close, mistake

INF = torch.inf
F64 = ("float64",)


def drawn(rng, *lead, tq=4, tk=6, d=5, dv=3):
    """Queries, keys and values with all sizes different."""
    return rng.normal(*lead, tq, d), rng.normal(*lead, tk, d), rng.normal(*lead, tk, dv)


def open_somewhere(rng, *shape):
    """A mask with at least one True and, where there is room, one False in every row."""
    mask = rng.bools(*shape)
    return mask.scatter(-1, torch.arange(shape[-1]).expand(*shape[:-1], -1)[..., :1], True)


def with_blind_rows(rng, *shape):
    """A mask whose second and last query may attend to nothing."""
    mask = open_somewhere(rng, *shape)
    mask[..., 1, :] = False
    mask[..., -1, :] = False
    return mask


def with_high_closed_scores(rng):
    """Open keys score -2e4 and closed ones +2e4 for the first query, the reverse for the last."""
    q, k, v = drawn(rng, 2, tq=3, tk=7, d=4, dv=5)
    mask = torch.tensor([True, False, True, True, False, False, True])
    side = torch.where(mask, -100.0, 100.0).double()[:, None]
    size = torch.tensor([[100.0], [0.0], [-100.0]]).double()
    return q * 0.01 + size, k * 0.01 + side, v, mask


case(
    "the example of the statement",
    lambda rng: (
        torch.tensor([[2.0, 0.0], [0.0, 2.0]]).double(),
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]).double(),
        torch.tensor([[10.0], [20.0], [30.0]]).double(),
        torch.tensor([[True, True, False], [False, False, False]]),
    ),
    shown=True,
)
case("no mask", lambda rng: drawn(rng, 2, 3))
case("no leading dimension", lambda rng: drawn(rng, tq=3, tk=7, d=4, dv=2), dtypes=F64)
case("more queries than keys", lambda rng: drawn(rng, 2, tq=8, tk=3, d=2, dv=7), dtypes=F64)
case(
    "a causal mask",
    lambda rng: (*drawn(rng, 3, tq=6), torch.ones(6, 6, dtype=torch.bool).tril()),
    dtypes=F64,
)
case("a mask of full shape", lambda rng: (*drawn(rng, 2, 3), open_somewhere(rng, 2, 3, 4, 6)))
case(
    "queries that may attend to nothing",
    lambda rng: (*drawn(rng, 2, tq=5), with_blind_rows(rng, 2, 5, 6)),
)
case(
    "the same, and large scores",
    lambda rng: (
        *(part * 20.0 for part in drawn(rng, 2, tq=5)),
        with_blind_rows(rng, 5, 6),
    ),
    dtypes=F64,
    gradients=False,
)
case(
    "padded keys, a mask for each batch entry",
    lambda rng: (
        *drawn(rng, 3, 2),
        (torch.arange(6) < torch.tensor([6, 1, 4])[:, None])[:, None, None],
    ),
    dtypes=F64,
)
case(
    "one row of a mask for all queries",
    lambda rng: (*drawn(rng, 2), torch.tensor([True, False, True, True, False, True])),
    dtypes=F64,
)
case(
    "a mask that closes whole queries",
    lambda rng: call(*drawn(rng, 2), mask=torch.tensor([[True], [False], [True], [True]])),
    dtypes=F64,
)
case(
    "everything is closed",
    lambda rng: (*drawn(rng, 2), torch.zeros(4, 6, dtype=torch.bool)),
    gradients=False,
)
case(
    "everything is open",
    lambda rng: (*drawn(rng, 2), torch.ones(4, 6, dtype=torch.bool)),
    dtypes=F64,
    gradients=False,
)
case("one key", lambda rng: drawn(rng, 2, tk=1), dtypes=F64, gradients=False)
case("one query", lambda rng: drawn(rng, 2, 2, tq=1), dtypes=F64)
case("no query", lambda rng: drawn(rng, 2, tq=0), gradients=False)
case(
    "an empty batch",
    lambda rng: (*drawn(rng, 0, 2), torch.ones(4, 6, dtype=torch.bool)),
    gradients=False,
)
case(
    "scores around 1e4",
    lambda rng: (*(100.0 * part for part in drawn(rng, 3)[:2]), rng.normal(3, 6, 2)),
    dtypes=F64,
    gradients=False,
)
case("closed keys have the highest scores", with_high_closed_scores, dtypes=F64)
case("three leading dimensions", lambda rng: drawn(rng, 2, 1, 3), dtypes=F64, gradients=False)
case(
    "keys and values shared by three heads",
    lambda rng: (
        rng.normal(2, 3, 4, 5),
        rng.normal(2, 1, 6, 5).expand(2, 3, 6, 5),
        rng.normal(2, 1, 6, 2).expand(2, 3, 6, 2),
    ),
    dtypes=F64,
    gradients=False,
)
case(
    "800 keys",
    lambda rng: (*drawn(rng, tq=3, tk=800, d=8), open_somewhere(rng, 3, 800)),
    dtypes=F64,
    gradients=False,
)


@check("the weights of a query add up to 1, or to 0 where nothing is open")
def sums(fn, rng):
    q, k, v = drawn(rng, 2, tq=5)
    mask = with_blind_rows(rng, 5, 6)
    got = fn(q, k, torch.ones_like(v), mask)
    assert close(got[:, [0, 2, 3]], torch.ones(2, 3, 3)), (
        "with values of 1 the result must be 1: the weights of a query add up to 1"
    )
    assert close(got[:, [1, 4]], torch.zeros(2, 2, 3)), (
        "a query that may attend to nothing must give 0"
    )


@check("closed keys and their values do not matter")
def closed(fn, rng):
    q, k, v = drawn(rng, 2)
    mask = torch.tensor([True, False, True, True, False, True])
    before = fn(q, k, v, mask)
    gone = ~mask[:, None]
    after = fn(q, k + 9.0 * gone, v - 70.0 * gone, mask)
    assert close(after, before), "the result changed when only closed keys and values did"


@check("no NaN in the gradient of a query that may attend to nothing")
def flow(fn, rng):
    q, k, v = (part.requires_grad_() for part in drawn(rng, 2, tq=5))
    result = fn(q, k, v, with_blind_rows(rng, 5, 6))
    assert result.requires_grad, "no gradient flows to q, k and v; do not detach on the way"
    (result * rng.normal(2, 5, 3)).sum().backward()
    for name, part in (("q", q), ("k", k), ("v", v)):
        assert part.grad is not None, f"no gradient flows to {name}"
        assert not part.grad.isnan().any(), (
            f"the gradient of {name} holds NaN; a query that may attend to nothing sends 0"
        )
    assert not q.grad[:, [1, 4]].any(), "a query that may attend to nothing has gradient 0"


@check("each call stands for itself")
def calls(fn, rng, ref):
    one, two = drawn(rng, 2), drawn(rng, 2)
    mask, other = open_somewhere(rng, 4, 6), open_somewhere(rng, 4, 6)
    for args in ((*one, mask), (*two, other), two, (*one, mask)):
        assert close(fn(*args), ref(*args)), "an earlier call changes the answer of a later one"


def scored(q, k):
    """Scaled scores."""
    return torch.einsum("...id,...jd->...ij", q, k) / q.shape[-1] ** 0.5


def weighted(scores, mask=None):
    """Weights over the keys, 0 where nothing is open; right also in the backward pass."""
    if mask is None:
        return scores.softmax(-1)
    blind = ~mask.any(-1, keepdim=True)
    scores = scores.masked_fill(~mask, -INF).masked_fill(blind, 0.0)
    return scores.softmax(-1).masked_fill(blind, 0.0)


def plainly(scores, mask=None):
    """As most people write it: NaN where nothing is open."""
    if mask is not None:
        scores = scores.masked_fill(~mask, -INF)
    return scores.softmax(-1)


@mistake("Divide the scores by sqrt(D).")
def no_scale(q, k, v, mask=None):
    return weighted(q @ k.transpose(-2, -1), mask) @ v


@mistake("Divide the scores by sqrt(D) (and a query that may attend to nothing gives 0, not NaN).")
def no_scale_and_nan(q, k, v, mask=None):
    return plainly(q @ k.transpose(-2, -1), mask) @ v


@mistake("Divide the scores by sqrt(D), not by D.")
def divided_by_d(q, k, v, mask=None):
    return weighted(q @ k.transpose(-2, -1) / q.shape[-1], mask) @ v


@mistake("Divide the scores by sqrt(D), the size of a query; this takes another size.")
def scaled_by_the_value_size(q, k, v, mask=None):
    return weighted(q @ k.transpose(-2, -1) / math.sqrt(v.shape[-1]), mask) @ v


@mistake("Divide the scores by sqrt(D), the size of a query; this takes the number of keys.")
def scaled_by_the_key_count(q, k, v, mask=None):
    return weighted(q @ k.transpose(-2, -1) / math.sqrt(k.shape[-2]), mask) @ v


@mistake("Multiplying by sqrt(D) makes the scores larger; divide by it.")
def multiplied_by_the_scale(q, k, v, mask=None):
    return weighted(q @ k.transpose(-2, -1) * math.sqrt(q.shape[-1]), mask) @ v


@mistake("Scale the scores before the softmax: after it, the weights no longer add up to 1.")
def scaled_after_softmax(q, k, v, mask=None):
    return weighted(q @ k.transpose(-2, -1), mask) / math.sqrt(q.shape[-1]) @ v


@mistake("Normalise over the keys (the last dimension of the scores), not over the queries.")
def softmax_over_queries(q, k, v, mask=None):
    scores = scored(q, k)
    if mask is not None:
        scores = scores.masked_fill(~mask, -INF)
    return scores.softmax(-2) @ v


@mistake("No softmax: the scores themselves are no weights.")
def no_softmax(q, k, v, mask=None):
    scores = scored(q, k)
    return (scores if mask is None else scores.masked_fill(~mask, 0.0)) @ v


@mistake('`True` means "may attend" here: close the keys where the mask is False.')
def mask_inverted(q, k, v, mask=None):
    return weighted(scored(q, k), None if mask is None else ~mask) @ v


@mistake('`True` means "may attend" here: close the keys where the mask is False.')
def mask_inverted_and_nan(q, k, v, mask=None):
    return plainly(scored(q, k), None if mask is None else ~mask) @ v


@mistake("The mask is ignored.")
def ignores_the_mask(q, k, v, mask=None):
    return plainly(scored(q, k)) @ v


@mistake(
    "Mask the scores before the softmax: weights that are zeroed after it no longer add up to 1."
)
def mask_after_softmax(q, k, v, mask=None):
    weights = scored(q, k).softmax(-1)
    return (weights if mask is None else weights * mask) @ v


@mistake(
    "Weights that are zeroed and normalised again vanish when a closed key has the highest score: "
    "mask the scores."
)
def normalised_again(q, k, v, mask=None):
    weights = scored(q, k).softmax(-1)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)
    return weights @ v


@mistake("A closed key needs the score -inf: with a score of 0 it still gets weight.")
def closed_score_is_zero(q, k, v, mask=None):
    scores = scored(q, k)
    return (scores if mask is None else scores * mask).softmax(-1) @ v


@mistake("-1e4 is not closed: a large score still wins. Fill with -inf.")
def weak_mask(q, k, v, mask=None):
    scores = scored(q, k)
    return (scores if mask is None else scores + (~mask) * -1e4).softmax(-1) @ v


@mistake("-1e4 is not closed: a large score still wins. Fill with -inf.")
def weak_mask_but_blind_is_zero(q, k, v, mask=None):
    scores = scored(q, k)
    if mask is None:
        return scores.softmax(-1) @ v
    return (scores + (~mask) * -1e4).softmax(-1).masked_fill(~mask, 0.0) @ v


@mistake("A query that may attend to nothing gives 0, not NaN.")
def blind_is_nan(q, k, v, mask=None):
    return plainly(scored(q, k), mask) @ v


@mistake("A query that may attend to nothing gives 0, not the mean of all values.")
def blind_is_the_mean(q, k, v, mask=None):
    scores = scored(q, k)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(q.dtype).min)
    return scores.softmax(-1) @ v


@mistake(
    "The values are right, but the NaN that was removed at the end is still in the backward pass: "
    "avoid it before the weights meet the values."
)
def nan_removed_at_the_end(q, k, v, mask=None):
    return (plainly(scored(q, k), mask) @ v).nan_to_num(0.0)


@mistake(
    "The values are right, but the NaN that was removed at the end is still in the backward pass: "
    "an added mask of -inf lets it through to q and k."
)
def nan_removed_after_an_added_mask(q, k, v, mask=None):
    scores = scored(q, k)
    if mask is not None:
        scores = scores + torch.zeros(mask.shape, dtype=q.dtype).masked_fill(~mask, -INF)
    return scores.softmax(-1).nan_to_num(0.0) @ v


@mistake("`exp` overflows for large scores: subtract the maximum first, or use a softmax.")
def no_maximum(q, k, v, mask=None):
    weights = scored(q, k).exp()
    if mask is not None:
        weights = weights * mask
    total = weights.sum(-1, keepdim=True)
    return weights / total.masked_fill(total == 0, 1.0) @ v


@mistake("There may be any number of leading dimensions: use `@` and `transpose(-2, -1)`.")
def three_dimensions_only(q, k, v, mask=None):
    return torch.bmm(weighted(torch.bmm(q, k.transpose(1, 2)) / q.shape[-1] ** 0.5, mask), v)


@mistake("There may be any number of leading dimensions: this transposes the wrong two.")
def transposes_dims_1_and_2(q, k, v, mask=None):
    return weighted(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, mask) @ v


@mistake("Work on your own tensors: the caller's queries were scaled in place.")
def changes_its_input(q, k, v, mask=None):
    q /= math.sqrt(q.shape[-1])
    return weighted(q @ k.transpose(-2, -1), mask) @ v


@mistake("The values are right, but the weights carry a gradient too: do not detach them.")
def weights_detached(q, k, v, mask=None):
    return weighted(scored(q, k).detach(), mask) @ v


@mistake("The mask alone decides: nothing else hides later keys.")
def always_causal(q, k, v, mask=None):
    scores = scored(q, k)
    past = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    return weighted(scores, past if mask is None else mask & past) @ v


@alternative
def one_key_at_a_time(q, k, v, mask=None):
    """The online form: running maximum, sum and weighted sum; never all scores at once."""
    total = q.new_zeros((*q.shape[:-1], 1))
    mixed = q.new_zeros((*q.shape[:-1], v.shape[-1]))
    peak = torch.full_like(total, -INF)
    allowed = q.new_ones(q.shape[-2], k.shape[-2], dtype=torch.bool) if mask is None else mask
    allowed = allowed.expand(*q.shape[:-1], k.shape[-2])
    for j in range(k.shape[-2]):
        score = (q * k[..., j : j + 1, :]).sum(-1, keepdim=True) * q.shape[-1] ** -0.5
        seen = allowed[..., j : j + 1]
        higher = torch.where(seen, torch.maximum(peak, score.detach()), peak)
        safe = higher.nan_to_num(neginf=0.0)
        fade = torch.exp(peak - safe)
        weight = torch.exp(torch.where(seen, score - safe, -INF))
        total = total * fade + weight
        mixed = mixed * fade + weight * v[..., j : j + 1, :]
        peak = higher
    return mixed / torch.where(total == 0, torch.ones_like(total), total)

"""What multi-head self-attention must do, and how it goes wrong."""

import math

import torch

from studytrack.grader.authoring import alternative, call, case, check, close, mistake

INF = torch.inf
F64 = ("float64",)


def drawn(rng, batch=2, length=5, width=12, scale=1.0):
    """A batch and four weights of ordinary size."""
    weights = [rng.normal(width, width, scale=width**-0.5) for _ in range(4)]
    return rng.normal(batch, length, width, scale=scale), *weights


def example():
    """The inputs of the statement."""
    x = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]]).double()
    same = torch.eye(2).double()
    return x, same, same, same, torch.tensor([[1.0, 1.0], [0.0, 1.0]]).double()


def with_a_loud_last_token(rng):
    """Scores of earlier tokens with the last lie more than 1e4 above all that they may see."""
    x, wq, wk, wv, wo = drawn(rng, 2, 3, 8)
    loud = torch.tensor([100.0, -50.0, 220.0]).double()[:, None]
    near_one = torch.eye(8).double()
    return x + loud, near_one + 0.01 * wq, near_one + 0.01 * wk, wv, wo


case(
    "the example of the statement",
    lambda rng: call(*example(), n_heads=2, causal=True),
    shown=True,
)
case("three heads of four features", lambda rng: (*drawn(rng), 3))
case("three heads, causal", lambda rng: (*drawn(rng), 3, True))
case("one head", lambda rng: (*drawn(rng, 3, 4, 6), 1), dtypes=F64)
case("as many heads as features", lambda rng: (*drawn(rng, 2, 4, 6), 6), dtypes=F64)
case(
    "as many heads as tokens",
    lambda rng: call(*drawn(rng, 2, 4, 20), n_heads=4, causal=False),
    dtypes=F64,
    gradients=False,
)
case("one sequence, causal", lambda rng: (*drawn(rng, 1, 7, 10), 2, True), dtypes=F64)
case(
    "one token",
    lambda rng: call(*drawn(rng, 3, 1, 6), n_heads=2),
    dtypes=F64,
    gradients=False,
)
case(
    "one token, causal",
    lambda rng: call(*drawn(rng, 3, 1, 6), n_heads=3, causal=True),
    dtypes=F64,
    gradients=False,
)
case(
    "large scores",
    lambda rng: (*drawn(rng, 2, 6, 8, scale=70.0), 2),
    dtypes=F64,
    gradients=False,
)
case(
    "large scores, causal",
    lambda rng: call(*drawn(rng, 2, 6, 8, scale=70.0), n_heads=4, causal=True),
    dtypes=F64,
    gradients=False,
)
case(
    "the future has the highest score",
    lambda rng: (*with_a_loud_last_token(rng), 2, True),
    dtypes=F64,
    gradients=False,
)
case(
    "a longer sequence",
    lambda rng: (*drawn(rng, 1, 70, 8), 2, True),
    dtypes=F64,
    gradients=False,
)
case("an empty batch", lambda rng: (*drawn(rng, 0), 3), gradients=False)
case(
    "an empty batch, causal",
    lambda rng: (*drawn(rng, 0), 3, True),
    dtypes=F64,
    gradients=False,
)
case("features that cannot be shared evenly", lambda rng: (*drawn(rng, width=10), 3), dtypes=F64)
case("more heads than features", lambda rng: (*drawn(rng, width=4), 8), dtypes=F64)
case(
    "an empty batch that cannot be shared evenly",
    lambda rng: call(*drawn(rng, 0, width=9), n_heads=2, causal=True),
    dtypes=F64,
)


case(
    "an empty batch with more heads than features",
    lambda rng: (*drawn(rng, 0, width=4), 8),
    dtypes=F64,
)


@check("with causal=True nothing depends on later tokens")
def causality(fn, rng):
    x, *weights = drawn(rng, 2, 6, 12)
    before = fn(x, *weights, 3, causal=True)
    changed = x.clone()
    changed[:, 4:] = rng.normal(2, 2, 12)
    after = fn(changed, *weights, 3, causal=True)
    assert close(after[:, :4], before[:, :4]), (
        "the first 4 tokens' results changed when only tokens 4 and 5 did"
    )
    assert not close(after[:, 4:], before[:, 4:]), "tokens 4 and 5 changed, their results did not"


@check("without a mask, tokens in another order give the same results in that order")
def order(fn, rng):
    x, *weights = drawn(rng, 2, 6, 12)
    moved = rng.permutation(6)
    assert close(fn(x[:, moved], *weights, 4), fn(x, *weights, 4)[:, moved]), (
        "permuting the tokens must permute the results, and change nothing else"
    )


@check("the sequences of a batch do not see each other")
def apart(fn, rng):
    x, *weights = drawn(rng, 3, 4, 8)
    whole = fn(x, *weights, 2)
    for index in range(3):
        alone = fn(x[index : index + 1], *weights, 2)
        assert close(alone[0], whole[index]), f"sequence {index} gives another result on its own"


@check("each call stands for itself")
def calls(fn, rng, ref):
    one, two = drawn(rng), drawn(rng)
    for args, heads, causal in ((one, 3, True), (two, 4, False), (two, 2, True), (one, 3, True)):
        got = fn(*args, n_heads=heads, causal=causal)
        want = ref(*args, n_heads=heads, causal=causal)
        assert close(got, want), "an earlier call changes the answer of a later one"
    assert close(fn(*one, 3), ref(*one, 3)), "`causal` is False unless it is given"


def checked(x, n_heads):
    """The head size, or ValueError."""
    if x.shape[-1] % n_heads:
        raise ValueError("heads")
    return x.shape[-1] // n_heads


def split(y, n_heads):
    """[B, T, C] to [B, H, T, d]."""
    batch, length, width = y.shape
    return y.reshape(batch, length, n_heads, width // n_heads).permute(0, 2, 1, 3)


def join(z):
    """[B, H, T, d] to [B, T, C]."""
    return z.permute(0, 2, 1, 3).flatten(2)


def attended(q, k, v, causal, scale):
    """Attention of each head."""
    scores = q @ k.transpose(-2, -1) * scale
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -INF)
    return scores.softmax(-1) @ v


@mistake("`view(B, H, T, d)` mixes tokens and heads: `view(B, T, H, d)`, then `transpose(1, 2)`.")
def view_without_transpose(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    shape = (x.shape[0], n_heads, x.shape[1], d)
    q, k, v = ((x @ w.T).reshape(shape) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, d**-0.5)) @ wo.T


@mistake("`view(B, H, T, d)` mixes tokens and heads: `view(B, T, H, d)`, then `transpose(1, 2)`.")
def view_without_transpose_twice(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    shape = (x.shape[0], n_heads, x.shape[1], d)
    q, k, v = ((x @ w.T).reshape(shape) for w in (wq, wk, wv))
    return attended(q, k, v, causal, d**-0.5).reshape(x.shape) @ wo.T


@mistake("Transpose back to `[B, T, H, d]` before you reshape to `[B, T, C]`.")
def heads_joined_wrong(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return attended(q, k, v, causal, d**-0.5).reshape(x.shape) @ wo.T


@mistake("Without the transpose of tokens and heads, the heads of one token attend to each other.")
def attends_across_heads(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = ((x @ w.T).unflatten(-1, (n_heads, d)) for w in (wq, wk, wv))
    return attended(q, k, v, causal, d**-0.5).flatten(2) @ wo.T


@mistake("A head takes consecutive features: `view(B, T, H, d)`, not `view(B, T, d, H)`.")
def interleaved_heads(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = ((x @ w.T).unflatten(-1, (d, n_heads)).permute(0, 3, 1, 2) for w in (wq, wk, wv))
    return attended(q, k, v, causal, d**-0.5).permute(0, 2, 3, 1).flatten(2) @ wo.T


@mistake("Scale by the head size `d`, not by `C`.")
def scale_by_d_model(x, wq, wk, wv, wo, n_heads, causal=False):
    checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, x.shape[-1] ** -0.5)) @ wo.T


@mistake("Divide the scores by `sqrt(d)`.")
def no_scale(x, wq, wk, wv, wo, n_heads, causal=False):
    checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, 1.0)) @ wo.T


@mistake("Divide the scores by `sqrt(d)`, not by `d`.")
def divided_by_d(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, 1 / d)) @ wo.T


@mistake("Divide the scores by `sqrt(d)`, not by the square root of the number of heads.")
def scale_by_head_count(x, wq, wk, wv, wo, n_heads, causal=False):
    checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, n_heads**-0.5)) @ wo.T


@mistake("This is one head over all features: split them into `n_heads` first.")
def one_head_only(x, wq, wk, wv, wo, n_heads, causal=False):
    checked(x, n_heads)
    q, k, v = (split(x @ w.T, 1) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, x.shape[-1] ** -0.5)) @ wo.T


@mistake("Apply `wo` after joining the heads.")
def no_output_projection(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, d**-0.5))


@mistake("Weights are stored as (out, in): project with `x @ w.T`.")
def weights_untransposed(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, d**-0.5)) @ wo


@mistake("The last weight too is stored as (out, in): `@ wo.T`.")
def output_weight_untransposed(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, d**-0.5)) @ wo


@mistake("Values need their own projection with `wv`.")
def values_not_projected(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k = (split(x @ w.T, n_heads) for w in (wq, wk))
    return join(attended(q, k, split(x, n_heads), causal, d**-0.5)) @ wo.T


@mistake("Queries and keys are mixed up: rows of the scores are queries, columns are keys.")
def queries_and_keys_swapped(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wk, wq, wv))
    return join(attended(q, k, v, causal, d**-0.5)) @ wo.T


@mistake("`causal=True` is ignored: tokens see the future.")
def ignores_causal(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, False, d**-0.5)) @ wo.T


@mistake("Only `causal=True` hides later tokens; here they are always hidden.")
def always_causal(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, True, d**-0.5)) @ wo.T


@mistake("The causal mask is upside down: this hides the past and shows the future.")
def hides_the_past(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    scores = q @ k.mT * d**-0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).tril(-1).bool(), -INF)
    return join(scores.softmax(-1) @ v) @ wo.T


@mistake(
    "A token may attend to itself: without it, the first token has nothing, and NaN comes out."
)
def excludes_itself(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    scores = q @ k.mT * d**-0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(0).bool(), -INF)
    return join(scores.softmax(-1) @ v) @ wo.T


@mistake("Mask the scores before the softmax: weights zeroed after it no longer add up to 1.")
def mask_after_softmax(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    weights = (q @ k.mT * d**-0.5).softmax(-1)
    return join((weights.tril() if causal else weights) @ v) @ wo.T


@mistake("-1e4 does not hide a token: a large score still wins. Fill with -inf.")
def weak_mask(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    scores = q @ k.mT * d**-0.5
    if causal:
        scores = scores + torch.full_like(scores, -1e4).triu(1)
    return join(scores.softmax(-1) @ v) @ wo.T


@mistake("The diagonal is off by one: a token sees the one that follows it.")
def sees_one_ahead(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    scores = q @ k.mT * d**-0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(2).bool(), -INF)
    return join(scores.softmax(-1) @ v) @ wo.T


@mistake("A hidden token needs the score -inf: with a score of 0 it still gets weight.")
def hidden_score_is_zero(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    scores = q @ k.mT * d**-0.5
    return join((scores.tril() if causal else scores).softmax(-1) @ v) @ wo.T


@mistake("Normalise over the keys, the last dimension of the scores, not over the queries.")
def softmax_over_queries(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    scores = q @ k.mT * d**-0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -INF)
    return join(scores.softmax(-2) @ v) @ wo.T


@mistake("`exp` overflows for large scores: subtract the maximum first, or use a softmax.")
def no_maximum(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    weights = (q @ k.mT * d**-0.5).exp()
    weights = weights.tril() if causal else weights
    return join(weights / weights.sum(-1, keepdim=True) @ v) @ wo.T


@mistake("A `C` that is not a multiple of `n_heads` must raise ValueError: check it first.")
def no_check(x, wq, wk, wv, wo, n_heads, causal=False):
    d = x.shape[-1] // n_heads
    q, k, v = ((x @ w.T).view(*x.shape[:2], n_heads, d).transpose(1, 2) for w in (wq, wk, wv))
    return attended(q, k, v, causal, 1 / math.sqrt(d)).transpose(1, 2).reshape(x.shape) @ wo.T


@mistake("A `C` that is not a multiple of `n_heads` must raise ValueError, not AssertionError.")
def asserts_instead(x, wq, wk, wv, wo, n_heads, causal=False):
    assert x.shape[-1] % n_heads == 0
    d = x.shape[-1] // n_heads
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, d**-0.5)) @ wo.T


@mistake("Check `n_heads` before anything returns, also for an empty batch.")
def check_after_the_empty_batch(x, wq, wk, wv, wo, n_heads, causal=False):
    if x.shape[0] == 0:
        return x.clone()
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, d**-0.5)) @ wo.T


@mistake("No residual belongs here: return the attention alone.")
def adds_the_input(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return x + join(attended(q, k, v, causal, d**-0.5)) @ wo.T


@mistake("Work on your own tensors: the caller's `wq` was scaled in place.")
def changes_its_input(x, wq, wk, wv, wo, n_heads, causal=False):
    wq *= checked(x, n_heads) ** -0.5
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q, k, v, causal, 1.0)) @ wo.T


@mistake("The values are right, but the weights carry a gradient too: do not detach them.")
def scores_detached(x, wq, wk, wv, wo, n_heads, causal=False):
    d = checked(x, n_heads)
    q, k, v = (split(x @ w.T, n_heads) for w in (wq, wk, wv))
    return join(attended(q.detach(), k.detach(), v, causal, d**-0.5)) @ wo.T


@alternative
def one_head_after_another(x, wq, wk, wv, wo, n_heads, causal=False):
    """A loop over heads; the output projection is cut by columns and summed."""
    width = x.shape[-1]
    if n_heads * (width // n_heads) != width:
        raise ValueError("n_heads")
    d = width // n_heads
    result = x.new_zeros(x.shape)
    for h in range(n_heads):
        rows = slice(h * d, (h + 1) * d)
        q, k, v = (torch.einsum("btc,dc->btd", x, w[rows]) for w in (wq, wk, wv))
        scores = torch.einsum("bid,bjd->bij", q, k) / math.sqrt(d)
        if causal:
            places = torch.arange(x.shape[1], device=x.device)
            scores = torch.where(places[None, :] <= places[:, None], scores, -INF)
        weights = torch.exp(scores - scores.amax(-1, keepdim=True))
        weights = weights / weights.sum(-1, keepdim=True)
        result = result + torch.bmm(weights, v) @ wo[:, rows].T
    return result

"""What layer normalisation must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, call, case, check, close, mistake

F64 = ("float64",)
BF16 = ("bfloat16",)
F16 = ("float16",)


def drawn(rng, *shape, scale=1.0, mean=0.0):
    """Tokens with a scale and a shift for every feature."""
    width = shape[-1]
    return rng.normal(*shape, mean=mean, scale=scale), rng.normal(width), rng.normal(width)


def with_constant_tokens(rng):
    """Five tokens, of which the second is 3 everywhere and the last 0."""
    x, w, b = drawn(rng, 5, 8)
    x[1], x[4] = 3.0, 0.0
    return x, w, b


def of_different_size(rng):
    """Tokens whose spreads lie far apart."""
    x, w, b = drawn(rng, 4, 6)
    return x * torch.tensor([[0.01], [1.0], [30.0], [1000.0]]).double(), w, b


case(
    "the example of the statement",
    lambda rng: (
        torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 5.0, 5.0, 5.0]]).double(),
        torch.tensor([1.0, 1.0, 1.0, 2.0]).double(),
        torch.tensor([0.0, 0.0, 0.0, 1.0]).double(),
    ),
    shown=True,
)
case("a batch", lambda rng: drawn(rng, 3, 4, 6, scale=2.0, mean=1.0))
case("one token", lambda rng: drawn(rng, 7), dtypes=F64)
case("as many tokens as features", lambda rng: drawn(rng, 6, 6), dtypes=F64)
case("three leading dimensions", lambda rng: drawn(rng, 2, 3, 1, 5), dtypes=F64, gradients=False)
case("tokens of little spread", lambda rng: drawn(rng, 4, 6, scale=1e-3))
case("tokens of almost no spread", lambda rng: drawn(rng, 2, 6, scale=1e-6), dtypes=F64)
case("eps = 0.1", lambda rng: call(*drawn(rng, 4, 5), eps=0.1))
case(
    "eps by position, little spread",
    lambda rng: (*drawn(rng, 2, 3, 5, scale=0.05), 1e-3),
    dtypes=F64,
)
case("constant tokens among others", with_constant_tokens)
case("tokens far from 0", lambda rng: drawn(rng, 4, 8, mean=1e6), dtypes=F64)
case("tokens of very different size", of_different_size, dtypes=F64, gradients=False)
case("two features", lambda rng: drawn(rng, 5, 2), dtypes=F64)
case("one feature", lambda rng: drawn(rng, 4, 1), dtypes=F64, gradients=False)
case("an empty batch", lambda rng: drawn(rng, 0, 3), gradients=False)
case("an empty batch of sequences", lambda rng: drawn(rng, 2, 0, 4), dtypes=F64, gradients=False)
case("3 000 features", lambda rng: drawn(rng, 2, 3000, mean=5.0), dtypes=F64, gradients=False)
case(
    "a slice of a wider tensor",
    lambda rng: (rng.normal(6, 12)[1:5, 3:10], rng.normal(9)[1:8], rng.normal(7)),
    dtypes=F64,
    gradients=False,
)
case(
    "bfloat16 near 100",
    lambda rng: drawn(rng, 24, 32, mean=100.0),
    dtypes=BF16,
    gradients=False,
)
case(
    "float16 with a spread of 1000",
    lambda rng: drawn(rng, 6, 32, scale=1000.0),
    dtypes=F16,
    gradients=False,
)
case("float16 near 500", lambda rng: drawn(rng, 24, 32, mean=500.0), dtypes=F16, gradients=False)
case("bfloat16, no tokens", lambda rng: drawn(rng, 0, 4), dtypes=BF16, gradients=False)


@check("without scale and shift, a token has mean 0 and variance 1")
def standard(fn, rng):
    x = rng.normal(6, 9, mean=4.0, scale=20.0)
    got = fn(x, torch.ones(9).double(), torch.zeros(9).double())
    assert close(got.mean(-1), torch.zeros(6), atol=1e-6), "the mean of every token must be 0"
    assert close(got.square().mean(-1), torch.ones(6), rtol=1e-5), (
        "the (biased) variance of every token must be 1"
    )


@check("each token is normalised by itself")
def apart(fn, rng):
    x, w, b = drawn(rng, 2, 3, 6)
    whole = fn(x, w, b)
    for i in range(2):
        for j in range(3):
            assert close(fn(x[i, j], w, b), whole[i, j]), (
                f"token [{i}, {j}] gives another result on its own"
            )


@check("shifting or stretching a token changes nothing, so its gradient adds up to 0")
def flow(fn, rng):
    x, w, b = drawn(rng, 4, 6, scale=5.0)  # eps must not matter here
    x.requires_grad_()
    got = fn(x, w, b)
    assert got.requires_grad, "no gradient flows to x; do not detach on the way"
    (got * rng.normal(4, 6)).sum().backward()
    assert x.grad is not None, "no gradient flows to x"
    assert close(x.grad.sum(-1), torch.zeros(4), atol=1e-6), (
        "the gradient of a token must add up to 0: it flows through the mean as well"
    )
    assert close((x.grad * x.detach()).sum(-1), torch.zeros(4), atol=1e-3), (
        "the gradient of a token is not at right angles to it: it flows through the variance too"
    )


@check("each call stands for itself")
def calls(fn, rng, ref):
    one, two = drawn(rng, 3, 5), drawn(rng, 3, 5)
    for args, eps in ((one, None), (two, 0.5), (two, None), (one, None)):
        keywords = {} if eps is None else {"eps": eps}
        assert close(fn(*args, **keywords), ref(*args, **keywords)), (
            "an earlier call changes the answer of a later one"
        )


def widened(x, w, b):
    """The arguments in float32 or above."""
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    return x.to(wide), w.to(wide), b.to(wide)


def normed(x, eps, dim=-1):
    """Mean 0 and variance 1 along dim."""
    variance, mean = torch.var_mean(x, dim, correction=0, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps)


@mistake("The variance divides by `D`, not by `D - 1`: `unbiased=False`.")
def unbiased_variance(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    y = (y - y.mean(-1, keepdim=True)) / (y.var(-1, keepdim=True) + eps).sqrt()
    return (y * w + b).to(x.dtype)


@mistake("`eps` belongs inside the root: sqrt(var + eps), not sqrt(var) + eps.")
def eps_outside(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    variance = y.var(-1, keepdim=True, unbiased=False)
    return ((y - y.mean(-1, keepdim=True)) / (variance.sqrt() + eps) * w + b).to(x.dtype)


@mistake("Two faults: `std()` divides by `D - 1`, and `eps` belongs inside the root.")
def unbiased_and_eps_outside(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    y = (y - y.mean(-1, keepdim=True)) / (y.std(-1, keepdim=True) + eps)
    return (y * w + b).to(x.dtype)


@mistake("Without `eps`, a constant token is 0 / 0.")
def no_eps(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (normed(y, 0.0) * w + b).to(x.dtype)


@mistake("`eps` is added to every variance; it is not a lower limit.")
def eps_as_a_limit(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    variance = y.var(-1, keepdim=True, unbiased=False).clamp(min=eps)
    return ((y - y.mean(-1, keepdim=True)) / variance.sqrt() * w + b).to(x.dtype)


@mistake("The argument `eps` is ignored.")
def ignores_eps(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (normed(y, 1e-5) * w + b).to(x.dtype)


@mistake("`eps` is 1e-5 unless it is given.")
def another_default(x, w, b, eps=1e-6):
    y, w, b = widened(x, w, b)
    return (normed(y, eps) * w + b).to(x.dtype)


@mistake("That is batch norm: normalise each token on its own, along the last dimension.")
def over_the_batch(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (normed(y, eps, 0) * w + b).to(x.dtype)


@mistake("Only the last dimension is normalised: tokens of one sequence do not see each other.")
def over_the_sequence_too(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    dims = tuple(range(1, y.dim())) or -1
    return (normed(y, eps, dims) * w + b).to(x.dtype)


@mistake("Only the last dimension is normalised, not the whole tensor.")
def over_everything(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return ((y - y.mean()) / torch.sqrt(y.var(unbiased=False) + eps) * w + b).to(x.dtype)


@mistake("Subtract the mean: without it this is RMSNorm.")
def mean_not_subtracted(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + eps) * w + b).to(x.dtype)


@mistake("Subtract the mean of the token before you divide.")
def mean_only_in_the_variance(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (y / torch.sqrt(y.var(-1, keepdim=True, unbiased=False) + eps) * w + b).to(x.dtype)


@mistake("Divide by the root of the variance, not by the variance.")
def divided_by_the_variance(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    variance = y.var(-1, keepdim=True, unbiased=False)
    return ((y - y.mean(-1, keepdim=True)) / (variance + eps) * w + b).to(x.dtype)


@mistake("The scale `w` is not used.")
def no_scale(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (normed(y, eps) + b).to(x.dtype)


@mistake("The shift `b` is not used.")
def no_shift(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return (normed(y, eps) * w).to(x.dtype)


@mistake("Scale first, then shift: `normed * w + b`, not `(normed + b) * w`.")
def shift_before_scale(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return ((normed(y, eps) + b) * w).to(x.dtype)


@mistake(
    "`mean(x^2) - mean(x)^2` subtracts two huge numbers when the token is far from 0: square the "
    "differences from the mean."
)
def variance_as_a_difference(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    mean = y.mean(-1, keepdim=True)
    variance = (y.square().mean(-1, keepdim=True) - mean.square()).clamp(min=0.0)
    return ((y - mean) / torch.sqrt(variance + eps) * w + b).to(x.dtype)


@mistake("In bfloat16 and float16 the mean is too coarse and squares overflow: widen to float32.")
def narrow_statistics(x, w, b, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred * torch.rsqrt(variance + eps) * w + b


@mistake("In bfloat16 and float16 the mean is too coarse and squares overflow: widen to float32.")
def narrow_statistics_by_var(x, w, b, eps=1e-5):
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return (x - mean) / torch.sqrt(variance + eps) * w + b


@mistake("The mean too must be computed in float32: rounded to bfloat16, it misses the middle.")
def narrow_mean(x, w, b, eps=1e-5):
    centred, w, b = widened(x - x.mean(-1, keepdim=True), w, b)
    return (centred * torch.rsqrt(centred.square().mean(-1, keepdim=True) + eps) * w + b).to(
        x.dtype
    )


@mistake("Cast the result back to the dtype of `x`.")
def not_cast_back(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    return normed(y, eps) * w + b


@mistake("float64 loses half its digits in float32: only 16-bit inputs are widened.")
def always_through_float32(x, w, b, eps=1e-5):
    return (normed(x.float(), eps) * w.float() + b.float()).to(x.dtype)


@mistake("The values are right, but mean and variance depend on x: do not detach them.")
def statistics_detached(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    with torch.no_grad():
        variance, mean = torch.var_mean(y, -1, correction=0, keepdim=True)
    return ((y - mean) / torch.sqrt(variance + eps) * w + b).to(x.dtype)


@mistake("The values are right, but the mean depends on x: do not detach it.")
def mean_detached(x, w, b, eps=1e-5):
    y, w, b = widened(x, w, b)
    y = y - y.mean(-1, keepdim=True).detach()
    return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + eps) * w + b).to(x.dtype)


@mistake("Work on your own tensors: the caller's `x` was changed.")
def changes_its_input(x, w, b, eps=1e-5):
    x -= x.mean(-1, keepdim=True)
    y, w, b = widened(x, w, b)
    return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + eps) * w + b).to(x.dtype)


@alternative
def token_by_token(x, w, b, eps=1e-5):
    """A loop over tokens; the spread from the mean square of all pairs' differences."""
    kind = x.dtype
    if kind in (torch.float16, torch.bfloat16):
        x, w, b = x.float(), w.float(), b.float()
    rows = []
    for token in x.reshape(-1, x.shape[-1]):
        pairs = token[:, None] - token[None, :] if len(token) < 100 else None
        mean = token.sum() / len(token)
        spread = (token - mean) if pairs is None else pairs.mean(1)
        variance = spread.pow(2).sum() / len(token)
        rows.append(spread / (variance + eps) ** 0.5 * w + b)
    stacked = torch.stack(rows) if rows else x.reshape(0, x.shape[-1])
    return stacked.reshape(x.shape).to(kind)

"""What a temperature must do, and how it goes wrong."""

import math

import torch

from studytrack.grader.authoring import alternative, case, check, mistake

INF = torch.inf

case(
    "the example of the statement",
    lambda rng: (torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64), 2.0),
    shown=True,
)
case("one row, sharper", lambda rng: (rng.normal(9), 0.5))
case("a batch, flatter", lambda rng: (rng.normal(3, 2, 7), 3.0))
case("t = 1", lambda rng: (rng.normal(4, 5), 1.0))
case("any t", lambda rng: (rng.normal(2, 2, 3, 6, scale=3.0), rng.float(0.3, 4.0)))
case("a very high t", lambda rng: (rng.normal(3, 8, scale=5.0), 1e6))
case("a low t", lambda rng: (rng.distinct(3, 8), 0.05))
case("a tiny t is not greedy", lambda rng: (rng.integers(-6, 1, 4, 9) / 4096.0, 2.0**-10))
case("a tiny t, nearly greedy", lambda rng: (rng.distinct(3, 6), 1e-30), dtypes=["float64"])
case("t = 0", lambda rng: (rng.distinct(4, 9), 0.0))
case("t = 0, negative logits", lambda rng: (rng.distinct(2, 3, 6) - 20.0, 0.0), dtypes=["float64"])
case(
    "t = 0 with ties",
    lambda rng: (
        torch.tensor([[1.0, 3.0, 3.0, 0.0, 3.0], [2.0] * 5, [0.0, -1.0, 0.0, -1.0, -1.0]]).double(),
        0.0,
    ),
)
case("t = 0, many ties", lambda rng: (rng.integers(0, 3, 20, 30).double(), 0.0), dtypes=["float64"])
case(
    "t = 0 with -inf entries",
    lambda rng: (torch.tensor([[-INF, -5.0, -INF, -7.0], [-INF, -INF, 0.0, 0.0]]).double(), 0.0),
)
case(
    "t = 0, logits of 0",
    lambda rng: (torch.zeros(3, 4, dtype=torch.float64), 0.0),
    dtypes=["float32"],
)
case("t = inf", lambda rng: (rng.normal(3, 7), math.inf))
case(
    "t = inf with -inf entries",
    lambda rng: (
        torch.tensor(
            [[0.0, -INF, 1.0, -4.0], [-INF, 5.0, -INF, -INF], [0.0, -1.0, 2.0, 3.0]]
        ).double(),
        math.inf,
    ),
)
case(
    "entries that are -inf",
    lambda rng: (
        torch.cat([rng.normal(4, 2), rng.normal(4, 6).masked_fill(rng.bools(4, 6), -INF)], -1),
        0.7,
    ),
)
case(
    "logits of ten thousand",
    lambda rng: (
        torch.stack([rng.permutation(8) + 9_990, 5_000 - rng.permutation(8)]).double(),
        2.0,
    ),
    dtypes=["float64"],
)
case(
    "logits of minus ten thousand",
    lambda rng: (rng.permutation(8) - 10_000.0, 0.5),
    dtypes=["float64"],
)
case(
    "logits far apart",
    lambda rng: (torch.tensor([[-1e4, 0.0, 1e4], [1e4, 1e4, 0.0]]).double(), 0.5),
    dtypes=["float64"],
)
case(
    "a sure row among unsure ones",
    lambda rng: (rng.normal(4, 6) * torch.tensor([[1.0], [60.0], [0.1], [1.0]]).double(), 1.5),
    dtypes=["float64"],
)
case("a vocabulary of one", lambda rng: (rng.normal(3, 1), 0.3), dtypes=["float64"])
case("a vocabulary of one, t = 0", lambda rng: (rng.normal(2, 1), 0.0), dtypes=["float64"])
case("an empty batch", lambda rng: (rng.normal(0, 5), 0.5), dtypes=["float32"])
case("an empty batch, t = 0", lambda rng: (rng.normal(0, 5), 0.0), dtypes=["float32"])
case("an empty batch, t = inf", lambda rng: (rng.normal(2, 0, 5), math.inf), dtypes=["float32"])
case("t negative", lambda rng: (rng.normal(2, 5), -1.0))
case("t just below 0", lambda rng: (rng.normal(2, 5), -1e-300), dtypes=["float64"])
case("t = -inf", lambda rng: (rng.normal(2, 5), -math.inf), dtypes=["float64"])
case("t negative, empty batch", lambda rng: (rng.normal(0, 5), -0.5))


@check("every row sums to 1")
def sums(fn, rng):
    logits = rng.normal(4, 9, scale=4.0)
    for t in (0.0, 0.25, 7.0, math.inf):
        got = fn(logits, t)
        assert isinstance(got, torch.Tensor), "the result must be a tensor"
        assert got.shape == (4, 9), "the shape must stay"
        total = got.double().sum(-1)
        assert torch.allclose(total, torch.ones(4).double()), (
            f"at t = {t} the rows sum to {total.tolist()}"
        )


def _refuse_negative(t):
    if t < 0:
        raise ValueError("t")


def _right(logits, t):
    _refuse_negative(t)
    if t == 0:
        return torch.nn.functional.one_hot(_first(logits), logits.shape[-1]).to(logits.dtype)
    if t == math.inf:
        finite = torch.isfinite(logits).to(logits.dtype)
        return finite / finite.sum(-1, keepdim=True)
    return torch.softmax(logits / t, -1)


def _first(logits):
    return torch.sort(logits, dim=-1, descending=True, stable=True).indices[..., 0]


@mistake("Divide by t: a low temperature sharpens, and multiplying would flatten.")
def multiplies(logits, t):
    return torch.softmax(logits * t, -1) if 0 < t < math.inf else _right(logits, t)


@mistake("Scale the logits before softmax, not the probabilities behind it.")
def scales_probabilities(logits, t):
    return torch.softmax(logits, -1) / t if 0 < t < math.inf else _right(logits, t)


@mistake("Probabilities divided by t and normalised again are what they were: scale the logits.")
def normalises_away(logits, t):
    if not 0 < t < math.inf:
        return _right(logits, t)
    scaled = torch.softmax(logits, -1) / t
    return scaled / scaled.sum(-1, keepdim=True)


@mistake("t = 0 must be greedy: dividing by 0 gives NaN.")
def zero_is_nan(logits, t):
    return torch.softmax(logits / t, -1) if 0 <= t < math.inf else _right(logits, t)


@mistake("t = 0 is allowed and greedy; only a negative t raises ValueError.")
def refuses_zero(logits, t):
    if t <= 0:
        raise ValueError("t")
    return _right(logits, t)


@mistake("At t = 0 a small number in place of 0 shares the 1 among ties: one index gets it all.")
def epsilon_for_zero(logits, t):
    return torch.softmax(logits / 1e-9, -1) if t == 0 else _right(logits, t)


@mistake("Only t = 0 is greedy: a small t still weighs the logits.")
def small_is_greedy(logits, t):
    return _right(logits, 0.0 if 0 < t < 0.01 else t)


@mistake("At t = 0 only one of several largest logits gets the 1.")
def every_tie_is_one(logits, t):
    if t == 0:
        return (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
    return _right(logits, t)


@mistake("Among equal largest logits the lowest index gets the 1, not the highest.")
def last_on_ties(logits, t):
    return _right(logits.flip(-1), t).flip(-1) if t == 0 else _right(logits, t)


@mistake("one_hot returns integers: the result has the dtype of the logits.")
def one_hot_of_integers(logits, t):
    if t == 0:
        return torch.nn.functional.one_hot(_first(logits), logits.shape[-1])
    return _right(logits, t)


@mistake("The one-hot row must have the dtype of the logits, not always float32.")
def one_hot_of_float32(logits, t):
    return _right(logits, t).float() if t == 0 else _right(logits, t)


@mistake("At t = 0 return the probabilities, not the index of the largest logit.")
def returns_the_index(logits, t):
    return _first(logits) if t == 0 else _right(logits, t)


@mistake("-inf / inf is NaN: treat an infinite t apart.")
def infinity_is_nan(logits, t):
    return torch.softmax(logits / t, -1) if t == math.inf else _right(logits, t)


@mistake("At t = inf only the finite logits share: -inf keeps probability 0.")
def infinity_counts_all(logits, t):
    if t == math.inf:
        return torch.full_like(logits, 1 / logits.shape[-1])
    return _right(logits, t)


@mistake("A negative t must raise ValueError.")
def accepts_negative(logits, t):
    return torch.softmax(logits / t, -1) if t < 0 else _right(logits, t)


@mistake("A result is missing: softmax turns the divided logits into probabilities.")
def forgets_softmax(logits, t):
    return logits / t if 0 < t < math.inf else _right(logits, t)


@mistake("Softmax runs along the last dimension, whatever the leading ones are.")
def along_the_first_dimension(logits, t):
    return torch.softmax(logits / t, 0) if 0 < t < math.inf else _right(logits, t)


@mistake("exp overflows for large logits: use torch.softmax, or subtract the row's maximum first.")
def overflows(logits, t):
    if not 0 < t < math.inf:
        return _right(logits, t)
    weights = (logits / t).exp()
    return weights / weights.sum(-1, keepdim=True)


@mistake("One maximum for the whole batch leaves nothing of rows far below it: use each row's own.")
def maximum_of_the_batch(logits, t):
    if not 0 < t < math.inf or not logits.numel():
        return _right(logits, t)
    weights = ((logits - logits.max()) / t).exp()
    return weights / weights.sum(-1, keepdim=True)


@mistake("Divide into a new tensor: the caller's logits were changed.")
def changes_its_input(logits, t):
    return torch.softmax(logits.div_(t), -1) if 0 < t < math.inf else _right(logits, t)


@alternative
def by_powers(logits, t):
    """Weights relative to the row's largest logit."""
    if t < 0.0:
        raise ValueError(f"t = {t}")
    below = logits - logits.max(dim=-1, keepdim=True).values
    if t == 0.0:
        hot = torch.zeros_like(logits)
        return hot.scatter(-1, _first(logits).unsqueeze(-1), 1.0)
    weights = torch.exp(below / t) if t != float("inf") else (below > -INF).to(below.dtype)
    return weights / weights.sum(dim=-1, keepdim=True)

"""What a nucleus filter must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, case, mistake

EXACT = {"float64": (0.0, 0.0), "float32": (0.0, 0.0)}  # kept logits are copied, not computed
INF = torch.inf


def _masses(logits):
    return logits.sort(dim=-1, descending=True).values.softmax(-1).cumsum(-1)


def _clear(make, p, gap=1e-3):
    """Draw until no cumulative sum is near p, so that rounding decides nothing."""
    for _ in range(10_000):
        logits = make()
        if ((_masses(logits) - p).abs() > gap).all():
            return logits, p
    raise RuntimeError("no draw keeps its sums away from p")


def _exact(name, make, **more):
    case(name, make, tolerance=EXACT, **more)


_exact(
    "the example of the statement",
    lambda rng: (torch.tensor([1.0, 4.0, 2.0, 3.0], dtype=torch.float64), 0.8),
    shown=True,
)
_exact("one row", lambda rng: _clear(lambda: rng.normal(11), rng.float(0.3, 0.8)))
_exact("a batch", lambda rng: _clear(lambda: rng.normal(3, 2, 7), 0.7))
_exact("many rows", lambda rng: _clear(lambda: rng.normal(2, 2, 3, 6, scale=1.5), 0.55))
_exact("nearly all of the mass", lambda rng: _clear(lambda: rng.normal(3, 9), 0.97, 1e-4))
_exact(
    "the first token is more than p",
    lambda rng: _clear(lambda: rng.normal(4, 6) + 6 * torch.eye(4, 6, dtype=torch.float64), 0.4),
)
_exact("a tiny p", lambda rng: (rng.distinct(3, 9), 1e-30))
_exact(
    "a sure row among unsure ones",
    lambda rng: _clear(
        lambda: rng.normal(5, 8) * torch.tensor([[1.0], [40.0], [0.1], [1.0], [9.0]]).double(), 0.62
    ),
)
_exact(
    "the sum is exactly p",
    lambda rng: (
        torch.tensor(
            [[0, 0, 0, 0, -INF, -INF, -INF, -INF], [0.0] * 8, [-INF, 0, 0, 0, -INF, 0, -INF, -INF]]
        ).double(),
        0.5,
    ),
)
_exact(
    "ties at the border",
    lambda rng: (
        torch.tensor(
            [[0.5, 1.0, 0.5, 0.5, 1.0, 0.5], [2.0] * 6, [0.0, 0.0, 0.0, 3.0, 3.0, 0.0]]
        ).double(),
        0.6,
    ),
)
_exact("many ties", lambda rng: _clear(lambda: rng.integers(0, 4, 5, 40).double() / 2, 0.8, 1e-4))
_exact("p = 1", lambda rng: (rng.normal(3, 7), 1.0))
_exact(
    "p = 1 with a long tail",
    lambda rng: (
        torch.tensor([[0.0, -50.0, -3.0, -1000.0], [-90.0, 7.0, -1.0, -2000.0]]).double(),
        1.0,
    ),
)
_exact("p = 1, wide rows", lambda rng: (rng.normal(4, 30, scale=25.0), 1.0), dtypes=["float32"])
_exact(
    "p = 1 with -inf entries",
    lambda rng: (torch.tensor([[0.0, -INF, -60.0, 1.0], [-INF, -INF, -5.0, -INF]]).double(), 1.0),
)
_exact(
    "entries that are -inf already",
    lambda rng: _clear(
        lambda: torch.cat(
            [rng.normal(4, 2), rng.normal(4, 7).masked_fill(rng.bools(4, 7), -INF)], -1
        ),
        0.75,
    ),
)
_exact(
    "one finite entry",
    lambda rng: (torch.tensor([[-INF, -3.0, -INF], [-INF, -INF, 8.0]]).double(), 0.9),
    dtypes=["float64"],
)
_exact(
    "logits of ten thousand",
    lambda rng: _clear(
        lambda: torch.stack([rng.permutation(8), rng.permutation(8)]) / 4.0 + 9_990, 0.8
    ),
    dtypes=["float32"],
)
_exact(
    "logits of minus ten thousand",
    lambda rng: _clear(
        lambda: torch.stack([rng.permutation(8), rng.permutation(8)]) / 2.0 - 9_990, 0.8
    ),
    dtypes=["float64"],
)
_exact(
    "logits far apart",
    lambda rng: (torch.tensor([-1e4, 0.0, 1e4, 3.0], dtype=torch.float64), 0.999),
    dtypes=["float64"],
)
_exact("a vocabulary of one", lambda rng: (rng.normal(3, 1), 0.3), dtypes=["float32"])
_exact("an empty batch", lambda rng: (rng.normal(0, 5), 0.5))
_exact("an empty batch, p = 1", lambda rng: (rng.normal(2, 0, 5), 1.0), dtypes=["float32"])
_exact("a vocabulary of 50,257", lambda rng: _clear(lambda: _peaked(rng), 0.6), dtypes=["float64"])
case("p = 0", lambda rng: (rng.normal(2, 5), 0.0))
case("p negative", lambda rng: (rng.normal(2, 5), -0.5))
case("p just above 1", lambda rng: (rng.normal(2, 5), 1.0 + 2.0**-52), dtypes=["float64"])
case("p = 1.5", lambda rng: (rng.normal(6), 1.5), dtypes=["float64"])
case("p = 0, empty batch", lambda rng: (rng.normal(0, 5), 0.0), dtypes=["float64"])
case("p = 90, empty batch", lambda rng: (rng.normal(0, 5), 90.0), dtypes=["float64"])


def _peaked(rng):
    logits = rng.normal(1, 50_257)
    likely = rng.permutation(50_257)[:12]
    logits[0, likely] = 14.0 - 0.3 * torch.arange(12).double() + 0.1 * rng.uniform(12)
    return logits


def _check_range(p):
    if not 0 < p <= 1:
        raise ValueError("p")


def _filtered(logits, kept_first):
    """Keep the first `kept_first` [..., 1] tokens of each row's order."""
    order = torch.sort(logits, dim=-1, descending=True, stable=True).indices
    rank = torch.argsort(order, dim=-1)
    return torch.where(rank < kept_first, logits, -INF)


def _sorted(logits):
    ordered, order = torch.sort(logits, dim=-1, descending=True, stable=True)
    probabilities = torch.softmax(ordered, dim=-1)
    return ordered, order, probabilities


@mistake("Keep the token that makes the sum reach p: look at the mass before each token.")
def drops_the_crossing_token(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    fitting = (_sorted(logits)[2].cumsum(-1) <= p).sum(-1, keepdim=True)
    return _filtered(logits, fitting.clamp(min=1))


@mistake("With a small p nothing is left: the likeliest token is always kept.")
def may_keep_nothing(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    return _filtered(logits, (_sorted(logits)[2].cumsum(-1) <= p).sum(-1, keepdim=True))


@mistake("A sum that is exactly p is enough: the next token goes.")
def one_more_on_an_exact_sum(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    ordered, order, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    kept = ordered.masked_fill(before > p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("p = 1 keeps every finite logit: the sum rounds to 1 before the tail is reached.")
def loses_the_tail_at_one(logits, p):
    _check_range(p)
    ordered, order, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    kept = ordered.masked_fill(before >= p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("The mask belongs to the sorted order: scatter it back to the tokens' own places.")
def mask_not_scattered_back(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    _, _, probabilities = _sorted(logits)
    return logits.masked_fill(probabilities.cumsum(-1) - probabilities >= p, -INF)


@mistake("The result comes out sorted: put the logits back to the tokens' own places.")
def stays_sorted(logits, p):
    _check_range(p)
    ordered, _, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    return ordered if p == 1 else ordered.masked_fill(before >= p, -INF)


@mistake("Gathering with the sort's indices once more does not undo it: scatter, or invert them.")
def gathers_to_undo(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    _, order, probabilities = _sorted(logits)
    gone = (probabilities.cumsum(-1) - probabilities >= p).gather(-1, order)
    return logits.masked_fill(gone, -INF)


@mistake("Top-p is about the summed mass; a threshold on each probability is another filter.")
def threshold_on_probabilities(logits, p):
    _check_range(p)
    return logits.masked_fill(torch.softmax(logits, dim=-1) < 1 - p, -INF)


@mistake("Sum in the order of probability: this sums in the order of the vocabulary.")
def does_not_sort(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    probabilities = torch.softmax(logits, dim=-1)
    return logits.masked_fill(probabilities.cumsum(-1) - probabilities >= p, -INF)


@mistake("Sum from the likeliest token downwards: this keeps the least likely ones.")
def sorts_upwards(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    ordered, order = torch.sort(logits, dim=-1, stable=True)
    probabilities = torch.softmax(ordered, dim=-1)
    kept = ordered.masked_fill(probabilities.cumsum(-1) - probabilities >= p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("Logits are no probabilities: take softmax before you sum.")
def sums_logits(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    ordered, order, _ = _sorted(logits)
    before = ordered.cumsum(-1) - ordered
    kept = ordered.masked_fill(before >= p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("Rows do not know of each other: sort and sum along the last dimension.")
def over_the_batch(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    flat = logits.reshape(-1)
    ordered, order, probabilities = _sorted(flat)
    kept = ordered.masked_fill(probabilities.cumsum(-1) - probabilities >= p, -INF)
    return torch.full_like(flat, -INF).scatter(-1, order, kept).reshape(logits.shape)


@mistake("Among equal logits the lower index comes first; a flipped sort puts the higher first.")
def higher_index_on_ties(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    order = torch.sort(logits, dim=-1, stable=True).indices.flip(-1)
    ordered = logits.gather(-1, order)
    probabilities = torch.softmax(ordered, dim=-1)
    kept = ordered.masked_fill(probabilities.cumsum(-1) - probabilities >= p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("A probability threshold keeps all ties at the border: choose positions, not values.")
def keeps_ties_at_the_border(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    ordered, _, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    last = ordered.masked_fill(before >= p, INF).amin(-1, keepdim=True)
    return logits.masked_fill(logits < last, -INF)


@mistake("A logit of 0 still has probability: fill with -inf.")
def zero_instead_of_inf(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    ordered, order, probabilities = _sorted(logits)
    kept = ordered.masked_fill(probabilities.cumsum(-1) - probabilities >= p, 0.0)
    return torch.zeros_like(logits).scatter(-1, order, kept)


@mistake("Return logits, as they were: softmax and its sums only decide which of them stay.")
def returns_probabilities(logits, p):
    _check_range(p)
    ordered, order, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    kept = ordered if p == 1 else ordered.masked_fill(before >= p, -INF)
    return torch.softmax(torch.full_like(logits, -INF).scatter(-1, order, kept), dim=-1)


@mistake("Return the logits as they were, not their log-softmax: kept values stay bit for bit.")
def returns_log_probabilities(logits, p):
    _check_range(p)
    ordered, order, probabilities = _sorted(torch.log_softmax(logits, dim=-1))
    before = probabilities.cumsum(-1) - probabilities
    kept = ordered if p == 1 else ordered.masked_fill(before >= p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("exp overflows for large logits: use torch.softmax, or subtract the maximum first.")
def overflows(logits, p):
    _check_range(p)
    if p == 1:
        return logits.clone()
    ordered, order, _ = _sorted(logits)
    weights = ordered.exp()
    mass = (weights / weights.sum(-1, keepdim=True)).cumsum(-1)
    before = torch.cat([torch.zeros_like(mass[..., :1]), mass[..., :-1]], -1)
    kept = ordered.masked_fill(~(before < p), -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("p outside 0 < p <= 1 must raise ValueError, before anything else is done.")
def accepts_any_p(logits, p):
    if p >= 1:
        return logits.clone()
    ordered, order, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    kept = ordered.masked_fill(before >= p, -INF)
    kept[..., :1] = ordered[..., :1]
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("p = 0 must raise ValueError: the range is 0 < p <= 1.")
def accepts_zero(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    ordered, order, probabilities = _sorted(logits)
    before = probabilities.cumsum(-1) - probabilities
    kept = ordered.masked_fill(before >= p, -INF)
    kept[..., :1] = ordered[..., :1]
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("p = 1 is allowed: it keeps every finite logit.")
def refuses_one(logits, p):
    if not 0 < p < 1:
        raise ValueError("p")
    ordered, order, probabilities = _sorted(logits)
    kept = ordered.masked_fill(probabilities.cumsum(-1) - probabilities >= p, -INF)
    return torch.full_like(logits, -INF).scatter(-1, order, kept)


@mistake("Write into a new tensor: the caller's logits were changed.")
def changes_its_input(logits, p):
    _check_range(p)
    if p == 1:
        return logits
    _, order, probabilities = _sorted(logits)
    gone = probabilities.cumsum(-1) - probabilities >= p
    logits[torch.zeros_like(gone).scatter(-1, order, gone)] = -INF
    return logits


@alternative
def by_counting(logits, p):
    """How many sums stay below p, plus one: so many ranks survive."""
    if p <= 0 or p > 1:
        raise ValueError(f"p = {p} is not in (0, 1]")
    ranks = logits.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    if p == 1:
        return logits
    sums = torch.softmax(logits, -1).sort(dim=-1, descending=True).values.cumsum(-1)
    few = (sums < p).sum(dim=-1, keepdim=True) + 1
    return torch.where(ranks < few, logits, torch.tensor(-INF, dtype=logits.dtype))


@alternative
def by_a_loop(logits, p):
    """Row after row in plain Python."""
    if not (p > 0.0 and p <= 1.0):
        raise ValueError
    rows = logits.detach().reshape(-1, logits.shape[-1]).tolist()
    filtered = logits.new_full((len(rows), logits.shape[-1]), -INF)
    for number, row in enumerate(rows):
        likely = torch.softmax(torch.tensor(row, dtype=torch.float64), dim=0).tolist()
        left = p
        for index in sorted(range(len(row)), key=lambda i: (-row[i], i)):
            if left <= 0 and p < 1:
                break
            filtered[number, index] = row[index]
            left -= likely[index]
    return filtered.reshape(logits.shape)

"""What a linear layer must be, and how it goes wrong."""

import math

import torch
from torch import Tensor, nn

from studytrack.grader.authoring import alternative, case, check, close, mistake, module

case("a batch", lambda rng: module(rng.normal(4, 3), in_features=3, out_features=5))
case(
    "a batch without a bias",
    lambda rng: module(rng.normal(4, 3), in_features=3, out_features=5, bias=False),
)
case(
    "as many outputs as inputs", lambda rng: module(rng.normal(3, 4), in_features=4, out_features=4)
)
case(
    "square, without a bias",
    lambda rng: module(rng.normal(2, 4), in_features=4, out_features=4, bias=False),
)
case(
    "as many rows as inputs and outputs",
    lambda rng: module(rng.normal(5, 5), in_features=5, out_features=5),
)
case("no leading dimension", lambda rng: module(rng.normal(6), in_features=6, out_features=2))
case(
    "three leading dimensions",
    lambda rng: module(rng.normal(2, 3, 4, 6), in_features=6, out_features=5),
)
case("one input", lambda rng: module(rng.normal(3, 2, 1), in_features=1, out_features=4))
case("one output", lambda rng: module(rng.normal(3, 2, 5), in_features=5, out_features=1))
case("one of each", lambda rng: module(rng.normal(1, 1), in_features=1, out_features=1))
case("large inputs", lambda rng: module(rng.normal(3, 4, scale=1e4), in_features=4, out_features=3))
case("an empty batch", lambda rng: module(rng.normal(0, 3), in_features=3, out_features=2))
case(
    "an empty batch of sequences",
    lambda rng: module(rng.normal(2, 0, 3), in_features=3, out_features=2, bias=False),
)


def _uneven(values, bound):
    """Tell how a sample parts from a uniform law on [-bound, bound], "" if it does not."""
    scaled = values.double().flatten().sort().values / bound
    even = torch.linspace(-1, 1, scaled.numel(), dtype=torch.float64)
    # the largest gap between the two distribution functions (Kolmogorov): 3/sqrt(n) is 1 in 10^7
    if (scaled - even).abs().max().item() / 2 < 3 / math.sqrt(scaled.numel()):
        return ""
    return f"mean {values.mean().item():.3g}, standard deviation {values.std().item():.3g}"


def _state(layer, *names):
    """Return a new layer's state, which must hold `names`."""
    state = layer.state()
    assert sorted(state) == sorted(names), (
        f"the state must hold {sorted(names)}, found {sorted(state)}"
    )
    return [state[name] for name in names]


@check("the state has the names and shapes of nn.Linear's")
def names(fn):
    weight, bias = _state(fn(3, 5), "weight", "bias")
    assert weight.shape == (5, 3), f"weight must be [out, in] = [5, 3], found {list(weight.shape)}"
    assert bias.shape == (5,), f"bias must be [5], found {list(bias.shape)}"
    assert weight.dtype == bias.dtype == torch.float32, "a new module's numbers are float32"


@check("without a bias")
def no_bias(fn):
    layer = fn(3, 5, bias=False)
    _state(layer, "weight")
    assert layer.attr("bias") is None, "with bias=False the attribute `bias` must be None"
    _state(fn(3, 5, False), "weight")


@check("an optimiser sees the parameters")
def trainable(fn):
    for bias, want in ((True, ["bias", "weight"]), (False, ["weight"])):
        found = sorted(fn(4, 2, bias=bias).trainable())
        assert found == want, (
            f"with bias={bias} the trained parameters must be {want}, found {found}"
        )


@check("weights begin within 1/sqrt(in_features)")
def weight_bounds(fn):
    for inputs, outputs in ((100, 9), (4, 900)):
        weight, _ = _state(fn(inputs, outputs), "weight", "bias")
        found, bound = weight.abs().max().item(), inputs**-0.5
        assert found <= bound * (1 + 1e-6), (
            f"with {inputs} inputs up to {bound:.4g} expected, found {found:.4g}"
        )


@check("weights come near 1/sqrt(in_features)")
def weight_reach(fn):
    for inputs, outputs in ((100, 9), (4, 900)):
        weight, _ = _state(fn(inputs, outputs), "weight", "bias")
        found, bound = weight.abs().max().item(), inputs**-0.5
        assert found >= 0.97 * bound, (
            f"with {inputs} inputs up to {bound:.4g} expected, found only {found:.4g}"
        )


@check("weights begin evenly spread")
def weight_law(fn):
    (weight,) = _state(fn(64, 96, bias=False), "weight")
    odd = _uneven(weight, weight.abs().max().item() or 1.0)
    assert not odd, f"the weights are not uniform between two bounds: {odd}"


@check("weights begin on both sides of 0")
def weight_signs(fn):
    (weight,) = _state(fn(64, 96, bias=False), "weight")
    share = (weight > 0).double().mean().item()
    assert 0.4 < share < 0.6, f"half of the weights should be above 0, found {share:.0%}"


@check("the bias begins by the same law")
def bias_law(fn):
    for inputs, outputs in ((25, 3_000), (400, 1_000)):
        _, bias = _state(fn(inputs, outputs), "weight", "bias")
        bound = inputs**-0.5
        found = bias.abs().max().item()
        assert 0.97 * bound <= found <= bound * (1 + 1e-6), (
            f"{inputs} inputs: a bias up to {bound:.4g} expected, found up to {found:.4g}"
        )
        odd = _uneven(bias, bound)
        assert not odd, f"the bias is not uniform: {odd}"


@check("every number is drawn anew")
def fresh(fn):
    (first, shift), (second, other) = (_state(fn(30, 40), "weight", "bias") for _ in range(2))
    assert not torch.equal(first, second), "two modules begin with the same weights"
    assert not torch.equal(shift, other), "two modules begin with the same bias"
    assert first.unique().numel() > 1_100, "many of the 1,200 weights are equal"
    assert shift.unique().numel() > 30, "many of the 40 biases are equal"


@check("two modules do not share")
def instances(fn, rng):
    one, two = fn(3, 2), fn(3, 2)
    x = rng.normal(4, 3)
    drawn = [(rng.normal(2, 3), rng.normal(2)) for _ in range(2)]
    for layer, (weight, bias) in zip((one, two), drawn, strict=True):
        layer.load({"weight": weight, "bias": bias})
    for layer, (weight, bias) in zip((one, two, one), (*drawn, drawn[0]), strict=True):
        got = layer(x)
        assert isinstance(got, Tensor), "the result must be a tensor"
        assert close(got, x @ weight.T + bias), "a module does not use its own parameters"


@check("parameters loaded later count")
def reloaded(fn, rng):
    layer = fn(3, 2)
    for dtype in (torch.float64, torch.float64, torch.float32):
        weight, bias, x = (rng.normal(*shape).to(dtype) for shape in ((2, 3), (2,), (4, 3)))
        layer.load({"weight": weight, "bias": bias})
        for _ in range(2):
            got = layer(x)
            assert isinstance(got, Tensor), "the result must be a tensor"
            right = close(got, x @ weight.T + bias, rtol=1e-4, atol=1e-5)
            assert right, "after loading, a call must use the new parameters"
        after = layer.state()
        same = torch.equal(after["weight"], weight) and torch.equal(after["bias"], bias)
        assert same, "a call must leave the parameters as they are"


def _draw(in_features, *shape):
    bound = 1 / math.sqrt(in_features)
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


class _Right(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = _draw(in_features, out_features, in_features)
        self.bias = _draw(in_features, out_features) if bias else None

    def forward(self, x):
        y = x @ self.weight.T
        return y + self.bias if self.bias is not None else y


@mistake("The state_dict must hold weight and bias, no more and no less: each an nn.Parameter.")
class PlainTensor(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = in_features**-0.5
        self.weight = torch.empty(out_features, in_features).uniform_(-bound, bound)
        self.bias = torch.empty(out_features).uniform_(-bound, bound) if bias else None

    def forward(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


@mistake("torch stores weight as [out, in], and multiplies by its transpose.")
class Transposed(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = _draw(in_features, in_features, out_features)
        self.bias = _draw(in_features, out_features) if bias else None

    def forward(self, x):
        y = x @ self.weight
        return y if self.bias is None else y + self.bias


@mistake("bias=False must be heeded: then the state_dict holds weight only.")
class AlwaysBias(_Right):
    def __init__(self, in_features, out_features, bias=True):
        del bias
        super().__init__(in_features, out_features)


@mistake("With bias=False the attribute bias must be there, and be None.")
class NoBiasAttribute(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = _draw(in_features, out_features, in_features)
        if bias:
            self.bias = _draw(in_features, out_features)

    def forward(self, x):
        y = x @ self.weight.T
        return y + self.bias if hasattr(self, "bias") else y


@mistake("The bias is never added.")
class ForgetsBias(_Right):
    def forward(self, x):
        return x @ self.weight.T


@mistake("Any leading dimensions: this takes x for a matrix.")
class MatrixOnly(_Right):
    def forward(self, x):
        rows, inputs = x.shape
        y = x.reshape(rows, inputs) @ self.weight.T
        return y + self.bias if self.bias is not None else y


@mistake("Take the weight as it is at each call: a kept transpose misses what is loaded later.")
class KeptTranspose(_Right):
    def forward(self, x):
        if not hasattr(self, "turned"):
            self.turned = self.weight.T.contiguous()
        y = x @ self.turned
        return y + self.bias if self.bias is not None else y


@mistake("The leading dimensions are lost: the result must keep them.")
class Flattens(_Right):
    def forward(self, x):
        y = x.reshape(-1, x.shape[-1]) @ self.weight.T
        return y + self.bias if self.bias is not None else y


@mistake(".data and detach() cut the graph: no gradient reaches the parameters.")
class UsesData(_Right):
    def forward(self, x):
        y = x @ self.weight.data.T
        return y + self.bias.data if self.bias is not None else y


@mistake("The result has the dtype of x and the parameters: do not cast to float32.")
class AlwaysFloat32(_Right):
    def forward(self, x):
        y = x.float() @ self.weight.T.float()
        return y + self.bias.float() if self.bias is not None else y


@mistake("The first weights are uniform, not normal.")
class NormalWeights(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.normal_(self.weight, std=in_features**-0.5)


@mistake("The first weights are left at zero, or at whatever torch.empty found: draw them.")
class ZeroWeights(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.zeros_(self.weight)


@mistake("torch.rand is positive: draw between -bound and bound.")
class PositiveWeights(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.weight.data.abs_()


@mistake("The bound is 1/sqrt(in_features): this one depends on the outputs.")
class BoundOfOutputs(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = _draw(out_features, out_features, in_features)
        self.bias = _draw(out_features, out_features) if bias else None

    def forward(self, x):
        y = x @ self.weight.T
        return y + self.bias if self.bias is not None else y


@mistake("The bound is 1/sqrt(in_features): Kaiming's default is sqrt(6) times as wide.")
class KaimingWeights(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.kaiming_uniform_(self.weight)


@mistake("The bound is 1/sqrt(in_features): Xavier's depends on the outputs as well.")
class XavierWeights(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.xavier_uniform_(self.weight)


@mistake("The bound is 1/sqrt(in_features), not 1/in_features.")
class NoSquareRoot(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.weight.data.div_(math.sqrt(in_features))
        if bias:
            self.bias.data.div_(math.sqrt(in_features))


@mistake("The bias begins uniform as well, not at zero.")
class ZeroBias(_Right):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if bias:
            nn.init.zeros_(self.bias)


@mistake("Draw anew for every module: with a fixed seed all layers begin alike.")
class FixedSeed(_Right):
    def __init__(self, in_features, out_features, bias=True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            super().__init__(in_features, out_features, bias)


@alternative
class ByEinsum(nn.Module):
    """Registered parameters, torch's own initialiser, einsum."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.register_parameter("weight", nn.Parameter(torch.Tensor(out_features, in_features)))
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_features)) if bias else None)
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        if bias:
            nn.init.uniform_(self.bias, -1 / math.sqrt(in_features), 1 / math.sqrt(in_features))

    def forward(self, x):
        y = torch.einsum("...i,oi->...o", x, self.weight)
        if self.bias is not None:
            y += self.bias
        return y


@alternative
class BySums(nn.Module):
    """Broadcast, multiply and sum; drawn from rand."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        spread = 2 / in_features**0.5
        self.weight = nn.Parameter((torch.rand(out_features, in_features) - 0.5) * spread)
        self.bias = nn.Parameter((torch.rand(out_features) - 0.5) * spread) if bias else None

    def forward(self, x):
        y = (x.unsqueeze(-2) * self.weight).sum(-1)
        return y if self.bias is None else y + self.bias

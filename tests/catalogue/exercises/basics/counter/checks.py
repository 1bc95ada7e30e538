"""What a scale must do, and how it goes wrong."""

import torch
from torch import nn

from studytrack.grader.authoring import alternative, case, check, mistake, module

case("a row", lambda rng: module(rng.normal(6), start=2.0))
case("a batch", lambda rng: module(rng.normal(3, 4), start=-0.5))
case("the start left out", lambda rng: module(rng.normal(2, 3, 4)))


@check("it begins at `start`")
def begins(fn):
    """The parameter's first value is the argument's."""
    given, default = fn(start=2.5).state(), fn().state()

    assert list(given) == ["scale"], f"the state must hold ['scale'], found {list(given)}"
    assert given["scale"].tolist() == 2.5, "`scale` must be one number that begins at `start`"
    assert default["scale"].tolist() == 1.0, "without an argument `scale` begins at 1"


@check("an optimiser sees `scale`")
def trainable(fn):
    """The one parameter is trainable."""
    found = fn(start=2.0).trainable()

    assert found == ["scale"], f"the trainable parameters must be ['scale'], found {found}"


@mistake("A plain tensor is no parameter: wrap it in nn.Parameter.")
class PlainTensor(nn.Module):
    """Keep a tensor that nobody trains."""

    def __init__(self, start=1.0):
        super().__init__()
        self.scale = torch.tensor(start)

    def forward(self, x):
        """Multiply."""
        return x * self.scale


@mistake("Multiply by the scale, do not add it.")
class Adds(nn.Module):
    """Add in place of multiplying."""

    def __init__(self, start=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(start))

    def forward(self, x):
        """Add."""
        return x + self.scale


@mistake("The scale begins at `start`, not at 1.")
class IgnoresStart(nn.Module):
    """Forget the argument."""

    def __init__(self, start=1.0):
        super().__init__()
        del start
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        """Multiply."""
        return x * self.scale


@alternative
class Registered(nn.Module):
    """Register the parameter by name."""

    def __init__(self, start=1.0):
        super().__init__()
        self.register_parameter("scale", nn.Parameter(torch.full((), float(start))))

    def forward(self, x):
        """Multiply."""
        return torch.mul(self.scale, x)

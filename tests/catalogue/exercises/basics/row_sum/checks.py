"""What a sum of rows must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, case, check, close, mistake

case(
    "the example of the statement",
    lambda _: torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64),
    shown=True,
)
case("a square", lambda rng: rng.normal(4, 4))
case("a wide matrix", lambda rng: rng.normal(3, 7))
case("a cube", lambda rng: rng.normal(2, 3, 5))
case("one row", lambda rng: rng.normal(6))
case("rows without entries", lambda rng: rng.normal(3, 0))


@check("a row counts as often as it is given")
def linear(fn, rng):
    """Twice the input is twice the sum."""
    x = rng.normal(3, 4)
    assert close(fn(2 * x), 2 * fn(x)), "twice the input must give twice the sum"


@mistake("Sum along the last dimension: these are the sums of the columns.")
def sums_columns(x):
    """Sum over the first dimension."""
    return x.sum(dim=0)


@mistake("A sum, not a mean: do not divide by the number of entries.")
def takes_the_mean(x):
    """Divide by the width."""
    return x.sum(dim=-1) / max(x.shape[-1], 1)


@mistake("The gradient is lost: do not detach on the way.")
def detaches(x):
    """Cut the graph."""
    return x.detach().sum(dim=-1)


@alternative
def by_matmul(x):
    """Multiply with a vector of ones."""
    return x @ torch.ones(x.shape[-1], dtype=x.dtype, device=x.device)

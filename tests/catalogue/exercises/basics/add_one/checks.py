"""What adding one must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, case, mistake

case(
    "the example of the statement",
    lambda _: torch.tensor([1.0, 2.5], dtype=torch.float64),
    shown=True,
)
case("a matrix", lambda rng: rng.normal(3, 5))
case("a cube", lambda rng: rng.normal(2, 3, 4, scale=10))
case("one number", lambda rng: rng.normal())
case("nothing", lambda rng: rng.normal(0, 3))


@mistake("One is added, not two.")
def adds_two(x):
    """Add too much."""
    return x + 2


@mistake("Return a new tensor: the caller's was changed.")
def changes_its_input(x):
    """Add in place."""
    return x.add_(1)


@alternative
def by_torch(x):
    """Add with a function and a tensor of ones."""
    return torch.add(x, torch.ones_like(x))

"""A reduction with a gradient; tests of the tool grade it."""

from torch import Tensor


def row_sum(x: Tensor) -> Tensor:
    """Return the sum of each row.

    Shapes: x [..., D] -> [...].
    """
    # solution
    return x.sum(dim=-1)
    # end

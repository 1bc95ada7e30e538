"""The smallest exercise there is; tests of the tool grade it."""

from torch import Tensor


def add_one(x: Tensor) -> Tensor:
    """Return every entry plus 1.

    Shapes: x [...] -> [...].
    """
    # solution
    return x + 1
    # end

"""Softmax with the maximum of each slice subtracted (Goodfellow et al. 2016, section 4.1).

The rule for a slice of only -inf is ours: torch answers NaN. NaN and +inf are left out.
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Normalise exp(x) along dim; a slice of only -inf gives 0.

    Shapes: x [...] -> [...].
    """
    # solution
    peak = x.detach().amax(dim, keepdim=True)
    peak = peak.masked_fill(peak == -torch.inf, 0.0)  # -inf - (-inf) would be NaN
    weights = (x - peak).exp()  # at most 1
    total = weights.sum(dim, keepdim=True)  # at least 1, or 0 in a slice of -inf
    return weights / total.masked_fill(total == 0, 1.0)
    # end

"""The causal mask of Vaswani et al. 2017, section 3.2.3, aligned to the last key.

Other libraries align to the first key when tq != tk; that convention is left out.
"""

import torch
from torch import Tensor


def causal_mask(tq: int, tk: int, device: str = "cpu") -> Tensor:
    """Tell which keys each query may attend to; the queries are the last tq positions.

    Shapes: -> bool [tq, tk].
    """
    # solution
    if tq > tk:
        raise ValueError("there are more queries than keys")
    allowed = torch.ones(tq, tk, dtype=torch.bool, device=device)
    return allowed.tril(diagonal=tk - tq)
    # end

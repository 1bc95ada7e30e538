"""Multi-head self-attention (Vaswani et al. 2017, section 3.2.2).

Left out: biases, dropout, padding masks, and projections packed into one matrix.
"""

import math

import torch
from torch import Tensor


def mha(
    x: Tensor,
    wq: Tensor,
    wk: Tensor,
    wv: Tensor,
    wo: Tensor,
    n_heads: int,
    causal: bool = False,
) -> Tensor:
    """Attend in n_heads slices of the features, join them and project.

    Shapes: x [B, T, C], weights [C, C] as (out, in) -> [B, T, C].
    """
    # solution
    batch, length, width = x.shape
    if width % n_heads:
        raise ValueError("the features cannot be shared evenly among the heads")
    size = width // n_heads
    q, k, v = (
        (x @ weight.T).view(batch, length, n_heads, size).transpose(1, 2)  # (B, H, T, d)
        for weight in (wq, wk, wv)
    )
    scores = q @ k.transpose(-2, -1) / math.sqrt(size)  # (B, H, T, T)
    if causal:
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        scores = scores.masked_fill(future, -torch.inf)
    mixed = scores.softmax(-1) @ v
    joined = mixed.transpose(1, 2).reshape(batch, length, width)
    return joined @ wo.T
    # end

"""Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1).

The rule for a query that may attend to nothing is ours. Left out: dropout, additive masks, and
the tiled form that never holds all scores at once.
"""

import math

import torch
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average the values with weights softmax(q k^T / sqrt(D)); True in the mask may attend.

    Shapes: q [..., Tq, D], k [..., Tk, D], v [..., Tk, Dv], mask bool, broadcastable to
    [..., Tq, Tk] -> [..., Tq, Dv].
    """
    # solution
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (..., Tq, Tk)
    if mask is None:
        return scores.softmax(-1) @ v
    scores = scores.masked_fill(~mask, -torch.inf)
    blind = ~mask.any(-1, keepdim=True)  # queries that may attend to nothing
    weights = scores.masked_fill(blind, 0.0).softmax(-1)  # no NaN, so none in backward either
    return weights.masked_fill(blind, 0.0) @ v
    # end

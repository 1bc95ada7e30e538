"""Nucleus sampling's filter as in Holtzman et al. 2020, "The Curious Case of Neural Text
Degeneration", section 3.1.

The whole row is sorted, although the nucleus is mostly short: fast samplers take the top few
hundred first. Drawing a token and a lower bound on how many are kept are left out.
"""

import torch
from torch import Tensor


def top_p_filter(logits: Tensor, p: float) -> Tensor:
    """Keep the shortest prefix of the likeliest tokens whose mass is at least p, -inf elsewhere.

    Shapes: logits [..., V] -> [..., V].
    """
    # solution
    if not 0 < p <= 1:
        raise ValueError("p must be above 0 and at most 1")
    if p == 1:  # a cumulative sum rounds to 1 before the tail is reached
        return logits.clone()
    ordered, order = torch.sort(logits, dim=-1, descending=True, stable=True)
    mass = torch.softmax(ordered, dim=-1).cumsum(dim=-1)  # (..., V)
    before = torch.nn.functional.pad(mass[..., :-1], (1, 0))  # 0 for the first
    kept = ordered.masked_fill(before >= p, -torch.inf)
    return torch.full_like(logits, -torch.inf).scatter(-1, order, kept)
    # end

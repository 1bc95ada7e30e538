"""Softmax at a temperature, as in Ackley, Hinton and Sejnowski 1985, "A Learning Algorithm for
Boltzmann Machines", with its two limits.

Drawing from the probabilities is left out.
"""

import math

import torch
from torch import Tensor


def apply_temperature(logits: Tensor, t: float) -> Tensor:
    """Return softmax(logits / t), one-hot at t = 0, uniform over finite logits at t = inf.

    Shapes: logits [..., V] -> [..., V].
    """
    # solution
    if t < 0:
        raise ValueError("t must not be negative")
    if t == 0:
        best = logits == logits.amax(dim=-1, keepdim=True)
        first = best & (best.cumsum(dim=-1) == 1)  # the lowest index of several
        return first.to(logits.dtype)
    if math.isinf(t):
        flat = torch.zeros_like(logits).masked_fill(logits == -torch.inf, -torch.inf)
        return torch.softmax(flat, dim=-1)
    return torch.softmax(logits / t, dim=-1)
    # end

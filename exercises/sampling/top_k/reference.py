"""Top-k filtering as in Fan et al. 2018, "Hierarchical Neural Story Generation", section 5.

A stable sort decides ties by position; it is not the fastest way, only the plainest.
"""

import torch
from torch import Tensor


def top_k_filter(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of every row, set the rest to -inf.

    Shapes: logits [..., V] -> [..., V].
    """
    # solution
    if k < 1:
        raise ValueError("k must be at least 1")
    order = torch.sort(logits, dim=-1, descending=True, stable=True).indices  # (..., V)
    kept = order[..., :k]  # slicing past V is harmless
    filtered = torch.full_like(logits, -torch.inf)
    return filtered.scatter(-1, kept, logits.gather(-1, kept))
    # end

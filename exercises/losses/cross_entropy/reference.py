"""Token-level cross-entropy (Goodfellow et al. 2016, section 6.2.2), computed from logits.

The rule for a batch in which nothing counts is ours. Left out: class weights, label smoothing,
and targets that are probabilities.
"""

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, targets: Tensor, ignore_index: int = -100) -> Tensor:
    """Average -log softmax(logits)[target] over the targets that are not ignore_index.

    Shapes: logits [..., V], targets int64 [...] -> [].
    """
    # solution
    counts = targets != ignore_index
    safe = targets.masked_fill(~counts, 0)  # gather cannot read at -100
    picked = logits.gather(-1, safe.unsqueeze(-1)).squeeze(-1)
    losses = torch.logsumexp(logits, -1) - picked  # (...)
    return losses.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)
    # end

"""Layer normalisation (Ba et al. 2016) over the last dimension, as `F.layer_norm` computes it.

Left out: normalising several dimensions at once, and a layer without scale or shift.
"""

import torch
from torch import Tensor


def layer_norm(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise every token to mean 0 and variance 1, then scale by w and shift by b.

    Shapes: x [..., D], w [D], b [D] -> [..., D].
    """
    # solution
    wide = torch.promote_types(x.dtype, torch.float32)  # float32 for 16 bits, else x's own
    centred = x.to(wide) - x.to(wide).mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)  # two passes: no E[x^2] - E[x]^2
    normed = centred * torch.rsqrt(variance + eps)
    return (normed * w.to(wide) + b.to(wide)).to(x.dtype)
    # end

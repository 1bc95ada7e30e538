"""torch.nn.Linear's parameters, first values and result, without its fused kernel.

torch writes the first values as `kaiming_uniform_(a=sqrt(5))`, which is the same law. Device and
dtype arguments are left out.
"""

import torch
from torch import Tensor, nn


class Linear(nn.Module):
    """x times the transposed weight, plus the bias."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        # solution
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))
        else:
            self.register_parameter("bias", None)
        # end

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs.

        Shapes: x [..., I] -> [..., O].
        """
        # solution
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias
        # end

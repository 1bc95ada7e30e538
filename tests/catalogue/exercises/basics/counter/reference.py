"""A class to grade; tests of the tool use it."""

import torch
from torch import Tensor, nn


class Scale(nn.Module):
    """Multiply by one learnt number."""

    def __init__(self, start: float = 1.0) -> None:
        super().__init__()
        # solution
        self.scale = nn.Parameter(torch.tensor(start))
        # end

    def forward(self, x: Tensor) -> Tensor:
        """Return x times the scale.

        Shapes: x [...] -> [...].
        """
        # solution
        return x * self.scale
        # end

"""A trusted solution in the shape in which checks see submissions.

Lets the diagnosis run an exercise's own mistakes through its checks without a runner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.runner import identities


class LocalFunction:
    """`fn` of a check, for a function of this process (as `remote.RemoteFunction`)."""

    def __init__(self, solution: Callable[..., Any]) -> None:
        self._solution = solution
        self.aliased = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self._solution(*args, **kwargs)
        self.aliased = bool(identities(result) & identities([list(args), kwargs]))
        return result


class LocalClass:
    """`fn` of a check, for a class of this process (as `remote.RemoteClass`)."""

    def __init__(self, solution: Callable[..., Any]) -> None:
        self._solution = solution

    def __call__(self, *args: Any, **kwargs: Any) -> LocalObject:
        return LocalObject(self._solution(*args, **kwargs))


class LocalObject:
    """An instance of this process (as `remote.RemoteObject`)."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._target(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._target, name)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Set parameters and buffers; names must fit exactly, dtype follows the values."""
        dtype = next((v.dtype for v in values.values() if v.is_floating_point()), torch.float32)
        self._target.to(dtype)
        self._target.load_state_dict({name: v.detach().clone() for name, v in values.items()})

    def state(self) -> dict[str, Tensor]:
        """Return parameters and buffers by name."""
        return {name: v.detach().clone() for name, v in self._target.state_dict().items()}

    def trainable(self) -> list[str]:
        """Return the names of the parameters that an optimiser would see."""
        return [name for name, v in self._target.named_parameters() if v.requires_grad]

    def attr(self, name: str) -> Any:
        """Return an attribute's value."""
        return getattr(self._target, name)

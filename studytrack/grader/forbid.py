"""Forbidden calls inside the runner: what a name closes once the text has been read.

`policy` finds names in the text; this catches what a name built at run time reaches. Three nets:
classes and Python functions of that name are replaced where torch keeps them; the operators
behind it lose their kernels; and the first call is watched by torch's function and dispatch
modes, which see a name wherever it comes from but cost 20 µs an operator. It is a policy that
teaches, not a boundary: code that wants to get round it can (`tests/attacks` records how), and
no verdict may rest on it.
"""

from __future__ import annotations

import contextlib
import sys
import types
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NoReturn

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from studytrack.grader.policy import teaching

# Operators of one family that share no word with the name that a learner would write.
RELATIVES: Mapping[str, tuple[str, ...]] = {
    "scaled_dot_product_attention": (
        "scaled_dot_product",
        "flash_attention",
        "efficient_attention",
    ),
    "multi_head_attention_forward": ("multi_head_attention", "transformer_encoder_layer"),
    "MultiheadAttention": ("multi_head_attention", "transformer_encoder_layer"),
}
_COMPOSITE = "CompositeImplicitAutograd"
_BACKENDS = ("SparseCPU", "MkldnnCPU", "NestedTensorCPU", "CUDA")
_HOMES = (
    "torch", "torch.special", "torch.Tensor", "torch.nn", "torch.nn.functional", "torch.nn.modules",
    "torch.nn.attention.flex_attention", "torch._refs", "torch._refs.nn.functional",
    "torch._decomp.decompositions",
)  # fmt: skip


class ForbiddenCall(Exception):
    """The submission used what the exercise asks to build; the message teaches."""


def _keys(operator: str) -> tuple[str, ...]:
    """Return the dispatch keys under which an operator computes."""

    def has(key: str) -> bool:
        return bool(torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{operator}", key))  # noqa: SLF001 - torch has no public name for it

    first: tuple[str, ...]
    if has(_COMPOSITE):
        first = (_COMPOSITE,)  # also what `decompose` and a redispatch would reach
    elif operator.endswith("out") and not has("CPU"):
        first = ()  # calls the operator without `out`
    else:
        first = ("CPU",)
    return first + tuple(key for key in _BACKENDS if has(key))


def _indexed() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return torch's operators with their keys, by every run of words of their names."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for full in torch._C._dispatch_get_all_op_names():  # noqa: SLF001 - torch has no public list
        space, _, name = full.partition("::")
        if space != "aten" or "backward" in name:
            continue
        keys = _keys(name)
        words = [word.rstrip("0123456789") for word in name.partition(".")[0].split("_") if word]
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                found.setdefault("_".join(words[start:end]), {})[name] = keys
    return found


_OPERATORS = _indexed()  # 50 ms: built where this is imported, in the zygote


def operators(name: str) -> dict[str, tuple[str, ...]]:
    """Return the operators that a forbidden name stands for, overloads included, with keys."""
    found: dict[str, tuple[str, ...]] = {}
    for stem in (name, *RELATIVES.get(name, ())):
        found |= _OPERATORS.get("_".join(filter(None, stem.split("_"))), {})
    return found


class Closed:
    """The names that are closed in this process, for its whole life.

    Args:
        names: bare names such as `softmax` or `MultiheadAttention`; none closes nothing.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._watched = False
        self._library: Any = None
        if self._names:
            self._replace()
            self._remove()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what runs inside; only the first time, since watching costs time."""
        if not self._names or self._watched:
            yield
            return
        self._watched = True
        with self.watching():
            yield

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what runs inside, if there is anything to watch for."""
        if not self._names:
            yield
            return
        with _Functions(self._names), _Operators(self._names):
            yield

    def _replace(self) -> None:
        """Replace functions by ones that raise; a class keeps its name and cannot be made."""
        for home in _HOMES:
            place = torch.Tensor if home == "torch.Tensor" else sys.modules.get(home)
            for name in self._names:
                known = getattr(place, name, None)
                if isinstance(known, type):
                    known.__init__ = _raiser(name)  # type: ignore[misc]
                elif callable(known) and not isinstance(known, types.ModuleType):
                    setattr(place, name, _raiser(name))

    def _remove(self) -> None:
        """Put a kernel that raises under every operator; 15 to 30 µs each."""
        self._library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
        taken: dict[str, tuple[str, tuple[str, ...]]] = {}
        for name in sorted(self._names):
            for operator, keys in operators(name).items():
                taken.setdefault(operator, (name, keys))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that a kernel is replaced: it is meant
            for operator, (name, keys) in taken.items():
                for key in keys:
                    self._library.impl(operator, _raiser(name), key)


def _raiser(name: str) -> Callable[..., NoReturn]:
    def closed(*args: Any, **kwargs: Any) -> NoReturn:
        del args, kwargs
        raise ForbiddenCall(teaching(name))

    closed.__name__ = closed.__qualname__ = name
    return closed


class _Functions(TorchFunctionMode):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        _refuse(func, self._names)
        return func(*args, **(kwargs or {}))


class _Operators(TorchDispatchMode):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = names

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        _refuse(func, self._names)
        return func(*args, **(kwargs or {}))


def _refuse(func: Any, names: frozenset[str]) -> None:
    name = getattr(func, "__name__", "").partition(".")[0]
    if name in names:
        raise ForbiddenCall(teaching(name))

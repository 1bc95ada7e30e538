"""What an exercise's `checks.py` is written with.

    case("a batch", lambda rng: (rng.normal(4, 3, 32), 7))      # inputs; the reference answers

    @check("on a tie exactly k stay")                           # a property no pair shows
    def tie(fn): ...

    @mistake("A threshold keeps more than k on a tie.")         # a wrong solution, and its sentence
    def threshold(logits, k): ...

    @alternative                                                # a second right solution
    def by_sorting(logits, k): ...

Loading a file collects what it declares; nothing is run or judged here.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from studytrack.errors import StudytrackError
from studytrack.grader.draws import follows as follows  # noqa: PLC0414 - part of what checks use
from studytrack.grader.wire import NoAnswer

Defined = TypeVar("Defined", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """Construction of a module and one forward call; parameters are drawn by the judge."""

    ctor: Mapping[str, Any]
    inputs: tuple[Any, ...]


def call(*args: Any, **kwargs: Any) -> Call:
    """Return the arguments of a call with keywords, for `case`."""
    return Call(args, kwargs)


def module(*inputs: Any, **ctor: Any) -> ModuleCall:
    """Return a case of a class: construct with `ctor`, then call the module with `inputs`."""
    return ModuleCall(ctor, inputs)


class Rng:
    """Draws for cases: float64 and int64 CPU tensors, from one seed.

    The judge casts floats to each dtype of the exercise afterwards.
    """

    def __init__(self, seed: int) -> None:
        self._np = np.random.default_rng(seed)

    def normal(self, *shape: int, mean: float = 0.0, scale: float = 1.0) -> Tensor:
        """Draw a normal tensor of `shape`."""
        return torch.from_numpy(np.asarray(self._np.normal(mean, scale, shape), dtype=np.float64))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw uniformly from [low, high)."""
        return torch.from_numpy(np.asarray(self._np.uniform(low, high, shape), dtype=np.float64))

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw int64 from low to high - 1."""
        return torch.from_numpy(np.asarray(self._np.integers(low, high, shape), dtype=np.int64))

    def distinct(self, *shape: int, gap: float = 0.05) -> Tensor:
        """Draw values whose neighbours along the last dim differ by at least `gap` (no ties)."""
        width = shape[-1]
        rows = int(np.prod(shape[:-1], dtype=np.int64))
        steps = gap * (1.0 + self._np.uniform(0.1, 1.0, (rows, width)))
        values = np.cumsum(steps, axis=-1)
        values -= values.mean(axis=-1, keepdims=True)
        shuffled = np.stack([self._np.permutation(row) for row in values]) if rows else values
        return torch.from_numpy(shuffled.reshape(shape))

    def bools(self, *shape: int, p: float = 0.5) -> Tensor:
        """Draw True with probability `p`."""
        return torch.from_numpy(np.asarray(self._np.uniform(size=shape) < p))

    def permutation(self, count: int) -> Tensor:
        """Draw an order of `count` ids."""
        return torch.from_numpy(self._np.permutation(count).astype(np.int64))

    def int(self, low: int, high: int) -> int:
        """Draw one Python int from low to high, both included."""
        return int(self._np.integers(low, high + 1))

    def float(self, low: float, high: float) -> float:
        """Draw one Python float from [low, high)."""
        return float(self._np.uniform(low, high))

    def choice(self, options: Sequence[Any]) -> Any:
        """Draw one of `options`."""
        return options[int(self._np.integers(len(options)))]


def derive_seed(seed: int, *names: str) -> int:
    """Return a seed for one use of a run's seed; one way, so that no use reveals another."""
    text = "|".join((str(seed), *names)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1


Make = Callable[[Rng], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Inputs that are compared with the reference.

    `dtypes` and `gradients` override the front matter; `tolerance` maps a dtype name to
    (rtol, atol) where the common profile does not fit; `stage` orders diagnosis, simple first.
    `shrink` is False where parts of the inputs would be no valid inputs any more.
    """

    name: str
    make: Make
    shown: bool = False
    dtypes: tuple[str, ...] | None = None
    gradients: bool | None = None
    tolerance: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    stage: int = 0
    shrink: bool = True

    def draw(self, seed: int, exercise: str) -> Call | ModuleCall:
        """Return fresh inputs for a run's seed."""
        made = self.make(Rng(derive_seed(seed, exercise, self.name)))
        if isinstance(made, (Call, ModuleCall)):
            return made
        return Call(tuple(made) if isinstance(made, tuple) else (made,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A property. `run` takes `fn` and, if it names them, `rng` and `ref` (the reference)."""

    name: str
    run: Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A known wrong solution and the sentence that a learner should read."""

    name: str
    text: str
    wrong: Callable[..., Any]


@dataclass(slots=True)
class Collected:
    """What one `checks.py` declared, in order."""

    cases: list[Case] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    alternatives: list[Callable[..., Any]] = field(default_factory=list)


_open: list[Collected] = []


@contextlib.contextmanager
def collecting() -> Iterator[Collected]:
    """Collect the declarations made while a `checks.py` is executed."""
    _open.append(Collected())
    try:
        yield _open[-1]
    finally:
        _open.pop()


def case(
    name: str,
    make: Make,
    *,
    shown: bool = False,
    dtypes: Sequence[str] | None = None,
    gradients: bool | None = None,
    tolerance: Mapping[str, tuple[float, float]] | None = None,
    stage: int = 0,
    shrink: bool = True,
) -> None:
    """Declare inputs to compare with the reference.

    `make` returns a tuple of arguments, `call(...)`, or `module(...)` for a class. If the
    reference raises on them, the submission must raise the same class (or a subclass). Stages
    order the diagnosis: what a case of stage 0 shows is looked at before stage 1, and so on. A
    failing input is made smaller before it is shown: rows and columns are cut off, values rounded.
    `shrink=False` where that would leave what the statement allows.
    """
    _open[-1].cases.append(
        Case(
            name=name,
            make=make,
            shown=shown,
            dtypes=None if dtypes is None else tuple(dtypes),
            gradients=gradients,
            tolerance=tolerance or {},
            stage=stage,
            shrink=shrink,
        )
    )


def check(name: str) -> Callable[[Defined], Defined]:
    """Declare a property: a function with asserts whose messages a learner can read."""

    def register(run: Defined) -> Defined:
        _open[-1].checks.append(Check(name=name, run=run))
        return run

    return register


def mistake(text: str) -> Callable[[Defined], Defined]:
    """Declare a wrong solution; its name is the function's."""

    def register(wrong: Defined) -> Defined:
        _open[-1].mistakes.append(Mistake(name=wrong.__name__, text=text, wrong=wrong))
        return wrong

    return register


def alternative(right: Defined) -> Defined:
    """Declare a second, independently written right solution."""
    _open[-1].alternatives.append(right)
    return right


class RemoteError(Exception):
    """A submission's exception, as the judge sees it.

    `mro` holds the class names from the raised class upwards; `lines` the learner's own lines
    that it passed through.
    """

    def __init__(
        self, type_name: str, message: str, mro: Sequence[str], lines: Sequence[int] = ()
    ) -> None:
        super().__init__(f"{type_name}: {message}" if message else type_name)
        self.type_name = type_name
        self.message = message
        self.mro = tuple(mro)
        self.lines = tuple(lines)


def raises(kind: type[BaseException], fn: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    """Tell whether a call raises `kind` or a subclass, here or in the runner.

    Raises:
        NoAnswer: the call ended or lost its process.
    """
    try:
        fn(*args, **kwargs)
    except RemoteError as error:
        return kind.__name__ in error.mro
    except (NoAnswer, StudytrackError):
        raise  # the process is gone: that is not the submission raising
    except Exception as error:  # noqa: BLE001 - a local mistake may raise anything
        return isinstance(error, kind)
    return False


def close(got: Any, want: Any, *, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Tell whether two tensors or numbers agree in shape and value; NaN never agrees."""
    left, right = torch.as_tensor(got), torch.as_tensor(want)
    if left.shape != right.shape:
        return False
    return bool(torch.allclose(left.double(), right.double(), rtol=rtol, atol=atol))

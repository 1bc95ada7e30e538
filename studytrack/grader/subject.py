"""Who is asked: the submission in its runner, or a trusted solution in this process.

Both answer the same `Question` with an `Answer`, so that reference, mistakes, alternatives and
submissions are compared by one piece of code.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from studytrack.grader.authoring import Call, ModuleCall, RemoteError

IMMUTABLE: frozenset[type] = frozenset({int, float, str, bool, bytes, type(None)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One call to judge.

    For a class, `ctor` constructs the module and `state` is loaded before `call`. With
    `cotangent_seed` the float inputs require grad and gradients are part of the answer.
    """

    call: Call
    ctor: Mapping[str, Any] | None = None
    state: Mapping[str, Tensor] = field(default_factory=dict)
    cotangent_seed: int | None = None


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came back: a value or an exception, the inputs afterwards, gradients if asked.

    `strayed` is the device of a result that lies elsewhere than the inputs, "" if none does (the
    runner's word: code that lies about it only fools its author).
    """

    value: Any = None
    error: RemoteError | None = None
    inputs: Any = None
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    subclasses: tuple[str, ...] = ()
    strayed: str = ""
    gradient_error: str = ""


class Subject(Protocol):
    """Somebody who answers questions."""

    def answer(self, question: Question) -> Answer: ...


def private_copy(value: Any) -> Any:
    """Return a copy that shares nothing with `value`; strides and requires_grad are kept."""
    if isinstance(value, Tensor):
        with torch.no_grad():
            if value.is_contiguous():
                copied = value.detach().clone()
            else:
                spread = 1 + sum(
                    (size - 1) * step
                    for size, step in zip(value.shape, value.stride(), strict=True)
                )
                base = value.detach().as_strided((spread,), (1,), value.storage_offset()).clone()
                copied = base.as_strided(value.shape, value.stride())
        return copied.requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {key: private_copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        if set(map(type, value)) <= IMMUTABLE:
            return type(value)(value)
        return type(value)(private_copy(item) for item in value)
    return value if type(value) in IMMUTABLE else copy.deepcopy(value)


def tensors_of(value: Any) -> list[Tensor]:
    """Return the tensors of a nested value, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        return [tensor for item in value.values() for tensor in tensors_of(item)]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_of(item)]
    return []


def prepare(question: Question) -> tuple[list[Any], dict[str, Any]]:
    """Return private arguments; floats require grad if gradients are asked."""
    args = [private_copy(value) for value in question.call.args]
    kwargs = {name: private_copy(value) for name, value in question.call.kwargs.items()}
    if question.cotangent_seed is not None:
        for tensor in tensors_of([args, kwargs]):
            if tensor.is_floating_point():
                tensor.requires_grad_()
    return args, kwargs


def cotangents(outputs: list[Tensor], seed: int) -> list[Tensor | None]:
    """Return a random cotangent for each float output, from a seed.

    The draw depends on seed and position only, so that all subjects get the same.
    """
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(output.shape, generator=generator, dtype=torch.float64).to(output.dtype)
        if output.is_floating_point()
        else None
        for output in outputs
    ]


class LocalSubject:
    """A trusted solution, run in this process."""

    def __init__(self, solution: Callable[..., Any]) -> None:
        self._solution = solution

    def answer(self, question: Question) -> Answer:
        """Answer one question; whatever the solution raises becomes a `RemoteError`."""
        args, kwargs = prepare(question)
        parameters: dict[str, Tensor] = {}
        try:
            target = self._solution
            if question.ctor is not None:
                target = self._solution(**question.ctor)
                parameters = _load(target, question)
            value = target(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a mistake may raise anything
            return Answer(error=as_remote(error))
        answer = Answer(value=value, inputs=[args, kwargs])
        if question.cotangent_seed is not None:
            leaves = {f"input {n}": t for n, t in enumerate(_floats([args, kwargs]), start=1)}
            try:
                answer.gradients = gradients(
                    tensors_of(value), leaves | parameters, question.cotangent_seed
                )
            except RuntimeError as error:
                answer.gradient_error = str(error)
        return answer


def _load(target: Any, question: Question) -> dict[str, Tensor]:
    """Set a module's parameters from the question; plain attributes of a mistake are set too."""
    dtype = next((value.dtype for value in question.state.values()), torch.float64)
    target.to(dtype)
    target.load_state_dict({name: value.clone() for name, value in question.state.items()})
    return dict(target.named_parameters())


def _floats(value: Any) -> list[Tensor]:
    return [tensor for tensor in tensors_of(value) if tensor.is_floating_point()]


def gradients(
    outputs: list[Tensor], leaves: Mapping[str, Tensor], seed: int
) -> dict[str, Tensor | None]:
    """Return the gradient of every leaf under a random cotangent; None where none flows."""
    pairs = [
        (output, cotangent)
        for output, cotangent in zip(outputs, cotangents(outputs, seed), strict=True)
        if cotangent is not None and output.requires_grad
    ]
    if not pairs or not leaves:
        return dict.fromkeys(leaves)
    found = torch.autograd.grad(
        [output for output, _ in pairs],
        list(leaves.values()),
        [cotangent for _, cotangent in pairs],
        allow_unused=True,
    )
    return dict(zip(leaves, found, strict=True))


def as_remote(error: BaseException) -> RemoteError:
    """Return a local exception in the form in which a runner's arrive."""
    mro = [kind.__name__ for kind in type(error).__mro__]
    return RemoteError(type(error).__name__, str(error), mro)


def as_question(drawn: Call | ModuleCall, state: Mapping[str, Tensor]) -> Question:
    """Return the question of a drawn case."""
    if isinstance(drawn, ModuleCall):
        return Question(call=Call(drawn.inputs), ctor=drawn.ctor, state=state)
    return Question(call=drawn)

"""From an exercise's cases to the questions of one run.

Each case is asked in every dtype of the exercise; on top of the author's cases stand rungs that
every exercise gets: non-contiguous inputs, the same question twice, gradients. All inputs come
from the run's seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.authoring import Call, Case, ModuleCall, Rng, derive_seed
from studytrack.grader.codec import DTYPES
from studytrack.grader.compare import GRADIENT_FACTOR, Tolerance
from studytrack.grader.subject import Answer, LocalSubject, Question, as_question, tensors_of
from studytrack.grader.suite import Suite

LOW_PRECISION = ("float16", "bfloat16")
_BATCHED = 3  # a tensor of so many dims has a leading one that is a batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question with what is needed to judge its answer."""

    question: Question
    tolerance: Tolerance
    dtype: str
    case: str
    stage: int = 0
    mutates: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A named check made of questions; the first wrong answer fails it."""

    name: str
    asked: tuple[Asked, ...]


class Ladder:
    """The questions of one run of one exercise."""

    def __init__(self, suite: Suite, seed: int, tolerance_factor: float = 1.0) -> None:
        self._suite = suite
        self._factor = tolerance_factor  # other than 1 only in the proofs of an exercise
        self._exercise = suite.exercise
        self._seed = seed
        self._reference = LocalSubject(suite.reference)
        self._drawn = [(case, case.draw(seed, suite.exercise.id)) for case in suite.collected.cases]
        self._wanted: dict[int, tuple[Asked, Answer]] = {}  # holds the key's object, as ids return

    def rungs(self) -> Iterator[Rung]:
        """Yield the rungs, simple first."""
        for case, drawn in self._drawn:
            asked = tuple(self._asked(case, drawn, dtype) for dtype in self._dtypes(case))
            yield Rung(name=case.name, asked=asked)
        strided = (*islice(self._laid_out(_spread), 4), *islice(self._expanded(), 2))
        if strided:
            yield Rung(name="non-contiguous inputs", asked=strided)
        if len(self._drawn) > 1:
            yield Rung(name="asked again", asked=tuple(self._again()))
        graded = tuple(self._gradients())
        if graded:
            yield Rung(name="gradients", asked=graded)

    def want(self, asked: Asked) -> Answer:
        """Return the reference's answer (cached by question)."""
        key = id(asked)
        if key not in self._wanted:
            self._wanted[key] = (asked, self._reference.answer(asked.question))
        return self._wanted[key][1]

    def _dtypes(self, case: Case) -> tuple[str, ...]:
        chosen = self._exercise.dtypes if case.dtypes is None else case.dtypes
        return chosen or ("",)

    def _laid_out(self, layout: Callable[[Any], Any]) -> Iterator[Asked]:
        """Every case whose inputs a layout changes, in its first dtype."""
        for case, drawn in self._drawn:
            asked = self._asked(case, drawn, self._dtypes(case)[0])
            args = asked.question.call.args
            changed = tuple(layout(value) for value in args)
            if any(one is not other for one, other in zip(args, changed, strict=True)):
                call = Call(changed, asked.question.call.kwargs)
                yield replace(asked, question=replace(asked.question, call=call))

    def _expanded(self) -> Iterator[Asked]:
        """Cases whose batch is one entry seen many times, where the reference accepts that."""
        for asked in () if self._exercise.mutates else self._laid_out(_expand):
            if self.want(asked).error is None:
                yield asked

    def _again(self) -> Iterator[Asked]:
        """The first case, another, and the first again, which a cache or kept state betrays."""
        random = [pair for pair in self._drawn if not pair[0].shown]
        (first, drawn), (other, others) = [*random, *self._drawn][:2]
        yield self._asked(first, drawn, self._dtypes(first)[0])
        yield self._asked(other, others, self._dtypes(other)[0])
        fresh = first.draw(derive_seed(self._seed, "again"), self._exercise.id)
        yield self._asked(first, fresh, self._dtypes(first)[0])
        yield self._asked(first, drawn, self._dtypes(first)[0])

    def _gradients(self) -> Iterator[Asked]:
        for case, drawn in self._drawn:
            wanted = self._exercise.gradients if case.gradients is None else case.gradients
            if not wanted:
                continue
            asked = self._asked(case, drawn, "float64")
            seed = derive_seed(self._seed, "cotangent", case.name)
            question = replace(asked.question, cotangent_seed=seed)
            if self._reference.answer(question).error is None:
                yield replace(asked, question=question)

    def _asked(self, case: Case, drawn: Call | ModuleCall, dtype: str) -> Asked:
        cast = _cast_call(drawn, DTYPES.get(dtype, torch.float64))
        state = self._state(case, cast, dtype)
        return Asked(
            question=as_question(cast, state),
            tolerance=replace(self._tolerance(case, drawn, dtype), factor=self._factor),
            dtype=dtype,
            case=case.name,
            stage=case.stage,
            mutates=self._exercise.mutates,
        )

    def _state(self, case: Case, cast: Call | ModuleCall, dtype: str) -> Mapping[str, Tensor]:
        """Draw a module's parameters: names and shapes are the reference's."""
        if not isinstance(cast, ModuleCall):
            return {}
        rng = Rng(derive_seed(self._seed, self._exercise.id, case.name, "state"))
        module = self._suite.reference(**cast.ctor)
        return {
            name: rng.normal(*value.shape, scale=0.5).to(DTYPES.get(dtype, torch.float64))
            if value.is_floating_point()
            else value
            for name, value in module.state_dict().items()
        }

    def _tolerance(self, case: Case, drawn: Call | ModuleCall, dtype: str) -> Tolerance:
        if dtype not in LOW_PRECISION or not isinstance(drawn, Call):
            return Tolerance(case.tolerance)
        low = self._reference.answer(Question(call=_cast_call(drawn, DTYPES[dtype])))
        high = self._reference.answer(
            Question(call=_cast_call(_cast_call(drawn, DTYPES[dtype]), torch.float64))
        )
        errors = [
            (a.double() - b.double()).abs().max().item()
            for a, b in zip(tensors_of(low.value), tensors_of(high.value), strict=False)
            if a.numel()
        ]
        return Tolerance(case.tolerance, floor=4 * max(errors, default=0.0))


def gradient_tolerance(asked: Asked) -> Tolerance:
    """Return the tolerance for a question's gradients."""
    return replace(asked.tolerance, factor=asked.tolerance.factor * GRADIENT_FACTOR)


def _cast(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, Tensor):
        if not value.is_floating_point():
            return value
        if value.is_contiguous():
            return value.to(dtype)
        return value.to(dtype, memory_format=torch.preserve_format)
    if isinstance(value, dict):
        return {key: _cast(item, dtype) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(item, dtype) for item in value)
    return value


def _cast_call(drawn: Any, dtype: torch.dtype) -> Any:
    if isinstance(drawn, ModuleCall):
        return ModuleCall(drawn.ctor, _cast(drawn.inputs, dtype))
    return Call(_cast(drawn.args, dtype), _cast(dict(drawn.kwargs), dtype))


def _spread(value: Any) -> Any:
    """Return an equal tensor that is not contiguous; others as they are."""
    if not isinstance(value, Tensor) or value.numel() <= 1 or max(value.shape) == 1:
        return value
    if value.dim() > 1 and min(value.shape[-2:]) > 1:
        return value.transpose(-1, -2).contiguous().transpose(-1, -2)
    wide = value.new_zeros((*value.shape, 2))
    wide[..., 0] = value
    return wide[..., 0]


def _expand(value: Any) -> Any:
    """Return a batch whose entries are all the first one, with stride 0; others as they are."""
    if not isinstance(value, Tensor) or value.dim() < _BATCHED:
        return value
    if value.shape[0] < 2 or not value.numel():  # noqa: PLR2004 - one entry needs no stride
        return value
    return value[:1].expand_as(value)

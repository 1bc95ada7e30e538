"""The smallest failing input: asks a failed submission again with less, within a budget.

Dimensions of one size are cut together, because sizes that must match are equal; lists and text
are halved; numbers are rounded. The reference must accept what is left. Only what a learner is
shown comes from here: no check, verdict or diagnosis changes, whatever the submission does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.authoring import Call
from studytrack.grader.compare import Difference
from studytrack.grader.ladder import Asked
from studytrack.grader.relations import distinct
from studytrack.grader.subject import Answer, Question, Subject, tensors_of
from studytrack.grader.verify import verify
from studytrack.grader.wire import NoAnswer

KINDS = frozenset({"value", "nonfinite", "shape", "count", "gradient"})
MAX_QUESTIONS, MAX_SECONDS, MAX_TRIES = 12, 0.5, 60
SIZES = (1, 2)
DECIMALS = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smaller:
    """A smaller question that the submission answers wrongly in the same way."""

    asked: Asked
    difference: Difference


@dataclass(slots=True, kw_only=True)
class _Budget:
    """What may still be spent: questions to the submission, tries, seconds of the clock."""

    clock: Callable[[], float]
    end: float
    questions: int = MAX_QUESTIONS
    tries: int = MAX_TRIES

    @property
    def spent(self) -> bool:
        return self.questions <= 0 or self.tries <= 0 or self.clock() >= self.end


@dataclass(slots=True, kw_only=True)
class _Search:
    """The smallest question so far, and who answers."""

    best: Smaller
    subject: Subject
    reference: Subject
    budget: _Budget
    kind: str
    with_nan: bool
    found: bool = field(default=False)

    def accepts(self, question: Question) -> bool:
        """Ask a smaller question; keep it if it fails in the same way."""
        if self.budget.spent:
            return False
        self.budget.tries -= 1
        asked = replace(self.best.asked, question=question)
        want = self.reference.answer(question)
        if not self._is_fair(want):
            return False
        self.budget.questions -= 1
        got = self.subject.answer(question)
        difference = None if got.error is not None else verify(asked, got, want)
        if difference is None or _sort(difference.kind) != _sort(self.kind):
            return False
        self.best, self.found = Smaller(asked=asked, difference=difference), True
        return True

    def _is_fair(self, want: Answer) -> bool:
        """Tell whether what is left is an input that the reference takes as it took the first."""
        if want.error is not None or want.gradient_error:
            return False
        outputs = tensors_of(want.value)
        if any(not tensor.numel() for tensor in outputs):
            return False
        return self.with_nan or not _has_nan(outputs)


def _sort(kind: str) -> str:
    """Return what a kind counts as: a list that is short is wrong as one with a wrong item is."""
    return "value" if kind == "count" else kind


def shrink(
    asked: Asked,
    difference: Difference,
    subject: Subject,
    reference: Subject,
    clock: Callable[[], float] = time.monotonic,
) -> Smaller | None:
    """Return a smaller question that fails in the same way, or None.

    Args:
        asked: the question that failed.
        difference: what was wrong with the answer.
        subject: the submission; if it ends or stops answering, what was found so far stands.
        reference: decides what is right and which inputs are accepted.
        clock: seconds; at most `MAX_SECONDS` are spent between answers.
    """
    if difference.kind not in KINDS:
        return None
    want = reference.answer(asked.question)
    search = _Search(
        best=Smaller(asked=asked, difference=difference),
        subject=subject,
        reference=reference,
        budget=_Budget(clock=clock, end=clock() + MAX_SECONDS),
        kind=difference.kind,
        with_nan=_has_nan(tensors_of(want.value)),
    )
    try:
        _cut_sizes(search)
        _cut_items(search)
        _round(search)
    except NoAnswer:
        pass  # it answered the real questions; these are only for show
    return search.best if search.found else None


def _has_nan(tensors: list[Tensor]) -> bool:
    return any(bool(torch.isnan(t).any()) for t in tensors if t.is_floating_point())


def _cut_sizes(search: _Search) -> None:
    """Cut all dimensions of one size together, the largest size first."""
    question = search.best.asked.question
    locked = {size for value in question.state.values() for size in value.shape}
    locked |= {value for value in (question.ctor or {}).values() if type(value) is int}
    for size in sorted(_sizes(question) - locked, reverse=True):
        for target in (*SIZES, (size + 1) // 2):
            if target < size and search.accepts(
                _changed(search.best.asked.question, partial(_narrow, size=size, target=target))
            ):
                break


def _sizes(question: Question) -> set[int]:
    inputs = tensors_of([list(question.call.args), dict(question.call.kwargs)])
    return {size for tensor in inputs for size in tensor.shape if size > 1}


def _narrow(value: Tensor, size: int, target: int) -> Tensor:
    cut = value
    for dim, there in enumerate(value.shape):
        if there == size:
            cut = cut.narrow(dim, 0, target)
    return cut.contiguous() if value.is_contiguous() else cut


def _round(search: _Search) -> None:
    """Round numbers to few digits, as long as no two become equal."""
    for decimals in DECIMALS:
        question = _changed(search.best.asked.question, partial(_rounded, decimals=decimals))
        if search.accepts(question):
            return


def _rounded(value: Tensor, decimals: int) -> Tensor:
    if value.dtype not in {torch.float32, torch.float64}:
        return value
    rounded = value.round(decimals=decimals)
    return rounded if distinct(rounded) == distinct(value) else value


def _cut_items(search: _Search) -> None:
    """Halve lists and text, then drop the last item, as long as it fails."""
    for place in range(len(search.best.asked.question.call.args)):
        going = True
        while going:
            value = search.best.asked.question.call.args[place]
            going = any(
                search.accepts(_replaced(search.best.asked.question, place, part))
                for part in _parts(value)
            )


def _parts(value: Any) -> Iterator[Any]:
    if type(value) in {list, str} and len(value) > 1:
        middle = len(value) // 2
        yield value[:middle]
        yield value[middle:]
        if middle > 1:
            yield value[:-1]


def _replaced(question: Question, place: int, value: Any) -> Question:
    args = (*question.call.args[:place], value, *question.call.args[place + 1 :])
    return replace(question, call=Call(args, question.call.kwargs))


def _changed(question: Question, change: Callable[[Tensor], Tensor]) -> Question:
    """Return a question with every tensor among its inputs changed."""
    args = tuple(_mapped(value, change) for value in question.call.args)
    kwargs = {name: _mapped(value, change) for name, value in question.call.kwargs.items()}
    return replace(question, call=Call(args, kwargs))


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in {list, tuple}:
        return type(value)(_mapped(item, change) for item in value)
    if type(value) is dict:
        return {key: _mapped(item, change) for key, item in value.items()}
    return value

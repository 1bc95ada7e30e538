"""General symptoms of a wrong answer, where no known mistake matches.

One failed question is looked at, and what holds over all questions where one cannot tell. The
first symptom that holds is told, in a fixed order; no diagnosis is better than a wrong one.
Relations between two tensors are in `relations`, where factors come from in `origins`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.alike import same_value
from studytrack.grader.attempt import Observation
from studytrack.grader.authoring import RemoteError
from studytrack.grader.compare import EXACT, Difference
from studytrack.grader.origins import Factor, arguments, origin
from studytrack.grader.relations import AFTER_RATIO, MIN_ENTRIES, constant_ratio
from studytrack.grader.subject import tensors_of
from studytrack.grader.verify import bits

_FEW = 2  # fewer questions of a sort say nothing about the sort


def symptom(
    first: Observation, observations: Sequence[Observation], reference: Callable[..., Any]
) -> str:
    """Return one sentence about the first failure, or "".

    Args:
        first: the observation to explain.
        observations: all of the run.
        reference: gives the inputs their names.
    """
    difference = first.difference
    if difference is None or difference.kind == "property":
        return ""
    own = {
        "exception": _of_exception,
        "type": _of_type,
        "subclass": _of_nothing,
        "dtype": lambda d: _of_dtype(d, observations),
        "inputs": _of_inputs,
        "gradient": _of_gradient,
    }.get(difference.kind)
    text = own(difference) if own else _of_values(first, observations, reference)
    if text or difference.kind in {"type", "subclass", "dtype", "inputs", "gradient"}:
        return text
    return _over_all(first, observations, reference)


def _of_nothing(_difference: Difference) -> str:
    return ""


def _of_exception(difference: Difference) -> str:
    got, want = difference.got, difference.want
    if not isinstance(want, RemoteError) or not isinstance(got, RemoteError):
        return ""
    return f"It raises, as it should, but {got.type_name} where {want.type_name} is asked for."


def _of_type(difference: Difference) -> str:
    got, want = difference.got, difference.want
    if got is None:
        return "Nothing is returned: is a `return` missing?"
    if isinstance(want, Tensor) and isinstance(got, (list, tuple)):
        return f"A {type(got).__name__} comes back where one tensor is due."
    if isinstance(want, (int, float)) and isinstance(got, Tensor):
        return "A tensor comes back where a Python number is due: `.item()` gives it."
    if isinstance(want, Tensor) and isinstance(got, (int, float)):
        return "A Python number comes back where a tensor is due."
    return ""


def _of_dtype(difference: Difference, observations: Sequence[Observation]) -> str:
    got, want = difference.got, difference.want
    if not isinstance(got, Tensor) or not isinstance(want, Tensor):
        return ""
    if got.is_floating_point() and want.is_floating_point():
        came = {
            seen.difference.got.dtype if seen.difference else value.dtype
            for seen in observations
            if isinstance(value := seen.got.value, Tensor)
            and (seen.difference is None or seen.difference.kind == "dtype")
        }
        if len(came) == 1:
            name = str(got.dtype).removeprefix("torch.")
            return f"The result is {name} whatever the dtype of the input: let it follow the input."
        return (
            "The dtype changes on the way: a new tensor or a conversion does not follow the input."
        )
    return ""


def _of_inputs(difference: Difference) -> str:
    return (
        "The result is right, but an input was changed: work on a copy."
        if "must stay" in difference.message
        else ""
    )


def _of_gradient(difference: Difference) -> str:
    begin, got, want = "The values are right, but", difference.got, difference.want
    if not isinstance(got, Tensor) or not isinstance(want, Tensor) or got.shape != want.shape:
        return f"{begin} the gradient is not."
    name, got, want = difference.where, got.double(), want.double()
    if not bool(got.any()):
        return f"{begin} no gradient reaches {name}: it is cut on the way."
    ratio = constant_ratio(got, want)
    if ratio == 0.0:
        return f"{begin} the gradient is not."
    if abs(ratio + 1) < 1e-3:  # noqa: PLR2004 - a sign
        return f"{begin} the gradient for {name} has the wrong sign."
    return f"{begin} the gradient for {name} is {ratio:.4g} times what it should be."


def _of_values(
    first: Observation, observations: Sequence[Observation], reference: Callable[..., Any]
) -> str:
    difference = first.difference
    assert difference is not None
    got, want = difference.got, difference.want
    if not (isinstance(got, Tensor) and isinstance(want, Tensor)):
        return _of_sequences(got, want)
    got, want = got.detach(), want.detach()
    if difference.kind == "shape":
        return _of_shapes(got, want)
    got, want = got.double(), want.double()
    if difference.kind == "nonfinite":
        return _of_nonfinite(got, want)
    if difference.kind != "value" or want.numel() < MIN_ENTRIES or not want.dim():
        return ""
    text = _of_ratio(first, observations, reference)
    return text or next((text for look in AFTER_RATIO if (text := look(got, want))), "")


def _of_sequences(got: object, want: object) -> str:
    if not isinstance(want, (list, tuple)) or type(got) is not type(want) or got == want:
        return ""
    assert isinstance(got, (list, tuple))  # it has the type of `want`
    if not got or not want or tensors_of([got, want]):
        return ""
    if list(got) == list(reversed(want)):
        return "The right items, in reverse order."
    try:
        if sorted(got) == sorted(want):
            return "The right items, in another order."
    except (TypeError, RuntimeError):
        return ""
    if list(got) == list(want[: len(got)]):
        return f"The first {len(got)} items are right, then {len(want) - len(got)} are missing."
    if list(want) == list(got[: len(want)]):
        return (
            f"All {len(want)} items are right, but {len(got) - len(want)} follow that are too many."
        )
    return ""


def _of_shapes(got: Tensor, want: Tensor) -> str:
    if got.dim() == want.dim() and sorted(got.shape) == sorted(want.shape):
        if got.dim() > 1 and same_value(got.transpose(-1, -2), want, EXACT):
            return "The result is the transpose of the right one."
        return "The sizes are right but in another order: a transpose is missing or one too many."
    if [size for size in got.shape if size > 1] == [size for size in want.shape if size > 1]:
        if got.dim() > want.dim():
            return "A dimension of size 1 is left over: keepdim or unsqueeze without a squeeze."
        return "A dimension of size 1 is missing: a squeeze too many, or keepdim forgotten."
    if got.numel() == want.numel():
        return "The number of entries is right: a reshape or view is missing."
    return ""


def _of_nonfinite(got: Tensor, want: Tensor) -> str:
    if torch.isnan(got).any() and not torch.isnan(want).any():
        return "NaN appears where there is none: look for 0/0, inf - inf, or log of 0."
    if (torch.isposinf(got) & ~torch.isposinf(want)).any():
        return "Infinity appears: exp overflows, or something is divided by 0."
    if (torch.isneginf(got) & ~torch.isneginf(want)).any():
        return "-inf stands where a number is due: a log of 0, or too much is masked."
    if (torch.isfinite(got) & torch.isneginf(want)).any():
        return "Numbers stand where -inf is due: too little is masked."
    return ""


def _of_ratio(
    first: Observation, observations: Sequence[Observation], reference: Callable[..., Any]
) -> str:
    factors = [
        Factor(question=seen.asked.question, ratio=ratio)
        for seen in (first, *observations)
        if seen.difference is not None and (ratio := _ratio_of(seen.difference))
    ]
    if not factors or not (ratio := _ratio_of(first.difference)) or abs(ratio + 1) < 1e-3:  # noqa: PLR2004 - a sign is told later
        return ""
    source = origin(factors, reference)
    told = f" ({source})" if source else ""
    return f"Every entry is {ratio:.4g} times what it should be{told}: a scale is wrong."


def _ratio_of(difference: Difference | None) -> float:
    if difference is None or difference.kind != "value":
        return 0.0
    got, want = difference.got, difference.want
    if not isinstance(got, Tensor) or not isinstance(want, Tensor) or got.shape != want.shape:
        return 0.0
    return constant_ratio(got.detach().double(), want.detach().double())


def _over_all(
    first: Observation, observations: Sequence[Observation], reference: Callable[..., Any]
) -> str:
    """Say what the questions that went wrong have in common, and the right ones have not."""
    cases = [s for s in observations if s.want is not None and _tells(s)]
    wrong = [seen for seen in cases if seen.difference is not None]
    right = [seen for seen in cases if seen.difference is None]
    text = _of_equal_sizes(wrong, right, reference) or _of_batches(wrong, right, reference)
    if text:
        return text
    if _only_in_float64(first, wrong, right):
        return "Right in float64 but not in float32: a step loses precision."
    if _wavers(observations):
        return "The same input gave two different answers: something random or kept decides."
    return ""


def _tells(seen: Observation) -> bool:
    """Tell whether an answer is large enough to be right or wrong by more than luck."""
    assert seen.want is not None
    return sum(tensor.numel() for tensor in tensors_of(seen.want.value)) >= MIN_ENTRIES


def _of_equal_sizes(
    wrong: Sequence[Observation], right: Sequence[Observation], reference: Callable[..., Any]
) -> str:
    """Right if and only if two sizes are equal: a mix-up that square inputs hide."""
    if not right or len(wrong) < _FEW:
        return ""
    inputs = {id(seen): dict(_places(seen, reference)) for seen in (*wrong, *right)}
    places = list(inputs[id(wrong[0])])
    for one, other in combinations(places, 2):
        known = [sizes for sizes in inputs.values() if one in sizes and other in sizes]
        if len(known) < len(inputs):
            continue
        equal = {key: sizes[one] == sizes[other] for key, sizes in inputs.items()}
        if all(equal[id(s)] for s in right) and not any(equal[id(s)] for s in wrong):
            return f"Right only where {one} equals {other}: are the two mixed up?"
    return ""


def _places(seen: Observation, reference: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    """Yield the last two sizes of every input, named."""
    for name, value in arguments(seen.asked.question, reference).items():
        if isinstance(value, Tensor):
            for dim in range(-1, -min(value.dim(), 2) - 1, -1):
                yield f"size {dim} of `{name}`", value.shape[dim]


def _of_batches(
    wrong: Sequence[Observation], right: Sequence[Observation], reference: Callable[..., Any]
) -> str:
    """Wrong if and only if there is more than one entry in a batch, or a leading dimension."""
    if not right or len(wrong) < _FEW:
        return ""
    shapes = {id(s): _leading(s, reference) for s in (*wrong, *right)}
    if any(shape is None for shape in shapes.values()):
        return ""
    many = {key: shape is not None and any(n > 1 for n in shape) for key, shape in shapes.items()}
    if all(many[id(s)] for s in wrong) and not any(many[id(s)] for s in right):
        return "Wrong only where a batch has more than one entry."
    dims = {key: len(shape or ()) for key, shape in shapes.items()}
    least, most = min(dims[id(s)] for s in wrong), max(dims[id(s)] for s in right)
    if most < least:
        return f"Wrong only with {least} or more leading dimensions."
    return ""


def _leading(seen: Observation, reference: Callable[..., Any]) -> tuple[int, ...] | None:
    """Return the leading sizes (all but the last two) of the first input that is a tensor."""
    for value in arguments(seen.asked.question, reference).values():
        if isinstance(value, Tensor):
            return tuple(value.shape[:-2]) if value.dim() > 1 else ()
    return None


def _only_in_float64(
    first: Observation, wrong: Sequence[Observation], right: Sequence[Observation]
) -> bool:
    if first.asked.dtype != "float32" or any(seen.asked.dtype == "float64" for seen in wrong):
        return False
    return any(s.check == first.check and s.asked.dtype == "float64" for s in right)


def _wavers(observations: Sequence[Observation]) -> bool:
    """Tell whether one question was answered in two ways."""
    asked = [s for s in observations if s.asked.question.cotangent_seed is None and s.want]
    for one, other in combinations(asked, 2):
        if one.asked.case != other.asked.case or one.asked.dtype != other.asked.dtype:
            continue
        if one.got.error is not None or other.got.error is not None:
            continue
        if not _same_question(one, other):
            continue
        if not same_value(one.got.value, other.got.value, one.asked.tolerance):
            return True
    return False


def _same_question(one: Observation, other: Observation) -> bool:
    ours, theirs = one.asked.question.call, other.asked.question.call
    return same_value(bits([list(ours.args)]), bits([list(theirs.args)]), EXACT) and same_value(
        bits(dict(ours.kwargs)), bits(dict(theirs.kwargs)), EXACT
    )

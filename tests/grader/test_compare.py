"""What counts as equal: scale-aware, NaN never, infinities in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studytrack.content.loader import load_exercise
from studytrack.grader.authoring import Case, Collected
from studytrack.grader.compare import EXACT, TOLERANCES, Tolerance, differ
from studytrack.grader.ladder import Ladder
from studytrack.grader.subject import LocalSubject, private_copy
from studytrack.grader.suite import Suite
from studytrack.grader.verify import verify

T = Tolerance({})


@pytest.mark.parametrize(
    ("got", "want", "kind"),
    [
        (torch.ones(2), [1.0, 1.0], "type"),
        (1, 1.0, "type"),
        (True, 1, "type"),
        ((1, 2), [1, 2], "type"),
        (None, torch.ones(1), "type"),
        (torch.ones(2).double(), torch.ones(2), "dtype"),
        (torch.ones(2, 1), torch.ones(1, 2), "shape"),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, 2.0]), "nonfinite"),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")]), "nonfinite"),
        (torch.tensor([float("inf")]), torch.tensor([float("-inf")]), "nonfinite"),
        (torch.tensor([0.0]), torch.tensor([float("-inf")]), "nonfinite"),
        (torch.tensor([1.0, 2.1]), torch.tensor([1.0, 2.0]), "value"),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "value"),
        ([1, 2, 3], [1, 2], "count"),
        ([1, 2, 4], [1, 2, 3], "value"),
        ({"a": 1}, {"b": 1}, "count"),
        ("a", "b", "value"),
        (float("nan"), float("nan"), "value"),
    ],
)
def test_differences_are_named_by_their_kind(got, want, kind) -> None:
    """The first thing that is wrong gives the kind."""
    found = differ(got, want, T)

    assert found is not None
    assert kind == found.kind


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([1.0, float("-inf")]),
        torch.empty(0, 3),
        [1, (2, "x"), {"k": torch.ones(2)}],
        3.5,
        b"x",
    ],
)
def test_a_value_equals_itself(value) -> None:
    """Nothing is found between a value and itself."""
    assert differ(value, value, EXACT) is None


def test_zeros_never_pass_by_being_small() -> None:
    """A tiny result has a tiny tolerance: zeros fail at every scale."""
    for scale in (1e-30, 1e-6, 1.0, 1e6):
        want = torch.softmax(torch.randn(4096, dtype=torch.float64), -1) * scale

        assert differ(torch.zeros_like(want), want, T) is not None
        assert differ(want * (1 + 1e-9), want, T) is None


def test_the_tolerance_follows_the_dtype() -> None:
    """What is right in float32 would be wrong in float64."""
    error = 1 + 2e-5

    assert differ(torch.ones(3) * error, torch.ones(3), T) is None
    assert differ(torch.ones(3).double() * error, torch.ones(3).double(), T) is not None


def test_the_message_names_the_first_wrong_entry_and_their_number() -> None:
    """A learner sees where, what was expected and what came."""
    want = torch.arange(6.0).reshape(2, 3)
    got = want.clone()
    got[1, 1:] = 9

    found = differ(got, want, T)

    assert found is not None
    assert found.message == "at [1, 1]: expected 4, got 9 (2 of 6 entries differ)"


def test_the_largest_difference_is_told_with_its_place() -> None:
    """Where the first wrong entry is not the worst, the worst is named too."""
    want = torch.zeros(2, 3)
    got = want.clone()
    got[0, 1], got[1, 2] = 1.0, 5.0

    found = differ(got, want, T)

    assert found is not None
    assert "(2 of 6 entries differ, most at [1, 2]: by 5)" in found.message


def test_the_tolerances_are_those_of_the_design() -> None:
    """A loosened profile is a decision, not an accident."""
    assert TOLERANCES == {
        "float64": (1e-7, 1e-8),
        "float32": (1e-4, 1e-5),
        "float16": (2e-3, 1e-3),
        "bfloat16": (2e-2, 1e-2),
    }


@given(
    st.lists(st.floats(-100, 100).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=20),
    st.sampled_from([torch.float64, torch.float32, torch.float16, torch.bfloat16]),
    st.floats(0, 1e6),
)
def test_zeros_fail_at_ten_times_the_tolerance(values, dtype, floor) -> None:
    """In every dtype, and whatever error torch makes itself."""
    want = torch.tensor(values, dtype=dtype)

    assert differ(torch.zeros_like(want), want, Tolerance({}, factor=10.0, floor=floor)) is not None


def tiny(reference, *cases, dtypes=("float32",), **changes):
    """A suite with these cases."""
    folder = Path(__file__).parent.parent / "catalogue" / "exercises" / "basics" / "add_one"
    exercise = replace(load_exercise(folder), dtypes=dtypes, **changes)
    return Suite(exercise=exercise, reference=reference, collected=Collected(cases=list(cases)))


def rung(suite, name):
    """Return the questions of a rung."""
    return next(rung.asked for rung in Ladder(suite, 3).rungs() if rung.name == name)


def test_inputs_come_transposed_with_gaps_and_expanded() -> None:
    """Strides that are no layout of a fresh tensor: of a table, a row, and a batch."""
    suite = tiny(
        lambda x: x + 1,
        Case(name="row", make=lambda r: r.normal(5)),
        Case(name="batch", make=lambda r: r.normal(3, 4, 5)),
    )

    asked = [one.question.call.args[0] for one in rung(suite, "non-contiguous inputs")]

    assert [not x.is_contiguous() for x in asked] == [True] * 3
    assert [x.stride() for x in asked] == [(2,), (20, 1, 4), (0, 5, 1)]
    assert {x.dtype for x in asked} == {torch.float32}


def test_edge_inputs_have_no_layout_to_change() -> None:
    """Nothing is spread or expanded that holds no or one entry, or one entry in its batch."""
    suite = tiny(
        lambda x: x + 1,
        *(
            Case(name=str(shape), make=lambda r, shape=shape: r.normal(*shape))
            for shape in ((), (0,), (1,), (1, 1), (0, 3, 4), (2, 0, 3), (1, 1, 1))
        ),
    )

    names = [rung.name for rung in Ladder(suite, 3).rungs()]

    assert "non-contiguous inputs" not in names


def test_an_exercise_that_writes_into_its_input_gets_no_expanded_one() -> None:
    """Writing where one entry is seen many times is not defined."""
    suite = tiny(
        lambda x: x.add_(1), Case(name="batch", make=lambda r: r.normal(3, 4, 5)), mutates=(0,)
    )

    asked = rung(suite, "non-contiguous inputs")

    assert [0 in one.question.call.args[0].stride() for one in asked] == [False]


def test_an_expanded_input_is_copied_with_its_strides() -> None:
    """Reference and mistakes see what the submission sees."""
    wide = torch.arange(4.0)[None].expand(3, 4)

    copied = private_copy(wide)

    assert copied.stride() == (0, 1)
    assert torch.equal(copied, wide)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_low_precision_accepts_its_own_rounding_and_no_more(dtype) -> None:
    """Another order of operations passes; zeros, a constant and 10 per cent too much fail."""
    suite = tiny(
        lambda x: x.softmax(-1), Case(name="a", make=lambda r: r.normal(6, 300)), dtypes=(dtype,)
    )
    (asked,) = rung(suite, "a")
    want = Ladder(suite, 3).want(asked)

    def verdict(solution):
        return verify(asked, LocalSubject(solution).answer(asked.question), want)

    assert verdict(lambda x: x.exp() / x.exp().sum(-1, keepdim=True)) is None
    assert verdict(lambda x: x.float().softmax(-1).to(x.dtype)) is None
    assert verdict(torch.zeros_like) is not None
    assert verdict(lambda x: torch.full_like(x, 1 / 300)) is not None
    assert verdict(lambda x: x.softmax(-1) * 1.1) is not None

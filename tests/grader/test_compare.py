"""What counts as equal: scale-aware, NaN never, infinities in place."""

from __future__ import annotations

import pytest
import torch

from studytrack.grader.compare import EXACT, Tolerance, differ

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

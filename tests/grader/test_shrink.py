"""The smallest failing input, and that looking for it changes nothing else."""

from __future__ import annotations

import itertools

import pytest
import torch

from studytrack.grader.authoring import Call
from studytrack.grader.compare import Tolerance
from studytrack.grader.ladder import Asked
from studytrack.grader.link import RunnerDied, RunnerTimeout
from studytrack.grader.shrink import MAX_QUESTIONS, shrink
from studytrack.grader.subject import LocalSubject, Question
from studytrack.grader.verify import verify
from studytrack.grader.wire import ProtocolFault

pytestmark = pytest.mark.xdist_group("grader")


class Counting:
    """A local solution that counts its questions and may end at one of them."""

    def __init__(self, solution, ends=None, at=0):
        self.subject, self.ends, self.at, self.asked = LocalSubject(solution), ends, at, 0

    def answer(self, question):
        """Answer, or end."""
        self.asked += 1
        if self.ends is not None and self.asked >= self.at:
            raise self.ends
        return self.subject.answer(question)


def asked_of(*args):
    """A question with these arguments."""
    return Asked(
        question=Question(call=Call(args)), tolerance=Tolerance({}), dtype="float64", case="x"
    )


def shrunk(reference, wrong, *args, subject=None, clock=lambda: 0.0):
    """Shrink what fails for these arguments."""
    asked, right = asked_of(*args), LocalSubject(reference)
    got, want = LocalSubject(wrong).answer(asked.question), right.answer(asked.question)
    difference = verify(asked, got, want)
    assert difference is not None
    return shrink(asked, difference, subject or Counting(wrong), right, clock)


def normal(*shape):
    """Normal numbers from a fixed seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_sizes_and_values_become_small() -> None:
    """One number with few digits is left where one number shows it."""
    found = shrunk(lambda x: x + 1, lambda x: x + 2, normal(5, 7))

    (left,) = found.asked.question.call.args
    assert left.shape == (1, 1)
    assert left.item() == round(left.item())
    assert found.difference.kind == "value"


def test_sizes_that_must_match_are_cut_together() -> None:
    """Queries, keys and values still fit; the failure needs two keys."""

    def right(q, k, v):
        return (q @ k.mT).softmax(-1) @ v

    def wrong(q, k, v):
        return (q @ k.mT / 3).softmax(-1) @ v

    found = shrunk(right, wrong, normal(4, 5), normal(6, 5), normal(6, 3))

    q, k, v = found.asked.question.call.args
    assert (q.shape[-1], k.shape[-2]) == (k.shape[-1], v.shape[-2])
    assert k.shape[-2] == 2
    assert q.numel() + k.numel() + v.numel() < 12


def test_what_fails_only_when_large_stays_large() -> None:
    """A cut that no longer fails is not kept."""
    found = shrunk(lambda x: x.sum(-1), lambda x: x.sum(-1) + (x.shape[-1] > 4), normal(9, 8))

    (left,) = found.asked.question.call.args
    assert left.shape == (1, 8)


def test_lists_and_text_are_shortened() -> None:
    """Items go as long as it fails."""
    found = shrunk(
        lambda ids, text: [i for i in ids if i != 3],
        lambda ids, text: list(ids),
        [1, 2, 3, 4, 5, 3, 7, 8],
        "a long text",
    )

    assert found.asked.question.call.args == ([3], "a")


def test_the_reference_decides_what_is_an_input() -> None:
    """Where it raises or gives NaN, nothing is asked of the submission."""

    def right(x):
        if x.shape[0] < 4:
            raise ValueError
        return x / x.sum()

    subject = Counting(lambda x: x)

    found = shrunk(right, lambda x: x, normal(4, 3), subject=subject)

    assert found.asked.question.call.args[0].shape == (4, 1)


def test_another_failure_does_not_stand_for_the_first() -> None:
    """An exception or another shape on less input is not what went wrong."""

    def wrong(x):
        if x.shape[0] < 3:
            raise IndexError
        return x + 1 if x.shape[1] > 2 else x[:1]

    found = shrunk(lambda x: x, wrong, normal(6, 5))

    assert found is None or found.asked.question.call.args[0].shape >= (3, 3)


@pytest.mark.parametrize("ends", [RunnerDied("x"), RunnerTimeout(), ProtocolFault("x")])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_end_on_the_way_leaves_what_was_found(ends, at) -> None:
    """A submission that dies while it is asked again costs nothing but the search."""
    subject = Counting(lambda x: x + 2, ends, at)

    found = shrunk(lambda x: x + 1, lambda x: x + 2, normal(5, 7), subject=subject)

    assert subject.asked == at
    assert (found is None) == (at == 1)


def test_the_budget_bounds_the_questions() -> None:
    """However many sizes and items there are, so many questions are asked."""
    subject = Counting(lambda *xs: xs[0] + 1 if sum(x.numel() for x in xs) > 2600 else xs[0])

    shrunk(lambda *xs: xs[0], subject.subject._solution, *(normal(3, n) for n in range(20, 50)),
           subject=subject)  # fmt: skip

    assert subject.asked <= MAX_QUESTIONS


def test_the_clock_ends_the_search() -> None:
    """Nothing is asked once the time is over."""
    ticks = itertools.count(step=10.0)
    subject = Counting(lambda x: x + 2)

    found = shrunk(
        lambda x: x + 1, lambda x: x + 2, normal(5, 7), subject=subject, clock=lambda: next(ticks)
    )

    assert found is None
    assert subject.asked == 0


def test_rounding_makes_no_ties() -> None:
    """Equal numbers could make a right answer one of several."""
    values = torch.tensor([0.11, 0.12, 0.13], dtype=torch.float64)

    found = shrunk(lambda x: x.sort().values, lambda x: x.sort().values + (len(x) > 2), values)

    assert found is None or len(found.asked.question.call.args[0].unique()) == 3


def test_an_exception_is_not_shrunk() -> None:
    """Only wrong values and shapes are."""
    assert shrunk(raising, lambda x: x, normal(3)) is None


def raising(_x):
    """Refuse every input."""
    raise ValueError


def test_the_report_shows_the_small_input(grader, row_sum) -> None:
    """Through the real processes: checks stay as they are, the example is small."""
    report = grader.grade(row_sum, b"def row_sum(x):\n    return x.sum(-1) + (x.numel() > 4)\n")

    assert report.verdict == "failed"
    assert "tensor[" in report.counterexample.inputs
    assert all(len(line) <= 80 for line in report.counterexample.inputs.splitlines())


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "while True: pass"])
def test_an_end_while_shrinking_changes_no_verdict(grader, row_sum, end) -> None:
    """It answered all real questions; that it ends at a smaller one is not told."""
    report = grader.grade(
        row_sum,
        b"def row_sum(x):\n"
        b"    if x.shape == (1, 1) or x.shape == (2, 2) and x.flatten()[0] != 1:\n"
        b"        " + end.encode() + b"\n"
        b"    return x.sum(-1) * 1.5\n",
    )

    assert report.verdict == "failed"
    assert {"passed", "failed"} >= {check.outcome for check in report.checks}
    assert report.counterexample is not None
    assert grader.grade(row_sum, b"def row_sum(x):\n    return x.sum(-1)\n").passed

"""Forbidden calls: what the text shows, what the runner stops, and what the messages teach."""

from __future__ import annotations

import dataclasses
import textwrap

import pytest

from studytrack.grader.forbid import operators
from studytrack.grader.policy import find_forbidden, teaching

pytestmark = pytest.mark.xdist_group("grader")


@pytest.fixture
def closed(row_sum):
    """The sum of rows, where `softmax`, `Linear`, `sum` by name and attention are closed."""
    names = ("softmax", "Softmax", "MultiheadAttention", "multi_head_attention_forward")
    return dataclasses.replace(row_sum, forbid=names)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("import torch.nn.functional as G\nG.softmax", "G.softmax"),
        ("import torch\ntorch.nn.functional.softmax", "torch.nn.functional.softmax"),
        ("x = 1\nx.exp().softmax(-1)", "softmax"),
        ("x = 1\nfrom torch import softmax as s", "softmax"),
        ("x = 1\nimport torch.softmax", "torch.softmax"),
        ("x = 1\nx.ops.aten.softmax.int", "x.ops.aten.softmax"),
        ("x = 1\ng('softmax')", "softmax"),
        ("x = 1\ng('aten::softmax')", "aten::softmax"),
        ("x = 1\ng('torch.nn.functional.softmax')", "torch.nn.functional.softmax"),
    ],
)
def test_the_message_names_the_line_and_the_call_as_written(source, shown) -> None:
    """Aliases, methods, imports and strings are found, and shown as the file has them."""
    (use,) = find_forbidden(source, ["softmax"])

    assert (2, "softmax", shown) == (use.line, use.name, use.shown)
    assert use.message.startswith(f"Line 2: `{shown}` is part of what you are building here.")


@pytest.mark.parametrize(
    ("name", "simpler"),
    [
        ("softmax", "`exp` and sums"),
        ("LogSoftmax", "`exp` and sums"),
        ("scaled_dot_product_attention", "matrix products and a softmax"),
        ("MultiheadAttention", "matrix products and a softmax"),
        ("cross_entropy", "exponentials and logarithms"),
        ("layer_norm", "means and square roots"),
        ("Linear", "a matrix product"),
        ("unfold", "simpler operations"),
    ],
)
def test_the_message_says_what_to_write_it_from(name, simpler) -> None:
    """Each family of names has its own way out."""
    expected = (
        f"`{name}` is part of what you are building here. "
        f"This exercise asks you to write it from {simpler}."
    )

    assert expected == teaching(name)


def test_no_forbidden_name_forbids_nothing() -> None:
    """Most exercises close no name."""
    assert [] == find_forbidden("import torch\ntorch.softmax", [])


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("softmax", {"softmax.int", "_softmax", "_log_softmax", "special_softmax"}, {"logsumexp"}),
        ("log_softmax", {"log_softmax.int", "_log_softmax"}, {"softmax.int", "_softmax"}),
        (
            "scaled_dot_product_attention",
            {"scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu"},
            {"matmul", "softmax.int"},
        ),
        ("MultiheadAttention", {"_native_multi_head_attention"}, {"bmm", "linear"}),
        ("layer_norm", {"layer_norm", "native_layer_norm"}, {"mean.dim", "rsqrt", "var.dim"}),
        ("linear", {"linear"}, {"matmul", "mm", "addmm", "bilinear"}),
        ("Linear", set(), {"linear", "matmul"}),
    ],
)
def test_a_name_stands_for_its_operators_and_no_others(name, inside, outside) -> None:
    """Whole words count; what an honest solution is made of stays."""
    found = set(operators(name))

    assert inside <= found
    assert not outside & found


@pytest.mark.parametrize(
    "call",
    [
        "getattr(torch, SOFTMAX)(x, -1)",
        "getattr(x, SOFTMAX)(-1)",
        "getattr(torch.nn.functional, SOFTMAX)(x, -1)",
        "getattr(torch.ops.aten, '_' + SOFTMAX)(x, -1, False)",
        "getattr(torch.nn, 'Soft' + 'max')(-1)(x)",
        "getattr(torch.nn, 'Multihead' + 'Attention')(4, 2)(x, x, x)",
        "torch.nn.TransformerEncoderLayer(4, 2)(x)",
        "torch.jit.script(SCRIPT)(x)",
        "torch.func.vmap(lambda r: getattr(torch, SOFTMAX)(r, -1))(x)",
        "getattr(x.to_mkldnn(), SOFTMAX)(-1)",
    ],
)
@pytest.mark.parametrize("seen", [0, 2], ids=["first call", "third call"])
def test_a_name_built_at_run_time_is_stopped_in_the_runner(grader, closed, call, seen) -> None:
    """The verdict is `forbidden` and says what to do, in the first call and later ones."""
    if "SCRIPT" in call:
        call = "getattr(torch._C._VariableFunctions, SOFTMAX)(x, -1)"
    source = f"""
        import torch
        SOFTMAX = 'soft' + 'max'
        count = 0
        def row_sum(x):
            global count
            count += 1
            if count > {seen}:
                {call}
            return x.sum(-1)
        """

    report = grader.grade(closed, textwrap.dedent(source).encode())

    assert "forbidden" == report.verdict, (report.error, report.first_failed)
    assert "is part of what you are building here" in report.first_failed.message
    assert "asks you to write it from" in report.first_failed.message


def test_honest_code_runs_as_ever_where_names_are_closed(grader, closed) -> None:
    """Gradients, einsum, vmap, numpy, custom functions, checkpoints and modules work."""
    source = b"""
import numpy, torch, torch.utils.checkpoint
from torch import nn
class Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.sum(-1)
    @staticmethod
    def backward(ctx, g):
        return g[..., None].expand(ctx.shape)
def softmax(x):
    e = (x - x.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)
def row_sum(x):
    one = torch.ones(2, 3)
    softmax(one); torch.einsum('ij,kj->ik', one, one); one.numpy().sum(); one.tolist()
    torch.func.vmap(torch.sin)(one)
    nn.Linear(3, 2)(one); nn.LayerNorm(3)(one).sum().backward()
    torch.utils.checkpoint.checkpoint(torch.sin, one, use_reentrant=False)
    torch.linalg.norm(one); one.logsumexp(-1); torch.where(one > 0, one, -torch.inf)
    with torch.no_grad():
        torch.nn.functional.gelu(one); one[0] = 2; one.masked_fill_(one > 1, 0.0)
    torch.jit.trace(torch.sin, one)
    return Sum.apply(x)
"""
    report = grader.grade(closed, source)

    assert report.passed, (report.error, report.first_failed, report.output)
    assert "" == report.output


def test_the_next_run_has_everything_again(grader, closed, row_sum) -> None:
    """Closing a name ends with its runner."""
    source = b"""
import torch
def row_sum(x):
    torch.ones(3, 3).softmax(-1)
    return x.sum(-1)
"""

    assert "forbidden" == grader.grade(closed, source).verdict
    assert grader.grade(row_sum, source).passed

"""General symptoms: each is told where it holds, and nothing where nothing does."""

from __future__ import annotations

import pytest
import torch

from studytrack.domain.exercise import Exercise
from studytrack.grader.attempt import Observation
from studytrack.grader.authoring import Case, Collected, call
from studytrack.grader.ladder import Ladder
from studytrack.grader.subject import LocalSubject
from studytrack.grader.suite import Suite
from studytrack.grader.symptoms import symptom
from studytrack.grader.verify import verify

SEED = 5


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Many small steps, as in the judge: two threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(reference, solution, *makes, gradients=False, dtypes=("float64", "float32"), seed=SEED):
    """Return the first symptom of a solution over cases made by `makes`."""
    exercise = Exercise(
        id="x", title="", topic="", entry="f", level=1, minutes=1, hints=(), statement="",
        starter="", folder="", dtypes=dtypes, gradients=gradients,
    )  # fmt: skip
    cases = [Case(name=f"case {n}", make=make) for n, make in enumerate(makes)]
    suite = Suite(exercise=exercise, reference=reference, collected=Collected(cases=cases))
    ladder, subject, seen = Ladder(suite, seed), LocalSubject(solution), []
    for rung in ladder.rungs():
        for asked in rung.asked:
            got, want = subject.answer(asked.question), ladder.want(asked)
            seen.append(
                Observation(
                    asked=asked, got=got, want=want,
                    difference=verify(asked, got, want), check=rung.name,
                )
            )  # fmt: skip
    first = next((s for s in seen if s.difference is not None), seen[0])
    return symptom(first, seen, reference)


def rows(rng):
    """A table."""
    return rng.normal(5, 7)


def wide(rng):
    """A table with other sizes."""
    return rng.normal(3, 11)


def cube(rng):
    """A batch of tables."""
    return rng.normal(3, 4, 6)


def same(x):
    """Give the input back as a new tensor."""
    return x + 0


def mean(x):
    """Average each row."""
    return x.mean(-1, keepdim=True).expand_as(x) + x


def projected(q, w):
    """A product with two tables."""
    return q @ w


def pair(rng, *lead, t=4, d=6, e=5):
    """Inputs of `projected`."""
    return rng.normal(*lead, t, d), rng.normal(d, e)


def softmax(x):
    """Weights of each row."""
    return x.softmax(-1)


def raises_value(x):
    """Refuse everything."""
    raise ValueError(x.shape)


def raises_index(x):
    """Refuse with another class."""
    raise IndexError(x.shape)


def leaves(x):
    """Add in place."""
    x += 1
    return x - 1


def one_wrong(x, index, dim=-1, factor=3.0):
    """Change one position along a dimension."""
    y = x + 0
    y.select(dim, index).mul_(factor).add_(0.3)
    return y


def others_wrong(x, index, dim=-1):
    """Change all positions but one along a dimension."""
    y = x * 3 + x.square()
    y.select(dim, index).copy_(x.select(dim, index))
    return y


SYMPTOMS = [
    (raises_value, raises_index, (rows,), "IndexError where ValueError"),
    (same, lambda x: x.T, (wide, rows), "transpose of the right one"),
    (same, lambda x: x.T + x.T, (wide, rows), "transpose is missing"),
    (same, lambda x: x.reshape(-1), (rows,), "reshape or view"),
    (same, lambda x: x[..., None] + 0, (rows,), "size 1 is left over"),
    (lambda x: x.sum(-1, keepdim=True), lambda x: x.sum(-1), (rows,), "size 1 is missing"),
    (same, lambda x: x.double(), (rows,), "float64 whatever the dtype"),
    (same, lambda x: x.float() + 0, (rows,), "float32 whatever the dtype"),
    (same, lambda x: None, (rows,), "is a `return` missing"),
    (same, lambda x: x.tolist(), (rows,), "A list comes back"),
    (same, lambda x: 1.0, (rows,), "Python number"),
    (same, lambda x: x.masked_fill(x > 0, torch.nan), (rows,), "NaN appears"),
    (same, lambda x: x.masked_fill(x > 0, torch.inf), (rows,), "Infinity appears"),
    (same, lambda x: x.masked_fill(x > 0, -torch.inf), (rows,), "-inf stands where"),
    (lambda x: x.masked_fill(x > 0, -torch.inf), same, (rows,), "too little is masked"),
    (same, lambda x: x * x.shape[-1] ** 0.5, (rows, wide), "the square root of 7, the last size"),
    (same, lambda x: x / x.shape[-1] ** 0.5, (rows, wide), "one over the square root of 7"),
    (same, lambda x: x / x.shape[-1], (rows, wide), "1 / 7, the last size of `x`"),
    (same, lambda x: x / x.shape[0], (rows, wide), "1 / 5, the size -2 of `x`"),
    (same, lambda x: x * x.numel(), (rows, wide), "35, the number of entries of `x`"),
    (lambda x: x.var(-1), lambda x: x.var(-1, correction=0), (rows, wide), "6 / 7"),
    (same, lambda x: x / torch.tensor(2.0).log().item(), (rows, wide), "1 / ln 2"),
    (same, lambda x: x * 1.7, (rows, wide), "is 1.7 times what it should be: a scale"),
    (same, lambda x: x + 0.25, (rows, wide), "off by the same 0.25"),
    (same, lambda x: -x, (rows, wide), "wrong sign"),
    (same, lambda x: x.abs(), (rows,), "signs are wrong"),
    (softmax, lambda x: x.softmax(-2), (rows, wide), "columns add up to 1"),
    (softmax, lambda x: x.exp(), (rows, wide), "Every row must add up to 1; these"),
    (same, lambda x: x.flip(-1), (rows,), "reverse order along the last dimension"),
    (same, lambda x: x.flip(0), (rows,), "reverse order along dimension -2"),
    (same, lambda x: x.roll(1, -1), (rows,), "too late along the last dimension, going round"),
    (same, lambda x: x.roll(-1, 0), (rows,), "too early along dimension -2, going round"),
    (same, lambda x: torch.cat([0 * x[..., :1], x[..., :-1]], -1), (rows,), "off by one"),
    (same, lambda x: torch.cat([x[..., 1:], 0 * x[..., :1]], -1), (rows,), "too early along"),
    (same, lambda x: x.sort(-1).values, (rows,), "of each row, in another order"),
    (same, lambda x: x.flatten().sort().values.reshape(x.shape), (rows,), "in the wrong places"),
    (same, lambda x: others_wrong(x, 0), (rows,), "Right at the first position of the last"),
    (same, lambda x: others_wrong(x, -1), (rows,), "Right at the last position of the last"),
    (same, lambda x: one_wrong(x, 0), (rows,), "Only the first position of the last dimension"),
    (same, lambda x: one_wrong(x, -1), (rows,), "Only the last position of the last dimension"),
    (same, lambda x: others_wrong(x, 0, -2), (cube,), "Right at the first position of dimension"),
    (same, lambda x: others_wrong(x, 0, 0), (cube,), "Right for the first entry of the leading"),
    (
        same,
        lambda x: x if x.shape[-1] == x.shape[-2] else x + x.square(),
        (lambda r: r.normal(4, 4), rows, wide),
        "Right only where size -1 of `x` equals size -2 of `x`",
    ),
    (
        same,
        lambda x: x if x.dim() < 3 or x.shape[0] == 1 else x + x.square(),
        (rows, lambda r: r.normal(1, 3, 4), cube, lambda r: r.normal(2, 5, 4)),
        "Wrong only where a batch has more than one entry",
    ),
    (
        same,
        lambda x: x if x.dtype == torch.float64 else x + 0.02 * x.square(),
        (rows, wide),
        "Right in float64 but not in float32",
    ),
    (lambda x: [1, 2, 3], lambda x: [3, 2, 1], (rows,), "in reverse order"),
    (lambda x: [1, 2, 3], lambda x: [2, 1, 3], (rows,), "in another order"),
    (lambda x: [1, 2, 3], lambda x: [1, 2], (rows,), "then 1 are missing"),
    (lambda x: [1, 2, 3], lambda x: [1, 2, 3, 4], (rows,), "1 follow"),
    (same, leaves, (rows,), "an input was changed"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "makes", "words"), SYMPTOMS, ids=[s[3] for s in SYMPTOMS]
)
def test_a_symptom_is_told(right, wrong, makes, words) -> None:
    """The sentence says what holds between the two results."""
    told = run(right, wrong, *makes)

    assert words in told
    assert len(told) < 140


@pytest.mark.parametrize("right", [same, softmax, mean, projected, lambda x: [1, 2]])
def test_a_right_solution_has_no_symptom(right) -> None:
    """Nothing is wrong, so nothing is said, with any seed."""
    makes = (pair,) if right is projected else (rows, wide, cube)

    for seed in range(10):
        assert not run(right, right, *makes, seed=seed)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: x.square().detach(), "no gradient reaches input 1"),
        (lambda x: 2 * x.square() - x.square().detach(), "is 2 times what it should be"),
        (lambda x: 2 * x.square().detach() - x.square(), "has the wrong sign"),
        (lambda x: x * x.detach(), "is 0.5 times what it should be"),
        (lambda x: x.square() + (x - x.detach()), "but the gradient is not"),
    ],
)
def test_a_wrong_gradient_is_described(wrong, words) -> None:
    """Values are right: what became of the gradient is said."""
    assert words in run(torch.square, wrong, rows, gradients=True)


def test_two_answers_to_one_question_are_noticed() -> None:
    """Something random in the result is no scale and no order."""
    generator = torch.Generator().manual_seed(1)

    def noisy(x):
        return x + torch.rand(x.shape, generator=generator, dtype=torch.float64).to(x.dtype)

    assert "two different answers" in run(same, noisy, rows, wide)


def test_noise_that_repeats_is_described_by_nothing() -> None:
    """No diagnosis is better than a wrong one."""
    for seed in range(10):
        told = run(same, lambda x: x + (x * 37.0).sin(), rows, wide, cube, seed=seed)

        assert told == ""


def test_an_origin_must_explain_every_factor() -> None:
    """A constant that equals a size by luck in one case is not told to come from it."""
    told = run(same, lambda x: x * 7, rows, wide)

    assert "7 times" in told
    assert "size" not in told


def test_a_mix_up_of_two_inputs_names_both() -> None:
    """Only where Tq equals Tk is the result right."""

    def right(q, k):
        return q.sum(-2, keepdim=True) + k[..., :1, :]

    def wrong(q, k):
        return right(q, k) + (q.shape[-2] - k.shape[-2]) * q.square()[..., :1, :]

    def make(tq, tk):
        return lambda r: call(r.normal(2, tq, 5), r.normal(2, tk, 5))

    told = run(right, wrong, make(4, 4), make(3, 6), make(7, 2))

    assert "size -2 of `q` equals size -2 of `k`" in told

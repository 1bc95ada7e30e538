"""Which mistake a submission is said to look like: singles, pairs, stages, and silence."""

from __future__ import annotations

from itertools import combinations, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.exercise import Exercise
from studytrack.domain.verdict import Finding, report_from_plain
from studytrack.grader.alike import agree, same_value
from studytrack.grader.attempt import Observation
from studytrack.grader.authoring import Case, Collected, Mistake
from studytrack.grader.compare import Tolerance
from studytrack.grader.diagnose import diagnose
from studytrack.grader.ladder import Ladder
from studytrack.grader.pairs import indistinguishable
from studytrack.grader.subject import LocalSubject
from studytrack.grader.suite import Suite, load_suite
from studytrack.grader.verify import verify

pytestmark = pytest.mark.xdist_group("grader")

SEED = 11
FAULTS = ("scale", "mask", "blind", "negative")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Many small steps, as in the judge: two threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def attention(q, k, v, mask=None, faults=frozenset()):
    """Attention with any set of faults: scores unscaled, mask unused, blind rows NaN, sign."""
    scores = q @ k.transpose(-1, -2)
    if "scale" not in faults:
        scores = scores / q.shape[-1] ** 0.5
    if mask is not None and "mask" not in faults:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    if "blind" not in faults:
        weights = weights.nan_to_num(0.0)
    result = weights @ v
    return result.abs() if "negative" in faults else result


def with_faults(*faults):
    """A solution with these faults."""
    return lambda q, k, v, mask=None: attention(q, k, v, mask, frozenset(faults))


def scale_and_unknown(q, k, v, mask=None):
    """Scores unscaled; with a mask, something that no mistake does."""
    factor = 1.0 if mask is None else torch.arange(1.0, 4, dtype=q.dtype)
    return with_faults("scale")(q, k, v) * factor


def drawn(rng, *, masked=False, blind=False, tq=3):
    """Queries, keys, values and perhaps a mask, with or without a closed row."""
    made = rng.normal(2, tq, 4), rng.normal(2, 5, 4), rng.normal(2, 5, 3)
    if not masked:
        return made
    mask = torch.ones(tq, 5, dtype=torch.bool).tril(1)
    if blind:
        mask[0] = False
    return (*made, mask)


def suite_of(reference, cases, mistakes, entry="f"):
    """A suite made here."""
    exercise = Exercise(
        id="x", title="", topic="", entry=entry, level=1, minutes=1, hints=(), statement="",
        starter="", folder="", dtypes=("float64", "float32"),
    )  # fmt: skip
    collected = Collected(
        cases=cases,
        mistakes=[Mistake(name=name, text=f"about {name}", wrong=w) for name, w in mistakes],
    )
    return Suite(exercise=exercise, reference=reference, collected=collected)


def staged_suite(*, staged=True):
    """Attention in three stages: no mask, a mask, rows that see nothing."""
    cases = [
        Case(name="no mask", make=drawn),
        Case(name="more", make=lambda r: drawn(r, tq=6)),
        Case(name="masked", make=lambda r: drawn(r, masked=True), stage=int(staged)),
        Case(name="blind", make=lambda r: drawn(r, masked=True, blind=True), stage=2 * int(staged)),
    ]
    mistakes = [(name, with_faults(name)) for name in FAULTS]
    return suite_of(with_faults(), cases, mistakes)


def answered(suite, solution, seed=SEED):
    """Return what a solution's run would observe, and the failed rungs."""
    ladder, subject = Ladder(suite, seed), LocalSubject(solution)
    seen, failed = [], []
    for rung in ladder.rungs():
        for asked in rung.asked:
            got, want = subject.answer(asked.question), ladder.want(asked)
            difference = verify(asked, got, want)
            seen.append(
                Observation(asked=asked, got=got, want=want, difference=difference, check=rung.name)
            )
            if difference is not None and rung.name not in failed:
                failed.append(rung.name)
    return seen, failed


def diagnosed(suite, solution, seed=SEED):
    """Return what a solution is said to look like."""
    seen, failed = answered(suite, solution, seed)
    return diagnose(suite, seen, failed, seed)


@pytest.mark.parametrize("staged", [True, False])
@pytest.mark.parametrize("name", FAULTS)
def test_a_single_mistake_is_named_alone(name, staged) -> None:
    """With or without stages, one known fault is one finding."""
    found = diagnosed(staged_suite(staged=staged), with_faults(name))

    assert [(name, False)] == [(f.mistake, f.also) for f in found]


@pytest.mark.parametrize("staged", [True, False])
def test_two_faults_that_leave_traces_of_their_own_are_both_named(staged) -> None:
    """An unscaled score shows without a mask; NaN shows only in rows that see nothing."""
    found = diagnosed(staged_suite(staged=staged), with_faults("scale", "blind"))

    assert [("scale", False), ("blind", True)] == [(f.mistake, f.also) for f in found]


def test_a_later_fault_that_is_not_known_is_said_to_be_there() -> None:
    """The first stage is explained; nothing is invented for what fails in the next."""
    suite = staged_suite()

    found = diagnosed(suite, scale_and_unknown)

    assert found[0] == Finding(mistake="scale", text="about scale")
    assert found[1].mistake == ""
    assert found[1].also
    assert "`masked`" in found[1].text


def test_without_stages_a_first_case_alone_names_nobody() -> None:
    """Nobody has said that the first case tells mistakes apart."""
    suite = staged_suite(staged=False)

    found = diagnosed(suite, scale_and_unknown)

    assert [] == [f.mistake for f in found if f.mistake]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (lambda x: 2 * x + (x > 0), lambda x: x),
        (lambda x: 3 * x + 5, lambda x: x),
    ],
)
def test_faults_in_the_same_entries_compose_as_factor_or_offset_or_stay_unnamed(
    wrong, right
) -> None:
    """A pair is named only if each mistake shows where the other does not."""
    cases = [
        Case(name="a", make=lambda r: r.normal(4, 5)),
        Case(name="b", make=lambda r: r.normal(9)),
    ]
    suite = suite_of(right, cases, [("double", lambda x: 2 * x), ("five", lambda x: x + 5)])

    assert [] == [f.mistake for f in diagnosed(suite, wrong) if f.mistake]


def test_a_changed_input_and_a_wrong_value_are_two_mistakes() -> None:
    """An answer has aspects: what became of the inputs is one of its own."""

    def changes(x):
        x += 1
        return x - 1

    def both(x):
        x += 1
        return (x - 1) * (1 if x.dim() == 2 else 2)

    cases = [
        Case(name="rows", make=lambda r: r.normal(9)),
        Case(name="m", make=lambda r: r.normal(4, 5)),
    ]
    suite = suite_of(
        lambda x: x + 0, cases,
        [("changes", changes), ("double in rows", lambda x: x * (1 if x.dim() == 2 else 2))],
    )  # fmt: skip

    found = diagnosed(suite, both)

    assert {"changes", "double in rows"} >= {f.mistake for f in found if f.mistake}


@given(st.sets(st.sampled_from(FAULTS), min_size=1), st.booleans(), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_named_mistake_explains_the_first_failing_stage(faults, staged, seed) -> None:
    """Whatever faults meet: who is named gives the submission's answers where it first fails."""
    suite = staged_suite(staged=staged)
    seen, failed = answered(suite, with_faults(*faults), seed)

    found = diagnose(suite, seen, failed, seed)

    named = [f.mistake for f in found if f.mistake and not f.also]
    wrong = [s for s in seen if s.difference is not None]
    if not wrong:
        return
    stage = min(s.asked.stage for s in wrong)
    case = min(wrong, key=lambda s: s.asked.stage).asked.case
    first = [s for s in wrong if (s.asked.stage == stage if staged else s.asked.case == case)]
    for name in named:
        subject = LocalSubject(with_faults(name))
        assert all(agree(s.asked, s.got, subject.answer(s.asked.question)) for s in first)
    for f in found:
        assert not f.mistake or f.mistake in faults or f.mistake in named


@pytest.mark.parametrize("faults", [*combinations(FAULTS, 2), *combinations(FAULTS, 3)])
def test_nobody_innocent_is_named(faults) -> None:
    """For every combination of faults, a finding is one of those that are there."""
    for staged, seed in product((True, False), (1, 2)):
        found = diagnosed(staged_suite(staged=staged), with_faults(*faults), seed)

        assert {f.mistake for f in found if f.mistake} <= set(faults)


@pytest.mark.parametrize("name", ["top_k", "softmax", "attention"])
def test_a_random_wrong_answer_looks_like_nobody(name) -> None:
    """Noise on top of the right answer is no known mistake of a shipped exercise."""
    suite = load_suite(load_catalogue([content_root()]).exercises[name])

    def noisy(*args, **kwargs):
        right = suite.reference(*args, **kwargs)
        return right + 0.1 * torch.rand(right.shape, dtype=right.dtype)

    assert [] == [f.mistake for f in diagnosed(suite, noisy) if f.mistake]


def test_a_fault_of_attention_and_another_are_both_named() -> None:
    """The shipped exercise: a wrong scale and NaN in rows that see nothing."""
    suite = load_suite(load_catalogue([content_root()]).exercises["attention"])

    def both(q, k, v, mask=None):
        return with_faults("scale", "blind")(q / q.shape[-1], k, v, mask)

    found = diagnosed(suite, both)

    assert [("divided_by_d", False), ("blind_is_nan", True)] == [(f.mistake, f.also) for f in found]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([1.0, torch.nan], [1.0, torch.nan], True),
        ([1.0, torch.inf], [1.0, torch.inf], True),
        ([1.0, 5.0], [1.0, torch.inf], False),
        ([1.0, torch.inf], [1.0, 5.0], False),
        ([1.0, -torch.inf], [1.0, torch.inf], False),
        ([1.0, torch.nan], [1.0, torch.inf], False),
        ([1.0, 2.0], [1.0, 2.1], False),
    ],
)
def test_two_wrong_answers_agree_where_nan_meets_nan_and_infinity_its_like(
    one, other, same
) -> None:
    """An infinity is near nothing but itself."""
    assert same == same_value(torch.tensor(one), torch.tensor(other), Tolerance({}))


def test_mistakes_that_no_probe_separates_are_listed() -> None:
    """Two ways to write one fault are a pair; what a case separates is none."""
    cases = [
        Case(name="a", make=lambda r: r.normal(4, 5)),
        Case(name="b", make=lambda r: r.normal(9)),
    ]
    mistakes = [
        ("double", lambda x: 2 * x),
        ("twice", lambda x: x + x),
        ("triple", lambda x: 3 * x),
    ]
    suite = suite_of(lambda x: x + 0, cases, mistakes)

    assert [("double", "twice")] == indistinguishable(suite, SEED)


def test_mistakes_with_one_sentence_are_declared_equal() -> None:
    """A learner reads the same about both."""
    cases = [Case(name="a", make=lambda r: r.normal(4, 5))]
    suite = suite_of(lambda x: x + 0, cases, [])
    for name in ("one", "other"):
        suite.collected.mistakes.append(Mistake(name=name, text="same", wrong=lambda x: 2 * x))

    assert [] == indistinguishable(suite, SEED)


def test_a_closed_call_is_forbidden_and_gets_no_diagnosis(grader, row_sum) -> None:
    """It wins over what failed before; its message is kept as it is."""
    report = grader.grade(
        row_sum,
        b"class ForbiddenCall(Exception):\n    pass\n\n"
        b"def row_sum(x):\n"
        b"    if x.dim() == 3:\n        raise ForbiddenCall('`sum` is what you build here')\n"
        b"    return x.sum(-1) * 2\n",
    )

    closed = [check for check in report.checks if check.outcome == "forbidden"]
    assert report.verdict == "forbidden"
    assert report.first_failed.outcome == "failed"
    assert "`sum` is what you build here" == closed[0].message
    assert report.diagnosis == ()
    assert report.counterexample is None


def test_a_stored_report_without_the_new_field_still_loads() -> None:
    """Findings of an earlier version are alternatives."""
    plain = {
        "exercise": "x", "verdict": "failed", "checks": [], "counterexample": None,
        "diagnosis": [{"mistake": "m", "text": "t"}], "device": "cpu", "dtypes": [], "seed": 1,
        "seconds": 0.1, "isolation": [],
    }  # fmt: skip

    assert report_from_plain(plain).diagnosis == (Finding(mistake="m", text="t", also=False),)


@pytest.mark.parametrize("body", ["while True: pass", "import os; os._exit(0)"])
def test_a_run_that_broke_off_looks_like_no_mistake(grader, body):
    """Checks that came to no end fail for a reason of their own; mistakes do not explain it."""
    exercise = load_catalogue([content_root()]).exercises["top_k"]

    report = grader.grade(exercise, f"def top_k_filter(logits, k):\n    {body}\n".encode())

    assert report.verdict in {"timeout", "died"}
    assert () == report.diagnosis

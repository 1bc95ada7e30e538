"""Whatever a runner sends, the outcome is a verdict, and the judge lives."""

from __future__ import annotations

import resource
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import torch

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.verdict import all_passed
from studytrack.grader.codec import MAX_ELEMENTS
from studytrack.grader.suite import Suite, load_suite
from tests.grader.forged import any_change, framed, graded, parts

NAMES = ("add_one", "row_sum", "counter", "bpe_train", "softmax", "nn_linear")
WRONG_SUM = "\ndef row_sum(x):\n    return x.sum(-1) * 2\n"
BASICS = Path(__file__).parents[1] / "catalogue"


@pytest.fixture(scope="module")
def suites() -> dict[str, tuple[Suite, str]]:
    """Exercises on tensors, modules and lists, each with its reference as the submission."""
    found = load_catalogue([BASICS]).exercises | load_catalogue([content_root()]).exercises
    return {
        name: (load_suite(found[name]), (Path(found[name].folder) / "reference.py").read_text())
        for name in NAMES
    }


@pytest.fixture(autouse=True)
def _threads():
    """Leave torch as it was: the runner's code uses one thread."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_an_unchanged_answer_passes(suites) -> None:
    """The stand-in for the runner's process is faithful."""
    for suite, source in suites.values():
        report = graded(source, suite, 7, lambda frame: frame)

        assert report.passed, (suite.exercise.id, report.first_failed)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(8))
def test_a_changed_answer_gets_a_verdict(suites, name, seed) -> None:
    """No exception leaves the judge, and "passed" means that every check passed."""
    suite, source = suites[name]
    rng = Random(f"{name} {seed}")

    report = graded(source, suite, seed, any_change(rng, share=0.2))

    assert (report.verdict == "passed") == all_passed(report.checks)


def changed_value(node, *buffers):
    """Return a change that puts a node in the place of every result."""

    def change(frame: bytes) -> bytes:
        header, found = parts(frame)
        if "value" not in header or "inputs" not in header:
            return frame
        return framed({**header, "value": node(len(found))}, [*found, *buffers])

    return change


def tensor(index: int, shape: list[int], dtype: str = "uint8", **more: object) -> list[object]:
    """Return the node of a tensor over a buffer."""
    claims = {"d": dtype, "s": shape, "i": index, "v": "cpu", "c": "", "g": False}
    return ["t", {**claims, **more}]


@pytest.mark.parametrize(
    ("node", "buffer"),
    [
        (lambda n: ["l", [tensor(n, [1 << 20])] * 40], bytes(1 << 20)),
        (lambda n: ["l", [["b", n]] * 1000], bytes(1 << 20)),
        (lambda n: tensor(n, [1 << 30, 1 << 10], "float64", t=[0, 0]), bytes(8)),
        (lambda n: tensor(n, [2], "float64", t=[1]), bytes(16)),
        (lambda n: tensor(n, [MAX_ELEMENTS + 1]), bytes(MAX_ELEMENTS + 1)),
        (lambda n: tensor(n, [0, *[(1 << 31) - 1] * 15]), b""),
        (lambda _: ["e", [["I", str(k * ((1 << 61) - 1))] for k in range(1, 20_000)]], b""),
        (lambda _: ["d", [[["z", (k * 1000003.0).hex(), (-float(k)).hex()], 0]
                          for k in range(9000)]], b""),
        (lambda _: ["u", [["e", [["f", (2.0 ** (61 * k)).hex()] for k in range(-17, 17)]
                           + [["I", str(((1 << 61) - 1) * k + 1)] for k in range(99)]]]], b""),
    ],
    ids=["tensors over one buffer", "bytes of one buffer", "stride 0", "any stride",
         "too many elements", "sizes beside a 0", "integers of one hash", "complex of one hash",
         "floats and integers of one hash"],
)  # fmt: skip
def test_what_would_cost_the_judge_memory_or_time_is_refused(suites, node, buffer) -> None:
    """Each buffer is read once, without strides; elements and equal hashes have a cap."""
    suite, source = suites["add_one"]

    report = graded(source, suite, 1, changed_value(node, buffer))

    assert "protocol" == report.verdict
    assert ["not_run"] == list({check.outcome for check in report.checks[1:]})


@pytest.mark.parametrize(
    "inputs",
    [["l", []], ["l", [["l", []], ["l", []]]], ["l", [["l", []], ["d", []]]], None,
     ["l", [["d", []], ["l", []]]], ["l", [["l", [0, 0, 0]], ["d", []]]],
     ["l", [["l", [0]], ["d", [["x", 0]]]]]],
)  # fmt: skip
def test_inputs_of_another_form_than_sent_are_a_protocol_fault(suites, inputs) -> None:
    """The judge compares them with what it sent, entry by entry."""
    suite, source = suites["add_one"]

    def change(frame: bytes) -> bytes:
        header, buffers = parts(frame)
        return framed({**header, "inputs": inputs}, buffers) if "inputs" in header else frame

    assert "protocol" == graded(source, suite, 1, change).verdict


@pytest.mark.parametrize("grads", [["l", [0]], ["l", [["l", []]]], ["d", []], None, ["l", ["x"]]])
def test_gradients_that_are_no_tensors_are_a_protocol_fault(suites, grads) -> None:
    """They are compared only as tensors or None."""
    suite, source = suites["row_sum"]

    def change(frame: bytes) -> bytes:
        header, buffers = parts(frame)
        return framed({**header, "grads": grads}, buffers) if "grads" in header else frame

    assert "protocol" == graded(source, suite, 1, change).verdict


def test_a_fault_of_the_judge_s_own_becomes_a_verdict_and_is_logged(
    suites, monkeypatch, capsys
) -> None:
    """A comparison that breaks on an answer costs this attempt, with a traceback in the log."""
    suite, source = suites["add_one"]

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("studytrack.grader.attempt.verify", breaks)
    report = graded(source, suite, 1, lambda frame: frame)

    assert "protocol" == report.verdict
    assert "ZeroDivisionError" in report.first_failed.message
    assert "of ours" in capsys.readouterr().err


@pytest.mark.parametrize("broken", ["attempt.shrink", "outcome.counterexample", "outcome.diagnose"])
def test_a_fault_in_what_is_only_shown_costs_no_verdict(suites, monkeypatch, broken) -> None:
    """Example and diagnosis come on top of the verdict."""
    suite, source = suites["row_sum"]

    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(f"studytrack.grader.{broken}", breaks)
    report = graded(source + WRONG_SUM, suite, 1, lambda frame: frame)

    assert "failed" == report.verdict


LOST = {
    "ok": False,
    "lost": True,
    "error": {"type": "AcceleratorError", "message": "CUDA error", "mro": ["ValueError"]},
}
CATCHES = """
import torch
@check("a check that catches everything")
def catches(fn):
    try:
        fn(torch.zeros(7, 7, 7))
    except Exception:
        pass
"""


def lose(frame: bytes) -> bytes:
    """Tell that the GPU is lost, in place of every answer to a call."""
    header, buffers = parts(frame)
    return framed({**header, **LOST}, []) if "inputs" in header else framed(header, buffers)


def test_a_lost_gpu_is_an_error_and_the_second_ends_the_run(suites) -> None:
    """The runner's process tells of it; no runner is asked again whose context is broken."""
    suite, source = suites["add_one"]

    report = graded(source, suite, 1, lose, device="cuda:0")

    assert "error" == report.verdict
    assert ["error", "error", "not_run"] == [check.outcome for check in report.checks][:3]
    assert "CUDA error" in report.first_failed.message


def test_no_gpu_is_lost_on_the_cpu(suites) -> None:
    """There such a word is an exception like any other."""
    suite, source = suites["add_one"]

    report = graded(source, suite, 1, lose)

    assert {"error"} == {check.outcome for check in report.checks}


@pytest.mark.parametrize(
    ("forge", "device"),
    [(lose, "cuda:0"), (lambda frame: frame[:5], "cpu"), (lambda _: b"\xff" * 9, "cpu")],
    ids=["a lost GPU", "a time-out", "noise"],
)
def test_no_check_passes_by_catching_what_ended_its_runner(
    suites, row_sum, with_check, forge, device
) -> None:
    """A question that went unanswered counts, whatever a check does with the exception."""
    suite = load_suite(with_check(row_sum, CATCHES))

    def change(frame: bytes) -> bytes:
        return forge(frame) if b"[7, 7, 7]" in frame else frame

    report = graded(suites["row_sum"][1], suite, 1, change, device)

    assert "a check that catches everything" == report.checks[-1].name
    assert "passed" != report.checks[-1].outcome
    assert not report.passed


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_changed_answers_end_no_judge(suites, name, request) -> None:
    """20,000 changed answers over all exercises: no exception; memory and time are printed."""
    suite, source = suites[name]
    rng, count, slowest = Random(f"many {name}"), 0, 0.0
    verdicts: Counter[str] = Counter()

    def counting(change):
        def inner(frame: bytes) -> bytes:
            nonlocal count
            changed = change(frame)
            count += changed is not frame
            return changed

        return inner

    while count < 20_000 / len(NAMES):
        change = any_change(rng, share=rng.choice((0.05, 0.3, 1.0)))
        began = time.perf_counter()
        report = graded(source, suite, rng.randrange(99), counting(change))
        slowest = max(slowest, time.perf_counter() - began)
        verdicts[report.verdict] += 1
        assert (report.verdict == "passed") == all_passed(report.checks)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{name}: {count} answers, slowest run {slowest:.2f} s, {peak} MiB, {verdicts}")
    assert peak < 1024

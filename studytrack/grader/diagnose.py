"""Which known mistake a failed submission looks like.

The exercise's mistakes answer the questions that the submission answered, simple stages first. A
mistake matches if it agrees with the submission on every question where it differs from the
reference, and those are at least two, or one whose answer holds eight numbers or more. Where none
matches, pairs are tried (`compound`): one mistake explains the first failing stage alone, the
other joins it in what follows. Where values tell nothing apart, the set of failed properties must
be equal. "Looks like", never "you did"; at most three; no diagnosis is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from studytrack.domain.verdict import Finding
from studytrack.grader.alike import agree, weight
from studytrack.grader.attempt import Observation, run_check
from studytrack.grader.authoring import Mistake
from studytrack.grader.compound import composed
from studytrack.grader.local import LocalClass, LocalFunction
from studytrack.grader.subject import Answer, LocalSubject
from studytrack.grader.suite import Suite
from studytrack.grader.symptoms import symptom

MAX_FINDINGS, MANY_NUMBERS, MAX_OBSERVATIONS, MAX_FIRSTS, MAX_CASES = 3, 8, 60, 2, 5
MAX_ANSWERS = 400  # of mistakes, while pairs are tried: a bound on work that no clock decides
ALSO = "And something else goes wrong in the case `{case}`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An observation with the right answer and the stage at which it stands."""

    seen: Observation
    want: Answer
    stage: int


class Bench:
    """The answers of an exercise's mistakes to what was asked, each worked out once."""

    def __init__(self, known: Sequence[Known]) -> None:
        self.known = known
        self._answers: dict[tuple[str, int], Answer] = {}

    @property
    def spent(self) -> bool:
        """Whether so much was worked out that the search has to end."""
        return len(self._answers) >= MAX_ANSWERS

    def answer(self, mistake: Mistake, index: int) -> Answer:
        """Return a mistake's answer to a question."""
        key = (mistake.name, index)
        if key not in self._answers:
            question = self.known[index].seen.asked.question
            self._answers[key] = LocalSubject(mistake.wrong).answer(question)
        return self._answers[key]


def diagnose(
    suite: Suite,
    observations: Sequence[Observation],
    failed: Sequence[str],
    seed: int,
    *,
    complete: bool = True,
) -> tuple[Finding, ...]:
    """Return what a failed submission looks like, the most likely first; empty if unknown.

    Args:
        suite: the exercise.
        observations: what was asked and answered.
        failed: names of the checks that did not pass.
        seed: the run's seed.
        complete: every check came to an end; where one did not, its failure tells nothing.
    """
    bench = Bench(_known(suite, observations))
    mistakes = suite.collected.mistakes
    if bench.known and _is_wrong(bench.known[0].seen):
        found = _one_of([m for m in mistakes if _explains(bench, m)]) or _staged(suite, bench)
    elif not complete:
        return ()
    else:
        alike = [m for m in mistakes if _fails_alike(suite, m, failed, seed)]
        found = _one_of([m for m in alike if _is_silent(bench, m)])
    if found:
        return found
    wrong = [known.seen for known in bench.known if known.seen.difference is not None]
    text = symptom(wrong[0], observations, suite.reference) if wrong else ""
    return (Finding(mistake="", text=text),) if text else ()


def _one_of(matches: Sequence[Mistake]) -> tuple[Finding, ...]:
    if len(matches) > MAX_FINDINGS:
        return ()
    return tuple(Finding(mistake=m.name, text=m.text) for m in matches)


def _known(suite: Suite, observations: Sequence[Observation]) -> list[Known]:
    """Return at most so many observations: wrong answers first, then right ones, by stage.

    Most mistakes are told apart by the first wrong answer, so the rest is seldom computed. What a
    property asked stands behind all cases.
    """
    last = 1 + max((case.stage for case in suite.collected.cases), default=0)
    properties = {check.name for check in suite.collected.checks}

    def stage(seen: Observation) -> int:
        return last if seen.check in properties else seen.asked.stage

    ordered = sorted(observations, key=stage)
    wrong = [seen for seen in ordered if _is_wrong(seen)][: MAX_OBSERVATIONS // 2]
    right = [seen for seen in ordered if not _is_wrong(seen)][: MAX_OBSERVATIONS - len(wrong)]
    reference = LocalSubject(suite.reference)
    return [
        Known(
            seen=seen,
            want=seen.want or reference.answer(seen.asked.question),
            stage=stage(seen),
        )
        for seen in wrong + right
    ]


def _is_wrong(seen: Observation) -> bool:
    """Tell whether the answer itself was wrong, not a property of several."""
    return seen.difference is not None and seen.difference.kind != "property"


def _explains(bench: Bench, mistake: Mistake, where: Sequence[int] | None = None) -> bool:
    """Tell whether a mistake gives the submission's answers, all wrong ones among them.

    Args:
        bench: what was asked.
        mistake: who is held against it.
        where: indices of the observations to look at; all by default.
    """
    separating = numbers = 0
    for index in range(len(bench.known)) if where is None else where:
        known = bench.known[index]
        theirs = bench.answer(mistake, index)
        if agree(known.seen.asked, theirs, known.want):
            if _is_wrong(known.seen):
                return False  # not this mistake's
            continue
        if not agree(known.seen.asked, known.seen.got, theirs):
            return False
        separating += 1
        numbers = max(numbers, weight(known.seen.got))
    return separating > 1 or numbers >= MANY_NUMBERS


def _staged(suite: Suite, bench: Bench) -> tuple[Finding, ...]:
    """Return the mistakes that explain the first failing stage, and what joins them later.

    Without stages, nobody has said which case tells mistakes apart: one that explains a failing
    case is told only with another that explains, together with it, all the rest.
    """
    if len({case.stage for case in suite.collected.cases}) == 1:
        cases = dict.fromkeys(k.seen.asked.case for k in bench.known if _is_wrong(k.seen))
        for case in islice(cases, MAX_CASES):
            where = [i for i, known in enumerate(bench.known) if known.seen.asked.case == case]
            found = _paired(suite, bench, _firsts(suite, bench, where))
            if found:
                return found
        return ()
    stage = bench.known[0].stage
    where = [i for i, known in enumerate(bench.known) if known.stage <= stage]
    firsts = _firsts(suite, bench, where)
    later = (known.seen for known in bench.known if known.stage > stage)
    beyond = next((seen for seen in later if _is_wrong(seen)), None)
    if not firsts or beyond is None:
        return ()
    text = ALSO.format(case=beyond.asked.case)
    rest = Finding(mistake="", text=text, also=True)
    return _paired(suite, bench, firsts) or (*_one_of(firsts), rest)


def _firsts(suite: Suite, bench: Bench, where: Sequence[int]) -> list[Mistake]:
    """Return the few mistakes that alone explain some observations; none if they are many."""
    found = [m for m in suite.collected.mistakes if _explains(bench, m, where)]
    return found if len(found) <= MAX_FIRSTS else []


def _paired(suite: Suite, bench: Bench, firsts: Sequence[Mistake]) -> tuple[Finding, ...]:
    """Return the pairs that explain everything, as findings; none if they are many."""
    others = suite.collected.mistakes
    known = [(a, b, _joins(bench, a, b)) for a in firsts for b in others if a is not b]
    clearest = min((unclear for *_, unclear in known if unclear is not None), default=0)
    pairs = [(a, b) for a, b, unclear in known if unclear == clearest]
    one = {a.name: a for a, _ in pairs}
    also = {b.name: b for _, b in pairs if b.name not in one}
    if not also or len(one) + len(also) > MAX_FINDINGS:
        return ()
    return _one_of(list(one.values())) + tuple(
        Finding(mistake=b.name, text=b.text, also=True) for b in also.values()
    )


def _joins(bench: Bench, one: Mistake, other: Mistake) -> int | None:
    """Return in how many answers two mistakes meet unclearly; None if they do not explain all.

    Each must leave traces of its own, and the second ones enough to tell it from luck.
    """
    first = second = shown = unclear = 0
    for index, known in enumerate(bench.known):
        if bench.spent:
            return None
        asked, got = known.seen.asked, known.seen.got
        answers = bench.answer(one, index), bench.answer(other, index)
        trace = composed(asked, known.want, got, *answers)
        if not trace.fits:
            return None
        first, second = first + trace.first, second + trace.second
        shown += bool(trace.second)
        unclear += trace.unclear
    telling = first > 0 and (second >= MANY_NUMBERS or shown > 1)
    return unclear if telling and unclear <= shown else None


def _is_silent(bench: Bench, mistake: Mistake) -> bool:
    """Tell whether a mistake answers every single question as the submission did."""
    return all(
        agree(known.seen.asked, known.seen.got, bench.answer(mistake, index))
        for index, known in enumerate(bench.known)
    )


def _fails_alike(suite: Suite, mistake: Mistake, failed: Sequence[str], seed: int) -> bool:
    """Tell whether a mistake fails the same properties as the submission."""
    checks = sorted(suite.collected.checks, key=lambda check: check.name not in failed)
    for check in checks:  # failed ones first: a mistake that passes one is out at once
        if fails(suite, mistake, check.name, seed) != (check.name in failed):
            return False
    return bool(checks)


def fails(suite: Suite, mistake: Mistake, name: str, seed: int) -> bool:
    """Tell whether a mistake fails the property of that name."""
    check = next(check for check in suite.collected.checks if check.name == name)
    wrap = LocalClass if suite.exercise.kind == "class" else LocalFunction
    try:
        run_check(suite, check, wrap(mistake.wrong), seed)
    except Exception:  # noqa: BLE001 - a mistake may raise anything
        return True
    return False

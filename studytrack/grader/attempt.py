"""One graded run: rungs and checks in order, outcomes, and the evidence for the diagnosis.

Knows no processes (see `session`) and no wording of diagnoses (see `diagnose`). Whatever an answer
holds, it becomes an outcome: an exception while an answer is read or judged is a protocol fault.
"""

from __future__ import annotations

import inspect
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from studytrack.domain.verdict import CheckOutcome, CheckResult, Verdict, all_passed
from studytrack.errors import StudytrackError
from studytrack.grader.authoring import Call, Check, RemoteError, Rng, derive_seed
from studytrack.grader.compare import Difference, Tolerance
from studytrack.grader.ladder import Asked, Ladder, Rung
from studytrack.grader.link import RunnerDied, RunnerTimeout
from studytrack.grader.remote import RemoteClass, RemoteFunction, RemoteSubject
from studytrack.grader.render import size_of
from studytrack.grader.session import DeviceLost, LoadFault, RunEnded, Session
from studytrack.grader.shrink import MAX_SECONDS, Smaller, shrink
from studytrack.grader.subject import Answer, LocalSubject, Question
from studytrack.grader.suite import Suite
from studytrack.grader.verify import verify
from studytrack.grader.wire import NoAnswer, ProtocolFault

OnCheck = Callable[[CheckResult], None]
Shown = TypeVar("Shown")
FORBIDDEN = "ForbiddenCall"  # what the runner raises where a closed function is called


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A question that the submission answered; `difference` says what was wrong with it."""

    asked: Asked
    got: Answer
    want: Answer | None
    difference: Difference | None
    check: str


@dataclass(slots=True)
class Attempt:
    """Runs all checks of a suite against one session.

    `smaller` is the smallest failing input found for the first check that failed, if one was
    looked for; it changes no result.
    """

    suite: Suite
    session: Session
    seed: int
    on_check: OnCheck = lambda _result: None
    tolerance_factor: float = 1.0
    results: list[CheckResult] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    verdict: Verdict = "passed"
    smaller: Smaller | None = None

    def run(self) -> None:
        """Run every rung and check; results, observations, verdict and `smaller` are filled in."""
        ladder = Ladder(self.suite, self.seed, self.tolerance_factor)
        for rung in ladder.rungs():
            self._step(rung.name, lambda rung=rung: self._rung(ladder, rung))  # type: ignore[misc]
        for check in self.suite.collected.checks:
            self._step(check.name, lambda check=check: self._check(check))  # type: ignore[misc]
        self.verdict = confirmed(self.verdict, self.results)
        self.smaller = for_show(self._shrunk)

    @property
    def failing(self) -> Observation | None:
        """The smallest wrong answer of the first check that did not pass."""
        name = next((result.name for result in self.results if result.outcome != "passed"), None)
        wrong = [s for s in self.observations if s.difference is not None and s.check == name]
        return min(wrong, key=lambda seen: size_of(seen.asked.question), default=None)

    def _shrunk(self) -> Smaller | None:
        """Look for a smaller failing input, with a runner that has answered everything."""
        seen = self.failing
        if seen is None or seen.difference is None or seen.want is None or self.verdict != "failed":
            return None
        if self.session.deaths or self.session.ended:
            return None
        kept = {case.name for case in self.suite.collected.cases if not case.shrink}
        if seen.asked.case in kept:
            return None
        reference = LocalSubject(self.suite.reference)
        self.session.hasten(MAX_SECONDS)
        return shrink(seen.asked, seen.difference, RemoteSubject(self.session), reference)

    def _step(self, name: str, run: Callable[[], str]) -> None:
        """Run one check and map how it ended to an outcome and, for the first, the verdict."""
        began = time.perf_counter()
        outcome: CheckOutcome
        verdict: Verdict
        try:
            message = self._undisturbed(run)
            outcome, verdict = ("failed", "failed") if message else ("passed", "passed")
        except RemoteError as error:
            outcome, verdict, message = "error", "error", _raised(error)
            if error.type_name == FORBIDDEN:
                outcome, verdict, message = "forbidden", "forbidden", error.message
        except DeviceLost as lost:
            outcome, verdict, message = "error", "error", _raised(lost.error)
        except RunnerTimeout:
            outcome, verdict = "timeout", "timeout"
            message = "Your code did not answer within the time limit; is there an endless loop?"
        except RunnerDied as error:
            outcome, verdict, message = "error", "died", str(error)
        except ProtocolFault as error:
            outcome, verdict = "error", "protocol"
            message = f"The answer could not be read: {error}."
        except LoadFault as error:  # the first runner could load it, the next cannot
            outcome, verdict, message = "error", "error", str(error)
        except RunEnded:  # what ended the run has set the verdict
            outcome, verdict, message = "not_run", "passed", "not run: the attempt had ended"
        except StudytrackError:
            raise  # a fault of the grader, which another process may mend
        except Exception as error:  # noqa: BLE001 - the last wall: no answer may end the judge
            log_fault()
            outcome, verdict = "error", "protocol"
            message = f"The answer could not be judged: {type(error).__name__}."
            self.session.give_up(ProtocolFault(message))
        result = CheckResult(
            name=name,
            outcome=outcome,
            message=message,
            seconds=round(time.perf_counter() - began, 6),
        )
        self.results.append(result)
        if self.verdict == "passed" or verdict == "forbidden":
            self.verdict = verdict  # the first counts, but a closed call explains all the others
        self.on_check(result)

    def _undisturbed(self, run: Callable[[], str]) -> str:
        """Run one check; a question that went unanswered counts, also where the check caught it."""
        self.session.fault = None
        message = run()
        if self.session.fault is not None:
            raise self.session.fault
        return message

    def _judged(
        self, subject: RemoteSubject, asked: Asked, want: Answer
    ) -> tuple[Answer, Difference | None]:
        """Ask one question and judge the answer.

        Raises:
            NoAnswer: no answer came, or what came cannot be read or judged.
        """
        try:
            got = subject.answer(asked.question)
            return got, verify(asked, got, want)
        except ProtocolFault as fault:
            self.session.give_up(fault)  # also if only its content breaks the rules
            raise
        except (NoAnswer, StudytrackError):
            raise
        except Exception as error:
            log_fault()
            unjudged = ProtocolFault(f"{type(error).__name__} while it was judged")
            self.session.give_up(unjudged)
            raise unjudged from error

    def _rung(self, ladder: Ladder, rung: Rung) -> str:
        subject = RemoteSubject(self.session)
        self.session.forget()
        failure, error = "", None
        for asked in rung.asked:
            want = ladder.want(asked)
            got, difference = self._judged(subject, asked, want)
            self.observations.append(
                Observation(asked=asked, got=got, want=want, difference=difference, check=rung.name)
            )
            if (closed := _closed(got)) is not None:
                raise closed
            if difference is None or failure or error:
                continue
            if got.error is not None and want.error is None:
                error = got.error
            else:
                failure = _sentence(difference, asked, rung)
        if error is not None:
            raise error
        return failure

    def _check(self, check: Check) -> str:
        self.session.forget()
        seen: list[tuple[Call, Answer]] = []
        if self.suite.exercise.kind == "class":
            fn: object = RemoteClass(self.session)
        else:
            fn = RemoteFunction(self.session, lambda asked, answer: seen.append((asked, answer)))
        failure, error = "", None
        try:
            run_check(self.suite, check, fn, self.seed)
        except AssertionError as failed:
            failure = str(failed) or f"{check.name}: this does not hold"
        except RemoteError as raised:
            error = raised
        except ProtocolFault as fault:
            self.session.give_up(fault)
            raise
        except (NoAnswer, StudytrackError):
            raise
        except Exception as unusable:  # noqa: BLE001 - a check may stumble over any wrong result
            text = _first_line(f"{type(unusable).__name__}: {unusable}")
            failure = f"{check.name}: what your code returned cannot be used ({text})"
        closed = next((found for _, answer in seen if (found := _closed(answer)) is not None), None)
        if closed is not None:
            raise closed  # also where the check swallowed it
        for asked, answer in seen:
            difference = None
            if asked is seen[-1][0] and (failure or error):
                difference = Difference("property", failure or str(error), "", answer.value)
            question = Asked(
                question=Question(call=asked), tolerance=Tolerance({}), dtype="", case=check.name
            )
            self.observations.append(
                Observation(
                    asked=question, got=answer, want=None, difference=difference, check=check.name
                )
            )
        if error is not None:
            raise error
        return _first_line(failure)


def confirmed(verdict: Verdict, results: Sequence[CheckResult]) -> Verdict:
    """Return a run's verdict; "passed" only if there are checks and every one of them passed."""
    if verdict == "passed" and not all_passed(results):
        return "error"
    return verdict


def for_show(make: Callable[[], Shown]) -> Shown | None:
    """Return what is only shown beside a verdict; a fault in making it costs no verdict.

    The values come from a submission and may be anything.
    """
    try:
        return make()
    except Exception:  # noqa: BLE001
        log_fault()
        return None


def log_fault() -> None:
    """Write the current exception to the grader's log: an answer showed a fault of ours."""
    traceback.print_exc(limit=-12, file=sys.stderr)


def run_check(suite: Suite, check: Check, fn: object, seed: int) -> None:
    """Run one property; AssertionError and RemoteError pass through."""
    wanted = inspect.signature(check.run).parameters
    given: dict[str, object] = {}
    if "rng" in wanted:
        given["rng"] = Rng(derive_seed(seed, suite.exercise.id, check.name))
    if "ref" in wanted:
        given["ref"] = suite.reference
    check.run(fn, **given)


def _closed(answer: Answer) -> RemoteError | None:
    """Return the call of a closed function that an answer tells of, if there is one."""
    if answer.error is not None and answer.error.type_name == FORBIDDEN:
        return answer.error
    name, _, message = answer.gradient_error.partition(": ")
    return RemoteError(FORBIDDEN, message, ()) if name == FORBIDDEN else None


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""


def _raised(error: RemoteError) -> str:
    where = f" (line {error.lines[-1]})" if error.lines else ""
    if error.type_name == "NotGradable":
        return error.message
    if error.type_name == "NotImplementedError" and not error.message:
        return f"The starter's `raise NotImplementedError` is still there{where}."
    if error.type_name in {"SystemExit", "KeyboardInterrupt"}:
        return f"Your code tried to end the process: {error}{where}."
    return f"Your code raised {error}{where}"


def _sentence(difference: Difference, asked: Asked, rung: Rung) -> str:
    parts = [difference.message]
    if len({one.dtype for one in rung.asked}) > 1:
        parts.append(f"in {asked.dtype}")
    if len({one.case for one in rung.asked}) > 1 or asked.case != rung.name:
        parts.append(f"for the case `{asked.case}`")
    return ", ".join(parts)

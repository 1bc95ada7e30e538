"""The judge: loads exercises and grades submissions, one request after another.

It holds references, seeds and mistakes, and never executes anything of a submission. Requests
come as frames (`server` reads them):

    {"op": "grade", "exercise": {...}, "seed": n | null, "device": "auto" | "cpu" | "cuda",
     "limits": {...}, "layers": {...}, "own": bool, "allow_unsandboxed": bool} + source
        -> {"event": "check", "check": {...}} … {"event": "report", "report": {...}}
    {"op": "warm", "layers": {...}} -> {"event": "ready"}
    {"op": "examples", "exercise": {...}} -> {"event": "examples", "problems": [...]}
    {"op": "pairs", "exercise": {...}, "seed": n} -> {"event": "pairs", "pairs": [[name, name]]}

A fault of the grader itself is {"event": "fault", "what", "why", "remedy", "exit_code"}.
"""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studytrack.domain.exercise import Exercise
from studytrack.domain.verdict import CheckResult, Verdict
from studytrack.errors import GraderFault, StudytrackError
from studytrack.grader.attempt import Attempt, log_fault
from studytrack.grader.clean import clean_all
from studytrack.grader.examples import run_examples
from studytrack.grader.limits import Layers
from studytrack.grader.link import RunnerDied, RunnerTimeout
from studytrack.grader.outcome import judged, report_of
from studytrack.grader.pairs import indistinguishable
from studytrack.grader.policy import find_forbidden
from studytrack.grader.session import LoadFault, RunEnded, RunLimits, Session
from studytrack.grader.spawner import Spawner
from studytrack.grader.submission import SubmissionFault, check_syntax, read_source
from studytrack.grader.suite import Suite, load_suite
from studytrack.grader.wire import ProtocolFault
from studytrack.grader.worker import Spawners

Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """How one submission is to be run."""

    spawner: Spawner
    seed: int
    limits: RunLimits
    device: str
    need_sandbox: bool
    tolerance_factor: float = 1.0


@dataclass(slots=True)
class _Start:
    """Why a submission cannot be asked at all."""

    verdict: Verdict
    error: str


class Judge:
    """Grades requests, with a warm zygote and loaded exercises between them."""

    def __init__(self) -> None:
        self._spawners = Spawners()
        self._suites: dict[str, tuple[Any, Suite]] = {}

    def serve(self, request: dict[str, Any], buffers: list[bytes], emit: Emit) -> None:
        """Answer one request; faults become events."""
        try:
            self._spawners.choose(Layers(**request.get("layers", {})))
            if request["op"] == "grade":
                self._grade(request, buffers[0], emit)
            elif request["op"] == "examples":
                suite = self._suite(_exercise(request["exercise"]))
                emit({"event": "examples", "problems": clean_all(run_examples(suite))})
            elif request["op"] == "pairs":
                suite = self._suite(_exercise(request["exercise"]))
                emit({"event": "pairs", "pairs": indistinguishable(suite, int(request["seed"]))})
            else:
                self._spawners.start()
                emit({"event": "ready"})
        except StudytrackError as error:
            emit(_fault(error.what, error.why, error.remedy, error.exit_code))
        except Exception as error:  # noqa: BLE001 - the service must outlive a fault of its own
            emit(
                _fault(
                    f"The grader failed: {type(error).__name__}: {error}.", traceback.format_exc()
                )
            )

    def close(self) -> None:
        """End every process that was started."""
        self._spawners.close()

    def _grade(self, request: dict[str, Any], raw: bytes, emit: Emit) -> None:
        suite = self._suite(_exercise(request["exercise"]))
        seed = secrets.randbits(63) if request.get("seed") is None else int(request["seed"])
        began = time.perf_counter()
        spawner, device = self._spawners.on(request.get("device", "auto"))
        order = _Order(
            spawner=spawner,
            seed=seed,
            limits=RunLimits(**request.get("limits", {})),
            device=device,
            need_sandbox=not (request.get("own", True) or request.get("allow_unsandboxed")),
            tolerance_factor=request.get("tolerance_factor", 1.0),
        )
        report = self._run_anew(suite, raw, order, emit)
        report = {**report, "device": device, "seconds": round(time.perf_counter() - began, 4)}
        emit({"event": "report", "report": clean_all(report)})

    def _run_anew(self, suite: Suite, raw: bytes, order: _Order, emit: Emit) -> dict[str, Any]:
        """Run a submission; once more if the process that forks runners was ended meanwhile.

        The same seed gives the same results, so what was told before is not told again.
        """
        told = 0
        for last in (False, True):
            seen = 0

            def on_check(result: CheckResult) -> None:
                nonlocal seen, told
                seen += 1
                if seen > told:
                    told = seen
                    emit({"event": "check", "check": clean_all(asdict(result))})

            try:
                return self._run(suite, raw, order, on_check)
            except GraderFault:
                if last:
                    raise
        raise AssertionError("unreachable")

    def _run(
        self,
        suite: Suite,
        raw: bytes,
        order: _Order,
        on_check: Callable[[CheckResult], None],
    ) -> dict[str, Any]:
        seed = order.seed
        try:
            source = read_source(raw)
            check_syntax(source)
        except SubmissionFault as error:
            return report_of(suite, seed, "error", error=str(error))
        banned = find_forbidden(source, suite.exercise.forbid)
        if banned:
            return report_of(suite, seed, "forbidden", error=banned[0].message)
        session = Session(
            order.spawner,
            source,
            suite.exercise.entry,
            seed,
            order.limits,
            order.device,
            forbid=suite.exercise.forbid,
            need_sandbox=order.need_sandbox,
        )
        attempt = Attempt(
            suite=suite,
            session=session,
            seed=seed,
            on_check=on_check,
            tolerance_factor=order.tolerance_factor,
        )
        try:
            refused = _start(session)
            if refused is None:
                attempt.run()
        finally:
            output, dropped = session.close()
        if dropped:
            output += f"\n… {dropped:,} more bytes"
        if refused is None:
            report = judged(attempt)
        else:
            report = report_of(suite, seed, refused.verdict, error=refused.error)
        return {**report, "isolation": list(session.isolation), "output": output}

    def _suite(self, exercise: Exercise) -> Suite:
        """Return the loaded exercise; loads it anew when a file has changed."""
        stamps = {str(p): p.stat().st_mtime_ns for p in sorted(Path(exercise.folder).glob("*.py"))}
        key = (stamps, exercise)
        known = self._suites.get(exercise.folder)
        if known is None or known[0] != key:
            known = (key, load_suite(exercise))
            self._suites[exercise.folder] = known
        return known[1]


def _start(session: Session) -> _Start | None:
    try:
        session.start()
    except LoadFault as error:
        return _Start("forbidden" if error.forbidden else "error", str(error))
    except RunnerTimeout:
        text = "Your file did not finish loading within the time limit; is there an endless loop?"
        return _Start("timeout", text)
    except RunnerDied as error:
        return _Start("died", str(error))
    except ProtocolFault as error:
        return _Start("protocol", f"The answer could not be read: {error}.")
    except RunEnded:
        return _Start("timeout", "The attempt's time was over before your file was loaded.")
    except StudytrackError:
        raise
    except Exception as error:  # noqa: BLE001 - a loaded submission can forge this answer, too
        log_fault()
        return _Start("protocol", f"The answer could not be read: {type(error).__name__}.")
    return None


def _exercise(plain: dict[str, Any]) -> Exercise:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
    }
    return Exercise(**values)


def _fault(what: str, why: str = "", remedy: str = "", exit_code: int = 6) -> dict[str, Any]:
    return {"event": "fault", "what": what, "why": why, "remedy": remedy, "exit_code": exit_code}

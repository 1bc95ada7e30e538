"""Grading as a learner does it: read the file, grade, store the attempt and its rating."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studytrack.config import Settings
from studytrack.content.finder import content_root
from studytrack.domain.exercise import SOURCE_CAP, Exercise
from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.plain_data import mended
from studytrack.domain.ratings import exercise_rating, is_failed_submission
from studytrack.domain.verdict import CheckResult, Report, report_to_plain
from studytrack.errors import EnvironmentFault, NotFound, resolve
from studytrack.files import NotRegular
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.place import Place, find_place
from studytrack.grader.warm import stop_server
from studytrack.paths import Paths
from studytrack.services.consequences import Happened, consequences
from studytrack.services.exercises import effort_of, rating_row, solution_path
from studytrack.services.moments import check_clock
from studytrack.services.sources import read_source
from studytrack.services.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A stored attempt. `rating` is 1 to 4, or None where the evidence gives none."""

    report: Report
    attempt: Attempt
    rating: int | None


def make_grader(settings: Settings, paths: Paths | None = None, *, server: bool = True) -> Grader:
    """Return a grader with the learner's limits; it starts on first use.

    Args:
        settings: the learner's.
        paths: where the shared server lives; None is a grader of this process alone.
        server: whether to share the server of `paths`.
    """
    limits = GraderSettings(
        question_seconds=settings.grader_question_seconds,
        run_seconds=settings.grader_run_seconds,
        idle_seconds=settings.grader_idle_minutes * 60,
    )
    return Grader(limits, grader_place(paths) if server and paths is not None else None)


def grader_place(paths: Paths) -> Place:
    """Return where the learner's grader server lives.

    Only the shipped exercises make it stale; the judge itself sees changes of any other.
    """
    content = (content_root() / "exercises",)
    return find_place(paths.runtime, content, remark=paths.runtime_remark)


def stop_grader(paths: Paths) -> bool:
    """End the learner's grader server after its run; False if there was none.

    Raises:
        GraderFault: it does not end.
    """
    return stop_server(find_place(paths.runtime))


def read_submission(
    study: Study, name: str, file: Path | None = None, stdin: bytes | None = None
) -> tuple[Exercise, bytes]:
    """Return the exercise and the submission's bytes; of a file at most one more than is graded.

    Args:
        study: the open study.
        name: an exercise id or a unique beginning.
        file: the submission; None is the learner's file in the workspace.
        stdin: the submission itself, instead of a file.

    Raises:
        NotFound: no such exercise, or no such file.
        EnvironmentFault: the file cannot be read.
    """
    known = study.catalogue.exercises
    exercise = known[resolve("exercise", name, known, "studytrack exercise list")]
    if stdin is not None:
        return exercise, stdin
    path = file if file is not None else solution_path(study, exercise)
    try:
        return exercise, read_source(study, path)
    except NotRegular as error:
        linked = "It is a link, and none is followed in the workspace."
        raise EnvironmentFault(
            f"{path} cannot be read.",
            linked if error.is_link else "It is no regular file.",
            f"Name the file itself, or hand it over: `studytrack grade {exercise.id} - < FILE`.",
        ) from error
    except (FileNotFoundError, NotADirectoryError):
        remedy = f"`studytrack exercise open {exercise.id}` writes the starter."
        raise NotFound(f"There is no file {path}.", "", remedy) from None
    except OSError as error:
        raise EnvironmentFault(
            f"{path} cannot be read.", f"The system says: {error.strerror}.", "Name another file."
        ) from error


def grade(
    study: Study,
    exercise_id: str,
    submission: Path | bytes,
    *,
    grader: Grader,
    device: str = "auto",
    seed: int | None = None,
    on_check: Callable[[CheckResult], None] | None = None,
) -> Graded:
    """Grade a submission and store the attempt, with its rating where the evidence gives one.

    A source that passed before is kept as a copy and rated nothing.

    Args:
        study: the open study.
        exercise_id: the exercise.
        submission: a file, or its bytes.
        grader: the service to use.
        device: "auto", "cpu" or "cuda".
        seed: replays the inputs of an earlier attempt.
        on_check: called as each check ends.

    Raises:
        NotFound: no such exercise or file.
        ClockLeap: the clock is more than a year after the last entry; nothing is graded.
        GraderFault, EnvironmentFault: no verdict was found; nothing is stored.
    """
    check_clock(study)
    path = submission if isinstance(submission, Path) else None
    given = submission if isinstance(submission, bytes) else None
    exercise, source = read_submission(study, exercise_id, path, given)
    report = grader.grade(exercise, source, device=device, seed=seed, on_check=on_check)
    return _stored(study, exercise, _kept(source), mended(report_to_plain(report)), report)


def _kept(source: bytes) -> str:
    """Return the source as it is stored: of one that is too large the beginning and a note."""
    text = source[: SOURCE_CAP + 1].decode("utf-8", "replace")
    if len(source) <= SOURCE_CAP:
        return text
    note = f"\n# … cut here: the file is larger than the {SOURCE_CAP:,} bytes that are graded.\n"
    return text[: SOURCE_CAP - len(note)] + note


def _stored(
    study: Study, exercise: Exercise, source: str, shown: dict[str, Any], report: Report
) -> Graded:
    """Store the attempt and what it means for the schedule, in one transaction."""
    effort, rating = effort_of(study, exercise.id), None
    copied = report.passed and _is_copy(study, exercise.id, source)
    first_pass = report.passed and effort.first_solve
    if not copied:
        rating = exercise_rating(effort, passed=report.passed, target=exercise.minutes)
    attempt = study.store.new_attempt(
        study.stamp(),
        exercise=exercise.id,
        source=source,
        verdict=report.verdict,
        passed=report.passed,
        device=report.device,
        seed=report.seed,
        seconds=report.seconds,
        report=shown,
        rating=rating,
    )
    rows: list[LogRow] = []
    if copied:
        copy = {"kind": "copy", "item_kind": "exercise", "item_id": exercise.id}
        rows = [study.store.new_row(study.stamp(), **copy)]
    elif rating is not None:
        evidence = {"attempt": attempt.attempt_id, "failed": effort.failed, "hints": effort.hints}
        rows = [rating_row(study, exercise.id, rating, rated_by="grader", evidence=evidence)]
    batch = rows[0].event_id if rows else attempt.attempt_id
    if not copied:
        happened = Happened(
            exercise=exercise,
            passed=report.passed,
            rating=rating,
            failed=effort.failed + is_failed_submission(attempt),
            first_pass=first_pass,
            mistake=report.diagnosis[0].mistake if report.diagnosis else "",
            batch=batch,
        )
        rows += consequences(study, happened)
    study.store.add_attempt(attempt, rows)
    if any(row.kind == "set" for row in rows):
        study.refresh()
    return Graded(report=report, attempt=attempt, rating=rating)


def _is_copy(study: Study, exercise_id: str, source: str) -> bool:
    """Tell whether a source that passed before is handed in again without being written again.

    A short solution may well come out the same from an empty body; opening the exercise anew,
    which gives one, is what tells the two apart.
    """
    passed = [kept for kept in study.store.attempts(exercise_id) if kept.passed]
    if not any(kept.source == source for kept in passed):
        return False
    opened = study.store.live(item_kind="exercise", item_id=exercise_id, kinds={"open"})
    return not opened or opened[-1].clock < passed[-1].clock

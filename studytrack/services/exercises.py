"""Exercises as the learner has them: their state, their file, hints, solution and history.

The learner's file is theirs: it is written once, from the starter, and never overwritten. `reset`
moves it aside, and so does opening an exercise that has come due again while the file still holds
a solution that passed: a due exercise is written again from an empty body.

Grading lives in `services.grading`; the rules of ratings in `domain.ratings`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from studytrack.domain.exercise import REFERENCE, Exercise
from studytrack.domain.log import Attempt, LogRow
from studytrack.domain.memory import Moment
from studytrack.domain.progress import ExerciseState, ExerciseStatus, exercise_state
from studytrack.domain.ratings import AGAIN, Effort, effort, exercise_rating
from studytrack.domain.row_rules import SOURCE_CAP
from studytrack.domain.scheduler import answer
from studytrack.errors import ContentFault, EnvironmentFault, UsageFault, resolve
from studytrack.paths import ensure
from studytrack.services.consequences import Happened, consequences
from studytrack.services.deck import spread_of
from studytrack.services.evidence import gather, ready_exercises
from studytrack.services.moments import check_clock
from studytrack.services.presets import preset
from studytrack.services.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseView:
    """An exercise with the learner's state. `passed_checks` is such as "7/9", or "" before any.

    `credit_from` is the exercise whose pass moved its due day since its last review, "" for none.
    """

    exercise: Exercise
    status: ExerciseStatus
    attempts: int
    passed_checks: str
    first_failed: str
    due_text: str
    path: Path
    hints_shown: int
    due_day: int = 0
    credit_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One of an exercise's hints."""

    number: int
    total: int
    text: str


def exercises(study: Study) -> list[ExerciseView]:
    """Return the exercises that are ready, in the plan's order, each before its other forms."""
    evidence, known = gather(study), study.catalogue.exercises
    forms = {item.whole: item for item in known.values() if item.form}
    listed = [
        one
        for item in ready_exercises(study.catalogue)
        for one in (item, forms.get(item.id))
        if one is not None
    ]
    return [_view(study, item, evidence.states[item.id], evidence.today) for item in listed]


def exercise(study: Study, name: str) -> ExerciseView:
    """Return one exercise by its id or the unique beginning of it.

    Raises:
        NotFound: no such exercise, or several.
    """
    item = _resolve(study, name)
    return _view(study, item, _state(study, item), study.stamp().study_day)


def open_exercise(study: Study, name: str) -> Path:
    """Return the learner's file of an exercise, written from the starter where it is missing.

    Raises:
        NotFound: no such exercise, or several.
        ClockLeap: the clock is more than a year after the last entry; no file is touched.
        EnvironmentFault: the workspace cannot be made or written.
    """
    item = _resolve(study, name)
    check_clock(study)
    path = solution_path(study, item)
    ensure(path.parent)
    if path.exists() and _state(study, item).status == "due" and _holds_old_pass(study, item, path):
        _move_aside(path)
    if not path.exists():
        _write_starter(path, item)
    stamp = study.stamp()
    rows = study.store.live(item_kind="exercise", item_id=item.id, since_day=stamp.study_day)
    if not any(row.kind == "open" and row.study_day == stamp.study_day for row in rows):
        _log(study, item, "open")
    return path


def reset(study: Study, name: str) -> Path:
    """Return the learner's file, written from the starter again; the old one is kept beside it.

    Raises:
        NotFound: no such exercise, or several.
        EnvironmentFault: the workspace cannot be made or written.
    """
    item = _resolve(study, name)
    path = solution_path(study, item)
    ensure(path.parent)
    if path.exists():
        _move_aside(path)
    _write_starter(path, item)
    return path


def hint(study: Study, name: str) -> Hint:
    """Return the next hint and note that it was shown; after the last one, the last again.

    Raises:
        NotFound: no such exercise, or several.
        UsageFault: the exercise has no hints.
    """
    item = _resolve(study, name)
    total = len(item.hints)
    if not total:
        raise UsageFault(
            f"`{item.id}` has no hints.", "", f"`studytrack exercise show {item.id}` has the task."
        )
    shown = _state(study, item).hints_shown
    number = min(shown + 1, total)
    if shown < total:
        _log(study, item, "hint", {"number": number})
    return Hint(number=number, total=total, text=item.hints[number - 1])


def solution(study: Study, name: str, *, give_up: bool = False) -> str:
    """Return the reference solution and note that it was shown.

    Free once the exercise is solved and not due again; before that it means giving up, which rates
    the exercise *again*, so that it comes back on the next study day.

    Raises:
        NotFound: no such exercise, or several.
        UsageFault: neither solved nor given up; both ways are named.
        ContentFault: the reference cannot be read.
    """
    item = _resolve(study, name)
    before = effort_of(study, item.id)
    solved = _state(study, item).status == "solved"
    if not (solved or give_up or before.solution_seen):
        raise UsageFault(
            f"The solution of `{item.id}` opens after a pass.",
            "Seen before, it counts as giving up: the exercise comes back tomorrow.",
            f"`studytrack exercise hint {item.id}` helps; "
            f"`studytrack exercise solution {item.id} --give-up` shows it.",
        )
    text = _reference(item)
    _log(study, item, "solution", {"gave_up": not solved})
    gave_up = replace(before, gave_up=give_up and not solved)
    rating = exercise_rating(gave_up, passed=False, target=item.minutes)
    if gave_up.gave_up and rating is not None:
        row = rating_row(study, item.id, rating, rated_by="learner", evidence={"gave_up": True})
        happened = Happened(
            exercise=item,
            passed=False,
            rating=rating,
            failed=before.failed,
            first_pass=False,
            mistake="",
            batch=row.event_id,
        )
        study.store.append([row, *consequences(study, happened)])
        study.refresh()
    return text


def history(study: Study, name: str) -> list[Attempt]:
    """Return all attempts of an exercise, the oldest first.

    Raises:
        NotFound: no such exercise, or several.
    """
    return study.store.attempts(_resolve(study, name).id)


def solution_path(study: Study, item: Exercise) -> Path:
    """Return where the learner's file of an exercise lies; nothing is created."""
    chosen = study.settings.workspace
    folder = Path(chosen).expanduser() if chosen else study.paths.workspace
    return folder / f"{item.id}.py"


def effort_of(study: Study, exercise_id: str) -> Effort:
    """Return what the current round of an exercise cost so far, for its rating."""
    stamp = study.stamp()
    return effort(
        study.store.live(item_kind="exercise", item_id=exercise_id),
        study.store.attempts(exercise_id),
        today=stamp.study_day,
        utc_ms=stamp.utc_ms,
    )


def rating_row(
    study: Study,
    exercise_id: str,
    rating: int,
    *,
    rated_by: Literal["learner", "grader"] = "grader",
    evidence: Mapping[str, Any] | None = None,
) -> LogRow:
    """Return the row that rates an exercise now and schedules it; it is not stored yet.

    Exercises have no steps within the day: rated *again*, one is due on the next study day.
    """
    stamp = study.stamp()
    how = preset(study.settings, "exercise")
    memory = study.store.memory("exercise", exercise_id)
    outcome = answer(
        memory,
        rating,
        Moment(day=stamp.study_day, utc_ms=stamp.utc_ms),
        how,
        study.model("exercise"),
        spread_of(study, stamp, memory),
    )
    return study.store.new_row(
        stamp,
        kind=outcome.kind,
        item_kind="exercise",
        item_id=exercise_id,
        rating=rating,
        rated_by=rated_by,
        evidence=dict(evidence or {}),
        scheduled=1 if rating == AGAIN else outcome.scheduled,
        r_before=outcome.recall_before,
        s_after=outcome.known.stability,
        d_after=outcome.known.difficulty,
        algorithm="fsrs6",
        params_id=study.store.in_use("exercise").id,
        retention=how.retention,
    )


def _resolve(study: Study, name: str) -> Exercise:
    known = study.catalogue.exercises
    return known[resolve("exercise", name, known, "studytrack exercise list")]


def _state(study: Study, item: Exercise) -> ExerciseState:
    return exercise_state(
        study.store.live(item_kind="exercise", item_id=item.id),
        study.store.attempts(item.id),
        study.store.memories("exercise").get(("exercise", item.id)),
        study.stamp().study_day,
    )


def _view(study: Study, item: Exercise, state: ExerciseState, today: int) -> ExerciseView:
    return ExerciseView(
        exercise=item,
        status=state.status,
        attempts=state.attempts,
        passed_checks=state.passed_checks,
        first_failed=state.first_failed,
        due_text=_due_text(state.due_day, today),
        path=solution_path(study, item),
        hints_shown=state.hints_shown,
        due_day=state.due_day,
        credit_from=state.credit_from,
    )


def _due_text(due_day: int, today: int) -> str:
    if not due_day:
        return ""
    if due_day <= today:
        return "due now"
    return "due " + day_text(due_day, today)


def day_text(day: int, today: int) -> str:
    """Return a study day as a word or a date: "tomorrow", "3 Dec", "3 Dec 2027".

    >>> day_text(739579, 739578)
    'tomorrow'
    """
    if day - today in {0, 1}:
        return ("today", "tomorrow")[day - today]
    then, now = date.fromordinal(day), date.fromordinal(today)
    year = f" {then.year}" if then.year != now.year else ""
    return f"{then.day} {then:%b}{year}"


def _log(study: Study, item: Exercise, kind: str, evidence: dict[str, Any] | None = None) -> LogRow:
    row = study.store.new_row(
        study.stamp(), kind=kind, item_kind="exercise", item_id=item.id, evidence=evidence or {}
    )
    study.store.append([row])
    return row


def _reference(item: Exercise) -> str:
    path = Path(item.folder) / REFERENCE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ContentFault(
            f"The solution of `{item.id}` cannot be read.",
            f"{path}: {error.strerror or error}.",
            "Run `studytrack doctor`.",
        ) from error
    return re.sub(r"^[ \t]*# (solution|end)[ \t]*\n", "", text, flags=re.MULTILINE)


def starter_text(item: Exercise) -> str:
    """Return the file that a learner starts from: the starter under a short header."""
    return f"# {item.title}\n# Grade it with: studytrack grade {item.id}\n\n{item.starter}"


def _holds_old_pass(study: Study, item: Exercise, path: Path) -> bool:
    """Tell whether the file is a solution that passed on an earlier study day."""
    today = study.stamp().study_day
    try:
        with path.open("rb") as stream:
            text = stream.read(SOURCE_CAP + 1).decode("utf-8", "replace")  # as grading stores it
    except OSError:
        return False
    return any(
        attempt.passed and attempt.study_day < today and attempt.source == text
        for attempt in study.store.attempts(item.id)
    )


def _write_starter(path: Path, item: Exercise) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter_text(item))
    except FileExistsError:
        return  # another window wrote it a moment ago
    except OSError as error:
        raise _unwritable(path, error) from error


def _move_aside(path: Path) -> Path:
    """Rename the learner's file to the next free `<id>.<number>.py`."""
    number = 1
    while (kept := path.with_name(f"{path.stem}.{number}.py")).exists():
        number += 1
    try:
        path.rename(kept)
    except OSError as error:
        raise _unwritable(path, error) from error
    return kept


def _unwritable(path: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"Cannot write {path}.",
        f"The system says: {error.strerror or error}.",
        "Make the folder writable, or choose another with `studytrack config set workspace DIR`.",
    )

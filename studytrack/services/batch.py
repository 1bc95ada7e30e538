"""Grading many files that are not the learner's: `studytrack grade --all`.

Nothing is stored, and nothing of it counts as the learner's attempts. Each job has a grader of its
own, so that one submission cannot hold up the others. A file that cannot be read is a row like any
other and never ends the batch.
"""

from __future__ import annotations

import csv
import io
import json
import os
import queue
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from studytrack.domain.exercise import Exercise
from studytrack.domain.verdict import Report
from studytrack.errors import EnvironmentFault, GraderFault, NotFound, StudytrackError, UsageFault
from studytrack.grader.wire import SOURCE_CAP

SEPARATOR = "__"  # between the exercise's id and whatever a file is called beside it
FORMATS = (".csv", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file and the exercise that it is for; None where no exercise has that name."""

    file: Path
    exercise: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one file. `verdict` is a verdict, or "unreadable" or "no verdict"."""

    file: str
    exercise: str
    verdict: str
    passed: int
    checks: int
    first_failed: str
    message: str
    diagnosis: str
    device: str
    ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What holds for every file: as the arguments of `Grader.grade`."""

    device: str = "auto"
    seed: int | None = None
    allow_unsandboxed: bool = False


class Grades(Protocol):
    """What a job grades with: `grader.client.Grader`, or a stand-in."""

    def grade(
        self,
        exercise: Exercise,
        source: bytes,
        *,
        device: str = "auto",
        seed: int | None = None,
        own: bool = True,
        allow_unsandboxed: bool = False,
    ) -> Report:
        """Return the report of a submission."""

    def close(self) -> None:
        """End the grader."""


def find_entries(folder: Path, exercises: Mapping[str, Exercise]) -> list[Entry]:
    """Return the files of a folder to grade, sorted by path.

    They are `<who>/<exercise>.py`, or else `<exercise>.py`, `<exercise>__<who>.py` and
    `<exercise>/<who>.py`. Other Python files come with no exercise, so that a mistyped name is
    seen. Hidden ones are left out.

    Raises:
        NotFound: there is no such folder, or nothing to grade in it.
        EnvironmentFault: it cannot be read.
    """
    try:
        found = [one for path in sorted(folder.iterdir()) for one in _entries(path, exercises)]
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There is no folder {folder}.") from None
    except OSError as error:
        raise EnvironmentFault(
            f"{folder} cannot be read.", f"The system says: {error.strerror}."
        ) from error
    if not found:
        raise NotFound(
            f"{folder} holds nothing to grade.",
            "Files are named after their exercise: `group-1/softmax.py`, or `softmax__group-1.py`.",
            "`studytrack exercise list` shows the names.",
        )
    return found


def _entries(path: Path, exercises: Mapping[str, Exercise]) -> Iterator[Entry]:
    if path.name.startswith("."):
        return
    if path.suffix == ".py":
        yield _entry(path, exercises)
    elif path.is_dir():
        for inner in sorted(path.iterdir()):
            if inner.suffix == ".py" and not inner.name.startswith("."):
                named = path.name in exercises
                yield Entry(file=inner, exercise=path.name) if named else _entry(inner, exercises)


def _entry(path: Path, exercises: Mapping[str, Exercise]) -> Entry:
    name = path.stem if path.stem in exercises else path.stem.partition(SEPARATOR)[0]
    return Entry(file=path, exercise=name if name in exercises else None)


def grade_all(
    entries: Sequence[Entry],
    exercises: Mapping[str, Exercise],
    make: Callable[[], Grades],
    *,
    jobs: int,
    how: How | None = None,
) -> Generator[tuple[int, Row], None, None]:
    """Grade the files and yield (index of the entry, row) as each ends.

    Args:
        entries: what to grade.
        exercises: all exercises by id.
        make: makes a grader; each job has its own.
        jobs: how many run at once.
        how: the device, the seed, and whether to run without full isolation.

    Closing the iterator ends the runs in progress.

    Raises:
        EnvironmentFault and other faults of the machine: they would hold for every file.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(entries)):
        waiting.put(index)
    done: queue.SimpleQueue[tuple[int, Row] | StudytrackError | None] = queue.SimpleQueue()
    stopped, wish = threading.Event(), how or How()
    graders = [make() for _ in range(min(jobs, len(entries)))]

    def work(grader: Grades) -> None:
        try:
            while not stopped.is_set():
                index = waiting.get_nowait()
                row = _graded(entries[index], exercises, grader, wish)
                done.put((index, row))
        except queue.Empty:
            pass
        except StudytrackError as error:
            done.put(error)
        finally:
            grader.close()
            done.put(None)

    threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in graders]
    for thread in threads:
        thread.start()
    try:
        ended = 0
        while ended < len(threads):
            found = done.get()
            if found is None:
                ended += 1
            elif isinstance(found, StudytrackError):
                raise found
            else:
                yield found
    finally:
        stopped.set()
        for grader in graders:
            grader.close()
        for thread in threads:
            thread.join()


def _graded(entry: Entry, exercises: Mapping[str, Exercise], grader: Grades, how: How) -> Row:
    """Return the row of one file; only what would hold for every file is raised."""
    if entry.exercise is None:
        return _row(entry, "unreadable", "No exercise has this name.")
    try:
        if entry.file.exists() and not entry.file.is_file():  # a pipe would wait for ever
            return _row(entry, "unreadable", "This is no regular file.")
        with entry.file.open("rb") as stream:
            source = stream.read(SOURCE_CAP + 1)
    except OSError as error:
        return _row(entry, "unreadable", f"The file cannot be read: {error.strerror}.")
    try:
        report = grader.grade(
            exercises[entry.exercise],
            source,
            device=how.device,
            seed=how.seed,
            own=False,
            allow_unsandboxed=how.allow_unsandboxed,
        )
    except GraderFault as error:
        return _row(entry, "no verdict", str(error))
    failed = report.first_failed
    return Row(
        file=str(entry.file),
        exercise=entry.exercise,
        verdict=report.verdict,
        passed=sum(check.outcome == "passed" for check in report.checks),
        checks=len(report.checks),
        first_failed="" if failed is None or report.error else failed.name,
        message=report.error or ("" if failed is None else failed.message),
        diagnosis="; ".join(finding.mistake or finding.text for finding in report.diagnosis),
        device=report.device,
        ms=round(report.seconds * 1000),
    )


def _row(entry: Entry, verdict: str, message: str) -> Row:
    return Row(
        file=str(entry.file),
        exercise=entry.exercise or "",
        verdict=verdict,
        passed=0,
        checks=0,
        first_failed="",
        message=message,
        diagnosis="",
        device="",
        ms=None,
    )


def check_target(out: Path) -> None:
    """Refuse a result file that could not be written, before anything is graded.

    Raises:
        UsageFault: its name ends in neither .csv nor .json.
        EnvironmentFault: its folder cannot be written to.
    """
    if out.suffix not in FORMATS:
        raise UsageFault(
            f"`{out}` is of no known format.", "", "Name a file that ends in .csv or .json."
        )
    if not os.access(out.parent, os.W_OK) or out.is_dir():
        raise EnvironmentFault(f"{out} cannot be written.", "", "Name another file.")


def write_rows(rows: Sequence[Row], out: Path) -> None:
    """Write the rows as CSV or as a JSON list, by the file's ending, whole or not at all.

    In CSV a cell that a spreadsheet would take for a formula gets an apostrophe in front.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    plain = [asdict(row) for row in rows]
    if out.suffix == ".json":
        text = json.dumps(plain, indent=2) + "\n"
    else:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(list(Row.__dataclass_fields__))
        writer.writerows([_cell(value) for value in row.values()] for row in plain)
        text = stream.getvalue()
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            Path(name).replace(out)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EnvironmentFault(
            f"{out} cannot be written.", f"The system says: {error.strerror}.", "Name another file."
        ) from error


def _cell(value: object) -> object:
    return (
        f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
    )

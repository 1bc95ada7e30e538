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
import stat
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from studytrack.domain.exercise import SOURCE_CAP, Exercise
from studytrack.domain.verdict import Report
from studytrack.domain.visible import visible
from studytrack.errors import EnvironmentFault, GraderFault, NotFound, StudytrackError, UsageFault
from studytrack.files import NotRegular, open_folder, read_below

SEPARATOR = "__"  # between the exercise's id and whatever a file is called beside it
FORMATS = (".csv", ".json")
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their wide forms


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file and the exercise that it is for; None where no exercise has that name.

    The last `depth` pieces of its path lie below the folder that was handed in. `fault` tells why
    nothing of it is graded.
    """

    file: Path
    exercise: str | None
    depth: int = 1
    fault: str = ""


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
    seen; so do folders that are links or cannot be read. Hidden ones are left out.

    Raises:
        NotFound: there is no such folder, or nothing to grade in it.
        EnvironmentFault: it cannot be read.
    """
    try:
        here = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        try:
            found = list(_entries(folder, here, exercises))
        finally:
            os.close(here)
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


def _entries(folder: Path, here: int, exercises: Mapping[str, Exercise]) -> Iterator[Entry]:
    for name in sorted(os.listdir(here)):
        path = folder / name
        if name.startswith("."):
            continue
        if path.suffix == ".py":
            yield _entry(path, exercises)
        elif _leads_to_folder(name, here):
            try:
                below = open_folder(name, here)
            except OSError as error:
                yield Entry(file=path, exercise=None, fault=_fault(error, "folder"))
                continue
            try:
                yield from _inner(path, below, exercises)
            finally:
                os.close(below)


def _inner(folder: Path, here: int, exercises: Mapping[str, Exercise]) -> Iterator[Entry]:
    for name in sorted(os.listdir(here)):
        path = folder / name
        if path.suffix != ".py" or name.startswith("."):
            continue
        if folder.name in exercises:
            yield Entry(file=path, exercise=folder.name, depth=2)
        else:
            yield _entry(path, exercises, depth=2)


def _leads_to_folder(name: str, here: int) -> bool:
    """Tell whether a name is a folder or a link to one, which is worth a row."""
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=here).st_mode)
    except OSError:
        return False


def _entry(path: Path, exercises: Mapping[str, Exercise], depth: int = 1) -> Entry:
    name = path.stem if path.stem in exercises else path.stem.partition(SEPARATOR)[0]
    return Entry(file=path, exercise=name if name in exercises else None, depth=depth)


def _fault(error: OSError, what: str = "file") -> str:
    """Return why a file or folder below the one handed in is not read."""
    if not isinstance(error, NotRegular):
        return f"The {what} cannot be read: {error.strerror}."
    if error.is_link:
        return "This is a link. Links are not followed, so that nothing from elsewhere is read."
    return "This is no regular file."


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
        return _row(entry, "unreadable", entry.fault or "No exercise has this name.")
    top, pieces = entry.file.parents[entry.depth - 1], entry.file.parts[-entry.depth :]
    try:
        source = read_below(top, pieces, SOURCE_CAP + 1)
    except OSError as error:
        return _row(entry, "unreadable", _fault(error))
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

    In CSV a cell that a spreadsheet would take for a formula gets an apostrophe in front, and
    control characters are written out. All cells are quoted, as some spreadsheets split at `;`.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    plain = [asdict(row) for row in rows]
    if out.suffix == ".json":
        text = json.dumps(plain, indent=2) + "\n"
    else:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
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
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.lstrip()[:1] in FORMULAS else text

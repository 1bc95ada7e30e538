"""`studytrack grade --all DIR`: many files, none of them the learner's own attempts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import FilePath, Front
from studytrack.cli.output import (
    ANSWER_IS_NO,
    INTERRUPTED,
    emit_json,
    note,
    progress,
    say,
    table,
)
from studytrack.errors import EnvironmentFault, UsageFault

if TYPE_CHECKING:
    from studytrack.services.batch import How, Row

HEADER = ("file", "exercise", "verdict", "passed", "first failed", "diagnosis", "ms")
Command = Callable[..., Any]


def batch_options(command: Command) -> Command:
    """Add the options of `--all`."""
    for option in (
        click.option("--allow-unsandboxed", is_flag=True, help="With --all: also without sandbox."),
        click.option(
            "--out",
            type=FilePath(),
            help="With --all: write the result to a .csv or .json file.",
        ),
        click.option("--jobs", type=click.IntRange(1, 64), help="With --all: how many at once."),
        click.option(
            "--all",
            "every",
            metavar="DIR",
            type=FilePath(),
            help="Grade others' files in DIR: <who>/<exercise>.py, <exercise>.py, "
            "<exercise>__<who>.py or <exercise>/<who>.py; nothing is stored.",
        ),
    ):
        command = option(command)
    return command


def grade_folder(
    front: Front,
    folder: Path,
    *,
    jobs: int | None,
    out: Path | None,
    how: How,
    as_json: bool,
) -> int:
    """Grade a folder; exit code 0 all passed, 1 some did not, 130 interrupted."""
    from studytrack.services.batch import check_target, find_entries, grade_all, write_rows
    from studytrack.services.grading import make_grader

    if out is not None:
        check_target(out)
    exercises = front.study.catalogue.exercises
    entries = find_entries(folder, exercises)
    rows: dict[int, Row] = {}
    interrupted = False
    graded = grade_all(
        entries,
        exercises,
        lambda: make_grader(front.settings),
        jobs=jobs or min(os.cpu_count() or 1, 4),
        how=how,
    )
    bar = progress(graded, len(entries), "Grading")
    try:
        with contextlib.closing(graded), bar as running:
            for index, row in running:
                rows.setdefault(index, row)
    except KeyboardInterrupt:
        interrupted = True
        note(f"Interrupted: {len(rows)} of {len(entries)} files are graded.")
    finally:
        ordered = [rows[index] for index in sorted(rows)]
        try:
            if out is not None and ordered:
                write_rows(ordered, out)
        except EnvironmentFault:  # a full disk: what took so long is not lost
            _tell(ordered, None, as_json=as_json)
            raise
    _tell(ordered, out, as_json=as_json)
    if interrupted:
        return INTERRUPTED
    return 0 if all(row.verdict == "passed" for row in ordered) else ANSWER_IS_NO


def refuse_batch_options(jobs: int | None, out: Path | None, allow_unsandboxed: bool) -> None:
    """Refuse what has a meaning only with `--all`.

    Raises:
        UsageFault: such an option was given.
    """
    for name, given in (
        ("--jobs", jobs is not None),
        ("--out", out is not None),
        ("--allow-unsandboxed", allow_unsandboxed),
    ):
        if given:
            raise UsageFault(f"{name} needs --all.", "", "`studytrack grade --help` explains it.")


def _tell(rows: list[Row], out: Path | None, *, as_json: bool) -> None:
    if as_json:
        emit_json([asdict(row) for row in rows])
    elif out is None:
        table(
            HEADER,
            [
                (
                    row.file,
                    row.exercise,
                    row.verdict,
                    f"{row.passed}/{row.checks}",
                    row.first_failed or row.message,
                    row.diagnosis,
                    row.ms,
                )
                for row in rows
            ],
        )
    else:
        say(str(out))
    good = sum(row.verdict == "passed" for row in rows)
    note(f"{good} of {len(rows)} passed.")

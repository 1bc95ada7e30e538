"""What the command line prints, and how it ends: stdout is data, stderr is everything else.

The one module that formats errors and knows exit codes. Nothing else may call `sys.exit`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from studytrack.errors import StudytrackError

SCHEMA = "studytrack/1"
INTERRUPTED, ANSWER_IS_NO = 130, 1


def emit_json(data: Any) -> None:
    """Print one object: {"schema": ..., "data": ...}."""
    click.echo(json.dumps({"schema": SCHEMA, "data": data}, ensure_ascii=False, indent=2))


def say(text: str = "") -> None:
    """Print a line of data."""
    click.echo(text)


def note(text: str) -> None:
    """Print a line of narration to stderr."""
    click.echo(text, err=True)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows: aligned and cut to the width on a terminal, tab-separated elsewhere."""
    lines = [[_flat(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in [list(header), *lines]:
            say("\t".join(line))
        return
    width = shutil.get_terminal_size().columns
    columns = [max(len(cell) for cell in column) for column in zip(header, *lines, strict=True)]
    spare = width - sum(columns) - 2 * (len(columns) - 1)
    widest = max(range(len(columns)), key=columns.__getitem__)
    columns[widest] = max(12, columns[widest] + min(0, spare))
    for index, line in enumerate([list(header), *lines]):
        text = "  ".join(
            _fit(cell, size) for cell, size in zip(line, columns, strict=True)
        ).rstrip()
        say(click.style(text, dim=True) if index == 0 and colour(sys.stdout) else text)


def _flat(cell: Any) -> str:
    return " ".join(("" if cell is None else str(cell)).split())


def _fit(text: str, size: int) -> str:
    return text.ljust(size) if len(text) <= size else text[: size - 1] + "…"


def colour(stream: Any) -> bool:
    """Tell whether a stream takes colour: a terminal, and nobody said no."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(stream.isatty())


def styled(text: str, **style: Any) -> str:
    """Return text in a style where stdout takes it."""
    return click.style(text, **style) if colour(sys.stdout) else text


def report_error(error: StudytrackError) -> int:
    """Print what, why and what to do; return the exit code."""
    lead = click.style("error", fg="red", bold=True) if colour(sys.stderr) else "error"
    note(f"{lead}: {error.what}")
    for line in (error.why, error.remedy):
        if line:
            note(f"  {line}")
    return error.exit_code


def report_fault(error: Exception, state: Path, *, debug: bool) -> int:
    """Print an unforeseen failure; the traceback goes to a file unless `debug`."""
    text = "".join(traceback.format_exception(error))
    if debug:
        note(text)
        return INTERNAL
    place = state / "traceback.txt"
    try:
        state.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        where = f"The details are in {place}."
    except OSError:
        where = "Run again with --debug for the details."
    note(f"error: studytrack failed: {type(error).__name__}: {error}")
    note(f"  {where} What was saved before is safe.")
    return INTERNAL


INTERNAL = 70  # EX_SOFTWARE of sysexits.h: a fault of the program itself

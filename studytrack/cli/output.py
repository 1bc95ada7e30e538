"""What the command line prints, and how it ends: stdout is data, stderr is everything else.

The one module that formats errors and knows exit codes. Nothing else may call `sys.exit`, and
nothing in here decides what is printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from studytrack.errors import EnvironmentFault, StudytrackError

SCHEMA = "studytrack/1"
INTERRUPTED, ANSWER_IS_NO = 130, 1
INTERNAL = 70  # EX_SOFTWARE of sysexits.h: a fault of the program itself
GAP, NARROWEST = 2, 8  # between columns; a column that is cut keeps so much


class OutputClosed(Exception):
    """The reader of stdout has gone, as `head` does; nobody is to be told.

    Not an OSError: what runs while a check is reported must not take it for its own broken pipe.
    """


def emit_json(data: Any) -> None:
    """Print one object: {"schema": ..., "data": ...}."""
    wide = (getattr(sys.stdout, "encoding", "") or "utf-8").lower().startswith("utf")
    say(json.dumps({"schema": SCHEMA, "data": data}, ensure_ascii=not wide, indent=2))


def say(text: str = "", *, end: str = "\n") -> None:
    """Print data.

    Raises:
        OutputClosed: the reader has gone.
        EnvironmentFault: it cannot be written, as on a full disk.
    """
    try:
        click.echo(text + end, nl=False)
    except BrokenPipeError:
        silence_stdout()
        raise OutputClosed from None
    except OSError as error:
        silence_stdout()
        raise EnvironmentFault(
            "The output cannot be written.",
            f"The system says: {error.strerror or error}.",
            "What was done before is saved; print to another place.",
        ) from error


def note(text: str) -> None:
    """Print a line of narration to stderr; it is no matter if nobody reads it."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def read_stdin(most: int = -1) -> bytes:
    """Return stdin, at most so many bytes of it; a closed one is empty."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read(most)


def is_terminal(stream: Any) -> bool:
    """Tell whether a person sits at a stream; a closed one is None."""
    return stream is not None and bool(stream.isatty())


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], empty: str = "") -> None:
    """Print rows: aligned and cut to the width on a terminal, tab-separated elsewhere.

    Args:
        header: the names of the columns.
        rows: the cells; None is an empty one.
        empty: what to say, on stderr, where there are no rows.
    """
    lines = [[_flat(cell) for cell in row] for row in rows]
    if not lines and empty:
        note(empty)
    if not is_terminal(sys.stdout):
        for line in [list(header), *lines]:
            say("\t".join(line))
        return
    if not lines:
        return
    sizes = column_sizes([list(header), *lines], shutil.get_terminal_size().columns)
    for index, line in enumerate([list(header), *lines]):
        cells = (_fit(cell, size) for cell, size in zip(line, sizes, strict=True))
        text = (" " * GAP).join(cells).rstrip()
        say(styled(text, dim=True) if index == 0 else text)


def column_sizes(lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the width of each column; the widest give way until a line fits, ids last.

    >>> column_sizes([["id", "title"], ["top_k", "a title of some length"]], 20)
    [5, 13]
    """
    sizes = [max(text_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    over = sum(sizes) + GAP * (len(sizes) - 1) - width
    ids = [index for index, name in enumerate(lines[0]) if name == "id"]
    others = [index for index in range(len(sizes)) if index not in ids]
    for columns in (others, ids):
        while over > 0 and columns and max(sizes[index] for index in columns) > NARROWEST:
            sizes[max(columns, key=sizes.__getitem__)] -= 1
            over -= 1
    return sizes


def _flat(cell: Any) -> str:
    return " ".join(("" if cell is None else str(cell)).split())


def text_width(text: str) -> int:
    """Return how many terminal columns a text takes: wide characters two, accents none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def _fit(text: str, size: int) -> str:
    if text_width(text) <= size:
        return text + " " * (size - text_width(text))
    while text_width(text) > size - 1:
        text = text[:-1]
    return f"{text}…" + " " * (size - 1 - text_width(text))


def moment_text(utc_ms: int, offset_min: int) -> str:
    """Return a stored moment in ISO 8601, with the offset that held then.

    >>> moment_text(1795503600000, 60)
    '2026-11-24T08:00:00+01:00'
    """
    zone = timezone(timedelta(minutes=offset_min))
    return datetime.fromtimestamp(utc_ms // 1000, zone).isoformat()


def without_keys(text: str) -> str:
    """Return a sentence of the services without the keys of the interface.

    >>> without_keys("Start with `studytrack review` (key space).")
    'Start with `studytrack review`.'
    """
    before, found, rest = text.partition(" (key ")
    return before + without_keys(rest.partition(")")[2]) if found else text


def colour(stream: Any) -> bool:
    """Tell whether a stream takes colour: a terminal, and nobody said no."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def styled(text: str, **style: Any) -> str:
    """Return text in a style where stdout takes it."""
    return click.style(text, **style) if colour(sys.stdout) else text


def report_error(error: StudytrackError) -> int:
    """Print what, why and what to do; return the exit code."""
    lead = click.style("error", fg="red", bold=True) if colour(sys.stderr) else "error"
    note(f"{lead}: {error.what}")
    for text in (error.why, error.remedy):
        for line in text.splitlines():
            note(f"  {line}")
    return error.exit_code


def report_fault(error: Exception, find_state: Callable[[], Path], *, debug: bool) -> int:
    """Print an unforeseen failure; the traceback goes to a file unless `debug`."""
    text = "".join(traceback.format_exception(error))
    if debug:
        note(text)
        return INTERNAL
    try:
        place = find_state() / "traceback.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", errors="backslashreplace")
        where = f"The details are in {place}."
    except (OSError, StudytrackError):
        where = "Run again with --debug for the details."
    note(f"error: studytrack failed: {type(error).__name__}: {error}")
    note(f"  {where} What was saved before is safe.")
    return INTERNAL


def prepare_streams() -> None:
    """Let no byte that a stream cannot read or write end a command.

    Names of files that are no UTF-8 go out as they came in; a terminal of another encoding gets
    escapes for what it lacks.
    """
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, ""), (sys.stderr, "")):
        if stream is None or not hasattr(stream, "reconfigure"):
            continue
        unicode = (stream.encoding or "utf-8").lower().startswith("utf")
        stream.reconfigure(errors=errors or ("surrogateescape" if unicode else "backslashreplace"))


def silence_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)

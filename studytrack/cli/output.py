"""What the command line prints, and how it ends: stdout is data, stderr is everything else.

The one module that writes to the streams, formats errors and knows exit codes. Nothing else may
call `sys.exit`, and nothing in here decides what is printed. A terminal, and stderr in any case,
gets texts with their control characters made visible; data in a pipe stays as it is.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import shutil
import sys
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import click

from studytrack.domain.visible import visible, visible_json
from studytrack.errors import EnvironmentFault, StudytrackError

SCHEMA = "studytrack/1"
INTERRUPTED, ANSWER_IS_NO = 130, 1
INTERNAL = 70  # EX_SOFTWARE of sysexits.h: a fault of the program itself
GAP, NARROWEST = 2, 8  # between columns; a column that is cut keeps so much
LONGEST_LINE = 2000  # of a message; an argument that it repeats may be longer
_EXACT = "studytrack.exact"  # what a stream does with text that its encoding lacks

Item = TypeVar("Item")


class OutputClosed(Exception):
    """The reader of stdout has gone, as `head` does; nobody is to be told.

    Not an OSError: what runs while a check is reported must not take it for its own broken pipe.
    """


@dataclass(frozen=True, slots=True)
class Styled:
    """Text with its style; the style reaches only a terminal."""

    text: str
    style: Mapping[str, Any]


def styled(text: str, **style: Any) -> Styled:
    """Return text in a style of `click.style`, as a part of what is printed."""
    return Styled(text, style)


def emit_json(data: Any) -> None:
    """Print one object: {"schema": ..., "data": ...}; control characters as escapes of JSON."""
    wide = (getattr(sys.stdout, "encoding", "") or "utf-8").lower().startswith("utf")
    text = json.dumps({"schema": SCHEMA, "data": data}, ensure_ascii=not wide, indent=2)
    say(visible_json(text))


def say(*parts: str | Styled, end: str = "\n", show: Callable[[str], str] = visible) -> None:
    """Print data.

    Args:
        parts: texts, with or without a style.
        end: what comes after them.
        show: how a terminal gets a text; JSON has escapes of its own.

    Raises:
        OutputClosed: the reader has gone.
        EnvironmentFault: it cannot be written, as on a full disk.
    """
    stream = sys.stdout
    how = show if is_terminal(stream) else str
    try:
        _write(stream, "".join(_drawn(part, how, stream) for part in parts) + end)
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


def note(*parts: str | Styled) -> None:
    """Print a line of narration to stderr; it is no matter if nobody reads it."""
    stream = sys.stderr
    with contextlib.suppress(OSError):
        _write(stream, "".join(_drawn(part, visible, stream) for part in parts) + "\n")


def _drawn(part: str | Styled, show: Callable[[str], str], stream: Any) -> str:
    if isinstance(part, str):
        return show(part)
    text = show(part.text)
    return click.style(text, **part.style) if colour(stream) else text


def _write(stream: Any, text: str) -> None:
    """Write at once, so that what fails is known here; a closed stream takes nothing."""
    if stream is not None:
        stream.write(text)
        stream.flush()


def confirm(question: str) -> bool:
    """Ask a question on the terminal; only yes is one.

    Raises:
        click.Abort: the learner leaves it.
    """
    return click.confirm(visible(question), err=True)


def progress(
    found: Iterable[Item], total: int, label: str
) -> contextlib.AbstractContextManager[Iterable[Item]]:
    """Return what is found one by one, with a bar on stderr."""
    stream = io.StringIO() if sys.stderr is None else sys.stderr
    return click.progressbar(found, length=total, label=label, file=stream, show_pos=True)


def read_stdin(most: int) -> bytes:
    """Return stdin, at most `most` bytes of it; a closed one is empty."""
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
    lines = [[visible(cell) for cell in line] for line in lines]
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
    most = max(width, NARROWEST)  # so that a cell of a whole book takes no longer
    sizes = [
        min(max(text_width(cell) for cell in column), most) for column in zip(*lines, strict=True)
    ]
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
    kept, room = "", size - 1
    for char in text:  # from the start, as a cell may be a whole book
        if text_width(char) > room:
            break
        kept += char
        room -= text_width(char)
    return f"{kept}…" + " " * room


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


def report_error(error: StudytrackError) -> int:
    """Print what, why and what to do; return the exit code."""
    what = error.what.replace("\n", "\\n")  # one line: a name in it cannot begin another
    note(styled("error", fg="red", bold=True), f": {_shortened(what)}")
    for text in (error.why, error.remedy):
        for line in filter(None, text.split("\n")):
            note(f"  {_shortened(line)}")
    return error.exit_code


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


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
    note(_shortened(f"error: studytrack failed: {type(error).__name__}: {error}"))
    note(f"  {where} What was saved before is safe.")
    return INTERNAL


def prepare_streams() -> None:
    """Let no byte that a stream cannot read or write end a command.

    Names of files that are no UTF-8 go out as they came in; a terminal of another encoding gets
    escapes for what it lacks. Numbers of closed streams are taken, so that no file gets one: what
    a program prints to stdout would then be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    codecs.register_error(_EXACT, _as_it_came)
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, ""), (sys.stderr, "")):
        if stream is None or not hasattr(stream, "reconfigure"):
            continue
        unicode = (stream.encoding or "utf-8").lower().startswith("utf")
        stream.reconfigure(errors=errors or (_EXACT if unicode else "backslashreplace"))


def _as_it_came(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write bytes of a file's name as they were; other halves of surrogate pairs as escapes."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


def silence_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # stdout may be None
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)

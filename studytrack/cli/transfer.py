"""`studytrack import` and `export`."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

from studytrack.cli.front import FilePath, Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, say
from studytrack.domain.visible import visible, visible_json
from studytrack.errors import DataFault, EnvironmentFault

MOST_PIPED = 1 << 30  # bytes; a log of fifty thousand reviews has a fiftieth of that
_PIECE = 1 << 20


@click.command("import", help="Read a README, a JSON export, another database or journal.")
@click.argument("file", type=FilePath(allow_dash=True))
@click.option(
    "--as", "as_format", default="", help="json, database, journal, fasttrack; else recognised."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@json_option
@pass_front
def import_command(front: Front, file: Path, as_format: str, dry_run: bool, as_json: bool) -> int:
    """Import a file; refused entries are listed and exit with 1."""
    from studytrack.services.transfer import import_file

    with _regular(file) as path:
        summary = import_file(
            front.study, path, as_format, dry_run=dry_run, confirmed=front.date_is_right
        )
    if as_json:
        emit_json(asdict(summary) | {"dry_run": dry_run})
    else:
        lead = "Would be" if dry_run else "Done"
        say(
            f"{lead}: {summary.new} new, {summary.merged} merged, {summary.unchanged} unchanged, "
            f"{len(summary.refused)} refused ({summary.format})."
        )
        for line in summary.details:
            say(f"  {line}")
        for line in summary.refused:
            note(f"  refused: {line}")
    return ANSWER_IS_NO if summary.refused else 0


@contextlib.contextmanager
def _regular(file: Path) -> Iterator[Path]:
    """Give a regular file: the one named, or a copy of what a pipe or stdin brings.

    Raises:
        DataFault: a folder, a device or a socket, or a pipe with too much.
    """
    kind = _kind(file)
    if kind in {"file", ""}:  # one that is not there is told by who reads it
        yield file
        return
    if kind not in {"stdin", "pipe"}:
        raise DataFault(f"{file} cannot be read.", f"It is a {kind}.", "Name a file or a pipe.")
    with tempfile.TemporaryDirectory(prefix="studytrack-") as folder:
        copy = Path(folder) / (file.name if kind == "pipe" else "stdin")
        if _copied(file, copy) > MOST_PIPED:
            raise DataFault(
                "More came through the pipe than can be imported.",
                f"It takes {MOST_PIPED >> 20} MiB.",
                "Save it as a file and import that.",
            )
        yield copy


def _kind(file: Path) -> str:
    """Return what a name leads to; "" where nothing is, or where it cannot be seen."""
    if str(file) in {"-", "/dev/stdin"}:
        return "stdin"
    try:
        mode = file.stat().st_mode
    except OSError:
        return ""
    kinds = {stat.S_IFREG: "file", stat.S_IFIFO: "pipe", stat.S_IFDIR: "folder"}
    return kinds.get(stat.S_IFMT(mode), "socket" if stat.S_ISSOCK(mode) else "device")


def _copied(file: Path, copy: Path) -> int:
    """Copy what stdin or a pipe brings until it ends, and return how much that is.

    A pipe without a writer is empty; one that brings too much is cut.

    Raises:
        EnvironmentFault: it cannot be read, or not kept.
    """
    size = 0
    try:
        with _stream(file) as stream, copy.open("wb") as kept:
            while size <= MOST_PIPED and (piece := stream.read(_PIECE)):
                size += kept.write(piece)
    except OSError as error:
        raise EnvironmentFault(
            f"{file} cannot be read.", f"The system says: {error.strerror or error}."
        ) from error
    return size


def _stream(file: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
    if _kind(file) == "stdin":
        return contextlib.nullcontext(io.BytesIO() if sys.stdin is None else sys.stdin.buffer)
    reading = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # does not wait for a writer
    os.set_blocking(reading, True)
    return os.fdopen(reading, "rb")


@click.command(
    help="Write everything out: json or markdown.",
    epilog="json is complete and `import` reads it back; markdown is a document to read.",
)
@click.argument("format", type=click.Choice(["json", "markdown"]))
@click.option("-o", "--output", type=FilePath(), help="A file; else stdout.")
@pass_front
def export(front: Front, format: str, output: Path | None) -> None:  # noqa: A002 - the word on the command line
    """Export."""
    from studytrack.services.transfer import export as export_text

    # a half of a surrogate pair cannot be written; so escaped it is the same in JSON
    text = export_text(front.study, format).encode("utf-8", "backslashreplace").decode()
    if output is None or str(output) == "-":
        say(text.rstrip("\n"), show=visible_json if format == "json" else visible)
        return
    write_whole(output, text)
    note(f"Written to {output}.")


def write_whole(path: Path, text: str) -> None:
    """Write a file at once: an old one stays as it is until the new one is complete.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    try:
        target = path.resolve()  # a link is followed, not replaced
        if target.exists() and not target.is_file():  # a device or a pipe
            target.write_text(text, encoding="utf-8")
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        why = getattr(error, "strerror", "") or error
        raise EnvironmentFault(
            f"Cannot write {path}.",
            f"The system says: {why}.",
            "Choose another file with -o.",
        ) from error

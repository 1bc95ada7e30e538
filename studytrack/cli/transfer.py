"""`studytrack import` and `export`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, say
from studytrack.errors import EnvironmentFault


@click.command("import", help="Read a README, a JSON export, another database or journal.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--as", "as_format", default="", help="json, database, journal, fasttrack; else recognised."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@json_option
@pass_front
def import_command(front: Front, file: Path, as_format: str, dry_run: bool, as_json: bool) -> int:
    """Import a file; refused entries are listed and exit with 1."""
    from studytrack.services.transfer import import_file

    if str(file) == "-":
        file = Path("/dev/stdin")
    summary = import_file(
        front.study, file, as_format, dry_run=dry_run, confirmed=front.date_is_right
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


@click.command(
    help="Write everything out: json or markdown.",
    epilog="json is complete and `import` reads it back; markdown is a document to read.",
)
@click.argument("format", type=click.Choice(["json", "markdown"]))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file; else stdout.")
@pass_front
def export(front: Front, format: str, output: Path | None) -> None:  # noqa: A002 - the word on the command line
    """Export."""
    from studytrack.services.transfer import export as export_text

    text = export_text(front.study, format)
    if output is None or str(output) == "-":
        say(text.rstrip("\n"))
        return
    write_whole(output, text)
    note(f"Written to {output}.")


def write_whole(path: Path, text: str) -> None:
    """Write a file at once: an old one stays as it is until the new one is complete.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    target = path.resolve()  # a link is followed, not replaced
    try:
        if target.exists() and not target.is_file():  # a device or a pipe
            target.write_text(text, encoding="utf-8")
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"Cannot write {path}.",
            f"The system says: {error.strerror or error}.",
            "Choose another file with -o.",
        ) from error

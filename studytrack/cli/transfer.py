"""`studytrack import` and `export`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, say
from studytrack.errors import EnvironmentFault


@click.command("import", help="Read an LLM-FastTrack README or a JSON export.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "as_format", default="", help="json or fasttrack; else it is recognised.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@json_option
@pass_front
def import_command(front: Front, file: Path, as_format: str, dry_run: bool, as_json: bool) -> int:
    """Import a file; refused entries are listed and exit with 1."""
    from studytrack.services.transfer import import_file

    summary = import_file(front.study, file, as_format, dry_run=dry_run)
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


@click.command(help="Write everything out: json (lossless) or markdown.")
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
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(
            f"Cannot write {output}.", f"The system says: {error.strerror}.", "Choose another file."
        ) from error
    note(f"Written to {output}.")

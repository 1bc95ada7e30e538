"""`studytrack doctor`: one line per check, each with its remedy."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, confirm, emit_json, is_terminal, note, say, styled

MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


@click.command(help="Check the installation and the data.")
@click.option("--repair", is_flag=True, help="Mend the database from the log, backups, journal.")
@json_option
@pass_front
def doctor(front: Front, repair: bool, as_json: bool) -> int:
    """Examine; exit code 1 if something fails."""
    from studytrack.services.doctor import examine
    from studytrack.services.repair import repair as mend

    if repair:
        for sentence in mend(front.study, _ask if is_terminal(sys.stdin) else None).sentences:
            note(sentence)
    found = list(examine(front.paths, os.environ, front.open_study))
    failed = any(item.state == "fail" for item in found)
    if as_json:
        emit_json([{"id": item.name, "title": item.text, **asdict(item)} for item in found])
        return ANSWER_IS_NO if failed else 0
    for item in found:
        mark, colour = MARKS[item.state]
        say(styled(mark, fg=colour), f" {item.state:4}  {item.name}: {item.text}")
        if item.remedy and item.state != "ok":
            say(f"        {item.remedy}")
    return ANSWER_IS_NO if failed else 0


def _ask(text: str) -> bool:
    return confirm(f"{text} Unite the two?")

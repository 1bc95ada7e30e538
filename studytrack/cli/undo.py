"""`studytrack undo` and `redo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, say

if TYPE_CHECKING:
    from studytrack.services.undo import Undone


@click.command(help="Take back the last thing done, without limit.")
@click.option(
    "--ahead", is_flag=True, help="Take back all answers that a wrong clock put on days to come."
)
@json_option
@pass_front
def undo(front: Front, ahead: bool, as_json: bool) -> int:
    """Undo."""
    if ahead:
        return _undo_ahead(front, as_json=as_json)
    return undo_last(front, as_json=as_json)


def _undo_ahead(front: Front, *, as_json: bool) -> int:
    from studytrack.services.undo import undo_ahead

    count = undo_ahead(front.study)
    if as_json:
        emit_json({"undone": count})
    elif count:
        say(f"Undone: {count} answer{'s'[: count != 1]} on days to come.")
    else:
        say("No answer stands on a day to come.")
    return 0 if count else ANSWER_IS_NO


@click.command(help="Do again what was undone last.")
@json_option
@pass_front
def redo(front: Front, as_json: bool) -> int:
    """Redo."""
    from studytrack.services.undo import redo as redo_last

    return _told(redo_last(front.study), "Nothing to redo.", as_json=as_json)


def undo_last(front: Front, *, as_json: bool) -> int:
    """Undo and say what; exit code 1 if there was nothing."""
    from studytrack.services.undo import undo as undo_one

    return _told(undo_one(front.study), "Nothing to undo.", as_json=as_json)


def _told(done: Undone | None, nothing: str, *, as_json: bool) -> int:
    if as_json:
        shown = done and {
            "kind": done.kind,
            "item_kind": done.item_kind,
            "id": done.item_id,
            "title": done.sentence,
        }
        emit_json(shown)
    else:
        say(done.sentence if done else nothing)
    return 0 if done else ANSWER_IS_NO

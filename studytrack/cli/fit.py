"""`studytrack fit`: the memory model after the learner's own reviews."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, say, table
from studytrack.errors import UsageFault

if TYPE_CHECKING:
    from studytrack.services.fit import FitResult, ItemKind, KnownSet, Moves


@click.command(help="Fit the memory model to your own reviews.")
@click.option(
    "--kind",
    "item_kind",
    type=click.Choice(["card", "exercise"]),
    default="card",
    show_default=True,
)
@click.option("--dry-run", is_flag=True, help="Show what would come of it; store nothing.")
@click.option(
    "--ignore-before",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Leave out what happened before this date.",
)
@click.option("--list", "listed", is_flag=True, help="List the sets of parameters.")
@click.option("--use", metavar="ID", help="Go back to a set; `default` is the built-in one.")
@click.option("--reschedule", is_flag=True, help="Move due days to the set in use.")
@json_option
@pass_front
def fit(
    front: Front,
    item_kind: ItemKind,
    dry_run: bool,
    ignore_before: datetime | None,
    listed: bool,
    use: str | None,
    reschedule: bool,
    as_json: bool,
) -> int:
    """Fit, or look after the sets."""
    if listed + (use is not None) + reschedule > 1:
        raise UsageFault(
            "--list, --use and --reschedule exclude one another.", "", "Give one of them."
        )
    if listed:
        return _list(front, item_kind, as_json=as_json)
    if use is not None:
        return _use(front, item_kind, use, as_json=as_json)
    if reschedule:
        return _reschedule(front, item_kind, dry_run=dry_run, as_json=as_json)
    since = ignore_before.date() if ignore_before else None
    return _fit(front, item_kind, since, dry_run=dry_run, as_json=as_json)


def _fit(
    front: Front, item_kind: ItemKind, since: date | None, *, dry_run: bool, as_json: bool
) -> int:
    from studytrack.services.fit import fit as run_fit

    note("Fitting in a process of its own; ctrl+c stops it and changes nothing.")
    found = run_fit(
        front.study,
        item_kind,
        dry_run=dry_run,
        since=since,
        on_progress=lambda share: note(f"  {share:.0%}"),
    )
    if as_json:
        emit_json(_plain(found))
    else:
        _tell(found, dry_run=dry_run)
    better = found.fitted is not None and found.fitted.better
    return 0 if better else ANSWER_IS_NO


def _plain(found: FitResult) -> dict[str, Any]:
    return {
        "kind": found.item_kind,
        "usable": found.usable,
        "needed": found.needed,
        "adopted": found.adopted,
        "params_id": found.params_id,
        "fit": asdict(found.fitted) if found.fitted else None,
        "reschedule": _plain_moves(found.moves),
    }


def _plain_moves(moves: Moves) -> dict[str, Any]:
    return {
        "backlog": moves.backlog,
        "moves": [
            {
                "id": one.item_id,
                "due": date.fromordinal(one.due_day).isoformat(),
                "new_due": date.fromordinal(one.new_due_day).isoformat(),
            }
            for one in moves.moves
        ],
    }


def _tell(found: FitResult, *, dry_run: bool) -> None:
    fitted = found.fitted
    if fitted is None:
        say(
            f"{found.usable} usable reviews of {found.item_kind}s; a fit needs {found.needed}. "
            "The parameters in use stay."
        )
        return
    say(
        f"Trained on {fitted.trained} reviews, judged on the {fitted.held_out} after them: "
        f"log loss {fitted.loss_before:.4f} in use, {fitted.loss_after:.4f} fitted."
    )
    if not fitted.better:
        say(f"The fit predicts no better. `{found.params_id}` stays in use.")
        return
    if dry_run:
        say("The fit predicts better; nothing was stored.")
    else:
        say(f"Adopted as `{found.params_id}`. `studytrack undo` or `fit --use ID` goes back.")
    if found.moves.moves:
        say(f"A reschedule would move due days: {found.moves.sentence}")
        say("`studytrack fit --reschedule` does it; without it, each item follows at its answer.")


def _list(front: Front, item_kind: ItemKind, *, as_json: bool) -> int:
    from studytrack.services.fit import known_sets, offer

    found = known_sets(front.study, item_kind)
    if as_json:
        emit_json([_plain_set(one) for one in found])
        return 0
    table(
        ("id", "in use", "fitted", "reviews", "log loss before", "after"),
        [
            (
                one.set.id,
                "yes" if one.in_use else "",
                _day(one),
                one.set.facts.get("usable"),
                _loss(one, "loss_before"),
                _loss(one, "loss_after"),
            )
            for one in found
        ],
    )
    if sentence := offer(front.study, item_kind):
        note(sentence)
    return 0


def _plain_set(one: KnownSet) -> dict[str, Any]:
    title = f"fitted on {_day(one)}" if one.set.facts else "built in"
    return {
        "id": one.set.id,
        "title": title,
        "in_use": one.in_use,
        "parameters": list(one.set.parameters),
        **{name: value for name, value in one.set.facts.items() if name != "study_day"},
        "fitted": _day(one) or None,
    }


def _day(one: KnownSet) -> str:
    day = one.set.facts.get("study_day")
    return date.fromordinal(day).isoformat() if isinstance(day, int) else ""


def _loss(one: KnownSet, name: str) -> str:
    value = one.set.facts.get(name)
    return f"{value:.4f}" if isinstance(value, float) else ""


def _use(front: Front, item_kind: ItemKind, name: str, *, as_json: bool) -> int:
    from studytrack.services.fit import planned_moves, use_set

    chosen = use_set(front.study, name, item_kind)
    moves = planned_moves(front.study, item_kind)
    if as_json:
        emit_json({"params_id": chosen.id, "reschedule": _plain_moves(moves)})
        return 0
    say(f"`{chosen.id}` is in use for {item_kind}s.")
    if moves.moves:
        say(f"A reschedule would move due days: {moves.sentence}")
    return 0


def _reschedule(front: Front, item_kind: ItemKind, *, dry_run: bool, as_json: bool) -> int:
    from studytrack.services.fit import planned_moves, reschedule

    moves = (planned_moves if dry_run else reschedule)(front.study, item_kind)
    if as_json:
        emit_json({"applied": bool(moves.moves) and not dry_run, **_plain_moves(moves)})
        return 0
    would = " (nothing was stored)" if dry_run else ""
    say(f"{moves.sentence}{would}" if moves.moves else "No due day moves.")
    return 0

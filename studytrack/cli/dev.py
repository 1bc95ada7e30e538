"""`studytrack dev check`: the rules for content, for authors and CI alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Commands, Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, say, table
from studytrack.errors import UsageFault, resolve

if TYPE_CHECKING:
    from studytrack.services.proofs import Proof, Summary

HEADER = ("exercise", "right", "wrong", "named", "ms", "x bare", "problems")


@click.group(cls=Commands, help="For authors of content: check.")
def dev() -> None:
    """Group the authors' commands."""


@dev.command(
    "check",
    help="Check all content, and prove every EXERCISE given (all, if none is).",
    epilog="right: right solutions accepted. wrong: wrong ones rejected. named: mistakes that the "
    "diagnosis names. ms: a pass; x bare: beside a run that asks nothing.",
)
@click.argument("exercise", required=False, nargs=-1)
@click.option("--quick", is_flag=True, help="Only the rules that run no code.")
@click.option(
    "--seeds",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Run everything so many times, with fresh inputs.",
)
@click.option("--right-only", is_flag=True, help="Only what must pass.")
@click.option(
    "--device",
    default="auto",
    type=click.Choice(["auto", "cpu", "cuda"]),
    help="Where everything runs; auto is the CPU.",
)
@json_option
@pass_front
def check(
    front: Front,
    exercise: tuple[str, ...],
    quick: bool,
    seeds: int,
    right_only: bool,
    device: str,
    as_json: bool,
) -> int:
    """Check; exit code 1 if something was found."""
    from studytrack.content.checker import check_content

    if quick and exercise:
        raise UsageFault("--quick runs no exercise.", "", "Leave out --quick or the exercises.")
    problems = [asdict(problem) for problem in check_content(front.roots)]
    if not as_json:
        for problem in problems:
            say(f"{problem['file']}: {problem['item']}: {problem['message']}")
    found: list[Summary] = []
    if not quick and not problems:
        found = _examined(front, exercise, seeds=seeds, right_only=right_only, device=device)
    bad = sum(len(one.problems) for one in found)
    if as_json:
        emit_json({"problems": problems, "proofs": [_data(one) for one in found]})
    elif problems:
        note(f"{len(problems)} problems found.")
    elif not found:
        say("All rules hold.")
    else:
        _tell(found, bad)
    return ANSWER_IS_NO if problems or bad else 0


def _examined(
    front: Front, wanted: tuple[str, ...], *, seeds: int, right_only: bool, device: str
) -> list[Summary]:
    from studytrack.grader.client import Grader
    from studytrack.services.proofs import examine

    exercises = front.study.catalogue.exercises
    names = [
        resolve("exercise", one, exercises, "studytrack exercise list") for one in wanted
    ] or list(exercises)
    found = []
    with Grader() as grader:
        for index, name in enumerate(dict.fromkeys(names), start=1):
            note(f"Proving {name} ({index} of {len(names)}) …")
            found.append(
                examine(
                    exercises[name],
                    grader,
                    seeds=seeds,
                    right_only=right_only,
                    device=device,
                    on_proof=_progress,
                )
            )
    return found


def _progress(proof: Proof) -> None:
    if proof.problem:
        note(f"  {proof.known.kind} {proof.known.name}: {proof.problem}")


def _tell(found: list[Summary], bad: int) -> None:
    rows = [
        (
            one.exercise,
            _of(one.right),
            _of(one.wrong),
            _of(one.named),
            one.ms,
            one.ratio,
            len(one.problems),
        )
        for one in found
    ]
    table(HEADER, rows)
    for one in found:
        for problem in one.problems:
            say(f"{one.exercise}: {problem}")
        for mistake, checks in one.catchers.items():
            if len(checks) == 1:
                say(f"{one.exercise}: mistake {mistake} is caught by one check only: {checks[0]}")
        if one.slow:
            say(f"{one.exercise}: a pass takes {one.ms} ms here, {one.ratio} times a bare run.")
    runs = sum(len(one.proofs) for one in found)
    say(f"{bad} problems in {runs} runs of {len(found)} exercises.")


def _of(pair: tuple[int, int]) -> str:
    return f"{pair[0]}/{pair[1]}"


def _data(one: Summary) -> dict[str, Any]:
    """Return a summary as JSON shows it."""
    return {
        "exercise": one.exercise,
        "right": {"accepted": one.right[0], "all": one.right[1]},
        "wrong": {"rejected": one.wrong[0], "all": one.wrong[1]},
        "mutation_score": one.wrong[0] / one.wrong[1] if one.wrong[1] else None,
        "named": {"named": one.named[0], "all": one.named[1]},
        "ms": one.ms,
        "times_bare": one.ratio,
        "slow": one.slow,
        "caught_by": {name: list(checks) for name, checks in one.catchers.items()},
        "problems": list(one.problems),
        "runs": [
            {
                "kind": proof.known.kind,
                "name": proof.known.name,
                "verdict": proof.report.verdict,
                "caught_by": list(proof.caught_by),
                "named": [finding.mistake for finding in proof.report.diagnosis],
                "seed": proof.report.seed,
                "ms": round(proof.report.seconds * 1000),
                "problem": proof.problem,
            }
            for proof in one.proofs
        ],
    }

"""`studytrack dev check`: the rules for content, for authors and CI alike."""

from __future__ import annotations

from dataclasses import asdict

import click

from studytrack.cli.front import Commands, Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, say, table
from studytrack.errors import resolve


@click.group(cls=Commands, help="For authors of content: check.")
def dev() -> None:
    """Group the authors' commands."""


@dev.command("check", help="Check all content, or prove one EXERCISE.")
@click.argument("exercise", required=False)
@click.option("--quick", is_flag=True, help="Only the rules that run no code.")
@json_option
@pass_front
def check(front: Front, exercise: str | None, quick: bool, as_json: bool) -> int:
    """Check; exit code 1 if something was found."""
    from studytrack.content.checker import check_content

    problems = [asdict(problem) for problem in check_content(front.roots)]
    for problem in problems:
        if not as_json:
            say(f"{problem['file']}: {problem['item']}: {problem['message']}")
    rows = [] if quick or problems else _proofs(front, exercise, as_json=as_json)
    bad = [row for row in rows if row["problem"]]
    if as_json:
        emit_json({"problems": problems, "proofs": rows})
    elif problems:
        note(f"{len(problems)} problems found.")
    else:
        if rows:
            table(
                ("exercise", "kind", "name", "verdict", "ms", "problem"),
                [tuple(row.values()) for row in rows],
            )
        say(f"{len(bad)} of {len(rows)} proofs failed." if rows else "All rules hold.")
    return ANSWER_IS_NO if problems or bad else 0


def _proofs(front: Front, wanted: str | None, *, as_json: bool) -> list[dict[str, object]]:
    from studytrack.grader.client import Grader
    from studytrack.services.proofs import prove

    exercises = front.study.catalogue.exercises
    names = list(exercises)
    if wanted is not None:
        names = [resolve("exercise", wanted, exercises, "studytrack exercise list")]
    rows: list[dict[str, object]] = []
    with Grader() as grader:
        for index, name in enumerate(names, start=1):
            if not as_json:
                note(f"Proving {name} ({index} of {len(names)}) …")
            rows += [
                {
                    "exercise": proof.exercise,
                    "kind": proof.kind,
                    "name": proof.name,
                    "verdict": proof.report.verdict,
                    "ms": round(proof.report.seconds * 1000),
                    "problem": proof.problem,
                }
                for proof in prove(exercises[name], grader)
            ]
    return rows

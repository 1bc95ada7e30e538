"""`studytrack grade`: one attempt, its checks as they end, and why it failed."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, read_stdin, say, styled
from studytrack.cli.review import NAMES
from studytrack.domain.verdict import CheckResult, Report

if TYPE_CHECKING:
    from studytrack.services.grading import Graded

MARKS = {
    "passed": "✓",
    "failed": "✗",
    "error": "✗",
    "timeout": "✗",
    "forbidden": "✗",
    "not_run": "-",
}
MOST_LINES = 10  # of what a submission printed


@click.command(
    help="Grade a solution against the reference.",
    epilog="FILE `-` is stdin; without FILE it is your file in the workspace.",
)
@click.argument("name", metavar="EXERCISE")
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]))
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="Replay the inputs of an earlier attempt."
)
@json_option
@pass_front
def grade(
    front: Front, name: str, file: Path | None, device: str, seed: int | None, as_json: bool
) -> int:
    """Grade one attempt; exit code 0 passed, 1 not."""
    from studytrack.services.grading import grade as grade_one
    from studytrack.services.grading import make_grader, read_submission

    study = front.study
    from_stdin = file is not None and str(file) == "-"
    stdin = read_stdin() if from_stdin else None
    item, source = read_submission(study, name, None if from_stdin else file, stdin)
    if not as_json:
        note(f"Grading `{item.id}` …")
    with make_grader(study.settings) as grader:
        graded = grade_one(
            study,
            item.id,
            source,
            grader=grader,
            device=device,
            seed=seed,
            on_check=None if as_json else _progress,
        )
    if as_json:
        emit_json(graded_data(graded))
    else:
        _tell(graded)
    return 0 if graded.report.passed else ANSWER_IS_NO


def graded_data(graded: Graded) -> dict[str, Any]:
    """Return a graded attempt as JSON shows it."""
    report = graded.report
    example = report.counterexample
    return {
        "exercise": report.exercise,
        "passed": report.passed,
        "verdict": report.verdict,
        "checks": [
            {"name": c.name, "outcome": c.outcome, "message": c.message, "seconds": c.seconds}
            for c in report.checks
        ],
        "diagnosis": [{"mistake": f.mistake, "text": f.text} for f in report.diagnosis],
        "counterexample": example
        and {"inputs": example.inputs, "expected": example.expected, "got": example.got},
        "device": report.device,
        "dtype": list(report.dtypes),
        "seed": report.seed,
        "seconds": report.seconds,
        "isolation": list(report.isolation),
        "attempt": graded.attempt.attempt_id,
        "rating": graded.rating,
        "output": report.output,
        "error": report.error,
    }


def _progress(result: CheckResult) -> None:
    colour = {"passed": "green", "not_run": "yellow"}.get(result.outcome, "red")
    mark = styled(MARKS[result.outcome], fg=colour)
    word = "" if result.outcome == "passed" else f"  ({result.outcome.replace('_', ' ')})"
    say(f"  {mark} {result.name}{word}")


def _tell(graded: Graded) -> None:
    report = graded.report
    passed = sum(check.outcome == "passed" for check in report.checks)
    say()
    say(styled(f"{report.verdict}: {passed} of {len(report.checks)} checks", bold=True))
    for line in explain(report):
        say(line)
    if graded.rating is not None:
        say(f"Rated {NAMES[graded.rating]}.")
    if not report.passed:
        again = f"studytrack grade {report.exercise} --seed {report.seed}"
        ran = f"Isolation: {', '.join(report.isolation)}. " if report.isolation else ""
        say(f"{ran}Same inputs again: {again}")


def explain(report: Report) -> list[str]:
    """Return why a report did not pass, in lines: reason, example, diagnosis, output."""
    lines: list[str] = []
    if report.error:
        lines.append(report.error)
    elif report.first_failed is not None:
        lines.append(f"{report.first_failed.name}: {report.first_failed.message}")
    if report.counterexample is not None:
        for title, text in (
            ("input", report.counterexample.inputs),
            ("expected", report.counterexample.expected),
            ("got", report.counterexample.got),
        ):
            if text:
                lines.append(f"  {title}")
                lines.append(textwrap.indent(text, "    "))
    for index, finding in enumerate(report.diagnosis):
        lead = "Looks like" if index == 0 else "        or"
        lines.append(f"{lead}: {finding.text}")
    if report.output.strip():
        shown = report.output.strip().splitlines()
        lines.append("Your code printed:")
        lines += [f"    {line}" for line in shown[:MOST_LINES]]
        if len(shown) > MOST_LINES:
            lines.append(f"    … {len(shown) - MOST_LINES} more lines")
    return lines

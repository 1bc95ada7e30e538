"""`studytrack grade`: one attempt, its checks as they end, and why it failed."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.batch import batch_options, grade_folder, refuse_batch_options
from studytrack.cli.front import Front, json_option, pass_front
from studytrack.cli.output import ANSWER_IS_NO, emit_json, note, read_stdin, say, styled
from studytrack.cli.review import NAMES
from studytrack.domain.verdict import CheckResult, Report
from studytrack.errors import UsageFault

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


def _stop(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """End the server and the command with it."""
    if not wanted or context.resilient_parsing:
        return
    from studytrack.services.grading import stop_grader

    front = context.find_object(Front)
    assert front is not None
    there = stop_grader(front.paths)
    note("The grader's server has ended." if there else "No server of the grader is running.")
    context.exit(0)


@click.command(
    help="Grade a solution against the reference.",
    epilog="FILE `-` is stdin; without FILE it is your file in the workspace.",
)
@click.argument("name", metavar="EXERCISE", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--device",
    default="auto",
    type=click.Choice(["auto", "cpu", "cuda"]),
    help="Where it runs; auto is the CPU, which is faster for inputs of this size.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="Replay the inputs of an earlier attempt."
)
@click.option("--no-server", is_flag=True, help="Grade with processes of this command alone.")
@click.option(
    "--stop-server",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_stop,
    help="End the server that keeps grading fast, and grade nothing.",
)
@batch_options
@json_option
@pass_front
def grade(
    front: Front,
    name: str | None,
    file: Path | None,
    device: str,
    seed: int | None,
    no_server: bool,
    every: Path | None,
    jobs: int | None,
    out: Path | None,
    allow_unsandboxed: bool,
    as_json: bool,
) -> int:
    """Grade one attempt, or a folder of others' files; exit code 0 passed, 1 not."""
    if every is not None:
        if name is not None:
            raise UsageFault("--all takes no exercise.", "", "Leave out one of the two.")
        from studytrack.services.batch import How

        how = How(device=device, seed=seed, allow_unsandboxed=allow_unsandboxed)
        return grade_folder(front, every, jobs=jobs, out=out, how=how, as_json=as_json)
    refuse_batch_options(jobs, out, allow_unsandboxed)
    if name is None:
        raise UsageFault(
            "No exercise is named.",
            "It takes one, or a folder with --all.",
            "`studytrack grade --help` explains the command.",
        )
    return _grade_one(front, name, file, device, seed, server=not no_server, as_json=as_json)


def _grade_one(
    front: Front,
    name: str,
    file: Path | None,
    device: str,
    seed: int | None,
    *,
    server: bool,
    as_json: bool,
) -> int:
    from studytrack.domain.row_rules import SOURCE_CAP
    from studytrack.services.grading import grade as grade_one
    from studytrack.services.grading import make_grader, read_submission

    study = front.study
    from_stdin = file is not None and str(file) == "-"
    stdin = read_stdin(SOURCE_CAP + 1) if from_stdin else None
    item, source = read_submission(study, name, None if from_stdin else file, stdin)
    if not as_json:
        note(f"Grading `{item.id}` …")
    with make_grader(study.settings, study.paths, server=server) as grader:
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
        "diagnosis": [
            {"mistake": f.mistake, "text": f"And also: {f.text}" if f.also else f.text}
            for f in report.diagnosis
        ],
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
    if report.gap:
        say(styled(report.gap, fg="yellow"))
    if not report.passed:
        again = f"studytrack grade {report.exercise} --seed {report.seed}"
        ran = f"Isolation: {', '.join(report.isolation)}. " if report.sandboxed else ""
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
        joint = "  and also" if finding.also else "        or"
        lead = joint if index else "Looks like"
        lines.append(f"{lead}: {finding.text}")
    if report.output.strip():
        shown = report.output.strip().splitlines()
        lines.append("Your code printed:")
        lines += [f"    {line}" for line in shown[:MOST_LINES]]
        if len(shown) > MOST_LINES:
            lines.append(f"    … {len(shown) - MOST_LINES} more lines")
    return lines

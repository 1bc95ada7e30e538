"""A graded run as text: which checks passed, what the first failure looks like, and why.

Only formatting; what the verdict is was decided by the grader.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from studytrack.domain.verdict import CheckResult, Counterexample, Report
from studytrack.domain.visible import visible
from studytrack.tui.text import ACCENT, BAD, BLANK, GOOD, MUTED, STRONG, inline, join, muted

SHORT = 62  # a value this long still fits beside its label
OUTPUT_LINES = 8
WORDS = {
    "error": "The file could not be run.",
    "timeout": "It took too long.",
    "died": "The process died.",
    "forbidden": "It uses what this exercise keeps closed.",
    "protocol": "The run broke off without a verdict.",
}


def checks_text(checks: Sequence[CheckResult], told: CheckResult | None = None) -> Content:
    """Return what did not pass line by line, but for what is told already; then what passed."""
    passed = ", ".join(check.name for check in checks if check.outcome == "passed")
    return join(
        [
            *(_check(check) for check in checks if check.outcome != "passed" and check is not told),
            Content.assemble(("✓ ", GOOD), muted("passed  "), muted(passed)) if passed else "",
        ]
    )


def _check(check: CheckResult) -> Content:
    if check.outcome == "not_run":
        return Content.assemble(muted("○ not run  "), muted(check.name))
    return Content.assemble(("✗ ", BAD), muted(f"{check.outcome}  "), (check.name, STRONG))


def report_text(report: Report, after: str = "") -> Content:
    """Return the whole verdict, the most useful first; `after` says what follows from a pass."""
    return join(
        [
            headline(report),
            Content(after),
            BLANK,
            *diagnosis(report),
            *failure(report),
            counterexample(report.counterexample),
            checks_text(report.checks, None if report.error else report.first_failed),
            _output(report.output),
            muted(_terms(report)),
        ]
    )


def headline(report: Report) -> Content:
    """Return one sentence: passed, or how many checks did."""
    total = len(report.checks)
    passed = sum(check.outcome == "passed" for check in report.checks)
    if report.passed:
        return Content.assemble(("✓ ", GOOD), (f"All {total} checks passed.", STRONG))
    words = WORDS.get(report.verdict, "")
    counted = f"{passed} of {total} checks passed." if total else ""
    return Content.assemble(("✗ ", BAD), (" ".join(w for w in (words, counted) if w), STRONG))


def diagnosis(report: Report) -> list[Content]:
    """Return the likely mistakes, named as one or as one of several."""
    if not report.diagnosis:
        return []
    word = Content.styled("likely  ", f"{STRONG} {ACCENT}")
    texts = [inline(finding.text) for finding in report.diagnosis]
    if len(texts) == 1:
        return [Content.assemble(word, texts[0]), Content(BLANK)]
    listed = [Content.assemble(("  · ", ACCENT), text) for text in texts]
    how = "these together" if report.diagnosis[-1].also else "one of these"
    return [Content.assemble(word, muted(how)), *listed, Content(BLANK)]


def failure(report: Report) -> list[Content]:
    """Return the first failed check with its message, or why nothing could be run."""
    first = report.first_failed
    if report.error:
        return [Content(visible(report.error)), Content(BLANK)]
    if first is None:
        return []
    return [_check(first), Content(visible(first.message))]


def counterexample(example: Counterexample | None) -> Content:
    """Return the failing input with what was expected and what came."""
    if example is None:
        return Content()
    rows = [("inputs", example.inputs), ("expected", example.expected), ("got", example.got)]
    return join([*(_value(label, text) for label, text in rows if text), BLANK])


def _value(label: str, text: str) -> Content:
    text = visible(text)
    if label == "inputs" and "[" not in text:
        text = ", ".join(text.splitlines())
    if "\n" in text or len(text) > SHORT:
        indented = "\n".join("  " + line for line in text.splitlines())
        return Content.assemble((f"{label}\n", MUTED), indented)
    return Content.assemble((f"{label:<10}", MUTED), text)


def _output(text: str) -> Content:
    lines = visible(text).rstrip().splitlines()
    if not lines:
        return Content()
    cut = ["…"] if len(lines) > OUTPUT_LINES else []
    shown = "\n".join("  " + line for line in [*cut, *lines[-OUTPUT_LINES:]])
    return Content.assemble(("\nyour output\n", MUTED), shown)


def _terms(report: Report) -> str:
    parts = [f"{report.seconds:.1f} s", report.device, f"seed {report.seed}"]
    if report.sandboxed:
        parts.append(f"isolated by {', '.join(report.isolation)}")
    told = "   ".join(part for part in parts if part)
    return "\n" + (f"{told}\n{report.gap}" if report.gap else told)

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.verdict import CheckResult, Report
from studytrack.tui import text, verdicttext
from studytrack.tui.widgets import keyline


@pytest.mark.parametrize("module", [text, keyline])
def test_examples_hold(module):
    """The examples in docstrings are true."""
    assert 0 == doctest.testmod(module).failed


@given(st.text(alphabet="ab `*[]/$\n"))
def test_inline_never_reads_markup(given_text):
    """Only marks of code, bold and italic go; brackets and all other signs stay."""
    shown = text.inline(given_text).plain

    kept = [letter for letter in given_text if letter not in "`*"]
    assert kept == [letter for letter in shown if letter not in "`*"]


@given(st.text(alphabet="ab `*\n"))
def test_unpaired_marks_stay(given_text):
    """Text without a pair of marks is shown as it is."""
    lonely = given_text.replace("`", "").replace("*", "") + "`"

    assert lonely == text.inline(lonely).plain


@given(st.lists(st.integers(0, 1000), max_size=40))
def test_spark_has_one_column_a_value(values):
    """Bars line up with days, and only a day without reviews has a dot."""
    bars = text.spark(values)

    assert len(values) == len(bars)
    assert [value == 0 for value in values] == [bar == "·" for bar in bars]


@given(st.floats(-1, 2), st.integers(1, 30))
def test_bar_keeps_its_width(share, width):
    """A bar is as wide as asked for, whatever the share."""
    assert width == len(text.bar(share, width))


def test_reflow_keeps_code_and_tables():
    """Only prose is joined."""
    note = "One line\nand more.\n\n```python\na = 1\nb = 2\n```\n\n| a | b |\n| 1 | 2 |\n"

    assert (
        "One line and more.\n\n```python\na = 1\nb = 2\n```\n\n| a | b |\n| 1 | 2 |"
        == text.reflow(note)
    )


def test_a_source_that_cannot_run_says_why():
    """The error of the file stands before the checks that were not run."""
    report = Report(
        exercise="add_one",
        verdict="error",
        checks=(CheckResult(name="adds one", outcome="not_run"),),
        diagnosis=(),
        counterexample=None,
        device="cpu",
        dtypes=(),
        seed=1,
        seconds=0.0,
        isolation=(),
        output="printed",
        error="SyntaxError in line 3: invalid syntax",
    )

    shown = verdicttext.report_text(report).plain

    assert "could not be run" in shown
    assert shown.index("SyntaxError in line 3") < shown.index("not run  adds one")
    assert "printed" in shown

"""Submissions as text: reading, syntax, forbidden names, cleaning."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.grader.clean import clean
from studytrack.grader.policy import find_forbidden
from studytrack.grader.submission import SubmissionFault, check_syntax, read_source


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"x = 1\ry = 2", "x = 1\ny = 2"),
        ("x = 'ü'".encode(), "x = 'ü'"),
        (b"", ""),
    ],
)
def test_line_ends_and_a_byte_order_mark_do_not_matter(raw, text) -> None:
    """Files from any editor are read."""
    assert text == read_source(raw)


@pytest.mark.parametrize(
    ("raw", "word"),
    [(b"\xff\xfe", "UTF-8"), (b"x = 1\0", "NUL"), (b"#" * 70_000, "larger than the 65,536")],
)
def test_a_file_that_is_no_source_is_refused_with_the_reason(raw, word) -> None:
    """Binary, NUL bytes and size are named."""
    with pytest.raises(SubmissionFault, match=word):
        read_source(raw)


def test_a_syntax_error_names_its_line() -> None:
    """The message holds line and reason."""
    with pytest.raises(SubmissionFault, match="Line 2"):
        check_syntax("x = 1\ndef f(:\n    pass\n")


@pytest.mark.parametrize("source", ["(" * 5000, "-" * 50_000 + "1", "x" + ".a" * 30_000])
def test_a_source_nested_too_deep_is_refused_or_read(source) -> None:
    """No depth of nesting ends the judge."""
    with contextlib.suppress(SubmissionFault):
        check_syntax(source)


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn.functional as F\ndef softmax(x): return F.softmax(x, -1)",
        "def softmax(x): return x.softmax(-1)",
        "from torch import softmax as s",
        "import torch\ndef f(x): return getattr(torch, 'softmax')(x, -1)",
        "import torch\ng = torch.nn.functional.softmax",
    ],
)
def test_forbidden_names_are_found_however_they_are_reached(source) -> None:
    """Attribute, method, import and string alike."""
    found = find_forbidden(source, ["softmax"])

    assert found
    assert "asks you to write it" in found[0].message


@pytest.mark.parametrize(
    "source",
    [
        "def softmax(x): return x.exp()\ndef two(x): return softmax(softmax(x))",
        "# use no softmax here\nx = 1",
        "class softmax:\n    def make(self) -> 'softmax': ...\n    x: 'softmax' = None",
        'def f(x):\n    """A softmax without torch.softmax."""\n    return x',
        "class A:\n    def softmax(self): ...\n    def g(self): return self.softmax()",
    ],
)
def test_the_learner_may_use_the_name_for_their_own_function(source) -> None:
    """Own definitions, comments and docstrings are free."""
    assert find_forbidden(source, ["softmax"]) == []


@given(st.text())
def test_cleaned_text_holds_nothing_a_terminal_acts_on(text) -> None:
    """Only newline and tab remain of the control characters."""
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

    assert not [c for c in clean(text) if c not in "\n\t" and unicodedata.category(c) in bad]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07x", "x"),
        ("\x9b2Jx", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("a\u202eb", "a\ufffdb"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("a line\r\nof Windows", "a line\nof Windows"),
        ("progress 1\rprogress 2", "progress 1\ufffdprogress 2"),
        ("\x1b\x1b[31m[31mx", "[31mx"),
        ("\x1b]0;never ended", ""),
        ("\x9d8;;http://x\x9cname\x9d8;;\x9c", "name"),
        ("[bold]kept[/bold]", "[bold]kept[/bold]"),
    ],
)
def test_sequences_go_and_plain_text_stays(text, cleaned) -> None:
    """Escape sequences vanish whole; markup is plain text."""
    assert cleaned == clean(text)

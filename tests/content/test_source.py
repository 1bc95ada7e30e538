"""Exercise sources as text: starters, submissions made from mistakes, front matter."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.content.source import (
    decorated,
    extract_submission,
    make_starter,
    solution_lines,
    split_front_matter,
)
from studytrack.errors import ContentFault

REFERENCE = '''\
"""Explains the solution."""

import math


def area(radius):
    """Return the area of a circle."""
    if radius < 0:
        raise ValueError
    # solution
    # a comment is no line of code
    squared = radius * radius

    return math.pi * squared
    # end
'''
CHECKS = '''\
"""Checks."""

import functools

import torch

from studytrack.grader.authoring import alternative, case, check, mistake

LIMIT = 3
case("one", lambda rng: rng.normal(2))


@functools.cache
def helper(n):
    """Help."""
    return n + 1


@check("it holds")
def holds(fn):
    assert fn(1) == 2


@mistake("Too much.")
@torch.no_grad()
def twice(n):
    """Count down, too far."""
    return twice(n - 1) if n > LIMIT else helper(n) * 2


@mistake("Not a module.")
class Wrong:
    pass


@alternative
def other(n):
    return helper(n)
'''


def run(source: str) -> dict[str, object]:
    """Execute a source and return its names."""
    names: dict[str, object] = {}
    exec(compile(source, "submission", "exec"), names)
    return names


def test_the_starter_lacks_the_solution_and_its_explanation():
    """Signature, docstring and checks of arguments stay; solution and module docstring go."""
    starter = make_starter(REFERENCE)

    assert starter == textwrap.dedent('''\
        import math


        def area(radius):
            """Return the area of a circle."""
            if radius < 0:
                raise ValueError
            raise NotImplementedError
        ''')


def test_each_region_becomes_one_raise_at_its_own_depth():
    """A class may leave several methods open."""
    reference = textwrap.dedent("""\
        class Counter:
            def __init__(self):
                # solution
                self.n = 0
                # end

            def step(self):
                # solution
                self.n += 1
                return self.n
                # end
        """)

    starter = make_starter(reference)

    assert starter.count("        raise NotImplementedError\n") == 2
    assert "self.n" not in starter


def test_a_comment_that_only_begins_like_a_marker_is_none():
    """`# end of the loop` neither closes a region nor counts as a marker without partner."""
    reference = (
        "def f(xs):\n    # solution\n    for x in xs:\n        print(x)\n"
        "    # end of the loop\n    return xs\n    # end\n\n# solutions differ\n"
    )

    starter = make_starter(reference)

    assert starter == "def f(xs):\n    raise NotImplementedError\n\n# solutions differ\n"


def test_a_region_may_close_the_file_without_a_newline():
    """The last line of a file needs no line end."""
    assert make_starter("def f():\n    # solution\n    return 1\n    # end") == (
        "def f():\n    raise NotImplementedError\n"
    )


@pytest.mark.parametrize(
    "reference",
    [
        "def f():\n    return 1\n",
        "def f():\n    # solution\n    return 1\n",
        "def f():\n    return 1\n    # end\n",
        "def f():\n    # solution\n    return 1\n    # end\n    # end\n",
        "def f():\n    # solution\n    return 1\n    # end\n    # solution\n",
    ],
)
def test_markers_come_in_pairs(reference: str):
    """No region, or a marker without its partner, is refused."""
    with pytest.raises(ContentFault, match="must stand in pairs"):
        make_starter(reference)


@given(
    st.lists(
        st.lists(st.sampled_from(["x = 1", "y = 2", "", "# why", "for z in x:\n        pass"])),
        min_size=1,
        max_size=4,
    )
)
def test_no_line_of_a_solution_reaches_the_starter(bodies):
    """Whatever stands in the regions, the starter parses and holds one raise for each."""
    functions = []
    for number, body in enumerate(bodies):
        lines = [f"    {line}" if line else "" for line in [*body, f"return {number}"]]
        solution = "\n".join(lines)
        functions.append(f"def f{number}(x):\n    # solution\n{solution}\n    # end\n")

    starter = make_starter("\n\n".join(functions))

    assert len(ast.parse(starter).body) == len(bodies)
    assert starter.count("raise NotImplementedError") == len(bodies)
    assert "return" not in starter


def test_comments_and_blank_lines_are_no_solution_lines():
    """The length of a solution is its lines of code, over all regions."""
    assert solution_lines(REFERENCE) == 2
    assert solution_lines(REFERENCE + "\n\n" + REFERENCE) == 4


def test_declared_names_are_found_in_order():
    """A bare decorator and a called one count alike."""
    assert decorated(CHECKS, "mistake") == ["twice", "Wrong"]
    assert decorated(CHECKS, "alternative") == ["other"]
    assert decorated(CHECKS, "check") == ["holds"]


def test_a_mistake_becomes_a_submission_that_runs():
    """It is renamed, finds itself and its decorated helpers, and knows nothing of studytrack."""
    source = extract_submission(CHECKS, "twice", "answer")

    assert run(source)["answer"](5) == 8
    assert "studytrack" not in source
    assert "holds" not in source
    assert "other" not in source


def test_decorators_that_declare_nothing_stay_on_a_mistake():
    """A mistake that turns gradients off keeps doing so."""
    source = extract_submission(CHECKS, "twice", "answer")

    assert "@torch.no_grad()\ndef answer" in source
    assert "mistake" not in source


def test_a_submission_does_not_explain_the_mistake():
    """The docstring, which names the error, is not what a learner would hand in."""
    assert "too far" not in extract_submission(CHECKS, "twice", "answer")


def test_a_class_with_only_a_docstring_stays_a_class():
    """Taking the docstring away may not leave a body empty."""
    checks = '@mistake("Empty.")\nclass Wrong:\n    """Nothing."""\n'

    assert isinstance(run(extract_submission(checks, "Wrong", "Right"))["Right"], type)


def test_an_unknown_name_is_refused():
    """A mistake that is not there is named."""
    with pytest.raises(ContentFault, match="`none` is not defined"):
        extract_submission(CHECKS, "none", "answer")


def test_front_matter_is_parted_from_the_statement():
    """TOML stands between two fences; blank space around the statement goes."""
    front, statement = split_front_matter('+++  \ntitle = "T"\n+++\n\n  Write f.\n\n')

    assert front == 'title = "T"\n'
    assert statement == "Write f.\n"


def test_a_statement_may_be_missing_and_may_hold_fences():
    """Only the first closing fence counts, and it may end the file."""
    assert split_front_matter("+++\na = 1\n+++") == ("a = 1\n", "\n")
    assert split_front_matter("+++\na = 1\n+++\nx\n+++\ny\n") == ("a = 1\n", "x\n+++\ny\n")


def test_a_line_that_only_begins_with_a_fence_is_none():
    """Text directly behind the three signs is not a fence."""
    text = '+++\na = """\n+++more\n"""\n+++\nx\n'

    assert split_front_matter(text) == ('a = """\n+++more\n"""\n', "x\n")


@pytest.mark.parametrize("text", ["", "title = 1\n", "+++\ntitle = 1\n", "x\n+++\na = 1\n+++\n"])
def test_a_statement_without_front_matter_is_refused(text: str):
    """The first line is a fence and a second one follows."""
    with pytest.raises(ContentFault, match="must begin with TOML"):
        split_front_matter(text)


lines = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="+\x85"),
    max_size=12,
)


@given(st.lists(lines, max_size=4), st.lists(lines, max_size=4))
def test_front_matter_comes_back_as_written(front, body):
    """Any lines without a fence are returned as they are; the statement without outer space."""
    head = "".join(f"{line}\n" for line in front)
    tail = "\n".join(body)

    assert split_front_matter(f"+++\n{head}+++\n{tail}") == (
        head,
        textwrap.dedent(tail).strip() + "\n",
    )

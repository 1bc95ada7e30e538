"""Right solutions as people write them: every style passes, with fresh inputs in every run."""

from __future__ import annotations

import pytest

from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.grader.client import Grader
from tests.exercises.styles import STYLES

pytestmark = pytest.mark.xdist_group("grader")
EXERCISES = load_catalogue([content_root()]).exercises
CASES = [(name, style) for name, styles in STYLES.items() for style in styles]


@pytest.fixture(scope="module")
def grader():
    """A warm grader with the product's own limits."""
    with Grader() as service:
        yield service


@pytest.mark.slow
@pytest.mark.parametrize(("name", "style"), CASES, ids=[f"{n}-{s}" for n, s in CASES])
def test_a_right_solution_passes_in_any_style(grader, name, style) -> None:
    """Nothing but the result counts."""
    report = grader.grade(EXERCISES[name], STYLES[name][style].encode())

    failed = report.first_failed
    assert report.passed, (report.seed, report.error, failed)


@pytest.mark.slow
@pytest.mark.parametrize("written", ["crlf", "bom", "tabs"])
def test_the_editor_s_habits_do_not_matter(grader, written) -> None:
    """Line endings of Windows, a byte order mark and tabs are Python all the same."""
    text = STYLES["top_k"]["topk_of_ranks"]
    source = {
        "crlf": text.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "tabs": text.replace("    ", "\t").encode(),
    }[written]

    report = grader.grade(EXERCISES["top_k"], source)

    assert report.passed, (report.seed, report.error, report.first_failed)


def test_every_exercise_has_several_styles() -> None:
    """A new exercise comes with right solutions that nobody wrote beside the reference."""
    assert set(EXERCISES) == set(STYLES)
    assert min(map(len, STYLES.values())) >= 3

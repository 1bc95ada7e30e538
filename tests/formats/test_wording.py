"""Forms for comparing, and comma lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studytrack.formats.wording import alike, fold, split_points, words_alike


def test_case_marks_and_spacing_do_not_count():
    """Titles that differ in style only fold to one."""
    assert fold("**Top-P**  (Nucleus)") == fold("top p: NUCLEUS")


@given(st.text())
def test_folding_is_stable(text: str):
    """Folding twice is folding once."""
    assert fold(text) == fold(fold(text))


def test_commas_inside_brackets_do_not_part():
    """Points are parted outside brackets only; the last loses its `and` and full stop."""
    points = split_points("GPT (a, b), variants (RoBERTa, T5, etc.), and optimizers.")

    assert points == ["GPT (a, b)", "variants (RoBERTa, T5, etc.)", "optimizers"]


@given(st.text())
def test_any_text_can_be_split(text: str):
    """No text crashes the splitting, unbalanced brackets included."""
    assert all(point.strip() for point in split_points(text))


def test_resemblance_is_symmetric_at_its_ends():
    """Equal titles are wholly alike, unrelated ones hardly."""
    assert alike("Working with Data", "working with data") == 1.0
    assert words_alike("a b c", "c b a") == 1.0
    assert words_alike("one", "two") == words_alike("", "") == 0.0

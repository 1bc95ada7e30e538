from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.spelling import compare, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Top-P", "topp"),
        ("the `top_p`", "topp"),
        ("torch.inference_mode()", "torchinferencemode"),
        ("dim = -1", "dim=-1"),
        ("-inf", "-inf"),
        ("1e-5", "1e-5"),
        ("0.5", "0.5"),
        ("Llama\N{EN DASH}3.1", "llama3.1"),
        ("...", "..."),
        ("a", "a"),
    ],
)
def test_folding_keeps_what_carries_meaning(text: str, folded: str):
    """Hyphens, case and articles go; signs and decimal points stay; nothing becomes empty."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("given_text", "answer", "closeness"),
    [
        ("kv cache", "KV-cache", "same"),
        ("key", "keys", "same"),
        ("0.50", ".5", "same"),
        ("-infinity", "-inf", "same"),
        ("inf", "-inf", "other"),
        ("1", "-1", "other"),
        ("perplexty", "perplexity", "near"),
        ("symmetric", "asymmetric", "other"),
        ("float16", "bfloat16", "other"),
        ("conv1d", "conv2d", "other"),
        ("gelu", "relu", "other"),
        ("", "", "same"),
        ("", "softmax", "other"),
    ],
)
def test_slips_are_near_but_other_names_are_not(given_text: str, answer: str, closeness: str):
    """One slip in a long word is near, unless it makes another name of it."""
    assert compare(given_text, [answer]) == closeness


@given(word=st.from_regex(r"[a-z]{6,12}", fullmatch=True), data=st.data())
def test_one_slip_after_the_first_letter_is_never_other(word: str, data: st.DataObject):
    """Dropping one letter or swapping two neighbours leaves a long word near or the same."""
    place = data.draw(st.integers(1, len(word) - 2))
    dropped = word[:place] + word[place + 1 :]
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    found = {compare(slip, [word]) for slip in (dropped, swapped)}

    assert found <= {"same", "near"}


@given(text=st.text(min_size=1))
def test_a_text_is_the_same_as_itself(text: str):
    """Comparison is reflexive, in any case of letters that folds back."""
    assert compare(text, [text]) == "same"

"""Wrong versions as tasks: cards that ask for the mistake, exercises that repair it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from studytrack.content.bugs import bug_card, debug_form, mistake_texts, next_mistake
from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.cards import card_problems, judge

EXERCISES = load_catalogue([content_root()]).exercises


@pytest.fixture
def top_k():
    """An exercise with many mistakes."""
    return EXERCISES["top_k"]


def test_the_right_choice_is_the_sentence_of_the_mistake(top_k) -> None:
    """The answer that the card expects is the mistake's own sentence."""
    card = bug_card(top_k, "threshold_keeps_ties")

    assert card is not None
    assert "tie" in card.choices["abcdefgh".index(card.answer)]
    assert "right" == judge(card, card.answer).outcome


def test_the_shown_version_is_whole_and_says_nothing(top_k) -> None:
    """It parses, has the name that a learner writes, and neither decorator nor explanation."""
    card = bug_card(top_k, "threshold_keeps_ties")

    assert card is not None
    (function,) = [n for n in ast.parse(card.code).body if isinstance(n, ast.FunctionDef)]
    assert "top_k_filter" == function.name
    assert "mistake" not in card.code
    assert ast.get_docstring(function) is None


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_every_bug_card_of_an_exercise_can_be_asked(exercise) -> None:
    """Each has one right choice among different ones."""
    texts = mistake_texts((Path(exercise.folder) / "checks.py").read_text(encoding="utf-8"))

    cards = [card for name in texts if (card := bug_card(exercise, name)) is not None]

    assert cards
    for card in cards:
        assert not card_problems(card)
        assert len(set(card.choices)) == len(card.choices) >= 2


def test_a_card_always_looks_the_same(top_k) -> None:
    """Its choices and their order depend on its id alone."""
    assert bug_card(top_k, "threshold_keeps_ties") == bug_card(top_k, "threshold_keeps_ties")


def test_no_card_for_an_unknown_mistake_or_a_lost_folder(top_k, tmp_path) -> None:
    """A mistake that was renamed since, or content that is gone, makes no card and no form."""
    lost = replace(top_k, folder=str(tmp_path))

    assert bug_card(top_k, "never_was") is None
    assert bug_card(lost, "threshold_keeps_ties") is None
    assert debug_form(top_k, "never_was") is None
    assert debug_form(lost, "threshold_keeps_ties") is None
    assert "" == next_mistake(lost, 0)


def test_the_debug_form_starts_from_a_wrong_version(top_k) -> None:
    """Its starter defines the entry; its last hint is the sentence; the same checks judge it."""
    form = debug_form(top_k, "threshold_keeps_ties")

    assert form is not None
    assert ("top_k.debug", "top_k", "debug") == (form.id, form.whole, form.form)
    assert "def top_k_filter(" in form.starter
    assert "NotImplementedError" not in form.starter
    assert "tie" in form.hints[-1]
    assert form.folder == top_k.folder
    assert form.minutes < top_k.minutes


def test_every_mistake_has_its_turn(top_k) -> None:
    """The rounds go through all of an exercise's mistakes before one comes twice."""
    count = len(mistake_texts((Path(top_k.folder) / "checks.py").read_text(encoding="utf-8")))

    turns = [next_mistake(top_k, turn) for turn in range(count + 1)]

    assert count == len(set(turns))
    assert turns[0] == turns[-1]

"""The shipped cards: every answer that can be computed is computed, and the forms are kept.

Expressions and code of cards are our own content; they run here, never in the product.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pytest
import torch

from studytrack.content.decode import read_records, read_toml
from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain import spelling
from studytrack.domain.cards import (
    AUTO_GRADED,
    LETTERS,
    Card,
    card_problems,
    cloze_front,
    judge,
    read_shape,
    right_answer,
)

FILES = sorted((content_root() / "data" / "cards").glob("*.toml"))
BY_FILE: dict[Path, list[Card]] = {path: read_records(path, "cards", Card) for path in FILES}
CARDS = [card for cards in BY_FILE.values() for card in cards]
PARTS = read_toml(content_root() / "data" / "curriculum.toml")["parts"]
TOPICS = {topic["id"]: topic for part in PARTS for topic in part["topics"]}
MORE_IN = {"I", "II", "III"}


def of_kind(*kinds: str) -> list[pytest.param]:
    """Return the cards of these kinds, as named parameters."""
    return [pytest.param(card, id=card.id) for card in CARDS if card.kind in kinds]


def evaluate(expression: str) -> object:
    """Return the value of a card's expression."""
    torch.manual_seed(0)
    return eval(expression, {"math": math, "torch": torch})


def shape_of(code: str) -> tuple[int, ...] | str:
    """Return the shape that a card's code leaves in `out`, or "error"."""
    names: dict[str, object] = {"math": math, "torch": torch}
    try:
        exec(code, names)
    except (RuntimeError, ValueError, TypeError, IndexError):
        return "error"
    out = names["out"]
    assert isinstance(out, torch.Tensor)
    return tuple(out.shape)


def shown(card: Card) -> str:
    """Return what the learner sees before answering."""
    front = cloze_front(card.front) if card.kind == "cloze" else card.front
    return f"{front}\n{card.code}\n{card.hint}"


@pytest.mark.parametrize("card", of_kind("numeric"))
def test_numeric_answers_are_what_their_expression_gives(card: Card):
    """A number on a card is computed, and printed at least ten times as finely as it is judged."""
    value = float(evaluate(card.compute))

    assert judge(card, repr(value)).outcome == "right"
    assert float(card.answer) == pytest.approx(value, rel=max(card.rtol / 10, 1e-4))


@pytest.mark.parametrize("card", of_kind("shape"))
def test_shapes_are_what_their_code_leaves(card: Card):
    """The code of a shape card is run, and `out` has the answer's shape."""
    found = shape_of(card.code)

    assert found == read_shape(card.answer)


@pytest.mark.parametrize(
    "card", [param for param in of_kind("choice", "typed", "cloze") if param.values[0].compute]
)
def test_computed_texts_are_right_answers(card: Card):
    """An expression on a card of words gives the right choice, word or gaps."""
    text = str(evaluate(card.compute))

    if card.kind == "choice":
        assert text == card.choices[LETTERS.index(card.answer)]
    assert judge(card, text).outcome == "right"


def test_only_numbers_and_words_have_expressions():
    """Every numeric card can be computed; cards rated by oneself have nothing to compute."""
    lacking = [card.id for card in CARDS if card.kind == "numeric" and not card.compute]
    useless = [card.id for card in CARDS if card.kind in ("recall", "shape") and card.compute]

    assert not lacking
    assert not useless


@pytest.mark.parametrize("card", of_kind(*AUTO_GRADED))
def test_the_printed_answer_is_judged_right(card: Card):
    """What the screen shows as the answer is accepted as an answer, and so are its variants."""
    answers = {card.answer if card.kind == "choice" else right_answer(card), *card.accept}

    outcomes = {answer: judge(card, answer).outcome for answer in answers}

    assert set(outcomes.values()) == {"right"}, outcomes


@pytest.mark.parametrize("card", of_kind("recall", *AUTO_GRADED))
def test_a_card_is_well_formed(card: Card):
    """A card has the form of its kind, a back that explains and an id that names its kind."""
    explains = len(card.back.split())

    assert card_problems(card) == ()
    assert re.fullmatch(rf"{card.kind}\.[a-z0-9]+(-[a-z0-9]+)*", card.id)
    assert explains >= 4
    assert card.level in {1, 2, 3}
    assert card.kind != "recall" or card.rubric
    assert card.kind != "choice" or (len(card.choices) == len(card.why) == 4)
    assert all(len(line) <= 76 for line in card.code.splitlines())
    assert all(text == text.strip() for text in (card.front, card.back, card.answer, card.hint))


@pytest.mark.parametrize("card", of_kind(*AUTO_GRADED))
def test_a_card_does_not_show_its_answer(card: Card):
    """Neither front, code nor hint holds the answer, or a wrong choice would stand out."""
    seen = shown(card)

    if card.kind == "numeric":
        numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?", card.front)
        assert float(card.answer) not in {float(number) for number in numbers}
    elif card.kind == "choice":
        right = card.choices[LETTERS.index(card.answer)]
        assert not re.search(rf"(?<!\w){re.escape(right)}(?!\w)", seen)
        assert len({spelling.fold(choice) for choice in card.choices}) == 4
    elif card.kind in {"typed", "cloze"}:
        words = [card.answer] if card.kind == "typed" else right_answer(card).split("; ")
        for word in words:
            assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", seen, re.IGNORECASE), word
    else:
        assert card.answer not in card.front


def test_ids_and_fronts_are_unique():
    """No id and no question occurs twice."""
    ids = Counter(card.id for card in CARDS)
    fronts = Counter(spelling.fold(card.front) for card in CARDS)

    assert [name for name, count in ids.items() if count > 1] == []
    assert [front for front, count in fronts.items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_holds_the_cards_of_its_topic(path: Path):
    """A file is named after its topic, and its cards belong to the topic or one of its points."""
    topic = TOPICS[path.stem]
    known = {topic["id"], *(point["id"] for point in topic["points"])}

    strangers = [card.id for card in BY_FILE[path] if card.topic not in known]

    assert strangers == []


def test_cards_name_what_exists():
    """The exercise and the term that a card names are in the catalogue."""
    catalogue = load_catalogue([content_root()])

    exercises = {card.exercise for card in CARDS} - {""} - set(catalogue.exercises)
    terms = {card.term for card in CARDS} - {""} - set(catalogue.terms)

    assert exercises == set()
    assert terms == set()


def test_every_topic_has_cards():
    """Each point has a card, each topic three, those of parts I to III and sampling six."""
    counts = {path.stem: len(cards) for path, cards in BY_FILE.items()}
    early = {topic["id"] for part in PARTS if part["id"] in MORE_IN for topic in part["topics"]}

    few = {
        topic: counts.get(topic, 0)
        for topic in TOPICS
        if counts.get(topic, 0) < (6 if topic in early | {"sampling"} else 3)
    }

    points = {point["id"] for topic in TOPICS.values() for point in topic["points"]}

    assert few == {}
    assert points - {card.topic for card in CARDS} == set()


def test_kinds_are_mixed():
    """Every kind is used often enough to be practised, and none makes up half of the cards."""
    kinds = Counter(card.kind for card in CARDS)

    least = {"recall": 30, "typed": 12, "cloze": 10, "choice": 60, "numeric": 60, "shape": 15}

    assert {kind: kinds[kind] for kind in least if kinds[kind] < least[kind]} == {}
    assert max(kinds.values()) < len(CARDS) / 2


def test_the_letter_of_a_choice_tells_nothing():
    """Right letters are spread, and the longest choice is not the right one as a rule."""
    choices = [card for card in CARDS if card.kind == "choice"]
    letters = Counter(card.answer for card in choices)
    longest = [
        card
        for card in choices
        if max(card.choices, key=len) == card.choices[LETTERS.index(card.answer)]
    ]

    assert set(letters) == set("abcd")
    assert max(letters.values()) <= 0.45 * len(choices)
    assert len(longest) <= 0.45 * len(choices)


def test_siblings_come_in_groups():
    """A `source` is shared by at least two cards, otherwise it says nothing."""
    sources = Counter(card.source for card in CARDS if card.source)

    assert [source for source, count in sources.items() if count < 2] == []

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.cards import (
    Card,
    CardKind,
    card_problems,
    cloze_front,
    cloze_gaps,
    judge,
    read_shape,
    right_answer,
)


def make(kind: CardKind, **fields: object) -> Card:
    """Return a card of a kind with the rest filled in."""
    filled = {"id": f"{kind}.x", "topic": "sampling", "front": "What?", "back": "Since."} | fields
    return Card(kind=kind, **filled)


def outcome_or_sentence(card: Card, text: str) -> str:
    """Return the outcome, or what the learner is told if there is none."""
    try:
        return judge(card, text).outcome
    except ValueError as error:
        return str(error)


TYPED = make("typed", answer="learning rate", accept=("step size", "torch.float16"))
CLOZE = make("cloze", front="{{sqrt(d_k)|root of d}} over the {{keys}}, {{-1}}")
CHOICE = make(
    "choice",
    choices=("the first one", "the first two", "all", "none"),
    answer="b",
    why=("Too few.", "The crossing token is kept.", "Too many.", "Never."),
)
SIZE = make("numeric", answer="512", unit="MiB")
HALF = make("numeric", answer="0.5")
SHAPE = make("shape", answer="(2, 3)")
ERROR = make("shape", answer="error")
GRADED = (TYPED, CLOZE, CHOICE, SIZE, HALF, SHAPE, ERROR)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("learning rate", "right"),
        ("Learning-Rate", "right"),
        ("the `learning_rate`", "right"),
        ("learning rates", "right"),
        ("STEP SIZE", "right"),
        ("torch.float16", "right"),
        ("lerning rate", "near"),
        ("learning raet", "near"),
        ("earning rate", "wrong"),
        ("leaning rat", "wrong"),
        ("torch.bfloat16", "wrong"),
        ("torch.float15", "wrong"),
        ("momentum", "wrong"),
        ("...", "wrong"),
    ],
)
def test_typed_words_forgive_spelling_but_not_meaning(text: str, outcome: str):
    """Case, hyphens and one slip are forgiven; another name, number or first letter is not."""
    judgement = judge(TYPED, text)

    assert judgement.outcome == outcome
    assert judgement.expected == "learning rate"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("sqrt(d_k); keys; -1", "right"),
        ("root of d ;the keys;-1", "right"),
        ("SQRT(DK); key; -1", "right"),
        ("sqrt(d_k), keys, -1", "right"),
        ("sqrt(d_k); keys; 1", "wrong"),
        ("sqrt(d); keys; -1", "near"),
        ("; keys; -1", "wrong"),
        ("keys; sqrt(d_k); -1", "wrong"),
    ],
)
def test_cloze_gaps_are_judged_in_order_and_the_worst_counts(text: str, outcome: str):
    """Each gap has its variants; one wrong gap, or a lost sign, makes the answer wrong."""
    judgement = judge(CLOZE, text)

    assert judgement.outcome == outcome
    assert judgement.expected == "sqrt(d_k); keys; -1"


@pytest.mark.parametrize("text", ["b", "B", " b) ", "(b)", "[b]", "b.", "the first TWO"])
def test_a_choice_is_a_letter_or_its_text(text: str):
    """A letter may be written in any of the usual ways, and explains itself."""
    judgement = judge(CHOICE, text)

    assert judgement.outcome == "right"
    assert judgement.message == "The crossing token is kept."
    assert judgement.expected == "b) the first two"


def test_a_wrong_choice_says_why():
    """The explanation belongs to the letter that was chosen."""
    judgement = judge(CHOICE, "c")

    assert (judgement.outcome, judgement.rating) == ("wrong", 1)
    assert judgement.message == "Too many."


@pytest.mark.parametrize(
    ("card", "text", "outcome"),
    [
        (SIZE, "512", "right"),
        (SIZE, "512 MiB", "right"),
        (SIZE, "512mib", "right"),
        (SIZE, "0.5 GiB", "right"),
        (SIZE, "1/2 GiB", "right"),
        (SIZE, "536,870,912 bytes", "right"),
        (SIZE, "2^9", "right"),
        (SIZE, "5.12x10^2", "right"),
        (SIZE, "515", "right"),
        (SIZE, "520", "wrong"),
        (SIZE, "512 GiB", "near"),
        (SIZE, "512 tokens", "near"),
        (SIZE, "-512", "wrong"),
        (SIZE, "1e999", "wrong"),
        (HALF, ".5", "right"),
        (HALF, "0,5", "right"),
        (HALF, "0,500", "right"),
        (HALF, "1/2", "right"),
        (HALF, "5e-1", "right"),
        (HALF, "50 %", "right"),
        (HALF, "0.5 %", "near"),
        (HALF, "0.5 of it", "right"),
        (HALF, "\N{MINUS SIGN}0.5", "wrong"),
        (HALF, "500", "wrong"),
    ],
)
def test_numbers_are_read_with_units_and_tolerance(card: Card, text: str, outcome: str):
    """Fractions, powers, separators and units of one kind are converted; other units are near."""
    judgement = judge(card, text)

    assert judgement.outcome == outcome


def test_large_counts_may_be_shortened():
    """Thousands, millions and billions are understood where something is counted."""
    card = make("numeric", answer="124439808", unit="parameters")

    outcomes = [judge(card, text).outcome for text in ("124M", "0.124 billion", "124 k")]

    assert outcomes == ["right", "right", "wrong"]


def test_zero_has_an_absolute_tolerance():
    """A relative tolerance says nothing about zero."""
    card = make("numeric", answer="0")

    outcomes = [judge(card, text).outcome for text in ("0", "0.0", "1e-12", "0.001")]

    assert outcomes == ["right", "right", "right", "wrong"]


@pytest.mark.parametrize("text", ["", "many", "1/0", "2 3", "3 or 4", "1,2,3", "1__0", "9^999"])
def test_what_is_no_number_is_asked_again(text: str):
    """An answer that cannot be read as one number is not counted as wrong."""
    with pytest.raises(ValueError, match=r"\.$"):
        judge(SIZE, text)


@pytest.mark.parametrize(
    "text", ["(2, 3)", "2,3", "2 3", "2x3", "2 \N{MULTIPLICATION SIGN} 3", "[2,3]", "(2, 3,)"]
)
def test_shapes_may_be_written_in_many_ways(text: str):
    """Brackets and separators do not matter, and torch's own spelling is understood."""
    spellings = (text, f"torch.Size({text})", f" shape = {text} ")

    outcomes = {judge(SHAPE, spelling).outcome for spelling in spellings}

    assert outcomes == {"right"}


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("()", ()),
        ("torch.Size([])", ()),
        ("scalar", ()),
        ("5", (5,)),
        ("error", "error"),
        ("Raises", "error"),
        ("RuntimeError: size mismatch", "error"),
    ],
)
def test_scalars_and_errors_are_shapes_too(text: str, shape: object):
    """No dimension at all, and no result at all, can be written down."""
    found = read_shape(text)

    assert found == shape


@pytest.mark.parametrize(
    "text", ["", "B, T", "(2, -1)", "2.5", "no error", "\N{ARABIC-INDIC DIGIT TWO}"]
)
def test_what_is_no_shape_is_asked_again(text: str):
    """An answer that cannot be read as a shape is not counted as wrong."""
    with pytest.raises(ValueError, match=r"\.$"):
        judge(SHAPE, text)


def test_near_proposes_hard():
    """The proposed rating follows the outcome: good, hard, again."""
    ratings = [judge(TYPED, text).rating for text in ("learning rate", "lerning rate", "no")]

    assert ratings == [3, 2, 1]


@pytest.mark.parametrize(
    ("card", "text", "message"),
    [
        (CHOICE, "e", "Choose a letter from a to d"),
        (CHOICE, "2", "Choose a letter"),
        (CLOZE, "keys", "This text has 3 gaps"),
        (make("cloze", front="a {{gap}}"), "x; y", "This text has 1 gap."),
        (TYPED, "  ", "The answer is empty"),
        (make("recall"), "anything", "rated by yourself"),
        (make("term"), "anything", "rated by yourself"),
    ],
)
def test_unusable_answers_say_how_to_answer(card: Card, text: str, message: str):
    """Whoever answers in the wrong form is told the right one."""
    with pytest.raises(ValueError, match=message):
        judge(card, text)


def test_an_answer_for_the_screen():
    """Each kind has an answer in one line, with unit, letter or all gaps."""
    shown = [right_answer(card) for card in (*GRADED, make("recall", back="Because."))]

    assert shown == [
        "learning rate",
        "sqrt(d_k); keys; -1",
        "b) the first two",
        "512 MiB",
        "0.5",
        "(2, 3)",
        "error",
        "Because.",
    ]


def test_gaps_are_blanked():
    """The learner sees where the gaps are and nothing of their content."""
    front = cloze_front(CLOZE.front)

    assert front == "[ ... ] over the [ ... ], [ ... ]"
    assert cloze_gaps(CLOZE.front) == [("sqrt(d_k)", "root of d"), ("keys",), ("-1",)]


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        (make("choice", choices=("a",), answer="a"), "2 to 8"),
        (make("choice", choices=("a", "b"), answer="c"), "a letter from a to b"),
        (make("choice", choices=("a", "b"), answer="B"), "a letter from a to b"),
        (make("choice", choices=("a", "b"), answer="a", why=("x",)), "one sentence for each"),
        (make("cloze", front="no gap"), "needs a gap"),
        (make("cloze", front="{{a;b}}"), "holds no `;`"),
        (make("typed"), "needs an `answer`"),
        (make("numeric", answer="1,024"), "as Python writes it"),
        (make("numeric", answer="inf"), "as Python writes it"),
        (make("numeric", answer="1", rtol=0.0), "`rtol`"),
        (make("shape", answer="(B, T)"), "a shape such as"),
        (make("recall", back=""), "needs a `back`"),
    ],
)
def test_malformed_cards_are_named(card: Card, problem: str):
    """An author reads what is wrong with a card before a learner meets it."""
    problems = card_problems(card)

    assert len(problems) == 1
    assert problem in problems[0]


def test_well_formed_cards_have_no_problems():
    """The cards of these tests keep the rules."""
    problems = [card_problems(card) for card in GRADED]

    assert problems == [()] * len(GRADED)


@given(card=st.sampled_from(GRADED), text=st.text())
def test_judging_any_text_gives_a_verdict_or_a_sentence(card: Card, text: str):
    """Whatever is typed, there is an outcome or a ValueError with a full sentence."""
    said = outcome_or_sentence(card, text)

    assert said in {"right", "near", "wrong"} or said.endswith(".")


@given(
    card=st.sampled_from(GRADED),
    text=st.text(alphabet="0123456789.,_ /^*x()[];:+-eE%kMGiBb\t\n", max_size=40),
)
def test_judging_text_that_looks_like_numbers_never_fails(card: Card, text: str):
    """Broken numbers and shapes are refused in the same way."""
    said = outcome_or_sentence(card, text)

    assert said in {"right", "near", "wrong"} or said.endswith(".")


WORDS = st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()))
GAPS = st.text(
    alphabet=st.characters(exclude_characters="{}|;,\n\r", exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=12,
).filter(lambda text: bool(text.strip()))


@given(answer=WORDS, accept=st.lists(WORDS, max_size=3))
def test_the_right_words_are_right(answer: str, accept: list[str]):
    """The answer and each accepted variant are right, whatever characters they hold."""
    card = make("typed", answer=answer, accept=tuple(accept))

    outcomes = {judge(card, text).outcome for text in (answer, *accept)}

    assert outcomes == {"right"}


@given(gaps=st.lists(GAPS, min_size=1, max_size=4))
def test_the_right_gaps_are_right(gaps: list[str]):
    """The answer that the screen shows is accepted for every cloze."""
    card = make("cloze", front=" and ".join("{{" + gap + "}}" for gap in gaps))

    outcome = judge(card, right_answer(card)).outcome

    assert outcome == "right"


@given(
    number=st.floats(allow_nan=False, allow_infinity=False, width=32),
    unit=st.sampled_from(["", "MiB", "GB", "ms", "s", "%", "tokens", "FLOPs", "million"]),
)
def test_the_right_number_is_right(number: float, unit: str):
    """Every finite number is accepted as Python prints it, with its unit and without."""
    card = make("numeric", answer=repr(number), unit=unit)

    outcomes = {judge(card, text).outcome for text in (right_answer(card), repr(number))}

    assert outcomes == {"right"}


@given(shape=st.lists(st.integers(0, 10**6), max_size=5).map(tuple))
def test_the_right_shape_is_right(shape: tuple[int, ...]):
    """Every shape is accepted as Python prints it."""
    card = make("shape", answer=str(shape))

    outcome = judge(card, right_answer(card)).outcome

    assert outcome == "right"


@given(choices=st.lists(WORDS, min_size=2, max_size=8), data=st.data())
def test_the_right_letter_is_right_and_others_are_not(choices: list[str], data: st.DataObject):
    """Only the letter of the answer is right, whatever the choices say."""
    letters = "abcdefgh"[: len(choices)]
    right = data.draw(st.sampled_from(letters))
    card = make("choice", choices=tuple(choices), answer=right)

    outcomes = {letter: judge(card, letter).outcome for letter in letters}

    assert [letter for letter, outcome in outcomes.items() if outcome == "right"] == [right]

"""Cards: what they ask, and how an answer is judged.

Judging is by rule on text; a card never runs code. Kinds:

- `recall`   think, reveal, rate oneself against `rubric`
- `term`     meaning of a term (generated from the glossary), rated by oneself
- `typed`    the answer is a word or phrase; `accept` lists other right spellings
- `cloze`    `front` holds `{{answer|other}}` gaps; gaps are answered in order, split by `;`
- `choice`   `choices`, `answer` is the letter of the right one; `why` explains each
- `numeric`  a number, with `unit` and relative tolerance `rtol`
- `shape`    a tensor shape such as `(2, 3)`, or `error`

Time, storage and scheduling must not come in here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from studytrack.domain import spelling
from studytrack.domain.quantity import factor_between, read_quantity

CardKind = Literal["recall", "term", "typed", "cloze", "choice", "numeric", "shape"]
Outcome = Literal["right", "near", "wrong"]
AUTO_GRADED: frozenset[str] = frozenset({"typed", "cloze", "choice", "numeric", "shape"})
LETTERS = "abcdefgh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A question.

    `topic` is the id of a topic or point. `back` is shown after the answer, `code` with the
    question. The content's tests verify `answer`: `compute` is a Python expression for it, and the
    `code` of a shape card leaves `out`. Cards with the same non-empty `source` are siblings and
    are not shown on one study day.
    """

    id: str
    kind: CardKind
    topic: str
    front: str
    back: str = ""
    answer: str = ""
    accept: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    rubric: tuple[str, ...] = ()
    unit: str = ""
    rtol: float = 0.01
    code: str = ""
    compute: str = ""
    hint: str = ""
    level: int = 1
    exercise: str = ""
    term: str = ""
    reading: str = ""
    source: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the program thinks of a typed answer, and the rating it proposes (1-4)."""

    outcome: Outcome
    rating: int
    message: str
    expected: str


def right_answer(card: Card) -> str:
    """Return the answer as one line for the screen."""
    if card.kind == "choice":
        return f"{card.answer}) {card.choices[LETTERS.index(card.answer)]}"
    if card.kind == "cloze":
        return "; ".join(gap[0] for gap in cloze_gaps(card.front))
    if card.kind == "numeric":
        return f"{card.answer} {card.unit}".strip()
    return card.answer or card.back


def cloze_gaps(text: str) -> list[tuple[str, ...]]:
    """Return the accepted answers of each gap, in order.

    >>> cloze_gaps("divides by {{sqrt(d)|root of d}} over the {{keys}}")
    [('sqrt(d)', 'root of d'), ('keys',)]
    """
    return [tuple(match.split("|")) for match in re.findall(r"\{\{(.+?)\}\}", text)]


def cloze_front(text: str) -> str:
    """Return the text with its gaps blanked.

    >>> cloze_front("over the {{keys}}")
    'over the [ ... ]'
    """
    return re.sub(r"\{\{(.+?)\}\}", "[ ... ]", text)


def card_problems(card: Card) -> tuple[str, ...]:
    """Return what makes the card unanswerable, a sentence each; the author of the card reads them.

    Whether the answer is true is not looked at.
    """
    rule = _RULES.get(card.kind)
    if rule is None:
        return () if card.back.strip() else ("A card that is rated by oneself needs a `back`.",)
    wrong = _FORMS[card.kind](card)
    return (wrong,) if wrong else ()


def _form_of_choice(card: Card) -> str:
    letters = LETTERS[: len(card.choices)]
    if len(letters) < len(card.choices) or len(letters) < 2:  # noqa: PLR2004 - a choice is between two
        return f"A choice card has 2 to {len(LETTERS)} `choices`, not {len(card.choices)}."
    if len(card.answer) != 1 or card.answer not in letters:
        return f"`answer` is a letter from {letters[0]} to {letters[-1]}, not `{card.answer}`."
    if len(card.why) not in (0, len(letters)):
        return "`why` has one sentence for each of the `choices`, or is left out."
    return ""


def _form_of_cloze(card: Card) -> str:
    gaps = cloze_gaps(card.front)
    if not gaps:
        return "A cloze card's `front` needs a gap, such as {{answer}}."
    spellings = [text for gap in gaps for text in gap]
    if any(not text.strip() or ";" in text for text in spellings):
        return "A gap holds no `;`, which separates the learner's answers, and is not empty."
    return ""


def _form_of_typed(card: Card) -> str:
    return "" if card.answer.strip() else "A typed card needs an `answer`."


def _form_of_numeric(card: Card) -> str:
    try:
        number = float(card.answer)
        read_quantity(right_answer(card))
    except ValueError:
        return f"`answer` is a number as Python writes it, not `{card.answer}`."
    if not math.isfinite(number) or not 0 < card.rtol < 1:
        return "`answer` is finite and `rtol` lies between 0 and 1."
    return ""


def _form_of_shape(card: Card) -> str:
    try:
        read_shape(card.answer)
    except ValueError:
        return f"`answer` is a shape such as (2, 3), or error, not `{card.answer}`."
    return ""


def judge(card: Card, given: str) -> Judgement:
    """Judge a typed answer: right proposes good, near hard, wrong again.

    Near is one slip of the fingers in a word, or the right number with a wrong unit.

    Raises:
        ValueError: the kind is not graded by rule, or the answer cannot be read (the message says
            how to write it).
    """
    rule = _RULES.get(card.kind)
    if rule is None:
        raise ValueError("This card is rated by yourself: reveal the answer, then 1 to 4.")
    if not given.strip():
        raise ValueError("The answer is empty. Write one, or reveal the answer and rate yourself.")
    return rule(card, given)


def _verdict(card: Card, outcome: Outcome, message: str = "") -> Judgement:
    rating = {"right": 3, "near": 2, "wrong": 1}[outcome]
    default = {"right": "Right.", "near": "Nearly: check the spelling.", "wrong": "Not this."}
    return Judgement(
        outcome=outcome,
        rating=rating,
        message=message or default[outcome],
        expected=right_answer(card),
    )


def _judge_choice(card: Card, given: str) -> Judgement:
    letters = LETTERS[: len(card.choices)]
    texts = [spelling.fold(choice) for choice in card.choices]
    letter = given.strip().lower().strip("()[]. ")
    if len(letter) != 1 or letter not in letters:
        if texts.count(spelling.fold(given)) != 1:
            raise ValueError(f"Choose a letter from {letters[:1]} to {letters[-1:]}.")
        letter = letters[texts.index(spelling.fold(given))]
    index = letters.index(letter)
    why = card.why[index] if index < len(card.why) else ""
    return _verdict(card, "right" if letter == card.answer else "wrong", why)


def _judge_numeric(card: Card, given: str) -> Judgement:
    wanted = float(card.answer)
    value, unit = read_quantity(given)
    factor = factor_between(unit, card.unit)
    floor = 1e-9 if wanted == 0 else 0.0

    def close(number: float) -> bool:
        return math.isclose(number, wanted, rel_tol=card.rtol, abs_tol=floor)

    if factor is not None and close(value * factor):
        return _verdict(card, "right")
    if not close(value):
        return _verdict(card, "wrong")
    if card.unit:
        return _verdict(card, "near", f"Right number, but the unit is {card.unit}.")
    if factor is None:
        return _verdict(card, "right")
    return _verdict(card, "near", f"Right number, but `{unit}` does not belong behind it.")


def _judge_shape(card: Card, given: str) -> Judgement:
    same = read_shape(card.answer) == read_shape(given)
    return _verdict(card, "right" if same else "wrong")


def read_shape(text: str) -> tuple[int, ...] | Literal["error"]:
    """Return a shape as people write it, or "error".

    >>> read_shape("torch.Size([2, 3])"), read_shape("2x3"), read_shape("scalar")
    ((2, 3), (2, 3), ())

    Raises:
        ValueError: it is neither.
    """
    cleaned = unicodedata.normalize("NFKC", text).casefold().strip(" \t\n.")
    if re.match(r"(?:\w*error|err|raises?|exception)\b", cleaned):
        return "error"
    inner = re.sub(r"^(?:torch\.size|shape|tensor|size)?\s*[=:]?", "", cleaned).strip()
    if inner in {"scalar", "0d", "0-d"} or re.fullmatch(r"[(\[]+\s*[)\]]+", inner):
        return ()
    parts = [part for part in re.split(r"[\s,;x\u00d7*]+", re.sub(r"[()\[\]]", " ", inner)) if part]
    if not parts or not all(re.fullmatch(r"[0-9]{1,12}", part) for part in parts):
        raise ValueError("Write a shape such as (2, 3), or the word error.")
    return tuple(int(part) for part in parts)


def _judge_cloze(card: Card, given: str) -> Judgement:
    gaps = cloze_gaps(card.front)
    parts = given.split(";")
    if len(parts) == 1 and given.count(",") == len(gaps) - 1:
        parts = given.split(",")
    if len(parts) != len(gaps):
        gap_word = "1 gap" if len(gaps) == 1 else f"{len(gaps)} gaps"
        raise ValueError(f"This text has {gap_word}. Write the answers in order, split by `;`.")
    found = {spelling.compare(part, gap) for part, gap in zip(parts, gaps, strict=True)}
    return _verdict(card, _outcome(found))


def _judge_typed(card: Card, given: str) -> Judgement:
    return _verdict(card, _outcome({spelling.compare(given, (card.answer, *card.accept))}))


def _outcome(found: set[spelling.Closeness]) -> Outcome:
    if "other" in found:
        return "wrong"
    return "near" if "near" in found else "right"


_RULES: Mapping[str, Callable[[Card, str], Judgement]] = {
    "choice": _judge_choice,
    "numeric": _judge_numeric,
    "shape": _judge_shape,
    "cloze": _judge_cloze,
    "typed": _judge_typed,
}
_FORMS: Mapping[str, Callable[[Card], str]] = {
    "choice": _form_of_choice,
    "numeric": _form_of_numeric,
    "shape": _form_of_shape,
    "cloze": _form_of_cloze,
    "typed": _form_of_typed,
}

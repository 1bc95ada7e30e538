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
from dataclasses import dataclass
from typing import Literal

CardKind = Literal["recall", "term", "typed", "cloze", "choice", "numeric", "shape"]
Outcome = Literal["right", "near", "wrong"]
AUTO_GRADED: frozenset[str] = frozenset({"typed", "cloze", "choice", "numeric", "shape"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A question.

    `topic` is the id of a topic or point. `back` is shown after the answer. `compute` is a Python
    expression (numeric) or program that leaves `out` (shape) with which the content checker
    verifies `answer`; `code` is shown to the learner. `siblings` share a source: cards with the
    same non-empty `source` are not shown on one study day.
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
        index = "abcdefgh".index(card.answer)
        return f"{card.answer}) {card.choices[index]}"
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


def judge(card: Card, given: str) -> Judgement:
    """Judge a typed answer: right proposes good, near hard, wrong again.

    Near is a typing error of one character, or the right number with a wrong unit.

    Raises:
        ValueError: the kind is not graded by rule, or the answer cannot be read (the message says
            how to write it).
    """
    if card.kind == "choice":
        return _judge_choice(card, given)
    if card.kind == "numeric":
        return _judge_numeric(card, given)
    if card.kind == "shape":
        return _judge_shape(card, given)
    if card.kind == "cloze":
        gaps = cloze_gaps(card.front)
        parts = [part.strip() for part in given.split(";")]
        if len(parts) != len(gaps):
            raise ValueError(f"This text has {len(gaps)} gaps: write them in order, split by `;`.")
        outcomes = [_compare_text(part, gap) for part, gap in zip(parts, gaps, strict=True)]
        worst: Outcome = (
            "wrong" if "wrong" in outcomes else "near" if "near" in outcomes else "right"
        )
        return _verdict(worst, right_answer(card))
    if card.kind == "typed":
        return _verdict(_compare_text(given, (card.answer, *card.accept)), right_answer(card))
    raise ValueError("This card is rated by yourself: reveal the answer, then 1 to 4.")


def _verdict(outcome: Outcome, expected: str, message: str = "") -> Judgement:
    rating = {"right": 3, "near": 2, "wrong": 1}[outcome]
    default = {"right": "Right.", "near": "Nearly: check the spelling.", "wrong": "Not this."}
    return Judgement(
        outcome=outcome, rating=rating, message=message or default[outcome], expected=expected
    )


def _judge_choice(card: Card, given: str) -> Judgement:
    letter = given.strip().lower().rstrip(").")
    letters = "abcdefgh"[: len(card.choices)]
    if len(letter) != 1 or letter not in letters:
        raise ValueError(f"Choose a letter from {letters[0]} to {letters[-1]}.")
    index = letters.index(letter)
    why = card.why[index] if index < len(card.why) else ""
    return _verdict("right" if letter == card.answer else "wrong", right_answer(card), why)


_NUMBER = re.compile(r"^\s*([-+]?(?:\d[\d_ ,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(\S.*)?$", re.IGNORECASE)
_FRACTION = re.compile(r"^\s*([-+]?\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*$")


def _judge_numeric(card: Card, given: str) -> Judgement:
    wanted = float(card.answer)
    value, unit = _read_number(given)
    right = math.isclose(value, wanted, rel_tol=card.rtol, abs_tol=1e-12)
    if right and unit and card.unit and _fold(unit) != _fold(card.unit):
        return _verdict("near", right_answer(card), f"Right number, but the unit is {card.unit}.")
    return _verdict("right" if right else "wrong", right_answer(card))


def _read_number(text: str) -> tuple[float, str]:
    fraction = _FRACTION.match(text)
    if fraction and float(fraction[2]) != 0:
        return float(fraction[1]) / float(fraction[2]), ""
    match = _NUMBER.match(text)
    if match is None:
        raise ValueError("Write a number, such as 0.25, 1/4, 3e-4 or 1024 MiB.")
    digits = re.sub(r"[_ ,](?=\d{3}(?!\d))", "", match[1].strip().rstrip(","))
    try:
        return float(digits.replace(",", ".").replace(" ", "")), (match[2] or "").strip()
    except ValueError:
        raise ValueError("Write a number, such as 0.25, 1/4, 3e-4 or 1024 MiB.") from None


def _judge_shape(card: Card, given: str) -> Judgement:
    wanted, got = _read_shape(card.answer), _read_shape(given)
    return _verdict("right" if wanted == got else "wrong", right_answer(card))


def _read_shape(text: str) -> tuple[int, ...] | str:
    cleaned = text.strip().lower()
    for word in ("torch.size", "shape", "tensor"):
        cleaned = cleaned.removeprefix(word).strip()
    if cleaned in {"error", "raises", "err"}:
        return "error"
    inner = cleaned.strip("()[] ")
    if cleaned in {"()", "[]", "scalar", "([])"}:
        return ()
    parts = [part for part in re.split(r"[\s,x]+", inner) if part]
    if not parts or not all(part.isdigit() for part in parts):
        raise ValueError("Write a shape such as (2, 3), or the word error.")
    return tuple(int(part) for part in parts)


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\-_`'\".]+", " ", folded).strip()


def _compare_text(given: str, accepted: tuple[str, ...]) -> Outcome:
    folded = _fold(given)
    wanted = [_fold(answer) for answer in accepted]
    if folded in wanted:
        return "right"
    long_enough = 5
    if any(len(answer) >= long_enough and _distance_one(folded, answer) for answer in wanted):
        return "near"
    return "wrong"


def _distance_one(left: str, right: str) -> bool:
    """Tell whether one insertion, deletion, exchange or swap of neighbours separates the two."""
    if left == right:
        return False
    if len(left) > len(right):
        left, right = right, left
    if len(right) - len(left) > 1:
        return False
    start = 0
    while start < len(left) and left[start] == right[start]:
        start += 1
    if len(left) < len(right):
        return left[start:] == right[start + 1 :]
    rest = left[start + 1 :] == right[start + 1 :]
    swapped = left[start : start + 2] == right[start : start + 2][::-1]
    return rest or (swapped and left[start + 2 :] == right[start + 2 :])

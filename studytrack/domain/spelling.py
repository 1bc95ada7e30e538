"""Whether two short texts say the same: folding of spelling, and typing errors.

Only comparison; what follows from it is decided in `domain.cards`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Closeness = Literal["same", "near", "other"]

_DASHES = re.compile("[\u2010-\u2015\N{MINUS SIGN}]")
# Hyphens go, signs stay (`dim=-1`, `-inf`, `1e-5`); full stops go, decimal points stay.
_SEPARATORS = re.compile(r"[\s_`'\"]+|\.(?!\d)|(?<=\w)(?<!\de)-|-(?!\w)")
_SHORTEST_NEAR = 5
_SHORTEST_STEM = 3


def fold(text: str) -> str:
    """Return `text` without the differences that do not matter.

    Case, spaces, hyphens, underscores, quotes, a leading article and a call's empty brackets go.

    >>> fold("the Top-P"), fold("`top_p`"), fold("dim = -1")
    ('topp', 'topp', 'dim=-1')
    """
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", text).casefold()).strip()
    without_article = re.sub(r"^(?:the|an|a)\s+(?=\S)", "", folded).replace("()", "")
    return _SEPARATORS.sub("", without_article) or folded


def compare(given: str, accepted: Iterable[str]) -> Closeness:
    """Return how close `given` comes to the closest of `accepted`."""
    left = fold(given)
    rights = [fold(answer) for answer in accepted]
    if any(_same(left, right) for right in rights):
        return "same"
    return "near" if any(_typing_error(left, right) for right in rights) else "other"


def _same(left: str, right: str) -> bool:
    if left == right:
        return True
    stem = min(left.removesuffix("s"), right.removesuffix("s"), key=len)
    if len(stem) >= _SHORTEST_STEM and left.removesuffix("s") == right.removesuffix("s"):
        return True
    try:
        return float(left) == float(right)
    except ValueError:
        return False


def _typing_error(given: str, answer: str) -> bool:
    """Tell whether one slip of the fingers separates the two.

    Names with digits are never near (`int8` is not a misspelt `int4`), nor are words that differ
    in their first letter (`asymmetric` is not a misspelt `symmetric`), except for a swap.
    """
    if len(answer) < _SHORTEST_NEAR or any(c.isdigit() for c in given + answer):
        return False
    return _distance_one(given, answer)


def _distance_one(left: str, right: str) -> bool:
    """Tell whether one insertion, deletion, exchange or swap of neighbours separates the two."""
    if len(left) > len(right):
        left, right = right, left
    if left == right or len(right) - len(left) > 1:
        return False
    start = 0
    while start < len(left) and left[start] == right[start]:
        start += 1
    first_differs = start == 0
    if len(left) < len(right):
        return not first_differs and left[start:] == right[start + 1 :]
    exchanged = left[start + 1 :] == right[start + 1 :]
    swapped = left[start : start + 2] == right[start : start + 2][::-1]
    return (exchanged and not first_differs) or (
        swapped and left[start + 2 :] == right[start + 2 :]
    )

"""Wording: the forms in which titles and questions are compared, and lists written as prose.

Only text in, text out. What counts as the same item is decided in `formats.merge`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from difflib import SequenceMatcher

_OPENING, _CLOSING = "([{", ")]}"


def fold(text: str) -> str:
    """Return a text for comparing: case, accents of style, punctuation and spacing gone.

    >>> fold("**Top-P**  (Nucleus Sampling)?")
    'top p nucleus sampling'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"[^\W_]+", folded)) or " ".join(folded.split())


def words_alike(left: str, right: str) -> float:
    """Return the share of words that two texts have in common, 0 to 1."""
    return share(frozenset(fold(left).split()), frozenset(fold(right).split()))


def share(left: frozenset[str], right: frozenset[str]) -> float:
    """Return how much of two sets of words is in both, 0 to 1."""
    return len(left & right) / len(left | right) if left and right else 0.0


def alike(left: str, right: str) -> float:
    """Return how much two titles resemble each other, letter by letter, 0 to 1."""
    return SequenceMatcher(None, fold(left)[:200], fold(right)[:200], autojunk=False).ratio()


def digest(text: str) -> str:
    """Return a short, lasting fingerprint of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def split_points(text: str) -> list[str]:
    """Return the points of a comma list; commas inside brackets do not part.

    >>> split_points("layers, variants (RoBERTa, T5, etc.), and optimizers.")
    ['layers', 'variants (RoBERTa, T5, etc.)', 'optimizers']
    """
    points, depth, current = [], 0, ""
    for char in text:
        depth = max(0, depth + (char in _OPENING) - (char in _CLOSING))
        if char == "," and depth == 0:
            points.append(current)
            current = ""
        else:
            current += char
    points.append(current)
    stripped = [re.sub(r"^and\s+", "", point.strip()) for point in points]
    stripped[-1] = stripped[-1].removesuffix(".").strip()
    return [point for point in stripped if point]

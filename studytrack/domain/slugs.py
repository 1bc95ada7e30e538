"""Readable ids for what a learner adds: made from a title, unique among the ids in use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

LONGEST = 48  # characters; an id is typed and shown in a column


def slug(text: str) -> str:
    """Return `text` as lower-case words joined by hyphens, "" if it has no Latin letter or digit.

    >>> slug("Let's build GPT: from scratch")
    'lets-build-gpt-from-scratch'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if len(words) <= LONGEST:
        return words
    cut = words[: LONGEST + 1].rpartition("-")[0]
    return cut or words[:LONGEST]


def unique_slug(text: str, taken: Container[str], fallback: str) -> str:
    """Return a slug of `text` (or of `fallback`) that is not in `taken`, numbered if need be.

    >>> unique_slug("Top K", {"top-k"}, "term")
    'top-k-2'
    """
    base = slug(text) or fallback
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name

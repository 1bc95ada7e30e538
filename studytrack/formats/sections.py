"""Which section a heading or label opens: by its name, never by its level.

Headings of the document jump in level, and some labels are bold words or plain lines. The names
below are the ones that versions of the document use; anything else is a heading of its own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from studytrack.formats.wording import fold


class Opening(NamedTuple):
    """What a name opens: a section, and within it a list or kind."""

    section: str
    list: str = ""


_NAMES: dict[str, Opening] = {
    "studyplan": Opening("plan"),
    "study plan": Opening("plan"),
    "curriculum": Opening("plan"),
    "learning plan": Opening("plan"),
    "beyond the plan": Opening("part"),
    "my study notes": Opening("notes"),
    "study notes": Opening("notes"),
    "my notes": Opening("notes"),
    "notes": Opening("notes"),
    "terms and concepts": Opening("terms"),
    "glossary": Opening("terms"),
    "terms": Opening("terms"),
    "advice": Opening("advice"),
    "reading list": Opening("readings", "inbox"),
    "readings": Opening("readings", "inbox"),
    "inbox": Opening("readings", "inbox"),
    "to read": Opening("readings", "inbox"),
    "next up": Opening("readings", "next"),
    "up next": Opening("readings", "next"),
    "next": Opening("readings", "next"),
    "reading": Opening("readings", "reading"),
    "currently reading": Opening("readings", "reading"),
    "in progress": Opening("readings", "reading"),
    "done": Opening("readings", "done"),
    "finished": Opening("readings", "done"),
    "archive": Opening("readings", "archive"),
    "archived": Opening("readings", "archive"),
    "dropped": Opening("readings", "dropped"),
    "resources": Opening("resources", "training"),
    "free ml training resources": Opening("resources", "training"),
    "discord servers": Opening("resources", "community"),
    "communities": Opening("resources", "community"),
    "guides": Opening("resources", "guide"),
    "questions": Opening("questions"),
    "questions and answers": Opening("questions"),
    "q a": Opening("questions"),
    "quiz": Opening("questions"),
    "what s inside": Opening(""),
    "why this repo": Opening(""),
}
# Below the notes, only these names leave them: "### Resources" or "### Next" may be a note's own.
_STRONG = {
    "studyplan",
    "study plan",
    "curriculum",
    "terms and concepts",
    "glossary",
    "advice",
    "reading list",
    "free ml training resources",
    "discord servers",
    "questions and answers",
}
_PART = re.compile(r"^(?:part\s+)?([IVXL]{1,6}|\d{1,2})\s*[.):]\s+(\S.*)$", re.IGNORECASE)
_COMMUNITY = re.compile(r"discord|server|communit|forum|slack|reddit", re.IGNORECASE)
_GUIDE = re.compile(r"guide|install|setup", re.IGNORECASE)
_LONGEST_LABEL = 60


def opening(title: str, *, inside_notes: bool = False) -> Opening | None:
    """Return what a name opens, or None if it is not one of the known names.

    >>> opening("**Inbox:**"), opening("Discord Servers:").list
    (Opening(section='readings', list='inbox'), 'community')
    """
    name = fold(title)
    if inside_notes and name not in _STRONG:
        return None
    return _NAMES.get(name)


def split_part(title: str, *, digits: bool) -> tuple[str, str] | None:
    """Return numeral and title of a part's heading, or None.

    Args:
        title: the heading.
        digits: whether `1.` counts; only below the plan, where it cannot be a chapter of notes.

    >>> split_part("IV. Fine-Tuning and Optimising LLMs", digits=False)
    ('IV', 'Fine-Tuning and Optimising LLMs')
    """
    match = _PART.match(title)
    if match is None or (match[1].isdigit() and not digits):
        return None
    return _to_roman(int(match[1])) if match[1].isdigit() else match[1].upper(), match[2].strip()


def _to_roman(number: int) -> str:
    roman = ""
    for value, letters in ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV")):
        while number >= value:
            roman, number = roman + letters, number - value
    return roman + "I" * number


def is_label(text: str) -> bool:
    """Tell whether a paragraph is a label: a few words and a colon, no sentence."""
    return text.endswith(":") and len(text) <= _LONGEST_LABEL and "://" not in text


def resource_kind(title: str) -> str:
    """Return the kind of resource that a label announces."""
    if _COMMUNITY.search(title):
        return "community"
    return "guide" if _GUIDE.search(title) else "training"

"""The error tree: every failure a person may meet, with its exit code.

    StudytrackError
    ├── UsageFault        2  the call's words are off
    ├── NotFound          3  an id that is unknown or ambiguous
    ├── DataFault         4  data or configuration
    │   ├── ContentFault     a content file breaks the rules
    │   ├── ConfigFault      a settings file or value
    │   └── StoreFault       the database: newer, damaged, busy, not writable
    ├── EnvironmentFault  5  no torch, no CUDA, a directory that cannot be written
    └── GraderFault       6  the grader itself gave no verdict

Each error says what happened, why, and what to do, as three full sentences. They are raised
where the cause is known and printed in one place (`cli.output`, or the interface's error line).
Nothing in here may print, log or exit.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

MOST_CANDIDATES, TITLE_WIDTH = 10, 50


class StudytrackError(Exception):
    """A failure with its explanation.

    Args:
        what: what did not work, with the value seen.
        why: the cause, or "" where `what` already says it.
        remedy: what to do next, preferably a command.
    """

    exit_code = 1

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.remedy) if part)


class UsageFault(StudytrackError):
    """The call's words are off."""

    exit_code = 2


class NotFound(StudytrackError):
    """An id that is unknown or ambiguous."""

    exit_code = 3


class DataFault(StudytrackError):
    """Data or configuration that cannot be used."""

    exit_code = 4


class ContentFault(DataFault):
    """A content file breaks the rules of `studytrack dev check`."""


class ConfigFault(DataFault):
    """A settings file or value that cannot be used."""


class StoreFault(DataFault):
    """A database that is newer, damaged, busy or not writable."""


class EnvironmentFault(StudytrackError):
    """The machine lacks something: torch, CUDA, a writable directory."""

    exit_code = 5


class GraderFault(StudytrackError):
    """The grader itself gave no verdict; the submission is not to blame."""

    exit_code = 6


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` known words that resemble `word`, the most alike first.

    >>> nearest("topk", ["top_k", "top_p", "softmax"], count=1)
    ['top_k']
    """
    return difflib.get_close_matches(word, list(known), n=count, cutoff=0.5)


def resolve(kind: str, wanted: str, known: Iterable[str] | Mapping[str, Any], listing: str) -> str:
    """Return the known id that equals `wanted`, or the only one that begins with it.

    A part of an id, such as `top_k.debug`, is not counted beside that id: `top` means `top_k`.
    Parts are set off by a full stop alone; `_` and `-` are letters like any other.

    Args:
        kind: the word for the thing, such as "exercise".
        wanted: what was typed.
        known: all ids; of a mapping to records, candidates are named with their titles.
        listing: the command that lists them.

    Raises:
        NotFound: none or several match; the nearest or the candidates are named.
    """
    ids = list(known)
    if wanted in ids:
        return wanted
    starting = sorted(name for name in ids if wanted and name.startswith(wanted))
    if starting and all(name.startswith(f"{starting[0]}.") for name in starting[1:]):
        return starting[0]
    if starting:
        shown = [_titled(name, known) for name in starting[:MOST_CANDIDATES]]
        rest = [" …"] if len(starting) > MOST_CANDIDATES else []
        raise NotFound(
            f"`{wanted}` is the beginning of {len(starting)} {kind} ids.",
            "\n".join(["They are:", *(f"  {line}" for line in shown), *rest]),
            "Type more of the one you mean.",
        )
    close = nearest(wanted, ids)
    hint = f"Did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
    raise NotFound(f"No {kind} `{wanted}`.", hint, f"`{listing}` shows all.")


def _titled(name: str, known: Iterable[str] | Mapping[str, Any]) -> str:
    record = known.get(name) if isinstance(known, Mapping) else None
    title = getattr(record, "title", "") or getattr(record, "front", "")
    line = " ".join(title.split()) if isinstance(title, str) else ""
    return f"{name}  {line[:TITLE_WIDTH]}{'…' if len(line) > TITLE_WIDTH else ''}".rstrip()

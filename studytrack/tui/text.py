"""Text for the screen: quiet styling, bars and inline code as `Content`.

Nothing here reads markup: learner and content text goes in as plain strings, with its control
characters written out. Every bar and symbol
has a number or a word beside it where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from textual.content import Content

from studytrack.domain.visible import visible

MUTED = "$foreground 60%"
ACCENT = "$accent"
STRONG = "bold"
TITLE = "bold $accent"
CODE = "$text-warning"
STYLES = ("", CODE, STRONG, "italic")  # by group of _INLINE
GOOD = "$success"
BAD = "bold $error"

BLANK = " "  # an empty line in `join`, which drops empty parts
_BLOCKS = "▁▂▃▄▅▆▇█"
_STARTS = re.compile(r"\s*(?:[-*+|#>]|\d+[.)]\s)")
_INLINE = re.compile(
    r"`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<![*\w])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![*\w])"
)


def muted(text: str) -> Content:
    """Return secondary text."""
    return Content.styled(visible(text), MUTED)


def strong(text: str) -> Content:
    """Return text that stands out."""
    return Content.styled(visible(text), STRONG)


def heading(text: str) -> Content:
    """Return the title of a section."""
    return Content.styled(visible(text), TITLE)


def plain(text: str) -> str:
    """Return text without the marks of its `code` and **bold** spans.

    >>> plain("Using `torch.nn`")
    'Using torch.nn'
    """
    return inline(text).plain


def reflow(text: str) -> str:
    r"""Return Markdown prose with its hard-wrapped lines joined; lists, tables and code stay.

    >>> reflow("one\ntwo\n\n- a\n  b")
    'one two\n\n- a b'
    """
    lines: list[str] = []
    fenced = False
    for line in text.strip("\n").splitlines():
        fence = line.lstrip().startswith("```")
        joins = bool(lines and lines[-1].strip()) and not (fenced or fence or _STARTS.match(line))
        if joins and line.strip() and not lines[-1].lstrip().startswith(("```", "|", "#")):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
        fenced ^= fence
    return "\n".join(lines)


def join(parts: Iterable[Content | str], between: str = "\n") -> Content:
    """Return the parts that are not empty, with `between` between them; BLANK is an empty line."""
    kept = [part if isinstance(part, Content) else Content(visible(part)) for part in parts]
    return Content(between).join([part for part in kept if part])


def inline(text: str) -> Content:
    """Return text whose `code`, **bold** and *italic* spans are styled and lose their marks.

    >>> inline("the shape of `out`").plain
    'the shape of out'
    """
    parts: list[str | tuple[str, str]] = []
    text, end = visible(text), 0
    for found in _INLINE.finditer(text):
        parts.append(text[end : found.start()])
        parts.append((found[1] or found[2] or found[3], STYLES[found.lastindex or 1]))
        end = found.end()
    parts.append(text[end:])
    return Content.assemble(*parts)


def code(source: str) -> Content:
    """Return Python source, coloured."""
    from textual.highlight import highlight

    return highlight(visible(source), language="python")


def bar(share: float, width: int = 10) -> str:
    """Return a bar that is full at 1.

    >>> bar(0.5, 4)
    '██░░'
    """
    full = round(min(max(share, 0.0), 1.0) * width)
    return "█" * full + "░" * (width - full)


def spark(values: Sequence[int]) -> str:
    """Return one column a value, as high as its share of the largest; a dot for none.

    >>> spark([0, 1, 8])
    '·▂█'
    """
    top = max(values, default=0)
    return "".join(
        _BLOCKS[round(value / top * (len(_BLOCKS) - 1))] if value else "·" for value in values
    )


def percent(share: float | None) -> str:
    """Return a share as "91 %", or "" where there is none."""
    return "" if share is None else f"{share * 100:.0f} %"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its word.

    >>> count(1, "card"), count(2, "card")
    ('1 card', '2 cards')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"

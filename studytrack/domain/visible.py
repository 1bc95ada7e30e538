"""Characters that a terminal obeys or that hide what a text says, written out as escapes.

Titles, notes, paths and messages may come from anybody's document. Printed as they are, an escape
sequence in one could move the cursor, rename the window or type a command. Front ends use this
wherever they print or draw text; files and pipes get the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Controls, formats (among them the marks that turn the direction of text round), lone halves of
# surrogate pairs, private use, and the separators of lines and paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# No terminal obeys the two joiners, and without them Persian words and many emoji fall apart.
_SHOWN = frozenset("\n\t\u200c\u200d")
_ASCII, _BMP = 0x100, 0x10000
_BEYOND = re.compile(r"[^ -~\n\t]+")
_BROKEN_LINE = re.compile(r"\r+\n")


def is_hidden(char: str) -> bool:
    """Tell whether a character is one that must not reach a terminal."""
    return char not in _SHOWN and unicodedata.category(char) in _HIDDEN


def visible(text: str) -> str:
    r"""Return `text` with such characters written out; line breaks and tabs stay.

    >>> visible("\x1b[2J\u202eabc")
    '\\x1b[2J\\u202eabc'
    """
    if text.isprintable():  # most texts; it is much faster than a look at each character
        return text
    return _written(_BROKEN_LINE.sub("\n", text), _escape)


def visible_json(text: str) -> str:
    r"""Return JSON with such characters as the escapes of JSON, so that it reads as the same data.

    >>> visible_json('{"title": "\x9b"}')
    '{"title": "\\u009b"}'
    """
    return _written(text, _json_escape)


def _written(text: str, escape: Callable[[str], str]) -> str:
    """Return `text` with what is hidden escaped; only runs beyond plain ASCII are looked at."""

    def run(found: re.Match[str]) -> str:
        if found[0].isprintable():
            return found[0]
        return "".join(escape(char) if is_hidden(char) else char for char in found[0])

    return _BEYOND.sub(run, text)


def _escape(char: str) -> str:
    code = ord(char)
    if code < _ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BMP else f"\\U{code:08x}"


def _json_escape(char: str) -> str:
    code = ord(char)
    if code < _BMP:
        return f"\\u{code:04x}"
    code -= _BMP
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"

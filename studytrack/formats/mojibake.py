"""Repair of UTF-8 that was read as Windows-1252 and stored again (`â€™` for an apostrophe).

Run by run and never the whole text: a document may hold damaged and sound text side by side. The
repair is for records; the file itself keeps its bytes.
"""

from __future__ import annotations

import re

# Bytes that Windows-1252 leaves undefined; decoders pass them through as C1 controls.
_UNDEFINED = "\x81\x8d\x8f\x90\x9d"
_TAIL = "".join(
    chr(byte) if chr(byte) in _UNDEFINED else bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xC0)
)
_TAILS = f"[{re.escape(_TAIL)}]"
_RUN = re.compile(
    f"[\u00c2-\u00df]{_TAILS}|[\u00e0-\u00ef]{_TAILS}{{2}}|[\u00f0-\u00f4]{_TAILS}{{3}}"
)
# What sound text writes right after a letter: "café\u00a0»", "É”…", "Ä“". Behind a letter that
# people use, such a mark is no damage.
_AFTER_LETTER = "\u00a0»«…•·®°ªº¹²³\u00b4\u2013\u2014\u2018\u2019\u201c\u201d\u2039\u203a"
_USUAL_LEADS = "ÂÃâð"


def repair(text: str) -> str:
    """Return the text with each damaged run mended, all else unchanged.

    >>> repair("tres bien: trÃ¨s bien â€” and — stays")
    'tres bien: très bien — and — stays'
    """
    return _RUN.sub(lambda match: _mend(match[0]), text)


def _mend(run: str) -> str:
    if run[0] not in _USUAL_LEADS and run[1] in _AFTER_LETTER:
        return run
    try:
        decoded = _to_bytes(run).decode("utf-8")
    except UnicodeDecodeError:
        return run
    return run if decoded < "\u00a0" else decoded


def _to_bytes(run: str) -> bytes:
    return b"".join(
        char.encode("latin-1") if char in _UNDEFINED else char.encode("cp1252") for char in run
    )

"""Submission-controlled text made inert before anybody sees it.

Terminal sequences go, then every control, format, surrogate and private character except newline
and tab becomes U+FFFD. Whoever shows the text must still not read markup into it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_SEQUENCES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?",  # other escapes
    re.DOTALL,
)
_BAD = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def clean(text: str) -> str:
    """Return `text` without anything that a terminal would act on."""
    text = _SEQUENCES.sub("", text.replace("\r\n", "\n"))
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in _BAD else "\ufffd"
        for char in text
    )


def clean_all(value: Any) -> Any:
    """Return plain data with all its texts cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: clean_all(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_all(item) for item in value]
    return value

"""A submission's bytes into text, or the reason why not.

Every fault here is a verdict about the file, never a traceback. No torch.
"""

from __future__ import annotations

import ast
import warnings

from studytrack.domain.exercise import SOURCE_CAP


class SubmissionFault(Exception):
    """The file is no readable Python source; the message is for the learner."""


def read_source(raw: bytes) -> str:
    """Return a submission's text with plain line ends and without a byte order mark.

    Raises:
        SubmissionFault: too large, not UTF-8, or with NUL bytes.
    """
    if len(raw) > SOURCE_CAP:
        raise SubmissionFault(
            f"The file is larger than the {SOURCE_CAP:,} bytes that a submission may have."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubmissionFault(
            f"The file is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    if "\0" in text:
        raise SubmissionFault("The file holds NUL bytes; it is no Python source.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_syntax(source: str) -> None:
    """Refuse source that does not parse.

    Raises:
        SubmissionFault: with the line and Python's own reason.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape is the learner's business
            ast.parse(source)
    except SyntaxError as error:
        text = (error.text or "").strip()[:60]
        shown = f": `{text}`" if text else ""
        raise SubmissionFault(f"Line {error.lineno}: {error.msg}{shown}.") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise SubmissionFault("The source is nested too deeply to be read.") from error

"""Where the shipped content lies: in a wheel beside the package, in a checkout above it."""

from __future__ import annotations

from pathlib import Path

from studytrack.errors import ContentFault


def content_root() -> Path:
    """Return the directory that holds `exercises/` and `data/`.

    Raises:
        ContentFault: neither place holds them.
    """
    package = Path(__file__).resolve().parent.parent
    tried = [package / "_content", package.parent]
    for root in tried:
        if (root / "exercises").is_dir() and (root / "data").is_dir():
            return root
    raise ContentFault(
        "The shipped content is missing.",
        f"Neither {tried[0]} nor {tried[1]} holds exercises/ and data/.",
        "Install studytrack again.",
    )

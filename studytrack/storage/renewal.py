"""Writing a journal anew, where lines are damaged or missing; the old one is kept.

The caller holds the database alone: another process would go on writing into the old file.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from studytrack.storage.files import PRIVATE, free_name, is_misplaced, sync_folder
from studytrack.storage.lines import sealed
from studytrack.storage.sources import Key, Source, United, same


def is_off(journal: Source, united: United) -> bool:
    """Tell whether a journal has lines that are not as they were written, or lacks some."""
    return (
        bool(journal.spoilt)
        or journal.unusable
        or any(
            key not in journal.texts or not same(journal.texts[key], text)
            for key, text in united.texts.items()
        )
    )


def renew_journal(path: Path, texts: Mapping[Key, bytes], device: str) -> Path | None:
    """Write a journal of these events in the place of the old one, which is kept."""
    new = path.with_name(f"{path.name}.new")
    head = {"journal": secrets.token_hex(8), "device": device}
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as out:
        out.write(sealed(json.dumps(head)) + "\n")
        for text in texts.values():
            out.write(sealed(text.decode()) + "\n")
        out.flush()
        os.fsync(out.fileno())
    kept = None
    if is_misplaced(path):
        kept = path.replace(free_name(path, "broken"))
    elif path.exists():
        kept = free_name(path, "broken")
        _duplicate(path, kept)
    new.replace(path)
    sync_folder(path.parent)
    return kept


def _duplicate(path: Path, kept: Path) -> None:
    try:
        kept.hardlink_to(path)
    except OSError:  # a file system without links
        shutil.copy2(path, kept)

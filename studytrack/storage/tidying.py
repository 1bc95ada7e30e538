"""What interrupted work leaves behind, and damaged files that repairs keep.

Unfinished copies and workshops are held by a lock while someone works on them, so whatever can be
locked was left by a process that died. Every removal is said.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from studytrack.paths import Paths, ensure

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

KEPT = 3  # damaged files of each kind
_DAMAGED = re.compile(r"studytrack\.(db|jsonl)\.broken-(\d+)(-wal|-shm|-journal)?")


def tidy(paths: Paths) -> str:
    """Remove what interrupted backups and repairs left; return what to say, "" for nothing.

    The caller has the database open, so nobody is replacing it.
    """
    found = [path for path in _names(paths.data, "rebuild-") if _is_abandoned(path)]
    found += _names(paths.data, f"{paths.journal.name}.new")
    partial = [path for path in _names(paths.backups, ".") if ".partial" in path.name]
    size = _removed(found)
    if partial:
        with _nobody_makes_copies(paths.backups) as alone:
            partial = partial if alone else []
            size += _removed(partial)
    found += partial
    if not found:
        return ""
    names = ", ".join(path.name for path in found)
    return f"Tidied up what interrupted work had left ({size >> 10:,} KiB): {names}."


@contextlib.contextmanager
def making_a_copy(folder: Path) -> Iterator[None]:
    """Share the folder of the backups with others who make copies; nobody tidies it meanwhile."""
    with _folder(folder) as file:
        if file is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextlib.contextmanager
def _nobody_makes_copies(folder: Path) -> Iterator[bool]:
    """Hold the folder of the backups alone; yield whether that is so."""
    with _folder(folder) as file:
        held = False
        if file is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
        yield held


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[int | None]:
    file = None
    if fcntl is not None:
        with contextlib.suppress(OSError):
            file = os.open(folder, os.O_RDONLY)
    try:
        yield file
    finally:
        if file is not None:
            os.close(file)


@contextlib.contextmanager
def workshop(paths: Paths) -> Iterator[Paths]:
    """Yield directories under the data directory that are gone afterwards."""
    place = ensure(paths.data) / f"rebuild-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    file = _held(place)
    try:
        yield Paths(paths.config, place, paths.state, paths.cache, paths.workspace, paths.runtime)
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if file is not None:
            os.close(file)


def _held(place: Path) -> int | None:
    """Make a folder and lock it; another process may take it for abandoned until that is done."""
    while True:
        ensure(place)
        if fcntl is None:
            return None
        file = -1
        with contextlib.suppress(OSError):
            file = os.open(place, os.O_RDONLY)
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), place.stat()):
                return file
        if file >= 0:
            os.close(file)


def damaged_files(paths: Paths) -> list[Path]:
    """Return the damaged databases and journals that repairs have kept, with their companions."""
    return [path for path in _names(paths.data, "studytrack.") if _DAMAGED.fullmatch(path.name)]


def thin_damaged(paths: Paths) -> str:
    """Remove all but the newest damaged files; return what to say, "" for nothing."""
    numbers: dict[str, set[int]] = {}
    files: list[tuple[Path, str, int]] = []
    for path in damaged_files(paths):
        if match := _DAMAGED.fullmatch(path.name):
            files.append((path, match[1], int(match[2])))
            numbers.setdefault(match[1], set()).add(int(match[2]))
    newest = {kind: set(sorted(found)[-KEPT:]) for kind, found in numbers.items()}
    old = [path for path, kind, number in files if number not in newest[kind]]
    size = _removed(old)
    names = ", ".join(path.name for path in old)
    return f"Removed older damaged files ({size >> 10:,} KiB): {names}." if old else ""


def _names(folder: Path, start: str) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.name.startswith(start))
    except OSError:
        return []


def _is_abandoned(path: Path) -> bool:
    if fcntl is None:
        return False
    with contextlib.suppress(OSError):
        file = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(file)
        return True
    return False


def _removed(paths: list[Path]) -> int:
    """Remove files and folders; return their bytes."""
    size = 0
    for path in paths:
        inside = [path, *path.rglob("*")] if path.is_dir() else [path]
        for one in inside:
            with contextlib.suppress(OSError):
                size += one.stat().st_size
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return size

"""Who has the database open, and whether one of them died while writing.

Whoever opens it holds a shared lock on `studytrack.lock`; replacing the file needs the exclusive
one. Whoever writes keeps a file of its own, locked, in `writers/`: one that nobody locks any more
was left by a process that died. The system drops locks with their process. Where it has no such
locks, nothing is known and nothing is refused.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from studytrack.errors import StoreFault
from studytrack.paths import ensure

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PATIENCE, _PAUSE = 5.0, 0.05  # seconds; replacing the file takes less


class Presence:
    """This process among those that have the database open; `reading` makes no file."""

    def __init__(self, data: Path, *, reading: bool = False) -> None:
        self._lock: int | None = _open_lock(data, reading=reading)
        self._folder = data / "writers"
        self._mark: tuple[int, Path] | None = None
        if self._lock is not None and not _wait(self._lock, exclusive=False):
            os.close(self._lock)
            raise StoreFault(
                f"The database in {data} is being replaced.",
                "Another studytrack restores or repairs it.",
                "Try again when it is done.",
            )

    def dead_writers(self) -> list[Path]:
        """Return the files of writers that died."""
        if fcntl is None or not self._folder.is_dir():
            return []
        return [path for path in self._folder.glob("[0-9]*") if _is_free(path)]

    def begin_writing(self) -> None:
        """Leave a file that is there until `end`.

        Raises:
            OSError: it cannot be made.
        """
        if fcntl is None or self._mark is not None:
            return
        path = ensure(self._folder) / f"{os.getpid()}-{secrets.token_hex(4)}"
        young = path.with_name(f".{path.name}")  # nobody looks at it before it is locked
        file = os.open(young, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        _try_lock(file, exclusive=True)
        young.rename(path)
        self._mark = (file, path)

    def end(self) -> None:
        """Say that all is written, and let go."""
        if self._mark is not None:
            file, path = self._mark
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(file)
            self._mark = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the database for this process alone.

    Raises:
        StoreFault: another process has it open.
    """
    lock = _open_lock(data)
    try:
        if lock is not None and not _wait(lock, exclusive=True):
            raise StoreFault(
                f"The database in {data} is open elsewhere.",
                "Replacing it would lose what the other studytrack writes.",
                "Close the other one and try again. Nothing was changed.",
            )
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _open_lock(data: Path, *, reading: bool = False) -> int | None:
    if fcntl is None:
        return None
    if reading:
        try:
            return os.open(data / "studytrack.lock", os.O_RDONLY)
        except OSError:  # nobody has written here yet, or it is another's
            return None
    return os.open(ensure(data) / "studytrack.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _wait(lock: int, *, exclusive: bool) -> bool:
    give_up = time.monotonic() + _PATIENCE
    while not _try_lock(lock, exclusive=exclusive):
        if time.monotonic() > give_up:
            return False
        time.sleep(_PAUSE)
    return True


def _try_lock(file: int, *, exclusive: bool) -> bool:
    """Lock without waiting; a file system that has no locks refuses nobody."""
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_free(path: Path) -> bool:
    """Tell whether nobody holds a writer's file."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:  # its writer ended in this moment
        return False
    try:
        return _try_lock(file, exclusive=True)
    finally:
        os.close(file)

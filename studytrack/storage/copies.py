"""When the database is copied in use: at the first write of a study day, and every half hour.

The copy is made by a thread of its own over a connection of its own, so no answer waits for it. A
copy that fails is told and fails no answer. How a copy is made stands in `storage.backup`.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from studytrack.errors import StudytrackError
from studytrack.storage.backup import back_up, backups

EVERY_MS = 30 * 60 * 1000
LARGE = 64 << 20  # bytes; larger databases are copied once a study day, the journal has the rest
_ROOM = 3  # times the database's size must be free


class Copies:
    """The copies that one open database makes of itself."""

    def __init__(self, database: Path, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._last_ms: int | None = None
        self._thread: threading.Thread | None = None
        self.fault = ""

    def due(self, utc_ms: int, first_ms: Callable[[], int], *, new_day: bool) -> str:
        """Return the label of the copy that is due; "" if none is.

        Args:
            utc_ms: when the newest row was made.
            first_ms: tells when the oldest one was; the first half hour of all needs no copy.
            new_day: it is the first of its study day.
        """
        if new_day:
            return "day"
        if self._last_ms is None:
            made = backups(self._folder)
            self._last_ms = round(made[-1].moment.timestamp() * 1000) if made else first_ms()
        # A clock that went back makes the last copy's moment no measure.
        if 0 <= utc_ms - self._last_ms < EVERY_MS:
            return ""
        return "use" if self._size() <= LARGE else ""

    def start(self, label: str, utc_ms: int) -> None:
        """Make a copy in the background, unless one is being made."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._last_ms = utc_ms
        self._thread = threading.Thread(target=self._make, args=(label,), name="backup")
        self._thread.start()

    def finish(self) -> None:
        """Wait for the copy that is being made."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _make(self, label: str) -> None:
        try:
            free, size = shutil.disk_usage(self._database.parent).free, self._size()
            if free < _ROOM * size:
                self.fault = (
                    f"No backup was made: {free >> 20:,} MiB are free beside a database of "
                    f"{size >> 20:,} MiB. Free some space."
                )
                return
            back_up(self._database, self._folder, label)
        except StudytrackError as error:
            self.fault = str(error)
        except OSError as error:
            self.fault = f"No backup was made: {error}."

    def _size(self) -> int:
        try:
            return self._database.stat().st_size
        except OSError:
            return 0

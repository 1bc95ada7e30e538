"""The files of a database: its companions, reading it in any state, and putting them on the disk.

A database is one file and, while it is open or after a crash, up to three companions: `-wal` holds
what is not in the file yet, `-shm` is an index of it, and `-journal` holds what has to be rolled
back. Nothing here knows tables or rows.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

COMPANIONS = ("-wal", "-shm", "-journal")
PRIVATE = 0o600  # the mode of the database and of the journal
_TIMEOUT = 5.0  # seconds that a lock is waited for


def companions(database: Path) -> list[Path]:
    """Return the companions that are there."""
    return [path for end in COMPANIONS if (path := beside(database, end)).exists()]


def beside(database: Path, end: str) -> Path:
    """Return the path of one companion."""
    return database.with_name(database.name + end)


def is_unfinished(database: Path) -> bool:
    """Tell whether a companion holds content that the database lacks or has to roll back."""
    return _has_content(beside(database, "-wal")) or _has_content(beside(database, "-journal"))


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


@contextlib.contextmanager
def reading(database: Path, *, alone: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a database to read it, and close it afterwards.

    `alone` says that nobody writes it, as a backup: then no companion is made beside it.

    Raises:
        sqlite3.Error: it cannot be read, is busy, or is damaged.
    """
    connection = connect_to_read(database, alone=alone)
    try:
        yield connection
    finally:
        connection.close()


def connect_to_read(database: Path, *, alone: bool = False) -> sqlite3.Connection:
    """Return a connection that reads, whatever a crash or a copy left beside the file.

    A rollback journal is rolled back, which needs to write. A database in WAL mode needs a `-shm`
    file; where none can be made, the file alone is read if no companion holds more, else a copy.

    Raises:
        sqlite3.Error: it cannot be read, is busy, or is damaged.
    """
    if database.exists() and not database.is_file():  # a pipe would be waited for
        raise sqlite3.OperationalError(f"unable to open database file: {database} is no file")
    ways = ["mode=ro"]
    if beside(database, "-journal").exists():
        ways.insert(0, "mode=rw")
    if not is_unfinished(database):
        ways.insert(0 if alone else len(ways), "mode=ro&immutable=1")
    address = database.resolve().as_uri()
    fault: sqlite3.Error | None = None
    for way in ways:
        try:
            return _connected(f"{address}?{way}")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise
            fault = error
    assert fault is not None
    if not is_unfinished(database):
        raise fault
    try:
        return _connected_to_copy(database)
    except OSError:
        raise fault from None


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:  # the file is opened by the first read
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _connected_to_copy(database: Path) -> sqlite3.Connection:
    """Return a connection to a copy in memory, in which the companions have been worked in."""
    with tempfile.TemporaryDirectory(prefix="studytrack-") as folder:
        copy = Path(folder) / database.name
        for path in (database, *companions(database)):
            shutil.copyfile(path, copy.with_name(path.name))
        with contextlib.closing(_connected(f"{copy.as_uri()}?mode=rw")) as found:
            return in_memory(found)


def in_memory(found: sqlite3.Connection) -> sqlite3.Connection:
    """Return a connection to a copy in memory."""
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
    )
    found.backup(connection)
    return connection


def copy_database(source: Path, target: Path, *, alone: bool = False) -> None:
    """Write a whole copy, without companions, that only its owner can read.

    `alone` says that nobody writes the source.

    Raises:
        sqlite3.Error, OSError: the source cannot be read, or the copy cannot be written.
    """
    make_private(target)
    with (
        reading(source, alone=alone) as read,
        contextlib.closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)
        written.execute("PRAGMA journal_mode = DELETE").close()


def make_private(database: Path) -> None:
    """Make an empty file that only its owner can read; take a readable one from all others.

    SQLite gives the companions the mode of the database.

    Raises:
        OSError: the file cannot be made.
    """
    try:
        found = database.stat()
    except FileNotFoundError:
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, PRIVATE))
        return
    if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
        with contextlib.suppress(OSError):  # another's file
            database.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a file that must be a regular one; a pipe or a device is never waited for.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), PRIVATE)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "It is no regular file", str(path))
    return file


def is_misplaced(path: Path) -> bool:
    """Tell whether something is there that is no file: a pipe, a folder, a link to nothing."""
    return os.path.lexists(path) and not path.is_file()


def sync_file(path: Path) -> None:
    """Put a file's content onto the disk.

    Raises:
        OSError: that failed.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Put the names in a folder onto the disk, where the system can."""
    with contextlib.suppress(OSError):
        sync_file(path)


def free_name(path: Path, word: str) -> Path:
    """Return `path.word-N` with a number above all that are there."""
    pattern = re.compile(rf"{re.escape(path.name)}\.{word}-(\d{{1,9}})")
    found = [pattern.fullmatch(one.name) for one in path.parent.iterdir()]
    number = max((int(match[1]) for match in found if match), default=0) + 1
    return path.with_name(f"{path.name}.{word}-{number}")

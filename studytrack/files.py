"""Reading a file whose name comes from outside: a setting, a command line, another's folder.

Such a name may lead to a pipe that waits for ever, to a device without an end, or to nothing that
the system could hold. Whatever it is, reading ends soon and takes bounded memory.
"""

from __future__ import annotations

import errno
import functools
import operator
import os
import stat
from collections.abc import Sequence
from pathlib import Path


def _flags(*names: str) -> int:
    """Return flags of `open`; each system knows but some."""
    return functools.reduce(operator.or_, (getattr(os, name, 0) for name in names))


_OPEN = _flags("O_RDONLY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY")
_FOLDER = _flags("O_RDONLY", "O_CLOEXEC", "O_DIRECTORY")
_NO_LINK = _flags("O_NOFOLLOW")
_BY_FOLDER = os.open in os.supports_dir_fd  # not on Windows, where nothing is graded
_PIECE = 1 << 20


class NotRegular(OSError):
    """The name leads to a folder, a pipe, a device or a socket, or is a link where none may be."""

    @property
    def is_link(self) -> bool:
        """Whether it is a link."""
        return self.errno == errno.ELOOP


def is_there(path: Path) -> bool:
    """Tell whether a path leads to something; one that no file can have does not."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long; NUL, halves of surrogate pairs
        return False


def read_regular(
    path: str | Path, most: int, *, follow: bool = True, folder: int | None = None
) -> bytes:
    """Return the bytes of a regular file, at most `most` of them.

    Args:
        path: its name.
        most: where reading stops, so that a caller who asks for one more than its cap sees excess.
        follow: whether the last piece of the name may be a link.
        folder: the descriptor of the folder that the name starts from.

    Raises:
        NotRegular: it is a folder, a pipe, a device or a socket; with `follow` off also a link.
        OSError: it cannot be opened or read.
    """
    flags = _OPEN if follow else _OPEN | _NO_LINK
    try:
        file = os.open(path, flags, dir_fd=folder)
    except ValueError as error:
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from error
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device without a driver
            raise _irregular(path) from error
        if error.errno == errno.ELOOP and not follow:
            raise NotRegular(errno.ELOOP, "it is a link", str(path)) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _irregular(path)
        return _read(file, most)
    finally:
        os.close(file)


def read_below(folder: Path, pieces: Sequence[str], most: int) -> bytes:
    """Return the bytes of a regular file below a folder, at most `most` of them, through no link.

    The folder itself may be reached through links. Each piece of the way down is opened in the one
    before it, so that nobody can put a link in its place between a check and the reading.

    Raises:
        NotRegular: a piece is a link, or the last one no regular file.
        OSError: a piece cannot be opened or read.
    """
    if not _BY_FOLDER:
        return read_regular(folder.joinpath(*pieces), most)
    here = os.open(folder, _FOLDER)
    try:
        for piece in pieces[:-1]:
            below = open_folder(piece, here)
            os.close(here)
            here = below
        return read_regular(pieces[-1], most, follow=False, folder=here)
    finally:
        os.close(here)


def open_folder(name: str, folder: int) -> int:
    """Return a descriptor of a folder inside another one, which is the caller's to close.

    Raises:
        NotRegular: it is a link.
        OSError: it cannot be opened.
    """
    try:
        return os.open(name, _FOLDER | _NO_LINK, dir_fd=folder)
    except OSError as error:
        if stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode):
            raise NotRegular(errno.ELOOP, "it is a link", name) from error
        raise


def _irregular(path: str | Path) -> NotRegular:
    return NotRegular(errno.EINVAL, "it is no regular file", str(path))


def _read(file: int, most: int) -> bytes:
    pieces: list[bytes] = []
    left = most
    while left > 0 and (piece := os.read(file, min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)

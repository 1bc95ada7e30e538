"""Where a warm server lives: its private directory, its socket, its lock and its log.

One directory per learner (or per `--home`), mode 0700. It is used only if nobody else can have
put anything into it. What is said over the socket is the business of `warm` and `server`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studytrack.errors import EnvironmentFault, GraderFault

SOCKET_PATH_CAP = 103  # bytes; sun_path holds 104 on macOS and 108 on Linux, with the final NUL
LOG_CAP = 64 << 10
_LOG_LINES = 5
_LOCK_SECONDS, _LOCK_POLL_SECONDS = 60.0, 0.02
_COLD = "Grading works without the server, only slower."


class PlaceRefused(EnvironmentFault):
    """The directory is not private; nothing is started or asked there."""


def own_uid() -> int:
    """Return the user; 0 where the system has none (nothing is graded there)."""
    return os.getuid() if hasattr(os, "getuid") else 0


@dataclass(frozen=True, slots=True)
class Place:
    """A server's directory, and the content directories whose changes make it stale."""

    directory: Path
    content: tuple[Path, ...] = ()

    @property
    def socket(self) -> Path:
        """The socket's path."""
        return self.directory / "judge.sock"

    @property
    def lock(self) -> Path:
        """The file that whoever starts or removes a server holds locked."""
        return self.directory / "judge.lock"

    @property
    def log(self) -> Path:
        """What the server's process wrote to stderr."""
        return self.directory / "judge.log"


def find_place(
    runtime: Path, content: tuple[Path, ...] = (), *, temporary: Path | None = None
) -> Place:
    """Return the place in `runtime`, or a short one named by its hash where no socket path fits.

    Args:
        runtime: the learner's runtime directory (`Paths.runtime`).
        content: directories whose changes make a running server stale.
        temporary: where the short one lies; None is the system's directory for temporary files.
    """
    place = Place(runtime, content)
    if len(os.fsencode(place.socket)) <= SOCKET_PATH_CAP:
        return place
    name = hashlib.sha256(os.fsencode(runtime)).hexdigest()[:16]
    short = temporary if temporary is not None else Path(tempfile.gettempdir())
    return Place(short / f"studytrack-{own_uid()}-{name}", content)


def find_problem(place: Place, uid: Callable[[], int] = own_uid) -> str:
    """Return why the place cannot be used, "" if it can or is yet to be made; changes nothing."""
    try:
        _check(place.directory, uid())
    except FileNotFoundError:
        return ""
    except PlaceRefused as error:
        return f"{error.what} {error.why}"
    except OSError as error:  # a file or a circle of links in its way
        return f"{place.directory} cannot be used: {error.strerror}."
    return ""


def make_private(place: Place, uid: Callable[[], int] = own_uid) -> None:
    """Create the directory if it is missing, and check it.

    Args:
        place: what is to be used.
        uid: gives the user who must own it.

    Raises:
        PlaceRefused: it cannot be made, is a link, belongs to someone else, or others may enter.
    """
    directory = place.directory
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        _check(directory, uid())
    except OSError as error:
        raise PlaceRefused(
            f"{directory} cannot be made.", f"The system says: {error.strerror}.", _COLD
        ) from error
    if len(os.fsencode(place.socket)) > SOCKET_PATH_CAP:
        raise PlaceRefused(f"{directory} is too long a name for a socket.", "", _COLD)


def _check(directory: Path, uid: int) -> None:
    """Refuse what is not ours alone; a parent whose owner could swap it counts as well."""
    found, parent = directory.lstat(), directory.parent.stat()
    if stat.S_ISLNK(found.st_mode):
        raise PlaceRefused(f"{directory} is a link.", "It could lead anywhere.", _COLD)
    if not stat.S_ISDIR(found.st_mode):
        raise PlaceRefused(f"{directory} is no directory.", "", _COLD)
    if found.st_uid != uid:
        raise PlaceRefused(
            f"{directory} belongs to user {found.st_uid}.", "It must belong to you.", _COLD
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise PlaceRefused(
            f"{directory} is open to others.", f"Its mode is {mode} and must be 0700.", _COLD
        )
    open_to_all = parent.st_mode & stat.S_IWOTH and not parent.st_mode & stat.S_ISVTX
    if parent.st_uid not in {uid, 0} or open_to_all:
        raise PlaceRefused(
            f"{directory.parent} is in the hands of others.", "They could replace it.", _COLD
        )


@contextlib.contextmanager
def locked(place: Place, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock that starting and removing a server takes.

    Raises:
        GraderFault: it was not free within `seconds`.
        OSError: the file cannot be opened.
    """
    import fcntl

    end = time.monotonic() + seconds
    fd = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise GraderFault(
                        "The grader's server is being started by someone else.",
                        f"{place.lock} was locked for {seconds:.0f} seconds.",
                        "Use --no-server.",
                    ) from None
                time.sleep(_LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(fd)


def listen(place: Place) -> socket.socket:
    """Return a listening socket in place of whatever is there; only under the lock.

    Raises:
        OSError: it cannot be bound.
    """
    remove_socket(place)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(place.socket))
        place.socket.chmod(0o600)
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def remove_socket(place: Place) -> None:
    """Remove the socket's file, so that its server retires; only under the lock."""
    place.socket.unlink(missing_ok=True)


def identify(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, None if it is gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def last_lines(place: Place) -> str:
    """Return the end of the server's log, "" if there is none."""
    try:
        with place.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
    return "\n".join(shown.strip().splitlines()[-_LOG_LINES:])

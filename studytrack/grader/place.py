"""Where a warm server lives: its private directory, its socket, its lock and its log.

One directory per learner (or per `--home`), mode 0700. It is used only if nobody else can have
put anything into it, and through a descriptor of it, so that nobody can put another directory in
its place meanwhile. What is said over the socket is the business of `warm` and `server`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studytrack.errors import EnvironmentFault, GraderFault

SOCKET_PATH_CAP = 103  # bytes; sun_path holds 104 on macOS and 108 on Linux, with the final NUL
LOG_CAP = 64 << 10
_LOG_LINES = 5
_LOCK_SECONDS, _LOCK_POLL_SECONDS = 60.0, 0.02
_DESCRIPTORS = Path("/proc/self/fd")  # Linux; a path below one of them leads through it
_AT = getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0)
_COLD = "Grading works without the server, only slower."


class PlaceRefused(EnvironmentFault):
    """The directory is not private; nothing is started or asked there."""


def own_uid() -> int:
    """Return the user; 0 where the system has none (nothing is graded there)."""
    return os.getuid() if hasattr(os, "getuid") else 0


def peer_uid(link: socket.socket) -> int | None:
    """Return the user at the other end of a connection; None where the system does not tell it."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    found = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", found)[1])


@dataclass(frozen=True, slots=True)
class Place:
    """A server's directory, and the content directories whose changes make it stale.

    `remark` says why the directory is not where one would look for it, "" if it is. `entered` sets
    `descriptor`; the paths then lead through it.
    """

    directory: Path
    content: tuple[Path, ...] = ()
    remark: str = ""
    descriptor: int | None = None

    @property
    def socket(self) -> Path:
        """The socket's path."""
        return self._base / "judge.sock"

    @property
    def lock(self) -> Path:
        """The file that is locked while a server is started or removed."""
        return self._base / "judge.lock"

    @property
    def log(self) -> Path:
        """What the server's process wrote to stderr."""
        return self._base / "judge.log"

    @property
    def _base(self) -> Path:
        if self.descriptor is None:
            return self.directory
        return _DESCRIPTORS / str(self.descriptor)


def find_place(
    runtime: Path,
    content: tuple[Path, ...] = (),
    *,
    temporary: Path | None = None,
    remark: str = "",
) -> Place:
    """Return the place in `runtime`, or a short one named by its hash where no socket path fits.

    Args:
        runtime: the learner's runtime directory (`Paths.runtime`).
        content: directories whose changes make a running server stale.
        temporary: where the short one lies; None is the system's directory for temporary files.
        remark: why `runtime` is not where one would look for it.
    """
    place = Place(runtime, content, remark)
    if len(os.fsencode(place.socket)) <= SOCKET_PATH_CAP:
        return place
    name = hashlib.sha256(os.fsencode(runtime)).hexdigest()[:16]
    short = temporary if temporary is not None else Path(tempfile.gettempdir())
    return Place(short / f"studytrack-{own_uid()}-{name}", content, remark)


def find_problem(place: Place, uid: Callable[[], int] = own_uid) -> str:
    """Return why the place cannot be used, "" if it can or is yet to be made; changes nothing."""
    try:
        os.close(_opened(place.directory, uid(), make=False))
    except FileNotFoundError:
        return ""
    except PlaceRefused as error:
        return f"{error.what} {error.why}"
    except OSError as error:  # a file or a circle of links in its way, or a closed folder
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
    with entered(place, uid):
        pass


@contextlib.contextmanager
def entered(place: Place, uid: Callable[[], int] = own_uid) -> Iterator[Place]:
    """Create and check the directory, and yield a place that leads through a descriptor of it.

    Where the system has no paths through descriptors, the place is yielded as it is.

    Raises:
        PlaceRefused: as `make_private`.
    """
    directory = place.directory
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _opened(directory, uid(), make=True)
    except OSError as error:
        raise PlaceRefused(
            f"{directory} cannot be made.", f"The system says: {error.strerror}.", _COLD
        ) from error
    try:
        if len(os.fsencode(replace(place, descriptor=None).socket)) > SOCKET_PATH_CAP:
            raise PlaceRefused(f"{directory} is too long a name for a socket.", "", _COLD)
        yield replace(place, descriptor=descriptor) if _DESCRIPTORS.is_dir() else place
    finally:
        os.close(descriptor)


def is_in_place(place: Place) -> bool:
    """Tell whether the directory's name still leads to the directory that was entered."""
    if place.descriptor is None:
        return True
    entered_one = os.fstat(place.descriptor)
    return identify(place.directory) == (entered_one.st_dev, entered_one.st_ino)


def _opened(directory: Path, uid: int, *, make: bool) -> int:
    """Return a descriptor of a directory that is ours alone.

    The parent counts as well: its owner could put something else in the directory's place.

    Raises:
        PlaceRefused: it is not ours alone.
        FileNotFoundError: it is missing, and `make` is not set.
        OSError: it cannot be made or opened.
    """
    parent = os.open(directory.parent, _AT)
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory.name, 0o700, dir_fd=parent)
        found = os.stat(directory.name, dir_fd=parent, follow_symlinks=False)
        _check(directory, found, os.fstat(parent), uid)
        descriptor = os.open(directory.name, _AT | os.O_NOFOLLOW, dir_fd=parent)
        try:
            _check(directory, os.fstat(descriptor), os.fstat(parent), uid)  # also if just swapped
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
    finally:
        os.close(parent)


def _check(directory: Path, found: os.stat_result, parent: os.stat_result, uid: int) -> None:
    """Refuse a directory that is not ours alone, from its and its parent's facts."""
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

"""Reaching the warm server: connect, compare who it is, start one where there is none.

The client's half of `server`; no torch and no numpy here. A server is started under the place's
lock with its socket already listening, so that a second client finds it at once.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studytrack import __version__
from studytrack.errors import GraderFault, StudytrackError
from studytrack.grader.limits import Layers
from studytrack.grader.place import (
    Place,
    entered,
    find_problem,
    last_lines,
    listen,
    locked,
    make_private,
    own_uid,
    peer_uid,
    remove_socket,
)
from studytrack.grader.spawner import start_python
from studytrack.grader.wire import FrameReader, ProtocolFault, pack

PROTOCOL = 1
_HELLO_SECONDS, _STOP_SECONDS, _BOOT_SECONDS = 30.0, 200.0, 30.0


def identity_of(place: Place, layers: Layers) -> dict[str, Any]:
    """Return what a server must be for this client: versions, code, content, layers."""
    package = Path(__file__).resolve().parent.parent
    return {
        "version": __version__,
        "protocol": PROTOCOL,
        "python": f"{sys.version} {sys.prefix}",
        "torch": _torch_version(),
        "code": _digest([package / "grader", package / "domain"]),
        "content": _digest(place.content),
        "layers": asdict(layers),
    }


def _torch_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def _digest(folders: Iterable[Path]) -> str:
    """Return a hash over names, sizes and times of all files below some folders."""
    found = hashlib.sha256()
    for folder in folders:
        for path, size, stamp in sorted(_files(folder)):
            found.update(os.fsencode(f"{path}\0{size}\0{stamp}\0"))
    return found.hexdigest()


def _files(folder: str | Path) -> Iterable[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith((".", "__pycache__")):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            with contextlib.suppress(OSError):  # gone since
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns


class WarmJudge:
    """A connection to the server of a place; starts the server when there is none.

    Args:
        place: where it lives.
        layers: of isolation that it must be asked for.
        idle_seconds: how long a server that is started here stays without a client.
        peer: tells the user at the other end of a connection.

    Raises:
        PlaceRefused: the directory is not private.
    """

    def __init__(
        self,
        place: Place,
        layers: Layers,
        idle_seconds: float,
        peer: Callable[[socket.socket], int | None] = peer_uid,
    ) -> None:
        make_private(place)
        self._place, self._idle_seconds, self._peer = place, idle_seconds, peer
        self._identity = functools.partial(identity_of, place, layers)
        self._link: socket.socket | None = None
        self.pid: int | None = None

    def open(self) -> socket.socket:
        """Return the connection, made if need be.

        Raises:
            OSError, EOFError, GraderFault: no server could be reached or started.
        """
        if self._link is None:
            with entered(self._place) as place:
                self._link = self._known(place) or self._started(place)
        return self._link

    def _started(self, place: Place) -> socket.socket:
        """Start a server under the lock, unless someone else did meanwhile."""
        with locked(place):
            if (link := self._known(place)) is not None:
                return link
            with listen(place) as listener:
                self._spawn(place, listener)
        link = self._known(place)
        if link is None:
            raise EOFError
        return link

    def _known(self, place: Place) -> socket.socket | None:
        """Connect to a server of ours that is what we want; None if there is none or another.

        Nothing is sent to another user's process: a source is the learner's own business.
        """
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        answer: dict[str, Any] = {}
        try:
            link.settimeout(_HELLO_SECONDS)
            link.connect(str(place.socket))
            if self._peer(link) in {None, own_uid()}:
                answer = _ask(link, {"op": "hello", "identity": self._identity()})
        except (OSError, EOFError, ProtocolFault):
            answer = {}
        if answer.get("event") != "welcome":
            link.close()
            return None
        self.pid = answer["pid"]
        return link

    def _spawn(self, place: Place, listener: socket.socket) -> None:
        plan = {
            "directory": str(place.directory),
            "identity": self._identity(),
            "idle_seconds": self._idle_seconds,
        }
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        log = os.open(place.log, flags, 0o600)
        try:
            process, control = start_python(
                "studytrack.grader.server", json.dumps(plan), stderr=log
            )
        finally:
            os.close(log)
        with control:
            try:
                socket.send_fds(control, [b"s"], [listener.fileno()])
                process.wait(_BOOT_SECONDS)  # it forks at once and ends; the server goes on
            except BaseException:
                process.kill()
                process.wait()
                raise

    def drop(self, error: Exception) -> str:
        """Give up a connection that failed; return the server's last words.

        A server that did not answer in time loses its socket, so that the next one is another.
        """
        self.close()
        with contextlib.suppress(StudytrackError), entered(self._place) as place:
            if isinstance(error, TimeoutError):
                with contextlib.suppress(OSError, GraderFault), locked(place):
                    remove_socket(place)
            return last_lines(place)
        return ""

    def close(self) -> None:
        """End the connection only; a thread that waits for an answer sees its end."""
        link, self._link = self._link, None
        if link is not None:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()


def stop_server(place: Place, peer: Callable[[socket.socket], int | None] = peer_uid) -> bool:
    """End the server of a place after its run; False if there was none of ours.

    Raises:
        GraderFault: it goes on.
    """
    if find_problem(place) or not place.directory.exists():
        return False
    with entered(place) as inside:
        return _stopped(inside, peer)


def _stopped(place: Place, peer: Callable[[socket.socket], int | None]) -> bool:
    """Ask the server to end and wait until it has; False if there is none of ours."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(_STOP_SECONDS)
        try:
            link.connect(str(place.socket))
            if peer(link) not in {None, own_uid()}:
                return False
            _ask(link, {"op": "stop"})
            while link.recv(1 << 16):
                pass
        except TimeoutError as error:
            raise GraderFault(
                "The grader's server does not end.", "", "Grade with --no-server."
            ) from error
        except (OSError, EOFError, ProtocolFault):
            return False
    return True


def _ask(link: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
    link.sendall(pack(request))
    reader = FrameReader()
    while data := link.recv(1 << 16):
        for event, _ in reader.feed(data):
            return event
    raise EOFError

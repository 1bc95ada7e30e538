"""The judge's process: reads requests from sockets and writes the judge's events back.

Transport only: what a request means is `judge`'s business. `main` serves one client over an
inherited socket (the cold path) or, started by `warm`, many over a listening one. The runs stay in
the main thread, one at a time; connections are read in threads of their own. Torch is imported
after the first handshake could be answered, so no client waits for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from studytrack.grader.place import (
    LOG_CAP,
    Place,
    entered,
    identify,
    is_in_place,
    locked,
    peer_uid,
    remove_socket,
)
from studytrack.grader.wire import FrameReader, ProtocolFault, pack

TICK_SECONDS = 0.5
_RETIRE_SECONDS = 180.0  # the longest a run may hold up the end of a server that must go
_SEND_SECONDS = 10  # to a client that stopped reading
_MEMORY, _MEMORY_OF_A_THREAD = 3 << 30, 160 << 20  # bytes of address space that a judge may add


class Service(Protocol):
    """What serves requests: the judge, and stand-ins in tests."""

    def serve(
        self,
        request: dict[str, Any],
        buffers: list[bytes],
        emit: Callable[[dict[str, Any]], None],
    ) -> None:
        """Answer one request."""

    def close(self) -> None:
        """End what was started."""


@dataclass(slots=True)
class Client:
    """One connection; sending to one that has gone away does nothing."""

    link: socket.socket
    gone: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, event: dict[str, Any]) -> None:
        """Write one event."""
        with self.lock:
            if self.gone:
                return
            try:
                self.link.sendall(pack(event))
            except (OSError, ProtocolFault):
                self.hang_up()

    def hang_up(self) -> None:
        """End the connection; its reader then closes it."""
        self.gone = True
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _Run:
    client: Client
    request: dict[str, Any]
    buffers: list[bytes]


class Server:
    """Accepts clients of one user and serves their runs one after another.

    Args:
        listener: bound to the place's socket.
        place: where it lives; it retires when its socket is gone or replaced.
        identity: what this server is; clients that expect another make it retire.
        idle_seconds: how long it stays without a client.
        make_service: makes what serves the requests, in the thread that calls `serve`.
        peer: tells the uid of a connection's other end.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        listener: socket.socket,
        place: Place,
        identity: dict[str, Any],
        idle_seconds: float,
        make_service: Callable[[], Service],
        *,
        peer: Callable[[socket.socket], int | None] = peer_uid,
        clock: Callable[[], float] = time.monotonic,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._listener, self._place, self._identity = listener, place, identity
        self._idle_seconds, self._make_service = idle_seconds, make_service
        self._peer, self._clock, self._tick_seconds = peer, clock, tick_seconds
        self._own_socket = identify(place.socket)
        self._changed = threading.Condition()
        self._runs: deque[_Run] = deque()
        self._clients: dict[int, Client] = {}
        self._over = threading.Event()
        self._busy = False
        self._last_used = clock()
        self._retired_at: float | None = None

    def serve(self) -> None:
        """Serve until idle, retired or without a socket; ends what the service started."""
        threading.Thread(target=self._keep, daemon=True).start()
        service = self._make_service()
        try:
            while (run := self._next_run()) is not None:
                service.serve(run.request, run.buffers, run.client.send)
                _cap_log()
        finally:
            self._retire()
            service.close()
            self._leave()
            self._over.set()

    @property
    def clients(self) -> int:
        """How many connections are open."""
        return len(self._clients)

    def _next_run(self) -> _Run | None:
        """Wait for a run whose client is still there; None once the server is to end."""
        with self._changed:
            self._busy, self._last_used = False, self._clock()
            while True:
                while self._runs:
                    run = self._runs.popleft()
                    if run.client.gone:
                        continue
                    self._busy = True
                    for waiting in self._runs:  # so that nobody's time-out counts others' runs
                        waiting.client.send({"event": "queued"})
                    return run
                if self._retired_at is not None:
                    return None
                self._changed.wait()

    def _keep(self) -> None:
        """Accept clients and watch for the reasons to end."""
        self._listener.settimeout(self._tick_seconds)
        while self._retired_at is None:
            try:
                link, _ = self._listener.accept()
            except TimeoutError:
                self._watch()
            except OSError:
                self._retire()
            else:
                self._welcome(link)
                self._watch()
        self._listener.close()
        if not self._over.wait(_RETIRE_SECONDS):
            os._exit(1)  # a run that never ends must not keep a server that nobody can reach

    def _watch(self) -> None:
        with self._changed:
            used = self._busy or self._runs or self._clients
            if used:
                self._last_used = self._clock()
            idle = self._clock() - self._last_used
        gone = identify(self._place.socket) != self._own_socket or not is_in_place(self._place)
        if idle >= self._idle_seconds or gone:
            self._retire()

    def _retire(self) -> None:
        """Take no further client; the main thread ends after the runs it has."""
        with self._changed:
            if self._retired_at is None:
                self._retired_at = self._clock()
            self._changed.notify_all()

    def _leave(self) -> None:
        """Remove the socket if it is still ours; whoever holds the lock sees to it itself."""
        with contextlib.suppress(Exception), locked(self._place, 0):
            if identify(self._place.socket) == self._own_socket:
                remove_socket(self._place)
        with self._changed:
            clients = list(self._clients.values())
        for client in clients:
            client.hang_up()

    def _welcome(self, link: socket.socket) -> None:
        """Serve a connection of our own user, hang up on everyone else's."""
        if self._peer(link) not in {None, os.getuid()}:
            link.close()
            return
        link.settimeout(None)
        wait = struct.pack("ll", _SEND_SECONDS, 0)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
        client = Client(link)
        with self._changed:
            self._clients[id(client)] = client
        threading.Thread(target=self._listen, args=(client,), daemon=True).start()

    def _listen(self, client: Client) -> None:
        reader = FrameReader()
        try:
            while data := client.link.recv(1 << 20):
                for request, buffers in reader.feed(data):
                    self._take(client, request, buffers)
        except (OSError, ProtocolFault):
            pass  # a client that breaks the rules has lost its connection, and nothing more
        finally:
            with client.lock:
                client.gone = True
                client.link.close()
            with self._changed:
                self._clients.pop(id(client), None)
                self._last_used = self._clock()

    def _take(self, client: Client, request: dict[str, Any], buffers: list[bytes]) -> None:
        if request.get("op") == "hello":
            same = request.get("identity") == self._identity
            client.send({"event": "welcome" if same else "differs", "pid": os.getpid()})
            if not same:
                self._retire()
        elif request.get("op") == "stop":
            client.send({"event": "stopping", "pid": os.getpid()})
            self._retire()
        else:
            with self._changed:
                self._runs.append(_Run(client, request, buffers))
                self._changed.notify_all()


def main(control: int, plan: str = "") -> None:
    """Serve one client until it closes the socket; with a plan, be the warm server."""
    link = socket.socket(fileno=control)
    if plan:
        _be_warm(link, json.loads(plan))
        return
    judge, reader = _make_judge(), FrameReader()

    def emit(event: dict[str, Any]) -> None:
        link.sendall(pack(event))

    while data := link.recv(1 << 20):
        for request, buffers in reader.feed(data):
            judge.serve(request, buffers, emit)
    judge.close()


def _be_warm(link: socket.socket, plan: dict[str, Any]) -> None:
    """Detach from the client that started us, and serve at the socket that it hands over."""
    _, fds, _, _ = socket.recv_fds(link, 1, 1)
    if os.fork():
        os._exit(0)  # the client collects this process; the server belongs to nobody
    link.close()
    os.chdir("/")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with entered(Place(Path(plan["directory"]))) as place:
        server = Server(
            socket.socket(fileno=fds[0]),
            place,
            plan["identity"],
            plan["idle_seconds"],
            _make_judge,
        )
        server.serve()


def _make_judge() -> Service:
    from studytrack.grader.judge import Judge
    from studytrack.grader.lockdown import hide_from_others, limit_own_memory

    hide_from_others()
    # Torch is loaded now, and what it reserves for its threads grows with the processors.
    limit_own_memory(_MEMORY + _MEMORY_OF_A_THREAD * (os.cpu_count() or 1))
    return Judge()


def _cap_log() -> None:
    with contextlib.suppress(OSError):  # stderr is the log, opened for appending
        if os.fstat(sys.__stderr__.fileno()).st_size > LOG_CAP:  # type: ignore[union-attr]
            os.ftruncate(2, 0)

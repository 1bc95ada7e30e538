"""The warm server: one for all clients, replaced when it is another, and never in the way."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studytrack.errors import GraderFault
from studytrack.grader import server as server_module
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.limits import Layers
from studytrack.grader.place import Place, entered, identify, listen, make_private
from studytrack.grader.server import Server
from studytrack.grader.warm import WarmJudge, identity_of, stop_server
from studytrack.grader.wire import FrameReader, pack

pytestmark = pytest.mark.xdist_group("grader")

RIGHT, LOOP = b"def add_one(x):\n    return x + 1\n", b"def add_one(x):\n    while True: pass\n"
DEADLINE_SECONDS = 90.0
WHO = {"who": "the same"}


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for other threads and processes, within a bound."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def ended(pid: int) -> bool:
    """Tell whether a process has ended, collected or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Service:
    """Stands in for the judge: tells what it was asked, and waits where it is told to."""

    def __init__(self) -> None:
        self.served: list[Any] = []
        self.most_at_once = self.at_once = 0
        self.gate = threading.Event()
        self.gate.set()
        self.closed = False

    def serve(self, request, buffers, emit) -> None:
        """Answer with the request's own name."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.served.append(request["name"])
        emit({"event": "check", "name": request["name"]})
        assert self.gate.wait(DEADLINE_SECONDS)
        emit({"event": "report", "name": request["name"], "bytes": len(b"".join(buffers))})
        self.at_once -= 1

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Peer:
    """A client by hand."""

    def __init__(self, place: Place) -> None:
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(DEADLINE_SECONDS)
        self.link.connect(str(place.socket))
        self.reader, self.events = FrameReader(), []

    def send(self, **request: Any) -> None:
        """Send a request."""
        self.link.sendall(pack(request))

    def event(self, *kinds: str) -> dict[str, Any] | None:
        """Return the next event of these kinds, None at the end of the connection."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] in kinds:
                    return event
            try:
                data = self.link.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.events += [event for event, _ in self.reader.feed(data)]

    def close(self) -> None:
        """Hang up."""
        self.link.close()


class Running:
    """A server in a thread of this process, with a service that stands in for the judge."""

    def __init__(self, place: Place, **more: Any) -> None:
        make_private(place)
        self.place, self.service = place, Service()
        options = {"idle_seconds": 1e9, "tick_seconds": 0.01, **more}
        idle = options.pop("idle_seconds")
        self.server = Server(listen(place), place, WHO, idle, lambda: self.service, **options)
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return not self.thread.is_alive()


@pytest.fixture
def place(tmp_path) -> Place:
    """A place of this test alone."""
    return Place(tmp_path / "run")


@pytest.fixture
def running(place) -> Iterator[Callable[..., Running]]:
    """Start servers in this process; all have ended afterwards."""
    started: list[Running] = []

    def start(**more: Any) -> Running:
        started.append(Running(place, **more))
        return started[-1]

    yield start
    for server in started:
        server.service.gate.set()
        server.place.socket.unlink(missing_ok=True)
        server.thread.join(DEADLINE_SECONDS)
        assert server.over


def test_the_handshake_tells_who_serves(running, place) -> None:
    """The same identity is welcome, and the server goes on."""
    server = running()
    peer = Peer(place)

    peer.send(op="hello", identity=WHO)

    assert peer.event("welcome", "differs") == {"event": "welcome", "pid": os.getpid(), "n": []}
    assert not server.over
    peer.close()


def test_another_identity_makes_it_retire_after_its_run(running, place) -> None:
    """The run of the first client is finished and reported before the end."""
    server = running()
    server.service.gate.clear()
    first, second = Peer(place), Peer(place)
    first.send(op="grade", name="a")
    assert first.event("check")

    second.send(op="hello", identity={"who": "another"})
    assert second.event("welcome", "differs")["event"] == "differs"
    server.service.gate.set()

    assert first.event("report")["name"] == "a"
    wait_until(lambda: server.over)
    assert server.service.closed
    assert not place.socket.exists()
    first.close()
    second.close()


def test_runs_of_several_clients_are_serialised(running, place) -> None:
    """Each gets its own events; who waits is told so."""
    server = running()
    server.service.gate.clear()
    peers = [Peer(place) for _ in range(4)]
    for number, peer in enumerate(peers):
        peer.send(op="grade", name=number)
    assert peers[server_first(server)].event("check")
    server.service.gate.set()

    reports = [peer.event("report") for peer in peers]

    assert [report["name"] for report in reports] == [0, 1, 2, 3]
    assert server.service.most_at_once == 1
    for peer in peers:
        peer.close()


def server_first(server: Running) -> int:
    """Return who is served first, once someone is."""
    wait_until(lambda: bool(server.service.served))
    return server.service.served[0]


def test_a_client_that_vanishes_mid_run_harms_nobody(running, place) -> None:
    """Its queued run is skipped, the next client is served."""
    server = running()
    server.service.gate.clear()
    gone, queued, stays = Peer(place), Peer(place), Peer(place)
    gone.send(op="grade", name="gone")
    assert gone.event("check")
    queued.send(op="grade", name="queued")
    queued.send(op="hello", identity=WHO)
    assert queued.event("welcome")
    gone.close()
    queued.close()
    stays.send(op="hello", identity=WHO)
    assert stays.event("welcome")
    wait_until(lambda: server.server.clients == 1)

    server.service.gate.set()
    stays.send(op="grade", name="stays")

    assert stays.event("report")["name"] == "stays"
    assert server.service.served == ["gone", "stays"]
    stays.close()


def test_garbage_ends_its_connection_only(running, place) -> None:
    """A frame that breaks the rules hangs up; others are served."""
    running()
    bad, good = Peer(place), Peer(place)

    bad.link.sendall(b"\xff" * 64)
    good.send(op="grade", name="good")

    assert bad.event("welcome") is None
    assert good.event("report")["name"] == "good"
    bad.close()
    good.close()


@pytest.mark.parametrize(("uid", "served"), [(None, True), (0, False), (-1, False)])
def test_only_our_own_user_is_served(running, place, uid, served) -> None:
    """A peer whose system tells no uid is guarded by the directory."""
    running(peer=lambda _: os.getuid() + 1 if uid == 0 else uid)
    peer = Peer(place)

    try:
        peer.send(op="hello", identity=WHO)
    except BrokenPipeError:
        assert not served

    assert bool(peer.event("welcome")) is served
    peer.close()


class Ear:
    """A listening socket that keeps what it is sent, and says how many have connected."""

    def __init__(self, place: Place) -> None:
        self.heard: list[bytes] = []
        make_private(place)
        self._listener = listen(place)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        link, _ = self._listener.accept()
        with link:
            link.settimeout(DEADLINE_SECONDS)
            self.heard.append(link.recv(1 << 16))

    def close(self) -> None:
        self._thread.join(DEADLINE_SECONDS)
        self._listener.close()


def test_a_client_sends_nothing_to_a_server_of_another_user(place) -> None:
    """It hangs up before the first byte, in a grade and in --stop-server."""
    ear = Ear(place)
    judge = WarmJudge(place, Layers(), 900.0, peer=lambda _link: os.getuid() + 1)
    with entered(place) as inside:
        assert judge._known(inside) is None
    ear.close()
    assert [b""] == ear.heard

    ear = Ear(place)
    assert stop_server(place, peer=lambda _link: os.getuid() + 1) is False
    ear.close()
    assert [b""] == ear.heard


def test_a_server_whose_directory_was_swapped_ends(place, tmp_path) -> None:
    """Nobody can reach it under its name."""
    with entered(place) as inside:
        server = Running(inside)
        place.directory.rename(tmp_path / "moved")
        place.directory.mkdir()

        wait_until(lambda: server.over)


def test_the_system_tells_our_own_uid() -> None:
    """On a pair of sockets, where it tells one at all."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert server_module.peer_uid(ours) in {None, os.getuid()}


def test_an_idle_server_ends_and_an_open_connection_keeps_it(running, place) -> None:
    """By the clock; the time counts from when the last client left."""
    now = [0.0]
    server = running(idle_seconds=900.0, clock=lambda: now[0])
    peer = Peer(place)
    for _ in range(3):
        now[0] += 800.0
        peer.send(op="grade", name="again")
        assert peer.event("report")
    assert not server.over

    peer.close()
    wait_until(lambda: server.server.clients == 0)
    now[0] += 901.0

    wait_until(lambda: server.over)
    assert not place.socket.exists()


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_server_without_its_socket_ends(running, place, how) -> None:
    """One that was put in its place stays."""
    server = running()

    if how == "removed":
        place.socket.unlink()
    else:
        place.socket.rename(place.directory / "old")
        place.socket.write_text("another")

    wait_until(lambda: server.over)
    assert place.socket.exists() == (how == "replaced")


def test_stopping_waits_for_the_run(running, place) -> None:
    """The answer comes when the server has ended: true when one was there, false when not."""
    server = running()
    server.service.gate.clear()
    peer = Peer(place)
    peer.send(op="grade", name="a")
    assert peer.event("check")

    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stop_server, place)
        wait_until(lambda: server.server.clients == 2)
        assert not stopped.done()
        server.service.gate.set()

    assert stopped.result() is True
    assert peer.event("report")
    wait_until(lambda: server.over)
    assert stop_server(place) is False
    peer.close()


def test_the_identity_follows_code_content_and_layers(tmp_path) -> None:
    """A file's time, size or name, another version or weaker layers give another one."""
    content = tmp_path / "exercises"
    content.mkdir()
    file = content / "checks.py"
    file.write_text("1")
    place = Place(tmp_path / "run", (content,))
    seen = [identity_of(place, Layers())]
    assert seen[0] == identity_of(place, Layers())

    os.utime(file, (1, 1))
    seen.append(identity_of(place, Layers()))
    file.write_text("22")
    os.utime(file, (1, 1))
    seen.append(identity_of(place, Layers()))
    file.rename(content / "other.py")
    seen.append(identity_of(place, Layers()))
    seen.append(identity_of(place, Layers(landlock=1)))
    seen.append(identity_of(replace(place, content=()), Layers()))

    assert all(a != b for n, a in enumerate(seen) for b in seen[:n])


# From here on the processes are real.


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Iterator[Place]:
    """A place whose server is shared by the tests below and has ended afterwards."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "exercises").mkdir()
    place = Place(folder / "run", (folder / "exercises",))
    yield place
    stop_server(place)
    place.socket.unlink(missing_ok=True)


@pytest.fixture
def open_grader(real) -> Iterator[Callable[[], Grader]]:
    """Make clients of the shared server; all are closed afterwards."""
    opened: list[Grader] = []

    def make() -> Grader:
        settings = GraderSettings(question_seconds=1.5, run_seconds=10.0)
        opened.append(Grader(settings, real))
        return opened[-1]

    yield make
    for grader in opened:
        grader.close()


def pid_of(place: Place) -> int:
    """Return the pid of the place's server, started if need be."""
    judge = WarmJudge(place, Layers(), 900.0)
    judge.open()
    judge.close()
    assert judge.pid is not None
    return judge.pid


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in found.split()]


def test_two_clients_that_start_at_once_share_one_server(real) -> None:
    """The lock lets one of them start it; it belongs to no client."""
    with ThreadPoolExecutor(4) as pool:
        pids = set(pool.map(lambda _: pid_of(real), range(4)))

    (pid,) = pids
    assert pid != os.getpid()
    assert os.getsid(pid) != os.getsid(0)


def test_clients_at_once_get_their_own_reports(open_grader, add_one) -> None:
    """A closed client leaves the server to the others."""
    first, second = open_grader(), open_grader()
    names: list[str] = []

    with ThreadPoolExecutor(2) as pool:
        right = pool.submit(first.grade, add_one, RIGHT, on_check=lambda c: names.append(c.name))
        wrong = pool.submit(second.grade, add_one, b"def add_one(x):\n    return x\n")
    first.close()

    assert right.result().passed
    assert names == [check.name for check in right.result().checks]
    assert wrong.result().verdict == "failed"
    assert second.grade(add_one, RIGHT).passed


@pytest.mark.slow
def test_a_killed_zygote_is_replaced(open_grader, add_one, real) -> None:
    """Mid-grade: this run is a verdict or a fault, the next one passes on the same server."""
    grader, pid = open_grader(), pid_of(real)
    grader.start()

    def kill() -> None:
        wait_until(lambda: bool(children(pid)))
        for child in children(pid):
            os.kill(child, signal.SIGKILL)

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(grader.grade, add_one, LOOP)
        kill()
    assert run.exception() is None or isinstance(run.exception(), GraderFault)

    assert grader.grade(add_one, RIGHT).passed
    assert pid_of(real) == pid


@pytest.mark.slow
def test_a_killed_server_is_replaced_within_the_grade(open_grader, add_one, real) -> None:
    """SIGKILL mid-grade leaves a stale socket; the grade goes on with a new server."""
    grader, pid = open_grader(), pid_of(real)
    grader.start()

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(grader.grade, add_one, LOOP)
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: ended(pid))

    assert run.result().verdict == "timeout"
    assert grader.grade(add_one, RIGHT).passed
    assert pid_of(real) != pid


@pytest.mark.slow
def test_changed_content_replaces_the_server(open_grader, add_one, real) -> None:
    """The old one ends; a client that is connected to it grades on, with the new one."""
    grader, old = open_grader(), pid_of(real)
    grader.start()

    (real.content[0] / "new.py").write_text("")
    new = pid_of(real)

    assert new != old
    assert grader.grade(add_one, RIGHT).passed
    wait_until(lambda: ended(old))


@pytest.mark.slow
def test_a_deleted_socket_costs_no_verdict(open_grader, add_one, real) -> None:
    """The server that lost it ends, another takes its place."""
    grader, old = open_grader(), pid_of(real)
    grader.start()

    real.socket.unlink()

    assert grader.grade(add_one, RIGHT).passed
    wait_until(lambda: ended(old))
    assert open_grader().grade(add_one, RIGHT).passed
    assert identify(real.socket) is not None


def test_a_server_that_cannot_start_is_told_with_its_last_words(
    place, add_one, monkeypatch
) -> None:
    """Once more, then exit code 6 and what it wrote."""
    monkeypatch.setattr(
        "studytrack.grader.spawner._BOOT",
        "import sys; print('no {module} here', file=sys.stderr); sys.exit(3)",
    )

    with Grader(place=place) as grader, pytest.raises(GraderFault, match=r"no \S+ here") as error:
        grader.grade(add_one, RIGHT)

    assert error.value.exit_code == 6

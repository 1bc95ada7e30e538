"""Each layer of isolation is tried out, and a layer that is missing does not count."""

from __future__ import annotations

import json
import socket
import sys

import pytest

from studytrack.domain.verdict import is_sandboxed
from studytrack.grader import apart, landlock, namespaces, seccomp
from studytrack.grader.limits import Limits
from studytrack.grader.lockdown import limit_resources
from studytrack.grader.probe import probe_layers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")


def test_what_the_kernel_has_bites() -> None:
    """Landlock closes files and seccomp sockets, where they exist; limits and process always."""
    found = {probed.layer.split()[0]: probed for probed in probe_layers()}

    names = ["namespaces", "pid", "cgroup", "process", "rlimits", "landlock", "seccomp"]
    assert names == list(found)
    assert found["process"].bites
    assert found["rlimits"].bites
    assert bool(landlock.abi()) == found["landlock"].bites
    assert (seccomp.machine() is not None) == found["seccomp"].bites


@pytest.mark.parametrize("version", [-1, 0])
def test_no_landlock_means_no_rules(version) -> None:
    """Version 0 is how its absence is simulated."""
    assert landlock.make_rules(version) is None


def test_a_machine_without_a_table_has_no_filter(monkeypatch) -> None:
    """Nothing is applied there, so nothing is named."""
    monkeypatch.setattr(seccomp.platform, "machine", lambda: "riscv64")

    assert not seccomp.lock()


def test_a_system_that_forbids_namespaces_loses_nothing_else(monkeypatch) -> None:
    """The call fails and says so; it raises nothing."""

    class Refusing:
        def unshare(self, flags):
            return -1

    monkeypatch.setattr(namespaces, "_libc", Refusing())

    assert not namespaces.enter()


def test_a_launcher_that_may_not_enter_becomes_the_program_itself(monkeypatch) -> None:
    """It says that there is no other process, and starts the program in its place."""
    ran = []
    monkeypatch.setattr(apart, "enter_pids", lambda: False)
    monkeypatch.setattr(apart.os, "execv", lambda path, words: ran.append(words))
    ours, theirs = socket.socketpair()

    apart.main(theirs.fileno(), "studytrack.grader.zygote", "{}")

    assert {"pid": None} == json.loads(ours.recv(100))
    assert ["studytrack.grader.zygote" in " ".join(words) for words in ran] == [True]
    ours.close()
    theirs.close()


def test_an_ordinary_user_keeps_their_number_in_the_namespace(monkeypatch, tmp_path) -> None:
    """Without its own number mapped, a zygote's runners could make no namespace in turn."""
    asked, written = [], {}

    class Kernel:
        def unshare(self, flags):
            asked.append(flags)
            return 0

    monkeypatch.setattr(namespaces, "_libc", Kernel())
    monkeypatch.setattr(namespaces.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(namespaces.os, "getegid", lambda: 100)
    monkeypatch.setattr(
        namespaces.Path,
        "write_text",
        lambda self, text, encoding: written.update({str(self): text}),
    )

    assert namespaces.enter_pids()
    assert [0x10000000 | 0x20000000] == asked
    assert "1000 1000 1" == written["/proc/self/uid_map"]
    assert ["/proc/self/setgroups", "/proc/self/gid_map"] == list(written)[:2]


def test_a_namespace_entered_by_half_starts_nothing(monkeypatch) -> None:
    """Silence tells the judge to start another: the second child there could not be made."""

    class Kernel:
        def unshare(self, flags):
            return 0

    def refuse(self, text, encoding):
        raise PermissionError

    monkeypatch.setattr(namespaces, "_libc", Kernel())
    monkeypatch.setattr(namespaces.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(namespaces.Path, "write_text", refuse)
    ours, theirs = socket.socketpair()

    with pytest.raises(PermissionError):
        apart.main(theirs.fileno(), "studytrack.grader.zygote")

    ours.setblocking(False)
    with pytest.raises(BlockingIOError):
        ours.recv(1)
    ours.close()
    theirs.close()


def test_a_driver_s_address_space_is_not_limited(monkeypatch) -> None:
    """Memory 0 sets every limit but the one that it would break."""
    asked = []
    monkeypatch.setattr("resource.setrlimit", lambda number, pair: asked.append(number))

    import resource

    limit_resources(Limits(memory=0))

    assert resource.RLIMIT_FSIZE in asked
    assert resource.RLIMIT_AS not in asked


@pytest.mark.parametrize(
    ("isolation", "full"),
    [
        (("process", "rlimits", "landlock 1", "seccomp"), True),
        (("process", "rlimits", "landlock 7"), False),
        (("process", "rlimits", "seccomp", "namespaces"), False),
        (("partial landlock 7", "seccomp"), False),
        ((), False),
    ],
)
def test_full_isolation_is_landlock_and_seccomp(isolation, full) -> None:
    """A layer that binds one of several threads does not count."""
    assert full == is_sandboxed(isolation)

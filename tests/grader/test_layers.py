"""Each layer of isolation is tried out, and a layer that is missing does not count."""

from __future__ import annotations

import sys

import pytest

from studytrack.domain.verdict import is_sandboxed
from studytrack.grader import landlock, namespaces, seccomp
from studytrack.grader.limits import Limits
from studytrack.grader.lockdown import limit_resources
from studytrack.grader.probe import probe_layers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")


def test_what_the_kernel_has_bites() -> None:
    """Landlock closes files and seccomp sockets, where they exist; limits and process always."""
    found = {probed.layer.split()[0]: probed for probed in probe_layers()}

    assert ["namespaces", "process", "rlimits", "landlock", "seccomp"] == list(found)
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

"""A cgroup of one's own: made where it is delegated, and nothing is changed where it is not.

On a folder that behaves as the kernel's tree does, since few systems delegate to a test.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from studytrack.grader import cgroups

FILES = ("pids.max", "memory.max", "memory.swap.max")
JUDGE, CLIENT, STRANGER = 100, 99, 7


class Tree:
    """A cgroup's folder: a child gets its files, a process is in one place, and rules are kept."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root / "session.scope"
        self.written: dict[str, str] = {}
        self.missing: set[str] = set()
        self.root.mkdir()
        self._fill(self.root, controllers="memory pids")
        monkeypatch.setattr(cgroups.Path, "mkdir", lambda path: self.make(path))  # noqa: PLW0108 - a method
        monkeypatch.setattr(cgroups.Path, "rmdir", lambda path: self.remove(path))  # noqa: PLW0108 - a method
        monkeypatch.setattr(cgroups, "_write", self.write)

    def _fill(self, folder: Path, controllers: str) -> None:
        for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.type"):
            (folder / name).write_text("")
        (folder / "cgroup.controllers").write_text(controllers)

    def make(self, folder: Path) -> None:
        os.mkdir(folder)  # noqa: PTH102 - the other is replaced
        enabled = (folder.parent / "cgroup.subtree_control").read_text()
        self._fill(folder, enabled)
        for name in set(FILES) - self.missing if enabled else ():
            (folder / name).write_text("max")

    def remove(self, folder: Path) -> None:
        if (folder / "cgroup.procs").read_text().split():
            raise OSError(16, "busy")
        shutil.rmtree(folder)

    def write(self, file: Path, text: str) -> None:
        if not file.exists():
            raise FileNotFoundError(file)
        if file.name == "cgroup.subtree_control":
            if (file.parent / "cgroup.procs").read_text().split() and "+" in text:
                raise OSError(16, "busy")
            names = set(file.read_text().split())
            for word in text.split():
                (names.add if word[0] == "+" else names.discard)(word[1:])
            file.write_text(" ".join(sorted(names)))
        elif file.name == "cgroup.procs":
            for procs in self.root.rglob("cgroup.procs"):
                procs.write_text(" ".join(p for p in procs.read_text().split() if p != text))
            file.write_text(f"{file.read_text()} {text}".strip())
        else:
            self.written[file.name] = text

    def hold(self, *pids: int) -> None:
        (self.root / "cgroup.procs").write_text(" ".join(map(str, pids)))

    def seen(self) -> dict[str, str]:
        return {
            str(file.relative_to(self.root)): file.read_text()
            for file in self.root.rglob("*")
            if file.is_file()
        }


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Tree:
    """A delegated cgroup without processes."""
    return Tree(tmp_path, monkeypatch)


def test_the_judge_and_its_client_step_aside_and_come_back(tree) -> None:
    """The child has every limit; afterwards the cgroup is as it was."""
    tree.hold(JUDGE, CLIENT)
    before = tree.seen()

    child = cgroups.make(tree.root, ours=frozenset({JUDGE, CLIENT}))
    assert child is not None
    assert cgroups.enter(child, 101)
    (child / "cgroup.procs").write_text("")  # it ended
    assert dict(cgroups.LIMITS) == tree.written
    cgroups.let_go(child)

    after = tree.seen()
    assert {*before.pop("cgroup.procs").split()} == {*after.pop("cgroup.procs").split()}
    assert before == after


def test_a_cgroup_with_others_processes_is_left_alone(tree) -> None:
    """A shell in a terminal is not ours to move."""
    tree.hold(JUDGE, CLIENT, STRANGER)
    before = tree.seen()

    assert cgroups.make(tree.root, ours=frozenset({JUDGE, CLIENT})) is None
    assert before == tree.seen()


def test_the_root_of_the_system_is_left_alone(tree) -> None:
    """Its controllers are the administrator's; only the root has no type."""
    (tree.root / "cgroup.type").unlink()
    before = tree.seen()

    assert cgroups.make(tree.root, ours=frozenset()) is None
    assert before == tree.seen()


def test_a_cgroup_without_the_controllers_is_left_alone(tree) -> None:
    """What is not handed down cannot be given on."""
    (tree.root / "cgroup.controllers").write_text("cpu")
    before = tree.seen()

    assert cgroups.make(tree.root, ours=frozenset()) is None
    assert before == tree.seen()


def test_a_kernel_that_does_not_count_swap_is_enough(tree) -> None:
    """The other limits hold."""
    tree.missing = {"memory.swap.max"}

    assert cgroups.make(tree.root, ours=frozenset()) is not None
    assert {"pids.max", "memory.max"} == set(tree.written)


def test_a_refused_limit_leaves_nothing(tree) -> None:
    """A cgroup that does not bound is no layer."""
    tree.missing = {"pids.max"}

    assert cgroups.make(tree.root, ours=frozenset()) is None
    assert not [path for path in tree.root.iterdir() if path.name.startswith(cgroups.PREFIX)]


def test_what_a_killed_process_left_is_removed(tree) -> None:
    """Only empty children of ours; one that runs stays."""
    for name in ("studytrack-1-a", "studytrack-2-b", "other"):
        tree.make(tree.root / name)
    (tree.root / "studytrack-2-b" / "cgroup.procs").write_text("5")

    cgroups.make(tree.root, ours=frozenset())

    assert not (tree.root / "studytrack-1-a").exists()
    assert (tree.root / "studytrack-2-b").exists()
    assert (tree.root / "other").exists()


@pytest.mark.parametrize(
    ("membership", "found"),
    [
        ("0::/user.slice/a.scope\n", "user.slice/a.scope"),
        ("0::/user.slice/studytrack-main-1f\n", "user.slice"),
        ("1:name=systemd:/x\n", None),
        ("", None),
        ("0::/elsewhere\n", None),
    ],
)
def test_the_own_cgroup_is_found_where_version_two_is_mounted(tmp_path, membership, found) -> None:
    """Also beside version one, and from the side to which a judge has stepped."""
    mount = tmp_path / "a mount"
    (tmp_path / "mounts").write_text(
        "30 1 0:2 / /proc rw - proc proc rw\n"
        f"31 1 0:3 {'/' if found else '/user.slice'} {str(mount).replace(' ', chr(92) + '040')} "
        "rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
    )
    (tmp_path / "own").write_text(membership)

    assert (mount / found if found else None) == cgroups.own(tmp_path / "mounts", tmp_path / "own")


def test_no_cgroup_is_no_fault(tmp_path) -> None:
    """Where the system has none, or hides its files, nothing is made."""
    assert cgroups.own(tmp_path / "none", tmp_path / "none") is None
    assert cgroups.make(None) is None

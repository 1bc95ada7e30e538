"""Every attack in every mode: its secure outcome, untouched canaries, and a service that lives.

Each runs inside the runner, closed in as a learner's submission is. Where the kernel has Landlock
and the machine a table for seccomp, both must be active: their absence fails, it does not skip.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import tempfile
import unicodedata
from pathlib import Path

import pytest

from studytrack.content.loader import load_exercise
from studytrack.domain.verdict import report_to_plain
from studytrack.grader import landlock, seccomp
from studytrack.grader.client import Grader, GraderSettings
from studytrack.grader.limits import Layers
from tests.attacks import answers, ends, files, kernel, processes, state, texts, values
from tests.attacks.attack import BLOCKED, HONEST, Attack

pytestmark = [
    pytest.mark.xdist_group("attacks"),
    pytest.mark.skipif(
        not landlock.abi() or seccomp.machine() is None,
        reason="this kernel or machine has no Landlock or no seccomp table",
    ),
]
BASICS = Path(__file__).parents[1] / "catalogue" / "exercises" / "basics"
SECRET = "canary-7d1f"
BAD = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
MODES = {
    "all layers": Layers(),
    "no namespaces": Layers(namespaces=False),
    "landlock 1": Layers(landlock=1),
    "landlock 2": Layers(landlock=2),
    "landlock 4": Layers(landlock=4),
}
OF_THE_KERNEL = [*files.ATTACKS, *processes.ATTACKS, *kernel.ATTACKS]
EVERY = [
    *OF_THE_KERNEL,
    *answers.ATTACKS,
    *ends.ATTACKS,
    *values.ATTACKS,
    *state.ATTACKS,
    *texts.ATTACKS,
]
RUNS = [
    pytest.param(
        mode,
        attack,
        id=f"{mode}: {attack.kind[:24]}: {attack.name}",
        marks=() if mode == "all layers" else pytest.mark.slow,
    )
    for mode in MODES
    for attack in (OF_THE_KERNEL if mode in {"landlock 2", "landlock 4"} else EVERY)
]
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.shmat.restype = ctypes.c_void_p
NORMAL = GraderSettings(question_seconds=3.0, run_seconds=20.0)
HASTY = GraderSettings(question_seconds=0.5, run_seconds=2.0)


@pytest.fixture(scope="module")
def graders():
    """A grader of its own for each mode, since its processes are what is attacked."""
    made: dict[str, Grader] = {}

    def get(mode: str, settings: GraderSettings) -> Grader:
        if mode not in made:
            made[mode] = Grader(dataclasses.replace(NORMAL, layers=MODES[mode]))
            made[mode].start()
        made[mode]._settings = dataclasses.replace(settings, layers=MODES[mode])
        return made[mode]

    yield get
    for service in made.values():
        service.close()


def tasks() -> int:
    """Return how many processes and threads the system runs."""
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])


class Canaries:
    """What must stay as it is: a key, a database, an exercise, and sockets that hear nothing.

    Beside them a process that lives, and a segment of shared memory.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.sockets: list[socket.socket] = []
        self.victim = subprocess.Popen(["sleep", "600"], start_new_session=True)
        self.segment = LIBC.shmget(0, 4096, 0o1666)  # of everybody
        assert self.segment >= 0
        self.shared = LIBC.shmat(self.segment, None, 0)
        ctypes.memmove(self.shared, SECRET.encode(), len(SECRET))
        (home / "key").write_text(SECRET)
        with contextlib.suppress(OSError):  # a file system without attributes
            os.setxattr(home / "key", "user.note", SECRET.encode())
        with sqlite3.connect(home / "log.db") as store:
            store.execute("create table t (x)")
            store.execute("insert into t values (?)", [SECRET])
        store.close()
        folder = home / "exercise"
        folder.mkdir()
        for file in ("reference.py", "checks.py"):
            text = (BASICS / "add_one" / file).read_text()
            (folder / file).write_text(f"{text}# {SECRET}\n")
        for path in (folder, *home.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        home.chmod(0o777)
        (home / "link").symlink_to(f"/nowhere/{SECRET}")
        self.sockets = [socket.socket(), *(socket.socket(socket.AF_UNIX) for _ in range(2))]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[1].bind(f"\0studytrack-{secrets.token_hex(8)}")
        self.sockets[2].bind(str(home / "server.sock"))
        for one in self.sockets:
            one.listen()
            one.setblocking(False)

    def constants(self) -> str:
        """Return the lines that tell an attack where everything is."""
        names = {
            "KEY": str(self.home / "key"),
            "HOME": str(self.home),
            "DATABASE": str(self.home / "log.db"),
            "CHECKS": str(self.home / "exercise" / "checks.py"),
            "FOLDER": str(self.home / "exercise"),
            "PORT": self.sockets[0].getsockname()[1],
            "ABSTRACT": self.sockets[1].getsockname(),
            "SOCKET": str(self.home / "server.sock"),
            "LINK": str(self.home / "link"),
            "VICTIM": self.victim.pid,
            "SEGMENT": self.segment,
            "BOUND": tasks() + 500,
        }
        return "".join(f"{key} = {value!r}\n" for key, value in names.items())

    def state(self) -> list[tuple[str, int, int, bytes]]:
        """Return names, modes, times and bytes of all files."""
        return [
            (
                str(path),
                path.lstat().st_mode,
                path.lstat().st_mtime_ns,
                path.read_bytes() if path.is_file() else b"",
            )
            for path in sorted(self.home.rglob("*"))
        ]

    def assert_unharmed(self) -> None:
        """The process lives, and the segment holds what it held."""
        assert self.victim.poll() is None
        assert SECRET.encode() == ctypes.string_at(self.shared, len(SECRET))

    def close(self) -> None:
        """Remove what is not a file."""
        for one in self.sockets:
            one.close()
        self.victim.kill()
        self.victim.wait()
        LIBC.shmdt(ctypes.c_void_p(self.shared))
        LIBC.shmctl(self.segment, 0, None)

    def assert_unheard(self) -> None:
        """No socket was connected to."""
        for one in self.sockets:
            with pytest.raises(BlockingIOError):
                one.accept()


@pytest.fixture
def canaries():
    """Canaries in a folder that anybody may write."""
    with tempfile.TemporaryDirectory(prefix="st-") as home:  # short: a socket's path is 108 bytes
        made = Canaries(Path(home))
        yield made
        made.close()


@pytest.mark.parametrize(("mode", "attack"), RUNS)
def test_an_attack_gains_nothing_and_the_service_lives(
    graders, canaries, mode, attack: Attack, record_property
) -> None:
    """The outcome is the secure one, no canary moves, and an honest submission passes next."""
    exercise = load_exercise(BASICS / attack.exercise)
    if attack.forbid:
        exercise = dataclasses.replace(exercise, forbid=attack.forbid)
    source = attack.source if attack.bare else canaries.constants() + attack.source
    before = canaries.state()

    report = graders(mode, HASTY if attack.hasty else NORMAL).grade(exercise, source.encode())
    after = graders(mode, NORMAL).grade(load_exercise(BASICS / "add_one"), HONEST.encode())

    shown = json.dumps(report_to_plain(report), ensure_ascii=False)
    told = "\n".join([report.output, report.error, *(c.message for c in report.checks)])
    record_property("attack", attack.kind)
    record_property("mode", mode)
    record_property("verdict", "blocked" if attack.secure == BLOCKED else report.verdict)
    if attack.secure == BLOCKED:
        assert report.passed, (report.error, report.first_failed, report.output)
        assert "\nblocked " in f"\n{report.output}", report.output
    else:
        assert report.verdict in attack.secure.split("|"), (report.error, report.first_failed)
    assert "DONE" not in report.output
    assert attack.says in told
    assert SECRET not in shown
    assert [] == [c for c in told if c not in "\n\t" and unicodedata.category(c) in BAD]
    assert before == canaries.state()
    canaries.assert_unheard()
    canaries.assert_unharmed()
    assert after.passed, (after.error, after.first_failed)
    assert "" == after.output
    if report.isolation:
        assert {"landlock", "seccomp"} <= {layer.split()[0] for layer in report.isolation}


def test_the_table_of_attacks_is_whole() -> None:
    """There are attacks on every class, no name stands twice, and modes differ as they say."""
    kinds = {attack.kind for attack in EVERY}
    names = [(attack.kind, attack.name) for attack in EVERY]

    assert len(EVERY) >= 75
    assert len(kinds) >= 34
    assert len(names) == len(set(names))

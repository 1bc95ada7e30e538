"""What can be read is read where nothing can be written, and odd files stop no command."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studytrack.errors import EnvironmentFault, StoreFault
from studytrack.services import repair, review
from studytrack.storage.files import beside
from studytrack.storage.rescue import compare
from studytrack.storage.store import Store

from .conftest import COMMAND, MORNING, ROOT

CARD = "recall.topk-tie"
READING = [
    ("today",),
    ("stats",),
    ("card", "list"),
    ("card", "next"),
    ("reading", "list"),
    ("backup", "--list"),
]
WRITING = [
    ("card", "answer", CARD, "3"),
    ("undo",),
    ("backup",),
    ("restore", "--yes"),
    ("doctor", "--repair"),
]
Ask = Callable[..., subprocess.CompletedProcess[str]]


def give_up_root() -> None:
    """Let the modes of files hold for the commands, also where the tests are run by root."""
    for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def ask(home, tiny) -> Ask:
    """Run a command as its own process, without root's right to step over modes."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "STUDYTRACK_HOME": str(home),
            "STUDYTRACK_NOW": MORNING,
            "LANG": "C.UTF-8",
        }
        return subprocess.run(
            [sys.executable, "-c", COMMAND, str(tiny), *words],
            env=environ,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            preexec_fn=give_up_root if os.geteuid() == 0 else None,
            check=False,
        )

    return call


@pytest.fixture
def mount() -> Iterator[Callable[..., None]]:
    """Mount something where this user may; it is unmounted in the end."""
    mounted: list[Path] = []

    def call(place: Path, *words: str) -> None:
        tried = subprocess.run(["mount", *words, str(place)], capture_output=True, check=False)
        if tried.returncode:
            pytest.skip("Nothing can be mounted here.")
        mounted.append(place)

    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("Mounting needs root.")
    yield call
    for place in dict.fromkeys(mounted):
        subprocess.run(["umount", "-R", str(place)], check=True)


def begin(study, paths) -> list[str]:
    """Answer a few cards and make a backup; return the events."""
    told = [review.answer(study, CARD, 3).row.event_id for _ in range(3)]
    repair.make_backup(study)
    study.close()
    return told


def check_reading(ask: Ask, tmp_path: Path) -> None:
    """Every reading command succeeds, and one line says that nothing can be stored."""
    for words in READING:
        done = ask(*words)
        assert done.returncode == 0, (words, done.stderr)
        said = done.stderr.count("Nothing can be stored")
        assert said == (words != ("backup", "--list")), (words, done.stderr)
    out = tmp_path / "out.json"
    assert ask("export", "json", "-o", str(out)).returncode == 0
    assert out.read_text().count('"event_id"') == 3
    doctor = ask("doctor")
    assert doctor.returncode == 1
    assert "storing: Nothing can be stored" in doctor.stdout


def check_writing(ask: Ask, code: int) -> None:
    """Every writing command ends with a code of the table, and without a traceback."""
    for words in WRITING:
        done = ask(*words)
        assert done.returncode == code, (words, done.stderr)
        assert "error: " in done.stderr
        assert "answer was not saved" not in done.stderr


def read_only_database(paths, mount) -> None:
    """Take the right to write the file, and the folder's too."""
    paths.database.chmod(0o400)
    paths.data.chmod(0o500)


def read_only_folder(paths, mount) -> None:
    """No companion can be made."""
    paths.data.chmod(0o500)
    paths.backups.chmod(0o500)


@pytest.mark.parametrize("bar", [read_only_database, read_only_folder])
def test_without_the_right_to_write_everything_is_read(study, paths, tmp_path, ask, bar) -> None:
    """And nothing is lost: with the right, the next answer is stored."""
    told = begin(study, paths)
    bar(paths, None)

    check_reading(ask, tmp_path)
    check_writing(ask, 5)
    paths.data.chmod(0o700)
    paths.backups.chmod(0o700)
    paths.database.chmod(0o600)

    assert [row.event_id for row in study.store.rows()] == told
    assert ask("card", "answer", CARD, "3").returncode == 0


@pytest.mark.parametrize("state", ["closed", "log", "hot"])
def test_a_read_only_mount_is_read(study, paths, home, tmp_path, ask, mount, state) -> None:
    """Also with a log whose index is missing, and with a transaction to roll back."""
    told = begin(study, paths)
    if state == "log":
        code = (
            "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1])\n"
            "c.execute(\"INSERT INTO meta VALUES ('a', 'b')\"); c.commit(); os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", code, str(paths.database)], check=False)
        beside(paths.database, "-shm").unlink()
        assert beside(paths.database, "-wal").stat().st_size > 0
    if state == "hot":
        from tests.storage.test_files import die_half_way

        die_half_way(paths.database)
    mount(home, "--bind", str(home))
    mount(home, "-o", "remount,ro,bind")

    check_reading(ask, tmp_path)
    check_writing(ask, 5)
    subprocess.run(["umount", str(home)], check=True)
    mount(home, "--bind", str(home))

    rows = [row.event_id for row in study.store.rows()]
    study.close()
    assert rows == told


def test_a_full_disk_is_read(study, paths, home, tmp_path, ask, mount) -> None:
    """With room again, the next answer is stored."""
    home.mkdir()
    mount(home, "-t", "tmpfs", "-o", "size=3m", "tmpfs")
    told = begin(study, paths)
    filler = os.open(home / "filler", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(filler, bytes(4096)):
            pass
    os.close(filler)

    check_reading(ask, tmp_path)
    check_writing(ask, 4)
    (home / "filler").unlink()

    assert ask("card", "answer", CARD, "3").returncode == 0
    rows = [row.event_id for row in study.store.rows()]
    study.close()
    assert rows[:3] == told
    assert len(rows) == 4


def test_a_home_that_cannot_be_made_is_an_empty_one(paths, home, ask) -> None:
    """Reading shows what a first start shows."""
    home.mkdir()
    home.chmod(0o500)

    done = ask("card", "list")
    answer = ask("card", "answer", CARD, "3")
    home.chmod(0o700)

    assert done.returncode == 0
    assert "Nothing can be stored: Cannot create" in done.stderr
    assert answer.returncode == 5


def test_a_store_that_cannot_write_refuses_every_write(study, paths, monkeypatch) -> None:
    """With the reason of the opening; reading goes on."""
    begin(study, paths)
    monkeypatch.setattr("studytrack.storage.opening.os.access", lambda *given: False)

    store = Store.open(paths)
    with pytest.raises(EnvironmentFault, match=r"read-only.*Nothing was changed"):
        store.rebuild()
    with pytest.raises(EnvironmentFault):
        store.backup("manual")
    rows = store.rows()
    store.close()

    assert len(rows) == 3


def fifo(path: Path) -> None:
    """Put a pipe there, which nobody writes."""
    os.mkfifo(path)


def link_to_nothing(path: Path) -> None:
    """Put a link there whose target cannot be made."""
    path.symlink_to(path.parent / "nowhere" / "journal")


def listening(path: Path) -> None:
    """Put a socket there."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize("make", [fifo, Path.mkdir, listening, link_to_nothing])
def test_something_else_in_the_journal_s_place_stops_nothing(
    study, paths, ask, make, monkeypatch
) -> None:
    """Answers are stored in the database; a repair puts it aside and writes the journal anew."""
    told = begin(study, paths)
    paths.journal.unlink()
    monkeypatch.chdir(paths.data)
    make(paths.journal)

    answer = ask("card", "answer", CARD, "3")
    today = ask("today")
    doctor = ask("doctor")
    refused = ask("restore", "--yes")
    mended = ask("doctor", "--repair")
    after = ask("today")

    assert (answer.returncode, today.returncode, doctor.returncode) == (0, 0, 1)
    assert "The journal cannot be written" in answer.stderr
    assert refused.returncode in {0, 4}
    assert mended.returncode == 0, mended.stderr + mended.stdout
    assert after.stderr == ""
    rows = [row.event_id for row in study.store.rows()]
    assert rows[:3] == told
    assert len(rows) == 4
    assert compare(paths).differing == ()


def test_a_journal_that_may_not_be_read_stops_nothing(study, paths, ask) -> None:
    """Neither a repair nor a restore goes on without the events that only it may have."""
    told = begin(study, paths)
    paths.journal.chmod(0)

    answer = ask("card", "answer", CARD, "3")
    doctor = ask("doctor")
    refused = ask("restore", "--yes")
    paths.database.write_bytes(paths.database.read_bytes()[:5000])
    unmended = ask("doctor", "--repair")
    paths.journal.chmod(0o600)
    mended = ask("doctor", "--repair")

    assert (answer.returncode, doctor.returncode) == (0, 1)
    assert "Permission denied" in doctor.stdout
    assert (refused.returncode, unmended.returncode) == (4, 4)
    assert "may hold what nothing else has" in refused.stderr + unmended.stderr
    assert mended.returncode == 0, mended.stderr + mended.stdout
    assert [row.event_id for row in study.store.rows()][:3] == told


def test_a_pipe_in_the_database_s_place_is_refused(paths, study) -> None:
    """It is not waited for."""
    paths.data.mkdir(parents=True)
    os.mkfifo(paths.database)

    with pytest.raises(StoreFault, match="no regular file"):
        study.store.rows()

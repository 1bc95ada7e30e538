"""What only a process of its own shows: pipes, signals, full disks, other users, two at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SECONDS = 60
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /dev and /proc")


def test_a_reader_that_goes_away_is_no_matter(spawn) -> None:
    """`card list | head -1`: silent, exit code 0."""
    reader, writer = os.pipe()
    process = spawn("card", "list", "--json", stdout=writer)
    os.close(writer)
    os.close(reader)

    _, err = process.communicate(timeout=SECONDS)

    assert (0, "") == (process.returncode, err)


def test_a_reader_of_the_help_that_goes_away_is_no_matter(spawn) -> None:
    """The same before any command runs."""
    reader, writer = os.pipe()
    os.close(reader)
    process = spawn("--help", stdout=writer)
    os.close(writer)

    _, err = process.communicate(timeout=SECONDS)

    assert (0, "") == (process.returncode, err)


@linux
def test_a_full_disk_under_the_output_is_environment(spawn) -> None:
    """Exit code 5 and the system's reason."""
    with Path("/dev/full").open("w") as full:
        process = spawn("export", "json", stdout=full)
        _, err = process.communicate(timeout=SECONDS)

    assert 5 == process.returncode
    assert "No space left on device" in err
    assert "Traceback" not in err


def test_an_interrupted_session_keeps_its_answers(spawn, ask) -> None:
    """Ctrl+C at a prompt: 130, no traceback, a line that says so, and the answer is there."""
    process = spawn("review", "--plain")
    process.stdin.write("\n3\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("Card 2"):
            break
    process.send_signal(signal.SIGINT)

    _, err = process.communicate(timeout=SECONDS)

    assert 130 == process.returncode
    assert "Every answer given so far is saved." in err
    assert "Traceback" not in err
    assert "Undone: Good on" in ask("undo").out


def test_the_end_of_the_input_ends_a_session(spawn) -> None:
    """As `q` does."""
    process = spawn("review")

    out, err = process.communicate("\n3\n", timeout=SECONDS)

    assert (0, "") == (process.returncode, err)
    assert "Stopped. 1 answered; all of it is saved." in out


def test_without_a_terminal_today_s_plan_is_printed(spawn) -> None:
    """No interface, whatever TERM says."""
    process = spawn(env={"TERM": "xterm-256color"}, stdin=subprocess.DEVNULL)

    out, err = process.communicate(timeout=SECONDS)

    assert (0, "") == (process.returncode, err)
    assert "Start with the cards: `studytrack review`." in out


def test_streams_that_are_closed_are_no_fault(spawn) -> None:
    """`<&- >&-`, as some schedulers start commands."""
    shell = ("sh", "-c", 'exec "$@" <&- >&-', "sh")
    process = spawn("review", before=shell)

    _, err = process.communicate(timeout=SECONDS)

    assert (0, "") == (process.returncode, err)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_number_of_a_closed_stream(spawn, ask, closed) -> None:
    """What is printed would be written into it, such as the journal."""
    shell = ("sh", "-c", f'exec "$@" {closed}', "sh")
    words = ("card", "answer", "recall.topk-tie", "3", "--json")
    process = spawn(*words, before=shell)

    process.communicate(timeout=SECONDS)

    assert 0 == process.returncode
    assert [3] == [
        entry["rating"]
        for entry in ask("card", "show", "recall.topk-tie", "--json").data["history"]
    ]
    assert not [check for check in ask("doctor", "--json").data if check["state"] == "fail"]


def test_two_commands_at_once_both_save(spawn, ask) -> None:
    """Each waits for the other."""
    ask("card", "list")
    both = [
        spawn("card", "answer", card, "3", stdin=subprocess.DEVNULL)
        for card in ("recall.topk-tie", "num.float32-bytes")
    ]

    codes = []
    for process in both:
        process.communicate(timeout=SECONDS)
        codes.append(process.returncode)

    assert [0, 0] == codes
    ask("undo")
    ask("undo")
    ask("undo", code=1)


@pytest.fixture
def another_user() -> tuple[str, ...]:
    """The command that runs something as a user without rights; skips where there is none."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv")
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all")
    able = [*nobody, "--inh-caps=-all", sys.executable, "-c", "import click"]
    if subprocess.run(able, capture_output=True, check=False, cwd="/").returncode:
        pytest.skip("another user cannot run this Python")
    return (*nobody, "--inh-caps=-all")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("card", "list"), 0),
        (("card", "answer", "recall.topk-tie", "3"), 5),
        (("doctor",), 1),
        (("config", "list"), 0),
    ],
)
def test_a_home_that_cannot_be_written(spawn, another_user, words, code) -> None:
    """What only reads works; an answer ends with 5, the place and another way."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        env = {"STUDYTRACK_HOME": f"{folder}/home", "HOME": "/nonexistent"}
        process = spawn(*words, before=another_user, env=env, cwd="/")
        out, err = process.communicate(timeout=SECONDS)
        Path(folder).chmod(0o755)

    assert code == process.returncode, err
    assert "Traceback" not in err
    if code:
        assert "--home DIR" in out + err


def test_a_database_that_cannot_be_written(spawn, another_user) -> None:
    """What is there can be told from what cannot be saved: exit code 4 or 5, never a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"STUDYTRACK_HOME": f"{folder}/home"}
        spawn("card", "list", env=env, cwd="/").communicate(timeout=SECONDS)
        Path(folder).chmod(0o755)
        for path in Path(folder).rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        process = spawn("card", "answer", "recall.topk-tie", "3", before=another_user, env=env)
        _, err = process.communicate(timeout=SECONDS)
        for path in Path(folder).rglob("*"):
            path.chmod(0o755)

    assert 5 == process.returncode
    assert "cannot be written" in err
    assert "Traceback" not in err


def test_a_machine_without_a_home_directory(spawn, another_user) -> None:
    """Exit code 5, and two ways on; nothing is made in a folder called `~`."""
    if not another_user:
        pytest.skip("the user has one")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        stranger = [word.replace("65534", "54321") for word in another_user]
        process = spawn(
            "today",
            before=("env", "-u", "HOME", "-u", "STUDYTRACK_HOME", *stranger),
            cwd=folder,
        )
        _, err = process.communicate(timeout=SECONDS)

        assert [] == list(Path(folder).iterdir())

    assert 5 == process.returncode
    assert "--home DIR" in err

"""The root command: options, the table of commands, and how errors end."""

from __future__ import annotations

import errno
import os

import pytest

from studytrack import __version__
from studytrack.cli.main import COMMANDS, run
from studytrack.errors import GraderFault


def test_the_version(ask) -> None:
    """One line."""
    assert f"studytrack {__version__}\n" == ask("--version").out


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_lists_every_command_and_how_to_do_without_a_terminal(ask, word) -> None:
    """The table, in its order, and the way for screen readers."""
    out = ask(word).out

    places = [out.index(f"\n  {name} ") for name in COMMANDS]
    assert sorted(places) == places
    assert "review --plain" in out


def test_without_a_command_a_pipe_gets_today_s_plan(ask) -> None:
    """So that `make run` works anywhere."""
    assert ask("today").out == ask().out


def test_on_a_terminal_the_interface_opens(ask, terminal, monkeypatch) -> None:
    """Only there, and not on a dumb one."""
    opened = []
    monkeypatch.setattr("studytrack.cli.main.is_terminal", lambda stream: True)
    monkeypatch.setattr("studytrack.cli.interface.open_interface", opened.append)

    ask()
    monkeypatch.setenv("TERM", "dumb")
    plain = ask()

    assert 1 == len(opened)
    assert "Today" in plain.out


@pytest.mark.parametrize(
    ("words", "nearest"),
    [(["revue"], "`review`"), (["exercises"], "`exercise`"), (["card", "shwo"], "`show`")],
)
def test_an_unknown_command_names_the_nearest(ask, words, nearest) -> None:
    """At the root and inside groups; exit code 2."""
    said = ask(*words, code=2)

    assert "Did you mean" in said.err
    assert nearest in said.err
    assert "" == said.out


@pytest.mark.parametrize(
    "words", [["today", "--jsn"], ["card", "answer"], ["grade"], ["stats", "--days", "many"]]
)
def test_words_that_do_not_fit_are_usage(ask, words) -> None:
    """Exit code 2, one line what, one line where help is."""
    said = ask(*words, code=2)

    assert said.err.startswith("error: ")
    assert "--help` explains the command." in said.err


@pytest.mark.parametrize("group", ["card", "topic", "reading", "exercise", "config", "dev"])
def test_a_group_alone_shows_its_commands(ask, group) -> None:
    """On stderr, and exit code 2: nothing was done."""
    said = ask(group, code=2)

    assert "Commands:" in said.err
    assert "" == said.out


def test_home_moves_everything(ask, tmp_path, monkeypatch) -> None:
    """The option wins over the environment."""
    other = tmp_path / "other"

    ask("--home", str(other), "card", "answer", "recall.topk-tie", "3")

    assert (other / "data" / "studytrack.db").exists()
    assert not (tmp_path / "home").exists()


def test_content_adds_a_folder(ask, tmp_path) -> None:
    """A learner's cards stand beside the shipped ones."""
    cards = tmp_path / "mine" / "data" / "cards"
    cards.mkdir(parents=True)
    (cards / "sampling.toml").write_text(
        '[[cards]]\nid = "mine.one"\nkind = "recall"\ntopic = "sampling"\nfront = "?"\nback = "!"\n'
    )

    listed = ask("--content", str(tmp_path / "mine"), "card", "list", "--json").data

    assert {"mine.one", "recall.topk-tie"} <= {card["id"] for card in listed}


def test_a_content_folder_that_is_not_there_is_usage(ask, tmp_path) -> None:
    """Named, exit code 2."""
    assert "nowhere" in ask("--content", str(tmp_path / "nowhere"), "today", code=2).err


def test_broken_content_is_data(ask, tmp_path) -> None:
    """Exit code 4, the file and its fault named, and how to see all of them."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "glossary.toml").write_text("[[terms]]\nid = 'x'\ntitel = 'x'\n")

    said = ask("--content", str(tmp_path), "term", "list", code=4)

    assert "glossary.toml" in said.err
    assert "title" in said.err
    assert "dev check" in said.err


@pytest.mark.parametrize(
    "moment", ["tomorrow", "2026-11-24", "2026-11-24T08:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_clock_that_cannot_be_read_is_usage(ask, at, moment) -> None:
    """The variable, its value and the right form are named."""
    at(moment)

    said = ask("today", code=2)

    assert f"STUDYTRACK_NOW is `{moment}`." in said.err
    assert "2026-11-24T08:00:00+01:00" in said.err


def test_a_database_of_a_newer_version_is_left_alone(ask, home, newer) -> None:
    """Exit code 4, upgrade advised, not a byte changed and no file made."""
    before = {path: path.read_bytes() for path in newer.parent.iterdir()}

    said = ask("card", "list", code=4)

    assert "newer studytrack" in said.err
    assert "Upgrade" in said.err
    assert before == {path: path.read_bytes() for path in newer.parent.iterdir()}


@pytest.mark.parametrize("junk", [b"garbage " * 200, b"SQLite format 3\x00" + b"\xff" * 4096])
@pytest.mark.parametrize("words", [["today"], ["card", "answer", "recall.topk-tie", "3"]])
def test_a_database_that_is_none_is_left_alone(ask, home, junk, words) -> None:
    """Exit code 4 and a remedy; the file stays as it was."""
    database = home / "data" / "studytrack.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(junk)

    said = ask(*words, code=4)

    assert "cannot be used as the database" in said.err
    assert junk == database.read_bytes()


@pytest.mark.parametrize("place", ["", "data"])
def test_a_file_in_the_way_of_a_folder_is_environment(ask, home, place) -> None:
    """Exit code 5; the path and another way are named."""
    blocked = home / place
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("in the way")

    said = ask("card", "list", code=5)

    assert "Cannot create" in said.err
    assert "--home DIR" in said.err
    assert "in the way" == blocked.read_text()


def test_a_fault_of_the_grader_has_its_own_code(ask, monkeypatch) -> None:
    """6: the submission is not to blame."""

    def broken(study) -> None:
        raise GraderFault("The grader does not start.", "It was killed.", "Try again.")

    monkeypatch.setattr("studytrack.services.today.plan", broken)

    lines = ask("today", code=6).err.splitlines()

    assert ["error: The grader does not start.", "  It was killed.", "  Try again."] == lines


def test_a_fault_of_the_program_is_told_without_a_traceback(ask, home, monkeypatch) -> None:
    """The details go to a file under the learner's own home, whose path is printed."""
    monkeypatch.setattr("studytrack.services.today.plan", lambda study: 1 / 0)

    said = ask("today", code=70)

    kept = home / "state" / "traceback.txt"
    assert str(kept) in said.err
    assert "ZeroDivisionError" in kept.read_text()


def test_the_traceback_follows_the_home_option(ask, tmp_path, monkeypatch) -> None:
    """Nothing is written outside the folder that was asked for."""
    monkeypatch.setattr("studytrack.services.today.plan", lambda study: 1 / 0)

    ask("--home", str(tmp_path / "there"), "today", code=70)

    assert (tmp_path / "there" / "state" / "traceback.txt").exists()
    assert not (tmp_path / "home").exists()


def test_debug_shows_the_traceback(capsys, monkeypatch) -> None:
    """For those who mend it; nothing is written."""
    monkeypatch.setattr("studytrack.services.today.plan", lambda study: 1 / 0)

    assert 70 == run(["--debug", "today"])
    assert "Traceback" in capsys.readouterr().err


def test_bytes_that_are_no_text_are_usage(ask) -> None:
    """Bytes of a Latin-1 terminal cannot be stored; nothing is, and no traceback."""
    said = ask("note", "add", "caf\udce9", "text", code=2)

    assert "caf\\udce9" in said.err
    assert 1 == len(ask("note", "list", "--json").data)


def test_an_interrupted_command_says_what_is_saved(ask, monkeypatch) -> None:
    """Exit code 130."""

    def interrupted(study) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("studytrack.services.today.plan", interrupted)

    assert "Every answer given so far is saved." in ask("today", code=130).err


def test_a_broken_pipe_of_another_process_is_no_success(ask, monkeypatch) -> None:
    """Only a reader of stdout that went away is silent; this one is a fault."""

    def broken(study) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("studytrack.services.today.plan", broken)

    assert "A pipe to another process broke." in ask("today", code=70).err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG, errno.EMFILE])
def test_what_the_machine_refuses_is_no_fault_of_the_program(ask, monkeypatch, number) -> None:
    """Exit code 5 with the file and the system's reason."""

    def refused(study) -> None:
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr("studytrack.services.today.plan", refused)

    said = ask("today", code=5)

    assert "/some/file" in said.err
    assert os.strerror(number) in said.err


def test_another_refusal_of_the_system_is_a_fault(ask, monkeypatch) -> None:
    """A file that is not there, which should have been looked for, is the program's."""

    def refused(study) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "/some/file")

    monkeypatch.setattr("studytrack.services.today.plan", refused)

    ask("today", code=70)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "n" * 300, "x/" * 3000])
@pytest.mark.parametrize(
    "words",
    [
        ["--home", "{}", "today"],
        ["--content", "{}", "today"],
        ["grade", "add_one", "{}"],
        ["grade", "--all", "{}"],
        ["grade", "--all", ".", "--out", "{}.csv"],
        ["import", "{}"],
        ["export", "json", "-o", "{}"],
    ],
    ids=" ".join,
)
def test_a_name_that_no_file_can_have_is_usage(ask, words, name) -> None:
    """Wherever a path is taken; exit code 2 and the option."""
    said = ask(*(word.format(name) for word in words), code=2)

    assert "name" in said.err


def test_an_error_stays_on_its_line_and_short(ask) -> None:
    """A name in it can neither begin another line nor fill the screen."""
    forged = ask("card", "show", "x\nerror: forged", code=3).err
    long = ask("card", "show", "n" * 100_000, code=3).err

    assert forged.startswith("error: No card `x\\nerror: forged`.\n")
    assert len(long) < 5000


def test_stored_escapes_are_visible_in_errors(ask) -> None:
    """In a pipe too: stderr is for people."""
    said = ask("card", "show", "\x1b[2J\x9b31m\u202e", code=3)

    assert "\\x1b[2J\\x9b31m\\u202e" in said.err


@pytest.mark.parametrize("asked", ["bash_complete", "zsh_complete", "fish_complete", "bash_x", "x"])
@pytest.mark.parametrize("words", [None, "studytrack 'card \x1b[31m", "\udcff"])
@pytest.mark.parametrize("place", [None, "1", "x", "9" * 5000])
def test_a_completion_that_is_set_up_wrongly_completes_nothing(
    ask, monkeypatch, asked, words, place
) -> None:
    """No traceback in the middle of a command line."""
    monkeypatch.setenv("_STUDYTRACK_COMPLETE", asked)
    for name, value in (("COMP_WORDS", words), ("COMP_CWORD", place)):
        if value is not None:
            monkeypatch.setenv(name, value)

    assert "error" not in ask(code=None).err

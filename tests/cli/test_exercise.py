"""`studytrack exercise …`: everything around grading."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest

from studytrack.cli import exercise as cli_exercise


def test_the_list_has_entry_topic_level_minutes_and_status(ask) -> None:
    """The contract of `exercise list`; a new one has no due day."""
    found = ask("exercise", "list", "--json").data

    assert {"add_one", "row_sum", "counter"} == {item["id"] for item in found}
    first = next(item for item in found if item["id"] == "add_one")
    assert ("add_one", "pytorch.basics", 1, 5, "new", None) == tuple(
        first[name] for name in ("entry", "topic", "level", "minutes", "status", "due")
    )
    assert ["id", "topic", "level", "minutes", "status"] == ask("exercise", "list").rows[0][:5]


def test_show_has_the_statement_and_says_how_to_begin(ask, home) -> None:
    """Before the file exists the command that writes it is named; then its path."""
    before = ask("exercise", "show", "add").out
    ask("exercise", "open", "add_one")
    after = ask("exercise", "show", "add").out

    assert "Return a new tensor that holds every entry" in before
    assert "`studytrack exercise open add_one` writes the starter" in before
    assert f"Your file: {home / 'workspace' / 'add_one.py'}" in after


def test_show_as_json_never_holds_the_solution(ask) -> None:
    """Statement and starter only."""
    data = ask("exercise", "show", "add_one", "--json").data

    assert "def add_one" in data["starter"]
    assert "return x + 1" not in str(data)


def test_open_writes_the_starter_and_prints_its_path(ask, home) -> None:
    """The path alone on stdout, what to do next on stderr; a second time keeps the file."""
    said = ask("exercise", "open", "add_one")
    path = home / "workspace" / "add_one.py"
    path.write_text("mine")

    assert f"{path}\n" == said.out
    assert "studytrack grade add_one" in said.err
    assert str(path) == ask("exercise", "open", "add_one", "--json").data["path"]
    assert "mine" == path.read_text()


def test_open_starts_the_editor_on_a_terminal(ask, monkeypatch, home) -> None:
    """$EDITOR may have options; `--no-editor` and pipes start none."""
    started = []
    monkeypatch.setattr(
        cli_exercise, "subprocess", SimpleNamespace(run=lambda words, check: started.append(words))
    )
    monkeypatch.setenv("EDITOR", "ed --quiet 'a b'")
    ask("exercise", "open", "add_one")
    monkeypatch.setattr(cli_exercise, "is_terminal", lambda stream: True)
    ask("exercise", "open", "add_one", "--no-editor")

    ask("exercise", "open", "add_one")

    path = str(home / "workspace" / "add_one.py")
    assert [["ed", "--quiet", "a b", path]] == started


@pytest.mark.parametrize("editor", ["/no/such/editor", "vi 'unfinished"])
def test_an_editor_that_does_not_start_is_environment(ask, monkeypatch, editor) -> None:
    """Exit code 5; the file is there and its path is told."""
    monkeypatch.setattr(cli_exercise, "is_terminal", lambda stream: True)
    monkeypatch.setenv("EDITOR", editor)

    said = ask("exercise", "open", "add_one", code=5)

    assert f"Cannot start the editor `{editor}`." in said.err
    assert "add_one.py" in said.err


def test_the_editor_s_own_exit_code_is_its_own(ask, monkeypatch) -> None:
    """An editor that fails after all is no failure of ours."""
    monkeypatch.setattr(cli_exercise, "is_terminal", lambda stream: True)
    monkeypatch.setattr(
        cli_exercise.subprocess,
        "run",
        lambda words, check: subprocess.CompletedProcess(words, 1),
    )

    ask("exercise", "open", "add_one")


def test_a_workspace_that_cannot_be_written_is_environment(ask, home) -> None:
    """A file in the way; exit code 5."""
    home.mkdir()
    (home / "workspace").write_text("in the way")

    assert "Cannot create" in ask("exercise", "open", "add_one", code=5).err


def test_hints_come_one_after_another(ask) -> None:
    """The last one repeats."""
    texts = [ask("exercise", "hint", "add_one").out for _ in range(3)]

    assert texts[0].startswith("Hint 1 of 2: Tensors add")
    assert texts[1] == texts[2]
    assert {"number": 2, "total": 2} == {
        key: value
        for key, value in ask("exercise", "hint", "add_one", "--json").data.items()
        if key != "text"
    }


def test_the_solution_opens_after_giving_up(ask) -> None:
    """Before that both ways are named, exit code 2."""
    said = ask("exercise", "solution", "add_one", code=2)

    assert "--give-up" in said.err
    assert "return x + 1" in ask("exercise", "solution", "add_one", "--give-up").out
    assert "return x + 1" in ask("exercise", "solution", "add_one", "--json").data["solution"]
    assert "2026-11-25" == ask("exercise", "show", "add_one", "--json").data["due"]


def test_reset_keeps_the_old_file_beside_the_new(ask, home) -> None:
    """Nothing of the learner's is lost."""
    ask("exercise", "open", "add_one")
    path = home / "workspace" / "add_one.py"
    path.write_text("mine")

    assert f"{path}\n" == ask("exercise", "reset", "add_one").out
    assert "mine" == (home / "workspace" / "add_one.1.py").read_text()
    assert "new" != ask("exercise", "reset", "add_one", "--json").data["status"]


def test_no_attempt_names_the_way_to_one(ask) -> None:
    """On stderr; JSON is an empty list."""
    assert "studytrack grade add_one" in ask("exercise", "history", "add_one").err
    assert [] == ask("exercise", "history", "add_one", "--json").data


@pytest.mark.parametrize("verb", ["show", "open", "hint", "solution", "reset", "history"])
def test_an_unknown_exercise_names_the_nearest(ask, home, verb) -> None:
    """Exit code 3, and no file is made."""
    said = ask("exercise", verb, "ad_one", code=3)

    assert "Did you mean `add_one`" in said.err
    assert not (home / "workspace").exists()

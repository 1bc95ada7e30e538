"""The table of commands, their help and the manual agree."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from studytrack.cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]


def commands(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    """Return all commands below a group with their full names."""
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{prefix}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix}{name} ")
    return found


ALL = commands(cli)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_s_help_is_the_command_s_help(name) -> None:
    """`--help` reads the table only, so the two must not drift."""
    command = dict(ALL)[name]

    assert command.help == COMMANDS[name][1]


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_command_has_help_and_stands_in_the_manual(name, command) -> None:
    """No command without a sentence, and none that the README does not name."""
    manual = (ROOT / "README.md").read_text(encoding="utf-8")
    words = name.split()

    assert command.help
    assert f"`{words[0]}" in manual
    assert words[-1] in manual

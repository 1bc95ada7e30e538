"""The root command: global options, the table of commands, and how errors end.

Commands are named in a table and imported when they run, so that `--help` and `--version` pay for
nothing. No arguments on a terminal open the interface; elsewhere today's plan is printed.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from studytrack import __version__
from studytrack.cli.front import Commands, FilePath, Front
from studytrack.cli.output import (
    ANSWER_IS_NO,
    INTERRUPTED,
    OutputClosed,
    is_terminal,
    note,
    prepare_streams,
    report_error,
    report_fault,
    silence_stdout,
)
from studytrack.errors import EnvironmentFault, NotFound, StudytrackError, UsageFault

COMMANDS: dict[str, tuple[str, str]] = {
    "today": ("today:today", "Today's plan: cards, an exercise, a reading."),
    "review": ("review:review", "A quiz session, line by line."),
    "card": ("card:card", "Quiz cards: list, next, answer, show, add, undo."),
    "topic": ("topic:topic", "The curriculum: list, show, mark."),
    "reading": ("reading:reading", "The reading list: list, show, add, done, …"),
    "term": ("library:term", "The glossary: list, show, add."),
    "note": ("library:note_group", "Study notes: list, show, add."),
    "advice": ("library:advice", "Advice with its sources."),
    "resource": ("library:resource", "Places to train and meet: list, add."),
    "exercise": ("exercise:exercise", "Exercises: list, show, open, hint, …"),
    "grade": ("grade:grade", "Grade a solution against the reference."),
    "undo": ("undo:undo", "Take back the last thing done, without limit."),
    "redo": ("undo:redo", "Do again what was undone last."),
    "stats": ("stats:stats", "Progress in figures."),
    "fit": ("fit:fit", "Fit the memory model to your own reviews."),
    "simulate": ("simulate:simulate", "Minutes a day to come, and when all cards have begun."),
    "import": (
        "transfer:import_command",
        "Read a README, a JSON export, another database or journal.",
    ),
    "export": ("transfer:export", "Write everything out: json or markdown."),
    "backup": ("backup:backup", "Make a verified copy of the database, or list the copies."),
    "restore": ("backup:restore", "Go back to a backup; newer answers come back from the journal."),
    "config": ("config:config", "Settings: list, get, set, path."),
    "doctor": ("doctor:doctor", "Check the installation and the data."),
    "dev": ("dev:dev", "For authors of content: check."),
}


COMPLETING = "_STUDYTRACK_COMPLETE"  # click's variable; it is set while a shell completes a line
MACHINE = frozenset(
    getattr(errno, name)
    for name in ("ENAMETOOLONG", "ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE", "ENOMEM", "EIO")
    if hasattr(errno, name)
)  # what the machine says when it can do no more; nothing that the program does wrong


class LazyGroup(Commands):
    """A group whose commands are imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the table's order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"studytrack.cli.{module}"), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; only `say` knows that the reader of stdout has gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would take it for stdout's and exit with 1
            raise RuntimeError("A pipe to another process broke.") from error


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command: the interface on a terminal, today's plan elsewhere. "
    "For screen readers: `studytrack review --plain`.",
)
@click.option("--home", type=FilePath(), help="Keep everything under this folder.")
@click.option(
    "--content",
    type=FilePath(exists=True, file_okay=False),
    multiple=True,
    help="A folder with more exercises, cards or curricula.",
)
@click.option(
    "--date-is-right", is_flag=True, help="The date is right, though the last entry is long ago."
)
@click.option("--no-color", is_flag=True, help="No colours (as NO_COLOR=1).")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, message="studytrack %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    home: Path | None,
    content: tuple[Path, ...],
    date_is_right: bool,
    no_color: bool,
    debug: bool,
) -> None:
    """Learn large language models in the terminal, and keep what was learnt."""
    if no_color:
        os.environ["NO_COLOR"] = "1"
    front = Front(home, content, date_is_right=date_is_right, debug=debug)
    ctx.ensure_object(list).append(front)  # for `run`, which reports what goes wrong
    ctx.obj = front
    ctx.call_on_close(front.close)
    if ctx.invoked_subcommand is None:
        _open(ctx, front)


def _open(ctx: click.Context, front: Front) -> None:
    if is_terminal(sys.stdin) and is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb":
        from studytrack.cli.interface import open_interface

        open_interface(front)
        return
    from studytrack.cli.today import today

    ctx.invoke(today, as_json=False)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    prepare_streams()
    fronts: list[Front] = []
    try:
        result: Any = cli.main(
            list(arguments), prog_name="studytrack", standalone_mode=False, obj=fronts
        )
    except StudytrackError as error:
        return report_error(error)
    except click.exceptions.NoArgsIsHelpError as error:
        note(error.format_message())
        return UsageFault.exit_code
    except click.ClickException as error:
        return report_error(_usage(error))
    except (click.exceptions.Abort, KeyboardInterrupt):
        note("Interrupted. Every answer given so far is saved.")
        return INTERRUPTED
    except (OutputClosed, SystemExit):  # click exits by itself where nobody reads its help
        silence_stdout()
        return 0
    except Exception as error:  # noqa: BLE001 - the one boundary that turns a fault into a message
        if os.environ.get(COMPLETING):  # a shell that asks for completions in a broken way
            return ANSWER_IS_NO
        if isinstance(error, OSError) and error.errno in MACHINE:
            return report_error(_refused(error))
        if fronts and (known := _faulty_home(fronts[-1])) is not None:
            return report_error(known)
        return report_fault(error, lambda: _state(fronts), debug=any(f.debug for f in fronts))
    return result if isinstance(result, int) else 0


def _refused(error: OSError) -> EnvironmentFault:
    """Return what the machine refused, for want of room or because of the name."""
    name = f" for {error.filename}" if error.filename else ""
    return EnvironmentFault(
        f"The system refused to go on{name}.",
        f"It says: {error.strerror or error}.",
        "Make room, shorten the name, or choose another place with --home DIR.",
    )


def _faulty_home(front: Front) -> StudytrackError | None:
    """Return the error that explains a failure by what is stored; None if that is sound."""
    from studytrack.services.setting_aside import faulty_home

    try:
        return None if front.debug else faulty_home(front.paths)
    except StudytrackError:  # the paths
        return None


def _usage(error: click.ClickException) -> StudytrackError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "studytrack"
    if isinstance(error, click.FileError):
        return NotFound(error.format_message())
    what, _, why = error.format_message().partition("\n")
    return UsageFault(what, why, f"`{path} --help` explains the command.")


def _state(fronts: Sequence[Front]) -> Path:
    from studytrack.paths import find_paths

    return fronts[-1].paths.state if fronts else find_paths(os.environ).state

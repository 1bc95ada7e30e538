"""The root command: global options, the table of commands, and how errors end.

Commands are named in a table and imported when they run, so that `--help` and `--version` pay for
nothing. No arguments on a terminal open the interface; elsewhere today's plan is printed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from studytrack import __version__
from studytrack.cli.front import Front
from studytrack.cli.output import INTERRUPTED, note, report_error, report_fault
from studytrack.errors import NotFound, StudytrackError, UsageFault, nearest

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
    "import": ("transfer:import_command", "Read an LLM-FastTrack README or a JSON export."),
    "export": ("transfer:export", "Write everything out: json or markdown."),
    "config": ("config:config", "Settings: list, get, set, path."),
    "doctor": ("doctor:doctor", "Check the installation and the data."),
    "dev": ("dev:dev", "For authors of content: check."),
}


class LazyGroup(click.Group):
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = nearest(args[0], COMMANDS)
            hint = f"Did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
            raise UsageFault(f"No command `{args[0]}`.", hint, "`studytrack --help` lists them.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command: the interface on a terminal, today's plan elsewhere. "
    "For screen readers: `studytrack review --plain`.",
)
@click.option("--home", type=click.Path(path_type=Path), help="Keep everything under this folder.")
@click.option(
    "--content",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    help="A folder with more exercises, cards or curricula.",
)
@click.option("--no-color", is_flag=True, help="No colours (as NO_COLOR=1).")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, message="studytrack %(version)s")
@click.pass_context
def cli(
    ctx: click.Context, home: Path | None, content: tuple[Path, ...], no_color: bool, debug: bool
) -> None:
    """Learn large language models in the terminal, and keep what was learnt."""
    if no_color:
        import os

        os.environ["NO_COLOR"] = "1"
    ctx.obj = Front(home, content, debug=debug)
    ctx.call_on_close(ctx.obj.close)
    if ctx.invoked_subcommand is None:
        _open(ctx, ctx.obj)


def _open(ctx: click.Context, front: Front) -> None:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from studytrack.cli.interface import open_interface

        open_interface(front)
        return
    from studytrack.cli.today import today

    ctx.invoke(today, as_json=False)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    front_debug = "--debug" in arguments
    try:
        result: Any = cli.main(list(arguments), prog_name="studytrack", standalone_mode=False)
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
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except Exception as error:  # noqa: BLE001 - the one boundary that turns a fault into a message
        from studytrack.paths import find_paths

        return report_fault(error, find_paths({}, None).state, debug=front_debug)
    return result if isinstance(result, int) else 0


def _usage(error: click.ClickException) -> StudytrackError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "studytrack"
    if isinstance(error, click.FileError):
        return NotFound(error.format_message())
    return UsageFault(error.format_message(), "", f"`{path} --help` explains the command.")


def _silence_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

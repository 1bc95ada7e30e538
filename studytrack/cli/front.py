"""What every command gets: settings, paths, clock and the study, each made on first use."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from studytrack.cli.output import note
from studytrack.clock import Clock, find_clock
from studytrack.config import Settings, load_settings
from studytrack.domain.visible import visible
from studytrack.errors import UsageFault, nearest
from studytrack.paths import Paths, find_paths

if TYPE_CHECKING:
    from studytrack.services.study import Study

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """A group that keeps the order of its commands and names the nearest to an unknown one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they were written down."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command.

        Raises:
            UsageFault: there is none of this name.
        """
        known, word = self.list_commands(ctx), args[0]
        if word in known or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        close = nearest(word, known)
        hint = f"Did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
        raise UsageFault(
            f"No command `{word}`.", hint, f"`{ctx.command_path} --help` lists the commands."
        )


class FilePath(click.Path):
    """A path that the system could have: no NUL, no half of a surrogate pair, not too long."""

    def __init__(self, **how: Any) -> None:
        super().__init__(path_type=Path, **how)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the name before anything is done with it."""
        try:
            os.lstat(value)
        except ValueError:
            self.fail("No file can have this name.", param, ctx)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                self.fail("The name is longer than the system allows.", param, ctx)
        return super().convert(value, param, ctx)


class Front:
    """The global options, and what follows from them."""

    def __init__(
        self,
        home: Path | None,
        content: tuple[Path, ...],
        *,
        date_is_right: bool = False,
        debug: bool,
    ) -> None:
        self._home = home
        self._content = content
        self.date_is_right = date_is_right
        self._study: Study | None = None
        self.debug = debug

    @functools.cached_property
    def paths(self) -> Paths:
        """Where things live."""
        return find_paths(os.environ, self._home)

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings in force.

        Raises:
            ConfigFault: the settings file cannot be used.
        """
        return load_settings(self.paths.settings, os.environ)

    def clock_of(self, settings: Settings) -> Clock:
        """Return the clock in the learner's zone, or `STUDYTRACK_NOW`.

        Raises:
            UsageFault, ConfigFault: the moment or the zone cannot be used.
        """
        return find_clock(os.environ, settings.study_zone)

    @property
    def study(self) -> Study:
        """The open study; the database is opened when something asks for it."""
        if self._study is None:
            self._study = self.open_study(self.settings)
            if self.date_is_right:
                from studytrack.services.moments import believe_clock

                believe_clock(self._study)
        return self._study

    @functools.cached_property
    def roots(self) -> list[Path]:
        """The content directories, the shipped one first."""
        from studytrack.content.finder import content_root

        return [content_root(), *self._content]

    def open_study(self, settings: Settings) -> Study:
        """Return a study with given settings."""
        from studytrack.services.study import Study

        return Study(self.paths, settings, self.clock_of(settings), self.roots)

    def close(self) -> None:
        """Close the database, and tell what its place or its second copy makes worth telling."""
        if self._study is not None:
            for text in self._study.notices():
                note(text)
            self._study.close()


def pass_front(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the `Front` to a command, and no text to it that cannot be stored."""

    @functools.wraps(command)
    def call(*given: Any, **options: Any) -> Any:
        context = click.get_current_context()
        for value in options.values():
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str):  # a path may be of any bytes
                    _check_text(text)
        return context.invoke(command, context.find_object(Front), *given, **options)

    return call


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageFault(
            f"`{visible(text)}` holds bytes that are no text.",
            "What is stored is Unicode, and this cannot be written as UTF-8.",
            "Give the words in UTF-8; nothing was saved.",
        ) from error


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def limit_option(command: Command) -> Command:
    """Add `--limit`."""
    return click.option("--limit", type=click.IntRange(min=1), help="Show at most so many.")(
        command
    )

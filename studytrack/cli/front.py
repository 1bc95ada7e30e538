"""What every command gets: settings, paths, clock and the study, each made on first use."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from studytrack.clock import Clock, find_clock
from studytrack.config import Settings, load_settings
from studytrack.paths import Paths, find_paths

if TYPE_CHECKING:
    from studytrack.services.study import Study

Command = TypeVar("Command", bound=Callable[..., Any])


class Front:
    """The global options, and what follows from them."""

    def __init__(self, home: Path | None, content: tuple[Path, ...], *, debug: bool) -> None:
        self._home = home
        self._content = content
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

    @functools.cached_property
    def clock(self) -> Clock:
        """The clock, or `STUDYTRACK_NOW`."""
        return find_clock(os.environ, self.settings.study_zone)

    @property
    def study(self) -> Study:
        """The open study; the database is opened when something asks for it."""
        if self._study is None:
            self._study = self.open_study(self.settings)
        return self._study

    @functools.cached_property
    def roots(self) -> list[Path]:
        """The content directories, the shipped one first."""
        from studytrack.content.finder import content_root

        return [content_root(), *self._content]

    def open_study(self, settings: Settings) -> Study:
        """Return a study with given settings."""
        from studytrack.services.study import Study

        clock = find_clock(os.environ, settings.study_zone)
        return Study(self.paths, settings, clock, self.roots)

    def close(self) -> None:
        """Close the database."""
        if self._study is not None:
            self._study.close()


pass_front = click.make_pass_decorator(Front)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def limit_option(command: Command) -> Command:
    """Add `--limit`."""
    return click.option("--limit", type=click.IntRange(min=1), help="Show at most so many.")(
        command
    )

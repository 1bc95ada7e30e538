"""What lies outside the terminal screen: the learner's editor and browser.

Each function says in words what happened; none of them decides what is opened.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from studytrack.errors import EnvironmentFault

if TYPE_CHECKING:
    from textual.app import App

_FALLBACKS = ("nano", "vim", "vi")


def editor_command(chosen: str, environ: Mapping[str, str]) -> list[str]:
    """Return the editor's command: the setting, $VISUAL, $EDITOR, or one that is installed.

    Raises:
        EnvironmentFault: there is none.
    """
    named = chosen or environ.get("VISUAL", "") or environ.get("EDITOR", "")
    try:
        command = shlex.split(named)
    except ValueError as error:  # a quotation that does not end
        raise EnvironmentFault(
            f"The editor `{named}` cannot be started.",
            f"{error}.",
            "Set EDITOR, or run `studytrack config set editor COMMAND`.",
        ) from error
    if not command:
        command = next(([name] for name in _FALLBACKS if shutil.which(name)), [])
    if not command or not shutil.which(command[0]):
        raise EnvironmentFault(
            f"The editor `{named}` is not installed." if command else "No editor is set.",
            "",
            "Set EDITOR, or run `studytrack config set editor COMMAND`.",
        )
    return command


def edit(app: App[None], path: Path, chosen: str) -> None:
    """Open `path` in the learner's editor and come back when it ends.

    Raises:
        EnvironmentFault: no editor, it cannot start, or this terminal cannot be handed over.
    """
    command = editor_command(chosen, os.environ)
    try:
        with app.suspend():
            subprocess.run([*command, str(path)], check=False)
    except SuspendNotSupported as error:
        raise EnvironmentFault(
            "This terminal cannot be handed to an editor.", "", f"Edit {path} in your own editor."
        ) from error
    except OSError as error:
        raise EnvironmentFault(
            f"`{command[0]}` cannot be started.", f"The system says: {error.strerror}."
        ) from error


def has_browser(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Tell whether a graphical browser can be expected; a text one would draw over the screen."""
    if platform in {"darwin", "win32"}:
        return True
    return any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def open_link(app: App[None], url: str) -> str:
    """Open an address, or copy it where there is no browser; return the sentence to show."""
    if has_browser(os.environ):
        app.open_url(url)
        return f"Opened {url}"
    app.copy_to_clipboard(url)
    return f"No browser here, so the address was copied: {url}"

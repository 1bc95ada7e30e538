"""Where things live.

platformdirs' directories, or four folders under `--home DIR` / `STUDYTRACK_HOME`. Computing a
path never creates it: whoever writes first calls `ensure`. Nothing else may choose a place.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studytrack.errors import EnvironmentFault, UsageFault

if TYPE_CHECKING:
    from platformdirs import PlatformDirs


@dataclass(frozen=True, slots=True)
class Paths:
    """The directories of one learner."""

    config: Path
    data: Path
    state: Path
    cache: Path
    workspace: Path
    runtime: Path
    runtime_remark: str = ""  # why it is not the system's own; "" if it is

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.config / "config.toml"

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.data / "studytrack.db"

    @property
    def journal(self) -> Path:
        """The second copy of the log, as lines of JSON."""
        return self.data / "studytrack.jsonl"

    @property
    def backups(self) -> Path:
        """Copies of the database made before risky writes."""
        return self.data / "backups"


def find_paths(environ: Mapping[str, str], home: Path | None = None) -> Paths:
    """Return the directories for `home`, `STUDYTRACK_HOME` or the system's own.

    Raises:
        UsageFault: the home begins with the name of a user who is not there.
        EnvironmentFault: the system does not say where the learner's home is.
    """
    chosen = home or (Path(environ["STUDYTRACK_HOME"]) if environ.get("STUDYTRACK_HOME") else None)
    if chosen is not None:
        try:
            root = Path(os.path.abspath(chosen.expanduser()))  # noqa: PTH100 - resolve() would follow links
        except RuntimeError as error:
            raise UsageFault(
                f"{chosen} is no folder.", f"{error}", "Write the path out, or leave `~` away."
            ) from error
        except FileNotFoundError as error:  # of the folder that the command stands in
            raise EnvironmentFault(
                f"{chosen} leads nowhere.", "The current folder is gone.", "Go to another folder."
            ) from error
        config, data, state, cache = (root / name for name in ("config", "data", "state", "cache"))
        return Paths(config, data, state, cache, root / "workspace", root / "run")
    try:
        found = _of_the_system()
    except RuntimeError as error:
        raise EnvironmentFault(
            "There is no home directory.",
            "$HOME is not set or is relative, and the system knows none for this user.",
            "Set $HOME, or choose a place with --home DIR.",
        ) from error
    folders = (found.config, found.data, found.state, found.cache, found.workspace, found.runtime)
    for place in folders:
        if not place.is_absolute():  # it would lie elsewhere in every folder
            raise EnvironmentFault(
                f"`{place}` is no absolute path.",
                "$HOME or a variable such as $XDG_DATA_HOME is relative.",
                "Correct it, or choose a place with --home DIR.",
            )
    return found


def _of_the_system() -> Paths:
    """Return where the system wants the files of a program.

    Raises:
        RuntimeError: it knows no home of this user.
    """
    from platformdirs import PlatformDirs

    workspace = Path.home() / "studytrack"
    dirs = PlatformDirs("studytrack", appauthor=False)
    runtime, remark = _runtime(dirs)
    return Paths(
        dirs.user_config_path,
        dirs.user_data_path,
        dirs.user_state_path,
        dirs.user_cache_path,
        workspace,
        runtime,
        remark,
    )


def _runtime(dirs: PlatformDirs) -> tuple[Path, str]:
    """Return where sockets belong, and why they do not lie in the system's directory for them.

    Without XDG_RUNTIME_DIR platformdirs warns and falls back to a name that anybody can guess. If
    another user made that directory first, ours lies beside the learner's own files.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return dirs.user_runtime_path, ""
    except OSError as error:
        own = dirs.user_state_path / "run"
        return own, f"The system's runtime directory is passed over: {error}. {own} is used."


def ensure(directory: Path) -> Path:
    """Create `directory` if it is missing and return it.

    Raises:
        EnvironmentFault: it cannot be made; the path and the system's reason are named.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"Cannot create {directory}.",
            f"The system says: {error.strerror or error}.",
            "Make it writable, or choose another place with --home DIR.",
        ) from error
    return directory

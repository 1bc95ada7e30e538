"""The examination: what of the installation and the data is well, and what mends it.

Each check is a function that returns one line and never raises; nothing is created or changed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studytrack.config import Settings, load_settings
from studytrack.errors import StudytrackError
from studytrack.paths import Paths
from studytrack.services.study import Study

State = Literal["ok", "warn", "fail"]
LOW_SPACE = 200 << 20  # bytes; a backup and its original fit many times


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One check: its name, how it stands, what was seen, and what to do."""

    name: str
    state: State
    text: str
    remedy: str = ""


def examine(
    paths: Paths, environ: Mapping[str, str], open_study: Callable[[Settings], Study]
) -> Iterator[Examined]:
    """Yield every check in order.

    Args:
        paths: the learner's directories.
        environ: the environment.
        open_study: opens a study with given settings.
    """
    try:
        settings = load_settings(paths.settings, environ)
        yield Examined(name="settings", state="ok", text=str(paths.settings))
    except StudytrackError as error:
        settings = Settings()
        yield _failed("settings", error)
    yield from _directories(paths)
    yield _space(paths)
    study: Study | None = None
    try:
        study = open_study(settings)
        yield _content(study)
        yield from _database(paths, study)
    except StudytrackError as error:
        yield _failed("clock", error)
    finally:
        if study is not None:
            study.close()
    yield _torch()
    yield _isolation()
    yield _editor(settings, environ)
    if environ.get("STUDYTRACK_NOW"):
        yield Examined(
            name="clock",
            state="warn",
            text=f"STUDYTRACK_NOW fixes the clock at {environ['STUDYTRACK_NOW']}.",
            remedy="Unset it for daily use.",
        )


def repair(study: Study) -> int:
    """Rebuild every cached state from the log; return how many differed."""
    return study.store.rebuild()


def _failed(name: str, error: StudytrackError) -> Examined:
    text = f"{error.what} {error.why}".strip()
    return Examined(name=name, state="fail", text=text, remedy=error.remedy)


def _directories(paths: Paths) -> Iterator[Examined]:
    for name, path in (
        ("config", paths.config),
        ("data", paths.data),
        ("state", paths.state),
        ("workspace", paths.workspace),
    ):
        parent = _nearest_parent(path)
        if os.access(parent, os.W_OK | os.X_OK):
            there = "" if path.exists() else " (made when needed)"
            yield Examined(name=name, state="ok", text=f"{path}{there}")
        else:
            yield Examined(
                name=name,
                state="fail",
                text=f"{path} cannot be written.",
                remedy="Make it writable, or choose another place with --home DIR.",
            )


def _nearest_parent(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _space(paths: Paths) -> Examined:
    free = shutil.disk_usage(_nearest_parent(paths.data)).free
    text = f"{free >> 20:,} MiB free"
    if free >= LOW_SPACE:
        return Examined(name="disk", state="ok", text=text)
    return Examined(name="disk", state="warn", text=text, remedy="Free some space.")


def _content(study: Study) -> Examined:
    try:
        catalogue = study.catalogue
    except StudytrackError as error:
        return _failed("content", error)
    counts = (
        f"{len(catalogue.topics)} topics, {len(catalogue.exercises)} exercises, "
        f"{len(catalogue.cards)} cards, {len(catalogue.readings)} readings"
    )
    return Examined(name="content", state="ok", text=counts)


def _database(paths: Paths, study: Study) -> Iterator[Examined]:
    if not paths.database.exists():
        yield Examined(name="database", state="ok", text=f"{paths.database} (made when needed)")
        return
    try:
        problems = study.store.check()
    except StudytrackError as error:
        yield _failed("database", error)
        return
    if problems:
        yield Examined(
            name="database",
            state="fail",
            text="; ".join(problems),
            remedy="`studytrack doctor --repair` rebuilds states; else restore a backup.",
        )
    else:
        yield Examined(name="database", state="ok", text=str(paths.database))
    backups = sorted(paths.backups.glob("*")) if paths.backups.is_dir() else []
    text = f"{len(backups)} in {paths.backups}" if backups else "none yet"
    yield Examined(name="backups", state="ok", text=text)


def _torch() -> Examined:
    if importlib.util.find_spec("torch") is None:
        return Examined(
            name="torch",
            state="fail",
            text="torch is not installed, so nothing can be graded.",
            remedy="Run `pip install torch`.",
        )
    from importlib.metadata import version

    return Examined(name="torch", state="ok", text=f"{version('torch')}; exercises run on the CPU")


def _isolation() -> Examined:
    text = (
        "process hygiene and resource limits. A submission can still read your files: "
        "grade only what you wrote or trust."
    )
    if os.name == "nt":
        return Examined(
            name="isolation",
            state="fail",
            text="Grading needs a Unix system.",
            remedy="Use WSL2; everything else works here.",
        )
    return Examined(name="isolation", state="warn", text=text, remedy="")


def _editor(settings: Settings, environ: Mapping[str, str]) -> Examined:
    chosen = settings.editor or environ.get("VISUAL") or environ.get("EDITOR") or ""
    if chosen and shutil.which(chosen.split()[0]):
        return Examined(name="editor", state="ok", text=chosen)
    text = f"`{chosen}` is not found." if chosen else "No editor is set; `vi` is tried."
    return Examined(
        name="editor",
        state="warn",
        text=text,
        remedy="Set $EDITOR, or `studytrack config set editor …`.",
    )

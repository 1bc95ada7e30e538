"""The examination: what of the installation and the data is well, and what mends it.

Each check is a function that returns one line and never raises; nothing is created or changed.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from studytrack.config import Settings, load_settings
from studytrack.domain.verdict import is_sandboxed
from studytrack.errors import ConfigFault, StudytrackError
from studytrack.paths import Paths
from studytrack.services.examined import Examined
from studytrack.services.study import Study

LEAST_COLUMNS, LEAST_LINES = 80, 24
LACKS = {  # what it means that a layer is missing
    "process": "No process protection: a submission may read the grader's memory.",
    "rlimits": "No resource limits: a submission can fill memory, disk and the process table.",
    "landlock": "No Landlock: a submission can read your files.",
    "seccomp": "No seccomp: a submission can start programs and use the network.",
    "namespaces": "No namespaces, which the other layers do not need.",
    "cgroup": "No cgroup of its own, which the other layers do not need.",
    "pid": "No PID namespace, which the other layers do not need.",
}
LOW_SPACE = 200 << 20  # bytes; a backup and its original fit many times


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
        there = "" if paths.settings.exists() else " (made when needed)"
        yield Examined(name="settings", state="ok", text=f"{paths.settings}{there}")
    except StudytrackError as error:
        settings = Settings()
        yield _failed("settings", error)
    yield from _directories(paths, settings)
    yield _space(paths)
    clock, study = _clock(settings, environ, open_study)
    yield clock
    if study is not None:
        try:
            yield _content(study)
            yield from _database(paths, study)
        finally:
            study.close()
    yield _torch()
    yield _isolation()
    yield _editor(settings, environ)
    yield _terminal(environ)


def _clock(
    settings: Settings, environ: Mapping[str, str], open_study: Callable[[Settings], Study]
) -> tuple[Examined, Study | None]:
    """Look at the clock; the study that goes on with the system's where the learner's is off."""
    try:
        study = open_study(settings)
    except ConfigFault as error:  # the zone
        return _failed("clock", error), open_study(replace(settings, study_zone=""))
    except StudytrackError as error:  # STUDYTRACK_NOW
        return _failed("clock", error), None
    now = study.now()
    text = f"{now.isoformat(sep=' ', timespec='minutes')}, days begin at {settings.study_rollover}"
    if not environ.get("STUDYTRACK_NOW"):
        return Examined(name="clock", state="ok", text=text), study
    fixed = Examined(
        name="clock",
        state="warn",
        text=f"STUDYTRACK_NOW fixes the clock: {text}",
        remedy="Unset it for daily use.",
    )
    return fixed, study


def _failed(name: str, error: StudytrackError) -> Examined:
    text = f"{error.what} {error.why}".strip()
    return Examined(name=name, state="fail", text=text, remedy=error.remedy)


def _directories(paths: Paths, settings: Settings) -> Iterator[Examined]:
    chosen = settings.workspace
    workspace = Path(chosen).expanduser() if chosen else paths.workspace
    remedy = "Make it a folder that you can write, or choose another place with --home DIR."
    for name, path in (
        ("config", paths.config),
        ("data", paths.data),
        ("state", paths.state),
        ("workspace", workspace),
    ):
        parent = _nearest_parent(path)
        if not parent.is_dir():
            text = f"{path} cannot be made: {parent} is no folder."
            yield Examined(name=name, state="fail", text=text, remedy=remedy)
        elif not os.access(parent, os.W_OK | os.X_OK):
            text = f"{path} cannot be written."
            yield Examined(name=name, state="fail", text=text, remedy=remedy)
        else:
            there = "" if path.exists() else " (made when needed)"
            yield Examined(name=name, state="ok", text=f"{path}{there}")


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
        catalogue = study.shipped  # without the learner's own items, which need the database
    except StudytrackError as error:
        return _failed("content", error)
    counts = (
        f"{len(catalogue.topics)} topics, {len(catalogue.exercises)} exercises, "
        f"{len(catalogue.cards)} cards, {len(catalogue.readings)} readings"
    )
    return Examined(name="content", state="ok", text=counts)


def upgrade_due(database: Path) -> bool:
    """Tell whether opening the database would change its schema."""
    from studytrack.storage.migrate import check_revision

    return check_revision(database)


def _database(paths: Paths, study: Study) -> Iterator[Examined]:
    if not paths.database.exists():
        yield Examined(name="database", state="ok", text=f"{paths.database} (made when needed)")
        return
    try:
        if upgrade_due(paths.database):
            text = f"{paths.database} is of an older version; the next command upgrades it."
            yield Examined(name="database", state="ok", text=text)
            return
        problems = study.store.check()
    except StudytrackError as error:
        yield _failed("database", error)
        return
    if problems:
        yield Examined(
            name="database",
            state="fail",
            text="; ".join(problems),
            remedy="`studytrack doctor --repair` rebuilds it from the backups and the journal.",
        )
    else:
        yield Examined(name="database", state="ok", text=str(paths.database))
    from studytrack.services.moments import examine_clock
    from studytrack.services.repair import examine_safety
    from studytrack.services.setting_aside import examine_rows

    rows = examine_rows(paths, study)
    yield from rows
    if any(one.state == "fail" for one in rows):
        return  # the checks below would stumble over them
    yield from examine_clock(study)
    yield from examine_safety(paths, study)


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
    if os.name == "nt":
        return Examined(
            name="isolation",
            state="fail",
            text="Grading needs Linux or macOS.",
            remedy="Use WSL2.",
        )
    from studytrack.grader.probe import probe_layers

    try:
        probed = probe_layers()
    except StudytrackError as error:
        return _failed("isolation", error)
    held = [layer.layer for layer in probed if layer.bites]
    lacking = [layer.layer.split()[0] for layer in probed if not layer.bites]
    names = ", ".join(name.replace("landlock", "Landlock") for name in held) or "nothing"
    meaning = " ".join(LACKS[name] for name in lacking)
    if is_sandboxed(held):
        text = f"{names}; each was tried, and each report names what was active. {meaning}".strip()
        return Examined(name="isolation", state="ok", text=text)
    return Examined(
        name="isolation",
        state="warn",
        text=f"{names} only. {meaning}",
        remedy="Grade only what you wrote or trust, or use Linux 5.13 or newer.",
    )


def _editor(settings: Settings, environ: Mapping[str, str]) -> Examined:
    chosen = settings.editor or environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        words = shlex.split(chosen)
    except ValueError:  # a quotation that does not end
        words = []
    if words and shutil.which(words[0]):
        return Examined(name="editor", state="ok", text=chosen)
    text = f"`{chosen}` cannot be started." if chosen else "No editor is set; `vi` is tried."
    return Examined(
        name="editor",
        state="warn",
        text=text,
        remedy="Set $EDITOR, or `studytrack config set editor …`.",
    )


def _terminal(environ: Mapping[str, str]) -> Examined:
    term = environ.get("TERM") or "not set"
    encoding = (getattr(sys.stdout, "encoding", "") or "none").lower()
    columns, lines = shutil.get_terminal_size()
    text = f"TERM {term}, {encoding}, {columns} by {lines}"
    if not encoding.startswith("utf"):
        remedy = "Set LANG to a UTF-8 locale such as C.UTF-8; symbols are written as escapes now."
    elif term in {"not set", "dumb"}:
        remedy = "The interface needs a terminal; `studytrack review --plain` works anywhere."
    elif columns < LEAST_COLUMNS or lines < LEAST_LINES:
        remedy = f"The interface is drawn for {LEAST_COLUMNS} by {LEAST_LINES} and more."
    else:
        return Examined(name="terminal", state="ok", text=text)
    return Examined(name="terminal", state="warn", text=text, remedy=remedy)

"""Backups, restoring one, and repair: how what was learnt survives damage.

How copies and the journal are made stands in `storage`; here is when, and what a person is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studytrack.errors import NotFound, StudytrackError, resolve
from studytrack.paths import Paths
from studytrack.services.examined import Examined
from studytrack.services.setting_aside import clean
from studytrack.services.study import Study

if TYPE_CHECKING:
    from studytrack.storage.backup import Backup
    from studytrack.storage.journal import Contents
    from studytrack.storage.rescue import Replaced

LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupView:
    """A backup: its name, the moment of its newest row (UTC, ISO 8601), its rows, its bytes."""

    name: str
    moment: str
    events: int
    label: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did: rows in place, how many the journal gave, where the old file is."""

    name: str
    events: int
    reapplied: int
    kept: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a repair did, as sentences; `restored` events came back, `differed` states were off."""

    restored: int
    differed: int
    kept: Path | None
    sentences: tuple[str, ...]


def make_backup(study: Study) -> BackupView:
    """Make a verified copy of the database now.

    Raises:
        StoreFault: none could be made.
    """
    from studytrack.storage.backup import backups

    path = study.store.backup("manual")
    return next(_view(one) for one in backups(study.paths.backups) if one.path == path)


def list_backups(paths: Paths) -> list[BackupView]:
    """Return the backups, the newest first."""
    from studytrack.storage.backup import backups

    return [_view(one) for one in reversed(backups(paths.backups))]


def restore(study: Study, name: str = LATEST, *, exact: bool = False) -> Restored:
    """Put a backup in the database's place; what the journal has beyond it is applied again.

    Args:
        study: the study, which is opened again at its next use.
        name: a backup's name, the beginning of one, or `latest`.
        exact: as it was then, without the newer events.

    Raises:
        NotFound: no such backup.
        StoreFault: the database is open elsewhere, or the backup is damaged.
    """
    from studytrack.storage.backup import backups
    from studytrack.storage.rescue import restore as put_back

    found = {one.name: one for one in backups(study.paths.backups)}
    if not found:
        raise NotFound(
            f"There is no backup in {study.paths.backups}.",
            "",
            "`studytrack doctor --repair` rebuilds the database from the journal.",
        )
    chosen = found[
        list(found)[-1]
        if name == LATEST
        else resolve("backup", name, list(found), "studytrack backup --list")
    ]
    before = _safety_copy(study)
    done = put_back(study.paths, chosen, exact=exact)
    study.refresh()
    return Restored(
        name=chosen.name, events=done.events, reapplied=done.from_journal, kept=before or done.kept
    )


def _safety_copy(study: Study) -> Path | None:
    """Copy the database before it is replaced; a damaged one cannot be, and is kept as a file."""
    if not study.paths.database.exists():
        return None
    try:
        return study.store.backup("before-restore")
    except StudytrackError:
        return None
    finally:
        study.close()


def repair(study: Study) -> Repaired:
    """Mend what can be mended, losing nothing: the file, the journal, the computed states.

    Raises:
        StoreFault: the database is open elsewhere or newer, or nothing is left to rebuild it from.
    """
    replaced = _replace_if_damaged(study)
    sentences = [] if replaced is None else _told(study.paths, replaced)
    sentences += clean(study)
    store = study.store
    journal, restored = _journal_of(study.paths), 0
    if journal is not None:
        restored = store.merge({"log": journal.log, "attempts": journal.attempts})
        if restored:
            sentences.append(f"{_events(restored)} came back from the journal.")
        if journal.damaged:
            sentences.append(f"{journal.damaged} damaged lines of the journal were left out.")
    differed = store.rebuild()
    sentences.append(f"All states rebuilt from the log; {differed} of them differed.")
    study.refresh()
    gained = 0 if replaced is None else replaced.from_journal + replaced.from_old
    kept = None if replaced is None else replaced.kept
    return Repaired(
        restored=restored + gained, differed=differed, kept=kept, sentences=tuple(sentences)
    )


def _replace_if_damaged(study: Study) -> Replaced | None:
    from studytrack.storage.rescue import is_damaged, rebuild

    paths = study.paths
    lost = not paths.database.exists() and bool(paths.journal.exists() or list_backups(paths))
    if not lost and not is_damaged(paths.database):
        return None
    study.close()
    return rebuild(paths)


def _told(paths: Paths, replaced: Replaced) -> list[str]:
    base = f"the backup {replaced.base}" if replaced.base else "an empty database"
    sources = (
        f"{_events(replaced.from_journal)} from the journal and {_events(replaced.from_old)} from "
        "the damaged file"
    )
    whole = f"{_events(replaced.events)} in {paths.database}"
    found = [f"The database was rebuilt from {base}, with {sources}: {whole}."]
    if replaced.kept is not None:
        found.append(f"The damaged file is kept as {replaced.kept}.")
    return found


def examine_safety(paths: Paths, study: Study) -> Iterator[Examined]:
    """Yield what `doctor` says about the journal, the backups and the folder of a whole database.

    Raises:
        StoreFault: the database cannot be read.
    """
    from studytrack.storage.backup import backups
    from studytrack.storage.place import remark

    yield _journal_check(paths, study)
    made = backups(paths.backups)
    text = f"{len(made)} in {paths.backups}, the last {made[-1].path.name}" if made else ""
    text = text or "none yet; one is made on the first answer of the next study day"
    yield Examined(name="backups", state="ok", text=text)
    if place := remark(paths.data):
        what, _, remedy = place.partition(". ")
        yield Examined(name="place", state="warn", text=f"{what}.", remedy=remedy)


def _journal_check(paths: Paths, study: Study) -> Examined:
    from studytrack.storage.journal import journal_ids

    study.store.settle()
    try:
        found, damaged = journal_ids(paths.journal)
    except OSError:
        return Examined(name="journal", state="ok", text=f"{paths.journal} (made when needed)")
    events, attempts = found["log"], found["attempt"]
    missing = len(events) + len(attempts) - len(study.store.known(events, attempts))
    if missing:
        return Examined(
            name="journal",
            state="fail",
            text=f"The journal holds {_events(missing)} that the database lacks.",
            remedy="`studytrack doctor --repair` brings them back.",
        )
    if damaged:
        return Examined(
            name="journal",
            state="warn",
            text=f"{paths.journal} has {damaged} damaged lines.",
            remedy="The database has all events; nothing need be done.",
        )
    text = f"{paths.journal}, {_events(len(events) + len(attempts))}, all in the database"
    return Examined(name="journal", state="ok", text=text)


def _journal_of(paths: Paths) -> Contents | None:
    from studytrack.storage.journal import read_journal

    try:
        return read_journal(paths.journal, judged=True)
    except OSError:
        return None


def _view(one: Backup) -> BackupView:
    return BackupView(
        name=one.name,
        moment=one.moment.isoformat(),
        events=one.events,
        label=one.label,
        size=one.path.stat().st_size,
        path=one.path,
    )


def _events(count: int) -> str:
    return f"{count:,} event{'s' if count != 1 else ''}"

"""Backups, restoring one, and repair: how what was learnt survives damage.

How copies and the journal are made stands in `storage`; here is when, and what a person is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studytrack.errors import NotFound, StudytrackError, resolve
from studytrack.paths import Paths
from studytrack.services.examined import Examined, State
from studytrack.services.setting_aside import clean
from studytrack.services.study import Study

if TYPE_CHECKING:
    from studytrack.storage.backup import Backup
    from studytrack.storage.journal import Contents
    from studytrack.storage.lines import Clue
    from studytrack.storage.rescue import Compared, Replaced

LATEST = "latest"
SHOWN = 3  # ids in a line of `doctor`
ID_LENGTH, CLOCK_DIGITS = 32, 12
LATEST_MS = 4_102_444_800_000  # the year 2100; what is later was no clock


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
    """What a restore did: rows in place, how many the journal gave, where the old file is.

    `passed_over` are newer backups that are damaged, each with the reason.
    """

    name: str
    events: int
    reapplied: int
    kept: Path | None
    passed_over: tuple[str, ...] = ()


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
    from studytrack.storage.rescue import newest_good
    from studytrack.storage.rescue import restore as put_back

    found = {one.name: one for one in backups(study.paths.backups)}
    if not found:
        raise NotFound(
            f"There is no backup in {study.paths.backups}.",
            "",
            "`studytrack doctor --repair` rebuilds the database from the journal.",
        )
    passed_over: tuple[str, ...] = ()
    if name == LATEST:
        newest, passed_over = newest_good(study.paths)
        chosen = newest or found[list(found)[-1]]  # no good one: refused with its reason
    else:
        chosen = found[resolve("backup", name, list(found), "studytrack backup --list")]
    before = _safety_copy(study)
    done = put_back(study.paths, chosen, exact=exact)
    study.refresh()
    return Restored(
        name=chosen.name,
        events=done.events,
        reapplied=done.from_journal,
        kept=before or done.kept,
        passed_over=passed_over,
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


def repair(study: Study, ask: Callable[[str], bool] | None = None) -> Repaired:
    """Mend what can be mended, losing nothing: the file, the journal, the computed states.

    Args:
        study: the study, which is opened again at its next use.
        ask: asks the learner whether a journal of another home is to be united with this one;
            None leaves it out.

    Raises:
        StoreFault: the database is open elsewhere or newer, or nothing is left to rebuild it from.
    """
    from studytrack.storage.opening import finish_replacement
    from studytrack.storage.rescue import compare
    from studytrack.storage.tidying import thin_damaged

    paths = study.paths
    sentences = finish_replacement(paths)
    found = compare(paths)
    wanted = False
    if found.foreign:
        wanted = ask is not None and ask(_foreign_text(paths, found.foreign))
        if not wanted:
            sentences.append(f"{_foreign_text(paths, found.foreign)} {_on_purpose(paths)}")
    replaced = _replace_if_off(study, found, unite_foreign=wanted)
    sentences += [] if replaced is None else _told(paths, replaced)
    sentences += clean(study)
    store, restored = study.store, 0
    if found.device and store.device_id != found.device:
        store.adopt(found.device)
        sentences.append("The name of this device was damaged in the database; it is put right.")
    journal = _journal_of(paths) if wanted or not found.foreign else None
    if journal is not None:
        restored = store.merge({"log": journal.log, "attempts": journal.attempts})
        if restored:
            sentences.append(f"{_events(restored)} came back from the journal.")
    if thinned := thin_damaged(paths):
        sentences.append(thinned)
    differed = store.rebuild()
    sentences.append(f"All states rebuilt from the log; {differed} of them differed.")
    study.refresh()
    gained = 0 if replaced is None else replaced.from_journal + replaced.from_old
    return Repaired(
        restored=restored + (gained if replaced is not None and replaced.kept else 0),
        differed=differed,
        kept=None if replaced is None else replaced.kept,
        sentences=tuple(sentences),
    )


def _foreign_text(paths: Paths, count: int) -> str:
    return (
        f"The journal {paths.journal} is of another home; it holds {_events(count)} that are not "
        "of this one."
    )


def _on_purpose(paths: Paths) -> str:
    return (
        "They were not united with it. "
        f"`studytrack import {paths.journal}` does so; else move the file away."
    )


def _replace_if_off(study: Study, found: Compared, *, unite_foreign: bool) -> Replaced | None:
    """Rebuild the database or the journal where one is damaged, lost, or unlike the other."""
    from studytrack.storage.files import is_misplaced
    from studytrack.storage.rescue import is_damaged, rebuild

    paths = study.paths
    lost = not paths.database.exists() and bool(paths.journal.exists() or list_backups(paths))
    off = found.differing or found.spoilt or found.missing_there
    off = off or is_misplaced(paths.journal)
    if not lost and not off and not is_damaged(paths.database):
        return None
    study.close()
    return rebuild(paths, unite_foreign=unite_foreign)


def _told(paths: Paths, replaced: Replaced) -> list[str]:
    found = [f"The backup {one} It was passed over." for one in replaced.passed_over]
    if replaced.kept is not None or replaced.fresh:
        base = f"the backup {replaced.base}" if replaced.base else "an empty database"
        sources = (
            f"{_events(replaced.from_journal)} from the journal and {_events(replaced.from_old)} "
            "from the damaged file"
        )
        whole = f"{_events(replaced.events)} in {paths.database}"
        found.append(f"The database was rebuilt from {base}, with {sources}: {whole}.")
    if replaced.changed:
        found.append(
            f"{_events(len(replaced.changed))} of the database had another content than was "
            f"written, and were put right: {', '.join(replaced.changed)}."
        )
    if replaced.kept is not None:
        found.append(f"The damaged file is kept as {replaced.kept}.")
    if replaced.journal_kept is not None:
        had = f"The journal had {_lines(replaced.spoilt)}. " if replaced.spoilt else ""
        kept = replaced.journal_kept
        found.append(f"{had}The journal was written anew; the old one is kept as {kept}.")
    found += [f"Lost: {_gone(clue)}" for clue in replaced.gone]
    return found


def _gone(clue: Clue) -> str:
    from studytrack.storage.leaps import moment

    name = f"event {clue.name}" if clue.name else "an event whose id cannot be read"
    item = f" of `{clue.item}`" if clue.item else ""
    when = clue.moment or clue.clock
    if not when and len(clue.name) == ID_LENGTH:
        when = int(clue.name[:CLOCK_DIGITS], 16)  # a new event's id begins with its clock
    made = f", made {moment(when)}" if 0 < when < LATEST_MS else ""
    return f"{name}{item}{made}. No copy of its content is left."


def examine_safety(paths: Paths, study: Study) -> Iterator[Examined]:
    """Yield what `doctor` says about the journal, the backups and the folder of a whole database.

    Raises:
        StoreFault: the database cannot be read.
    """
    from studytrack.storage.backup import backups
    from studytrack.storage.place import remark
    from studytrack.storage.tidying import damaged_files

    if barred := study.store.barred():
        remedy = "Free some space, or make the folder and the database writable."
        yield Examined(name="storing", state="fail", text=barred, remedy=remedy)
    yield _journal_check(paths, study)
    made = backups(paths.backups)
    text = f"{len(made)} in {paths.backups}, the last {made[-1].path.name}" if made else ""
    text = text or "none yet; one is made on the first answer of the next study day"
    yield Examined(name="backups", state="ok", text=text)
    if kept := damaged_files(paths):
        size = sum(path.lstat().st_size for path in kept)
        text = f"{len(kept)} damaged files of earlier repairs ({size >> 10:,} KiB) in {paths.data}"
        yield Examined(name="kept", state="ok", text=text)
    if place := remark(paths.data):
        what, _, remedy = place.partition(". ")
        yield Examined(name="place", state="warn", text=f"{what}.", remedy=remedy)


def _journal_check(paths: Paths, study: Study) -> Examined:
    from studytrack.storage.rescue import compare

    study.store.settle()
    found = compare(paths)
    if not paths.journal.exists() and not found.fault:
        return Examined(name="journal", state="ok", text=f"{paths.journal} (made when needed)")
    brings = "`studytrack doctor --repair` brings them back."
    mends = "`studytrack doctor --repair` writes it anew from the database."
    state: State = "ok"
    text = f"{paths.journal}, {_events(found.events)}, all in the database and the same"
    remedy = ""
    if found.fault:
        state, text = "fail", f"{paths.journal} cannot be read: {found.fault}."
        remedy = "Make it a file that you can read and write, or move it away."
    elif found.foreign:
        state, text = "fail", _foreign_text(paths, found.foreign)
        remedy = f"`studytrack import {paths.journal}` unites them; else move the file away."
    elif found.missing_here:
        state, remedy = "fail", brings
        text = f"The journal holds {_events(found.missing_here)} that the database lacks."
    elif found.differing:
        state, remedy = "fail", "`studytrack doctor --repair` puts right what has changed."
        names = ", ".join(found.differing[:SHOWN]) + (", …" if found.differing[SHOWN:] else "")
        text = f"{_events(len(found.differing))} differ from the database's: {names}."
    elif found.spoilt or found.missing_there:
        state, remedy = "warn", mends
        lacks = f" and lacks {_events(found.missing_there)}" if found.missing_there else ""
        text = f"{paths.journal} has {_lines(found.spoilt)}{lacks}."
    return Examined(name="journal", state=state, text=text, remedy=remedy)


def _journal_of(paths: Paths) -> Contents | None:
    from studytrack.storage.journal import read_journal

    try:
        return read_journal(paths.journal, regular=True, judged=True)
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


def _lines(count: int) -> str:
    return f"{count} damaged line{'s' if count != 1 else ''}"

"""Putting another database in the place of the one that is there: after damage, or by choice.

The new one is built beside the old one from a backup, the journal, and what can still be read of
the old one; it is looked at before it takes the place, and the old one is kept under another name.
Nobody else may have the database open meanwhile. `sources` decides what is right.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studytrack.errors import StoreFault, StudytrackError
from studytrack.paths import Paths
from studytrack.storage.aside import keep_the_rules
from studytrack.storage.backup import Backup, backups, verify
from studytrack.storage.every_row import Stored, every_row
from studytrack.storage.faults import NOT_CHANGED, damaged, explained
from studytrack.storage.files import copy_database, free_name, is_misplaced, reading, sync_folder
from studytrack.storage.lines import Clue
from studytrack.storage.migrate import check_revision, has_other_tables, is_unknown, migrate
from studytrack.storage.presence import alone
from studytrack.storage.renewal import is_off, renew_journal
from studytrack.storage.sources import (
    Source,
    United,
    as_dump,
    database_events,
    database_source,
    device_named,
    device_of,
    differing,
    gone,
    is_foreign,
    journal_source,
    origin_of,
    own_part,
    same,
    unite,
)
from studytrack.storage.store import Store
from studytrack.storage.swap import finish, stage
from studytrack.storage.tidying import workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What was put in place, and from where its events come.

    `base` is the backup that was begun with ("" for none), `from_journal` and `from_old` count the
    events that it lacked; `kept` is the old file, None if there was none or it stayed in place.
    """

    base: str
    events: int
    from_journal: int
    from_old: int
    kept: Path | None
    fresh: bool = False  # there was no old one
    changed: tuple[str, ...] = ()  # ids of events that the old database had wrong
    gone: tuple[Clue, ...] = ()  # events of which no source shows the content
    passed_over: tuple[str, ...] = ()  # damaged backups, each with the reason
    spoilt: int = 0  # lines of the journal that are not as they were written
    journal_kept: Path | None = None  # the old journal, where it was written anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How database and journal stand to each other.

    `events` are the database's; `foreign` counts the events of a journal of another home that this
    one lacks.
    """

    events: int = 0
    differing: tuple[str, ...] = ()
    spoilt: int = 0
    missing_there: int = 0
    missing_here: int = 0
    foreign: int = 0
    fault: str = ""
    device: str = ""  # the right one, where the database names another


def is_damaged(database: Path) -> bool:
    """Tell whether the file that is there is no whole database.

    One that is busy, newer or missing is not damaged.
    """
    if not database.exists() or database.stat().st_size == 0:
        return False
    try:
        with reading(database) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found[0] != "ok" or not _is_readable(database, connection):
                return True
        return is_unknown(database) or has_other_tables(database)
    except StudytrackError:  # its tables are another program's
        return False
    except sqlite3.DatabaseError as error:
        return not re.search("locked|busy|unable to open|readonly|authoriz", str(error))


def _is_readable(database: Path, connection: sqlite3.Connection) -> bool:
    """Look at what no index guards: the header's versions, and the small tables.

    Raises:
        sqlite3.DatabaseError: a text is no text.
    """
    with database.open("rb") as file:
        if not set(file.read(20)[18:]) <= {1, 2}:  # SQLite would read it, and never write
            return False
    connection.execute("SELECT * FROM memory").fetchall()
    connection.execute("SELECT * FROM meta").fetchall()
    try:
        for (fields,) in connection.execute("SELECT fields FROM entity"):
            json.loads(fields)
    except (ValueError, TypeError):
        return False
    return True


def compare(paths: Paths) -> Compared:
    """Compare every event of the database with the journal's; nothing is changed."""
    if not paths.journal.exists() and not is_misplaced(paths.journal):
        return Compared()
    try:
        journal = journal_source(paths.journal)
    except OSError as error:
        return Compared(fault=error.strerror or str(error))
    events = lacking = shared = 0
    own, devices = device_named(paths.database), set[str]()
    off: list[str] = []
    for key, text in database_events(paths.database):
        events += 1
        if key not in journal.texts:
            lacking += 1
            continue
        shared += 1
        if own not in devices:  # else it is named rightly
            devices.add(origin_of(key, journal.texts[key])[1])
        if not text or not same(journal.texts[key], text):
            off.append(key[1])
    missing = len(journal.texts) - shared
    device = journal.device if journal.device in devices and own not in devices else ""
    foreign = bool(missing) and _is_foreign(paths, journal)
    return Compared(
        events=events,
        device=device,
        differing=tuple(off),
        spoilt=journal.spoilt,
        missing_there=lacking,
        missing_here=0 if foreign else missing,
        foreign=missing if foreign else 0,
    )


def _is_foreign(paths: Paths, journal: Source) -> bool:
    """Ask database and backup whose journal it is; a damaged database may not say."""
    old = database_source(paths.database)
    if is_foreign(journal, old):
        return True
    return not old.device and is_foreign(journal, _newest_good(paths, journal, old)[1])


def rebuild(paths: Paths, *, unite_foreign: bool = False) -> Replaced:
    """Replace a damaged database by what the newest good backup, the journal and itself hold.

    A database that is right stays; a journal that is not is written anew.

    Raises:
        StoreFault: it is open elsewhere, or there is nothing to rebuild it from.
    """
    with explained(paths.database, NOT_CHANGED), alone(paths.data):
        journal, old = _journal(paths.journal), database_source(paths.database)
        base, backup, passed = _newest_good(paths, journal, old)
        foreign = is_foreign(journal, old, backup) and not unite_foreign
        told = own_part(journal, old, backup) if foreign else journal
        united = unite(told, old, backup)
        _search_further(paths, united, base)
        keep_the_rules(paths, united.texts)
        if base is None and not united.texts:
            raise StoreFault(
                f"{paths.database} cannot be rebuilt.",
                f"There is neither a good backup in {paths.backups} nor a journal beside it.",
                "`studytrack import FILE` brings in an export or another database. "
                "Nothing was changed.",
            )
        device = device_of(told, old, backup)
        kept, fresh = None, not paths.database.exists()
        if fresh or is_damaged(paths.database) or united.changed or old.unreadable:
            _build(paths, as_dump(united.texts), device)
            kept = finish(paths.database)
            _forget_writers(paths)
        renewed = None
        if not foreign and is_off(journal, united):
            renewed = renew_journal(paths.journal, united.texts, device)
    here = backup.texts.keys()
    return Replaced(
        base=base.name if base else "",
        events=sum(kind == "log" for kind, _ in united.texts),
        from_journal=len(united.texts.keys() & told.texts.keys() - here),
        from_old=len(united.texts.keys() - told.texts.keys() - here),
        kept=kept,
        fresh=fresh,
        changed=tuple(name for _, name in united.changed),
        gone=tuple(united.gone),
        passed_over=passed,
        spoilt=journal.spoilt,
        journal_kept=renewed,
    )


def restore(paths: Paths, chosen: Backup, *, exact: bool = False) -> Replaced:
    """Replace the database by a backup and the newer events of the journal.

    Args:
        paths: the learner's directories.
        chosen: the backup.
        exact: leave the newer events out; the journal that has them is kept beside.

    Raises:
        StoreFault: it is open elsewhere, or the backup is damaged; nothing was changed.
    """
    with explained(paths.database, NOT_CHANGED), alone(paths.data):
        journal, old = _journal(paths.journal), database_source(paths.database)
        if journal.unusable and not exact:
            raise StoreFault(
                f"{paths.journal} is no file, so newer answers cannot come back from it.",
                "A pipe, a folder or a device is in its place.",
                "`studytrack doctor --repair` writes it anew; then restore. Nothing was changed.",
            )
        backup, reason = _examined(paths, chosen, journal, old)
        if reason:
            raise damaged(chosen.path, reason)
        if exact:
            journal = Source()
        elif is_foreign(journal, old, backup):
            journal = own_part(journal, old, backup)
        united = unite(journal, Source(), backup)
        keep_the_rules(paths, united.texts)
        _build(paths, as_dump(united.texts), device_of(Source(), backup, old))
        if exact and paths.journal.exists():
            paths.journal.replace(free_name(paths.journal, "before-restore"))
            sync_folder(paths.journal.parent)
        kept = finish(paths.database)
        _forget_writers(paths)
    return Replaced(
        base=chosen.name,
        events=sum(kind == "log" for kind, _ in united.texts),
        from_journal=len(united.texts) - len(backup.texts),
        from_old=0,
        kept=kept,
    )


def newest_good(paths: Paths) -> tuple[Backup | None, tuple[str, ...]]:
    """Return the newest backup that is whole, and the damaged ones after it with the reasons."""
    base, _, passed = _newest_good(paths, _journal(paths.journal), database_source(paths.database))
    return base, passed


def read_database(path: Path, paths: Paths) -> list[Stored]:
    """Return all rows and attempts of another database, which is only read, as they are stored.

    Args:
        path: the other database; of this version or an older one.
        paths: where a copy may be made and brought up to date.

    Raises:
        StoreFault: it is damaged, newer, or no database of studytrack.
    """
    try:
        with workshop(paths) as place, explained(path, NOT_CHANGED):
            check_revision(path)
            copy_database(path, place.database)
            Store.open(place, copies=False).close()  # brings it up to date
            with contextlib.closing(sqlite3.connect(place.database)) as connection:
                return list(every_row(connection))
    except StoreFault as error:
        raise StoreFault(
            f"{path} cannot be imported.",
            f"{error.what} {error.why}",
            "Choose a whole database of this version of studytrack or an older one. "
            "Nothing was changed.",
        ) from error


def _journal(path: Path) -> Source:
    """Return what the journal holds; a pipe or folder in its place holds nothing.

    Raises:
        StoreFault: it cannot be read, so the newest events may be missed.
    """
    try:
        return journal_source(path)
    except OSError as error:
        if is_misplaced(path):
            return Source(unusable=True)
        raise StoreFault(
            f"The journal {path} cannot be read.",
            f"The system says: {error.strerror or error}. It may hold what nothing else has.",
            "Make it readable, or move it away, and try again. Nothing was changed.",
        ) from error


def _newest_good(
    paths: Paths, journal: Source, old: Source
) -> tuple[Backup | None, Source, tuple[str, ...]]:
    passed: list[str] = []
    for one in reversed(backups(paths.backups)):
        backup, reason = _examined(paths, one, journal, old)
        if not reason:
            return one, backup, tuple(passed)
        passed.append(f"{one.name}: {reason}")
    return None, Source(), tuple(passed)


def _examined(paths: Paths, one: Backup, journal: Source, old: Source) -> tuple[Source, str]:
    """Return what a backup holds and why it cannot be trusted, "" if it can.

    An event that differs from the journal's speaks against the backup if the journal's line has
    its checksum, or the database says the same.
    """
    try:
        verify(one.path)
        backup = _source_of(paths, one.path)
    except (sqlite3.Error, OSError) as error:
        return Source(), f"SQLite says: {error}."
    count = sum(kind == "log" for kind, _ in backup.texts)
    if count != one.events:
        return backup, f"It holds {count} events; its name says {one.events}."
    wrong = [
        key
        for key in differing(journal, backup)
        if key in journal.sealed or (key in old.texts and same(old.texts[key], journal.texts[key]))
    ]
    if wrong:
        shown = ", ".join(name for _, name in wrong[:3]) + (", …" if len(wrong) > 3 else "")  # noqa: PLR2004 - a line
        return backup, f"{len(wrong)} of its events differ from the journal's: {shown}."
    return backup, ""


def _source_of(paths: Paths, path: Path) -> Source:
    """Return what a whole backup holds; one of an older version is read from an upgraded copy."""
    if not check_revision(path):
        return database_source(path, alone=True)
    with workshop(paths) as place:
        copy_database(path, place.database, alone=True)
        migrate(place.database)
        return database_source(place.database)


def _search_further(paths: Paths, united: United, base: Backup | None) -> None:
    """Look in every other backup, damaged or not, for events of which only a trace is left."""
    if not united.gone:
        return
    for one in reversed(backups(paths.backups)):
        if base is not None and one.path == base.path:
            continue
        other = database_source(one.path, alone=True)
        names = {clue.name for clue in united.gone}
        united.texts |= {key: text for key, text in other.texts.items() if key[1] in names}
        united.gone = gone(united.texts, united.gone)


def _build(paths: Paths, dump: Mapping[str, Any], device: str) -> None:
    """Make a database of the events, look at it, and let it wait beside the old one."""
    with workshop(paths) as place:
        try:
            _fill(place, dump, device)
        except StudytrackError as error:  # it is known by the name that it is going to have
            error.what = error.what.replace(str(place.database), str(paths.database))
            error.remedy = f"{error.remedy} The old database is still in place.".lstrip()
            raise
        stage(place.database, paths.database)


def _fill(place: Paths, dump: Mapping[str, Any], device: str) -> None:
    store = Store.open(place, copies=False)
    try:
        store.merge(dump)
        if device:
            store.adopt(device)
        store.rebuild()
        if problems := store.check():
            raise damaged(place.database, "; ".join(problems))
    finally:
        store.close()


def _forget_writers(paths: Paths) -> None:
    for path in (paths.data / "writers").glob("*"):  # they wrote the old database
        path.unlink(missing_ok=True)

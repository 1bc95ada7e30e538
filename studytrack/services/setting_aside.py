"""Rows that break the rules: what `doctor` says of them, and how a repair sets them aside.

What a row may hold stands in `domain.row_rules`, how rows are moved in `storage.aside`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from studytrack.errors import StoreFault, StudytrackError
from studytrack.paths import Paths
from studytrack.services.examined import Examined
from studytrack.services.study import Study

REMEDY = "`studytrack doctor --repair` sets them aside in a file and keeps the others."


def examine_rows(paths: Paths, study: Study) -> list[Examined]:
    """Return what `doctor` says of the rows: how many break which rule, and which lie aside.

    Raises:
        StoreFault: the database cannot be read.
    """
    from studytrack.storage.aside import aside_file

    faulty = study.store.faulty_rows()
    if faulty:
        words = _counted(one.fault.field for one in faulty if one.fault is not None)
        first = next(one for one in faulty if one.fault is not None)
        verb = "breaks" if len(faulty) == 1 else "break"
        place = f"row {first.number} of the table `{first.table}`"
        text = (
            f"{_rows(len(faulty))} of the database {verb} a rule: {words}. "
            f"The first is {place}: {first.fault}"
        )
        return [Examined(name="rows", state="fail", text=text, remedy=REMEDY)]
    kept = aside_file(paths.data)
    text = f"{_rows(study.store.size())} of the log, all as they should be"
    if kept.exists():
        text += f"; what was set aside lies in {kept}"
    return [Examined(name="rows", state="ok", text=text)]


def faulty_home(paths: Paths) -> StudytrackError | None:
    """Return the error for a home whose rows break rules, None if none do; never raises.

    For a command that failed and does not know why.
    """
    from studytrack.storage.aside import needs_cleaning

    try:
        if not paths.database.exists() or not needs_cleaning(paths):
            return None
    except (StudytrackError, OSError):
        return None
    return StoreFault(
        f"{paths.database} holds rows that break the rules.",
        "A damaged file was imported before imports were checked, or the disk is at fault.",
        f"{REMEDY} `studytrack doctor` counts them.",
    )


def clean(study: Study) -> Iterator[str]:
    """Set aside what breaks a rule, in database and journal; yield what was done, as sentences.

    The study is opened again at its next use.

    Raises:
        StoreFault: the database is open elsewhere, or damaged.
    """
    from studytrack.storage.aside import needs_cleaning, set_aside

    if not needs_cleaning(study.paths):
        return
    study.close()
    done = set_aside(study.paths)
    study.refresh()
    if done.taken:
        words = ", ".join(f"{name} ({count})" for name, count in done.faults.items())
        verb = "lies" if done.taken == 1 else "lie"
        yield f"{_rows(done.taken)} broke a rule and {verb} aside now: {words}."
    if done.right:
        yield (
            f"{_rows(len(done.right))} could be put right: texts are cut to size, an impossible "
            "clock or study day follows from the row's own time."
        )
    if done.lines:
        lines = f"{done.lines:,} line{'s'[: done.lines != 1]}"
        yield f"The journal was written anew without {lines} that broke a rule."
    yield f"Everything is kept as it was in {done.path}; you can delete it when you are sure."


def _counted(words: Iterable[str]) -> str:
    found = Counter(words).most_common()
    return ", ".join(f"{word} ({count})" for word, count in found)


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"

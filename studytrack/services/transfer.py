"""Import and export: the learner's state and their LLM-FastTrack document, in and out.

One import is one transaction and one step of undo. A dry run decides the same and writes nothing;
a second import of the same file changes nothing. How formats look is known in `formats`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from studytrack.content.decode import plain
from studytrack.domain.field_rules import fields_fault
from studytrack.domain.library import Reading
from studytrack.domain.plain_data import name_fault, object_fault
from studytrack.errors import DataFault, NotFound, UsageFault
from studytrack.formats.fasttrack import read_document
from studytrack.formats.markdown import ReadingState, Tracker, write_tracker
from studytrack.formats.merge import (
    Change,
    Merge,
    merge_advice,
    merge_cards,
    merge_notes,
    merge_resources,
    merge_terms,
)
from studytrack.formats.merge_plan import merge_plan
from studytrack.formats.merge_readings import merge_readings
from studytrack.formats.state import read_state, row_lines, write_state
from studytrack.services.intake import Arrival, Sifted, arrivals, horizon_of, sift
from studytrack.services.readings import FINISHED
from studytrack.services.study import Study

_ALIASES = {
    "json": "json",
    "fasttrack": "fasttrack",
    "markdown": "fasttrack",
    "md": "fasttrack",
    "database": "database",
    "db": "database",
    "journal": "journal",
    "jsonl": "journal",
}
_SQLITE = b"SQLite format 3\0"
_LOOK = 4096  # bytes from which a format is told
EXPORTS = ("json", "markdown")
_KINDS = ("topic", "reading", "term", "note", "resource", "card", "advice")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What an import did, or would do in a dry run. `refused` and `details` name their lines."""

    format: str
    new: int
    merged: int
    unchanged: int
    refused: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


def import_file(
    study: Study,
    path: Path,
    as_format: str = "",
    dry_run: bool = False,
    confirmed: bool = False,
) -> ImportSummary:
    """Bring a file's content in.

    Args:
        study: the learner's study.
        path: a JSON export, another database or journal, or an LLM-FastTrack document.
        as_format: `json`, `database`, `journal`, `fasttrack` or "" to look at the content.
        dry_run: only tell what would change.
        confirmed: the learner said that the dates are right, also those of far ahead.

    Raises:
        NotFound: no such file.
        UsageFault: an unknown format, or content of none of the known ones.
        DataFault: a file that cannot be read or is damaged.
    """
    chosen = _named(as_format) or _look(path)
    if chosen in {"database", "journal"}:
        return _import_log(study, path, chosen, dry_run=dry_run, confirmed=confirmed)
    text = _read(path)
    if chosen == "json" or (not chosen and _looks_json(text, path)):
        return _import_export(study, text, dry_run=dry_run, confirmed=confirmed)
    return _import_document(study, text, path, dry_run, asked=bool(as_format))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"No file {path}.", "", "Check the path.") from None
    except UnicodeDecodeError as error:
        raise DataFault(
            f"{path} is not UTF-8 text.",
            f"Byte {error.start} cannot be read.",
            "Save the file as UTF-8 and import it again.",
        ) from error
    except OSError as error:
        raise DataFault(f"{path} cannot be read.", f"{error.strerror or error}.") from error


def _named(as_format: str) -> str:
    word = as_format.lower()
    if word and word not in _ALIASES:
        raise UsageFault(
            f"No import format `{as_format}`.",
            "",
            "Use --as json, --as database, --as journal or --as fasttrack.",
        )
    return _ALIASES.get(word, "")


def _look(path: Path) -> str:
    """Return the format that a file's first bytes name; "" for text that must be read."""
    from studytrack.storage.journal import is_journal

    if not path.is_file():  # a pipe is read once
        return ""
    try:
        with path.open("rb") as file:
            start = file.read(_LOOK)
    except OSError as error:
        raise DataFault(f"{path} cannot be read.", f"{error.strerror or error}.") from error
    if start.startswith(_SQLITE):
        return "database"
    return "journal" if is_journal(start) else ""


def _looks_json(text: str, path: Path) -> bool:
    return path.suffix.lower() == ".json" or text.lstrip().startswith("{")


# The learner's state


def _import_log(
    study: Study, path: Path, chosen: str, *, dry_run: bool, confirmed: bool
) -> ImportSummary:
    """Unite another database or journal with what is here."""
    if not path.exists():
        raise NotFound(f"No file {path}.", "", "Check the path.")
    refused: list[str] = []
    if chosen == "database":
        from studytrack.storage.rescue import read_database

        found = [
            Arrival(one.table, one.raw, f"row {one.number} of the table `{one.table}`")
            for one in read_database(path, study.paths)
        ]
    else:
        from studytrack.storage.journal import read_journal

        try:
            contents = read_journal(path, judged=True)
        except OSError as error:
            raise DataFault(f"{path} cannot be read.", f"{error.strerror or error}.") from error
        found = arrivals("log", contents.log) + arrivals("attempt", contents.attempts)
        if contents.damaged:
            refused = [f"{contents.damaged} lines that are cut or no event were left out."]
        refused += contents.refused
    done = sift(found, horizon_of(study, found, confirmed=confirmed))
    return _unite(study, chosen, done, dry_run, refused)


def _import_export(study: Study, text: str, *, dry_run: bool, confirmed: bool) -> ImportSummary:
    """Unite the log of an export with what is here."""
    data = read_state(text)
    found = arrivals("log", data["log"]) + arrivals("attempt", data["attempts"])
    horizon = horizon_of(study, found, confirmed=confirmed)
    done = sift(found, horizon)
    if done.refused:  # to say on which lines is worth another pass over the text
        lines = row_lines(text)
        found = arrivals("log", data["log"], lines["log"])
        found += arrivals("attempt", data["attempts"], lines["attempts"])
        done = sift(found, horizon)
    return _unite(study, "json", done, dry_run)


def _unite(
    study: Study, chosen: str, done: Sifted, dry_run: bool, refused: Sequence[str] = ()
) -> ImportSummary:
    """Unite a log with what is here, row by row; rows keep their identity and device."""
    here = study.store.known(done.log, done.attempts)
    new = len(done.log) + len(done.attempts) - len(here)
    if new and not dry_run:
        if study.store.last_moment():
            study.store.backup("import")  # a union cannot be undone as one step
        study.store.merge({"log": [*done.log.values()], "attempts": [*done.attempts.values()]})
        study.refresh()
    sizes = f"{len(done.log)} log rows and {len(done.attempts)} attempts"
    details = [f"{sizes} in the file, {new} of them new."]
    if done.cut:
        details.append(f"{done.cut} of them had texts that were cut to size.")
    return ImportSummary(
        format=chosen,
        new=new,
        merged=0,
        unchanged=len(here),
        refused=(*refused, *done.refused),
        details=tuple(details),
    )


# The document


def _import_document(
    study: Study, text: str, path: Path, dry_run: bool, *, asked: bool
) -> ImportSummary:
    document = read_document(text)
    if not document.recognised and not asked:
        raise UsageFault(
            f"{path} is of no format that can be imported.",
            "It is neither a JSON export nor a document with a plan, a reading list or a glossary.",
            "Name the format with --as json or --as fasttrack.",
        )
    own = {kind: study.store.entities(kind) for kind in _KINDS}
    merge = Merge(refused=[str(refusal) for refusal in document.refused])
    for step in (
        merge_plan,
        merge_readings,
        merge_terms,
        merge_advice,
        merge_resources,
        merge_notes,
        merge_cards,
    ):
        step(document, study.catalogue, own, merge)
    _refuse_what_breaks_rules(merge, own)
    if merge.changes and not dry_run:
        _write(study, path, merge)
    return ImportSummary(
        format="fasttrack",
        new=merge.new,
        merged=merge.merged,
        unchanged=merge.unchanged,
        refused=tuple(merge.refused),
        details=tuple(merge.details),
    )


def _refuse_what_breaks_rules(merge: Merge, own: Mapping[str, Mapping[str, Any]]) -> None:
    """Leave out items that could not be shown later: texts without end, addresses that are none."""
    kept: list[Change] = []
    for change in merge.changes:
        fields = _fields(change, "2000-01-01")
        wrong = name_fault(change.item_id) or object_fault(fields)
        wrong = wrong or fields_fault(change.item_kind, change.item_id, fields)
        if not wrong:
            kept.append(change)
            continue
        shown = f"Line {change.line}: {change.item_kind} `{change.item_id[:60]}`"
        merge.refused.append(f"{shown}: {wrong}.")
        if change.record is not None and change.item_id not in own.get(change.item_kind, {}):
            merge.new -= 1
        else:
            merge.merged -= 1
        told = f"{change.item_kind} `{change.item_id}`"
        merge.details = [line for line in merge.details if told not in line]
    merge.changes = kept


def _write(study: Study, path: Path, merge: Merge) -> None:
    """Append the import row and the rows that undo with it, in one transaction."""
    store, stamp = study.store, study.stamp()
    name = path.name.encode("utf-8", "replace").decode()  # a name may be of any bytes
    today = date.fromordinal(stamp.study_day).isoformat()
    counts = {"format": "fasttrack", "new": merge.new, "merged": merge.merged}
    head = store.new_row(stamp, kind="import", item_kind="file", item_id=name, evidence=counts)
    rows = [
        store.new_row(
            stamp,
            kind="set",
            item_kind=change.item_kind,
            item_id=change.item_id,
            batch=head.event_id,
            fields=_fields(change, today),
            evidence={"file": name, "line": change.line},
        )
        for change in merge.changes
    ]
    store.append([head, *rows])
    study.refresh()


def _fields(change: Change, today: str) -> dict[str, Any]:
    """Return a change's fields with the record as JSON and the dates that go with a status."""
    fields = dict(change.fields)
    if change.record is not None:
        fields["record"] = plain(change.record)
        if isinstance(change.record, Reading):
            fields["added"] = today
    if fields.get("status") in FINISHED:
        fields |= {"finished": today, "progress": 100}
    elif fields.get("status") == "reading":
        fields["started"] = today
    return fields


# Out


def export(study: Study, format: str) -> str:  # noqa: A002 - the word on the command line
    """Return everything the learner did (`json`) or their tracker as a document (`markdown`).

    Raises:
        UsageFault: an unknown format.
    """
    if format == "json":
        return write_state(study.store.dump())
    if format == "markdown":
        return write_tracker(_tracker(study))
    raise UsageFault(f"No export format `{format}`.", "", f"Use one of: {', '.join(EXPORTS)}.")


def _tracker(study: Study) -> Tracker:
    catalogue = study.catalogue
    topics = study.store.entities("topic")
    readings = study.store.entities("reading")
    own_cards = study.store.entities("card")
    return Tracker(
        parts=catalogue.parts,
        marks={item: fields["marked"] for item, fields in topics.items() if fields.get("marked")},
        readings=[
            _reading_state(reading, readings.get(reading.id, {}))
            for reading in catalogue.readings.values()
        ],
        terms=list(catalogue.terms.values()),
        advice=list(catalogue.advice.values()),
        resources=list(catalogue.resources.values()),
        notes=list(catalogue.notes.values()),
        cards=[card for card in catalogue.cards.values() if "record" in own_cards.get(card.id, {})],
    )


def _reading_state(reading: Reading, fields: Mapping[str, Any]) -> ReadingState:
    return ReadingState(
        reading=reading,
        status=fields.get("status", reading.status),
        takeaways=tuple(item["text"] for item in fields.get("takeaways", ())),
    )

"""The reading list: what to read, how far it is read, and what was taken away from it.

A takeaway becomes a card of the learner's own. The reading's row and the card's row are stored
together and undone together, because the card's row carries the reading's row as its `batch`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args
from urllib.parse import SplitResult, unquote, urlsplit

from studytrack.content.decode import plain
from studytrack.domain.cards import Card
from studytrack.domain.library import READING_STATUSES, Reading, ReadingKind, ReadingStatus
from studytrack.domain.slugs import unique_slug
from studytrack.errors import UsageFault, nearest, resolve
from studytrack.services.evidence import resolve_topic
from studytrack.services.intake import check_given
from studytrack.services.study import Study

LISTED: tuple[ReadingStatus, ...] = ("reading", "next", "inbox", "done", "archived", "dropped")
FINISHED: frozenset[str] = frozenset({"done", "archived"})
_SITES: tuple[tuple[str, ReadingKind], ...] = (
    (r"(^|\.)arxiv\.org$|\.pdf$", "paper"),
    (r"(^|\.)(youtube\.com|youtu\.be|vimeo\.com)$", "video"),
    (r"(^|\.)(github\.com|gitlab\.com|codeberg\.org)$", "repo"),
    (r"(^|\.)(twitter\.com|x\.com)$", "tweet"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeaway:
    """What was learnt from a reading, the card that asks for it, and the study day."""

    text: str
    card: str
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingView:
    """A reading as the learner has it. `started` and `finished` are ISO dates or ""."""

    reading: Reading
    status: ReadingStatus
    progress: int = 0
    takeaways: tuple[Takeaway, ...] = ()
    started: str = ""
    finished: str = ""


def readings(study: Study, status: str = "") -> list[ReadingView]:
    """Return the readings of one status or of all, those being read first.

    Raises:
        UsageFault: no such status.
    """
    if status:
        _check_status(status)
    views = reading_views(study.catalogue.readings, study.store.entities("reading"))
    return [view for view in views if not status or view.status == status]


def reading(study: Study, name: str) -> ReadingView:
    """Return one reading by its id or the unique beginning of it.

    Raises:
        NotFound: no such reading, or several.
    """
    found = _resolve(study, name)
    fields = study.store.entities("reading").get(found, {})
    return reading_view(study.catalogue.readings[found], fields)


def reading_views(
    listed: Mapping[str, Reading], entities: Mapping[str, Mapping[str, Any]]
) -> list[ReadingView]:
    """Return the views of all readings, by status and within it in the list's order."""
    views = [reading_view(item, entities.get(item.id, {})) for item in listed.values()]
    return sorted(views, key=lambda view: LISTED.index(view.status))


def reading_view(item: Reading, fields: Mapping[str, Any]) -> ReadingView:
    """Return a reading with the learner's fields laid over it."""
    status: ReadingStatus = fields.get("status", item.status)
    return ReadingView(
        reading=item,
        status=status,
        progress=fields.get("progress", 100 if status in FINISHED else 0),
        takeaways=tuple(Takeaway(**entry) for entry in fields.get("takeaways", ())),
        started=fields.get("started", ""),
        finished=fields.get("finished", ""),
    )


def set_status(study: Study, name: str, status: str) -> ReadingView:
    """Move a reading to `status`; dates of starting and finishing follow.

    Raises:
        NotFound: no such reading, or several.
        UsageFault: no such status.
    """
    wanted = _check_status(status)
    view = reading(study, name)
    return view if view.status == wanted else _change(study, view, _moved(study, view, wanted))


def finish(study: Study, name: str, takeaway: str | None = None) -> ReadingView:
    """Mark a reading as done; a takeaway becomes a card. One undo takes both back.

    Raises:
        NotFound: no such reading, or several.
    """
    view = reading(study, name)
    text = (takeaway or "").strip()
    fields = {} if view.status == "done" else _moved(study, view, "done")
    if not text:
        return _change(study, view, fields) if fields else view
    stamp = study.stamp()
    item = view.reading
    first = study.store.new_row(stamp, kind="set", item_kind="reading", item_id=item.id)
    card = Card(
        # the random end of the event's id keeps cards apart that two devices make before they merge
        id=f"takeaway.{item.id}.{first.event_id[-6:]}",
        kind="recall",
        topic=item.topics[0] if item.topics else "",
        front=f"What did you take away from {_quoted(item.title)}?",
        back=text,
        reading=item.id,
        source=f"takeaway:{item.id}",
    )
    kept = [plain(entry) for entry in view.takeaways]
    fields["takeaways"] = [*kept, {"text": text, "card": card.id, "day": stamp.study_day}]
    second = study.store.new_row(
        stamp,
        kind="set",
        item_kind="card",
        item_id=card.id,
        batch=first.event_id,
        fields={"record": plain(card)},
    )
    check_given(second)
    study.store.append([first._replace(fields=fields), second])
    study.refresh()
    return reading(study, item.id)


def set_progress(study: Study, name: str, percent: int) -> ReadingView:
    """Note how far a reading is read; one that was not begun counts as being read from now on.

    Reaching 100 does not finish it: `finish` asks what was learnt.

    Raises:
        NotFound: no such reading, or several.
        UsageFault: `percent` is not between 0 and 100.
    """
    most = 100
    if not 0 <= percent <= most:
        raise UsageFault(
            f"Progress of {percent} %.", "It lies between 0 and 100.", "Give a whole number."
        )
    view = reading(study, name)
    if view.progress == percent:
        return view
    begun = {} if view.status in {"reading", *FINISHED} else _moved(study, view, "reading")
    return _change(study, view, {**begun, "progress": percent})


def add(
    study: Study,
    url: str,
    title: str = "",
    kind: str = "",
    topics: Sequence[str] = (),
) -> ReadingView:
    """Add a reading of the learner's own to the inbox.

    Args:
        study: the learner's study.
        url: its address; `https://` may be left out.
        title: "" takes the last piece of the address.
        kind: "" guesses by the site.
        topics: ids of topics or points, or unique beginnings of them.

    Raises:
        UsageFault: no address, an unknown kind, or the address is listed already.
        NotFound: no such topic.
    """
    address = address_of(url)
    listed = study.catalogue.readings
    for item in listed.values():
        if _same_place(item.url) == _same_place(address):
            raise UsageFault(
                f"{address} is already listed.",
                f"It is the reading `{item.id}`: {item.title}.",
                f"Run `studytrack reading show {item.id}`.",
            )
    named = title.strip() or title_of(address)
    own = Reading(
        id=unique_slug(named, listed, "reading"),
        title=named,
        url=address,
        kind=_kind(kind, address),
        topics=tuple(resolve_topic(study.catalogue, name) for name in topics),
    )
    fields = {"record": plain(own), "added": _today(study)}
    row = _row(study, own.id, fields)
    check_given(row)
    study.store.append([row])
    study.refresh()
    return reading(study, own.id)


def title_of(url: str) -> str:
    """Return a title for an address without one: its last piece in words, or its host.

    >>> title_of("https://posts.example/2024/the-illustrated-gpt_2.html")
    'the illustrated gpt 2'
    """
    split = _split(url)
    pieces = [piece for piece in split.path.split("/") if piece]
    last = re.sub(r"\.(html?|php|pdf|md)$", "", unquote(pieces[-1])) if pieces else ""
    return re.sub(r"[-_+\s]+", " ", last).strip() or (split.hostname or url)


def _resolve(study: Study, name: str) -> str:
    return resolve("reading", name, study.catalogue.readings, "studytrack reading list")


def _check_status(status: str) -> ReadingStatus:
    for known in READING_STATUSES:
        if status == known:
            return known
    close = nearest(status, READING_STATUSES, count=1)
    raise UsageFault(
        f"No reading status `{status}`.",
        f"Did you mean `{close[0]}`?" if close else "",
        f"The statuses are {', '.join(READING_STATUSES)}.",
    )


def _moved(study: Study, view: ReadingView, status: ReadingStatus) -> dict[str, Any]:
    """Return the fields that change when a reading moves to `status`."""
    fields: dict[str, Any] = {"status": status}
    if status in FINISHED and view.status not in FINISHED:
        fields |= {"finished": _today(study), "progress": 100}
    elif status not in FINISHED and view.status in FINISHED:
        fields |= {"finished": None, "progress": None}
    if status == "reading" and not view.started:
        fields["started"] = _today(study)
    return fields


def _change(study: Study, view: ReadingView, fields: Mapping[str, Any]) -> ReadingView:
    study.store.append([_row(study, view.reading.id, fields)])
    return reading(study, view.reading.id)


def _row(study: Study, item_id: str, fields: Mapping[str, Any]) -> Any:
    return study.store.new_row(
        study.stamp(), kind="set", item_kind="reading", item_id=item_id, fields=dict(fields)
    )


def _today(study: Study) -> str:
    return date.fromordinal(study.stamp().study_day).isoformat()


def _quoted(title: str) -> str:
    """Return the title so that a sentence can end after it."""
    return f"“{title.rstrip()}”"


def address_of(url: str) -> str:
    """Return a web address, with `https://` where the scheme was left out.

    Raises:
        UsageFault: it is none.
    """
    text = url.strip()
    full = text if "://" in text else f"https://{text}"
    try:
        split = urlsplit(full)
        host, scheme = split.hostname or "", split.scheme
    except ValueError:  # brackets that hold no IPv6 address
        host, scheme = "", ""
    if scheme not in {"http", "https"} or "." not in host.strip(".") or " " in full:
        raise UsageFault(
            f"`{text}` is no address.",
            "A reading is found by its URL.",
            "Give one such as https://arxiv.org/abs/1706.03762.",
        )
    return full


def _split(url: str) -> SplitResult:
    """Return the parts of an address; an imported one may be broken, and then has none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _same_place(url: str) -> str:
    split = _split(url)
    if not split.hostname:
        return url
    host = split.hostname.removeprefix("www.")
    query = f"?{split.query}" if split.query else ""
    return f"{host}{split.path.rstrip('/')}{query}"


def _kind(kind: str, url: str) -> ReadingKind:
    kinds: tuple[ReadingKind, ...] = get_args(ReadingKind)
    for known in kinds:
        if kind == known:
            return known
    if kind:
        raise UsageFault(f"No kind of reading `{kind}`.", "", f"The kinds are {', '.join(kinds)}.")
    split = _split(url)
    for pattern, guessed in _SITES:
        if re.search(pattern, split.hostname or "") or re.search(pattern, split.path):
            return guessed
    return "post"

"""Readings of a document met with known ones: by address, then by title.

One reading may stand in several places; every wording is kept as a mention. A title that only
resembles a known one is pointed out and never merged.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from studytrack.domain.catalogue import Catalogue
from studytrack.domain.library import Mention, Reading, ReadingStatus
from studytrack.domain.slugs import unique_slug
from studytrack.formats.document import Document, ListedReading, ListName
from studytrack.formats.merge import Entities, Merge
from studytrack.formats.urls import canonical, guess_kind
from studytrack.formats.wording import fold, share

_STATUS: dict[ListName, ReadingStatus] = {
    "inbox": "inbox",
    "next": "next",
    "reading": "reading",
    "done": "done",
    "archive": "archived",
    "dropped": "dropped",
}
_REACHED = {"inbox": 0, "next": 1, "reading": 2, "done": 3, "archived": 3, "dropped": 3}
_TELLING = 3  # words from which on a title stands for one work
_ALIKE = 0.7
_MANY = 8  # names in one line of the summary


def merge_readings(document: Document, catalogue: Catalogue, own: Entities, into: Merge) -> None:
    """Meet the reading list; new readings become the learner's own."""
    index = _Index(catalogue)
    found: dict[str, list[ListedReading]] = {}
    for listed in document.readings:
        item = index.find(listed)
        if not item:
            resembling = index.resembling(listed.title)
            if resembling:
                into.details.append(
                    f"Line {listed.span.first}: {listed.title} may be the same as `{resembling}`."
                )
            item = index.add(listed)
        found.setdefault(item, []).append(listed)
    for item, mentions in found.items():
        known = catalogue.readings.get(item)
        if known is None:
            record = _new_reading(item, mentions)
            into.bring("reading", record, mentions[0].span, record.title)
        else:
            _meet(known, mentions, dict(own.get("reading", {}).get(item, {})), into)
    _tell_gone(document, catalogue, found, into)


class _Index:
    """Ids by canonical address and by folded title."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.by_url: dict[str, str] = {}
        self.by_title: dict[str, str] = {}
        self.words: dict[frozenset[str], str] = {}
        self.taken = set(catalogue.readings)
        for reading in catalogue.readings.values():
            self.learn(reading.id, reading.title, reading.url)
            for mention in reading.mentions:
                self.learn(reading.id, mention.title, mention.url)

    def learn(self, item: str, title: str, url: str) -> None:
        if url:
            self.by_url.setdefault(canonical(url), item)
        folded = fold(title)
        self.by_title.setdefault(folded, item)
        self.words.setdefault(frozenset(folded.split()), item)

    def find(self, listed: ListedReading) -> str:
        title = fold(listed.title)
        by_title = self.by_title.get(title, "") if len(title.split()) >= _TELLING else ""
        return self.by_url.get(canonical(listed.url), "") or by_title

    def resembling(self, title: str) -> str:
        words = frozenset(fold(title).split())
        if len(words) < _TELLING:
            return ""
        scored = [(share(words, other), item) for other, item in self.words.items()]
        best = max(scored, default=(0.0, ""))
        return best[1] if best[0] >= _ALIKE else ""

    def add(self, listed: ListedReading) -> str:
        item = unique_slug(listed.title, self.taken, "reading")
        self.taken.add(item)
        self.learn(item, listed.title, listed.url)
        for link in listed.alternates:
            self.by_url.setdefault(canonical(link.url), item)
        return item


def _furthest(mentions: list[ListedReading]) -> ReadingStatus:
    return max((_STATUS[listed.list] for listed in mentions), key=lambda s: _REACHED[s])


def _new_reading(item: str, mentions: list[ListedReading]) -> Reading:
    first = mentions[0]
    texts = [first.text or first.tag, *first.remarks]
    return Reading(
        id=item,
        title=first.title,
        url=first.url,
        kind=guess_kind(first.url),
        by=next((listed.by for listed in mentions if listed.by), ""),
        text="\n".join(text for text in texts if text),
        tip=next((listed.tip for listed in mentions if listed.tip), ""),
        status=_furthest(mentions),
        mentions=tuple(mention for listed in mentions for mention in _mentions(listed)),
    )


def _mentions(listed: ListedReading) -> list[Mention]:
    own = Mention(title=listed.title, url=listed.url, list=listed.list, text=listed.tail)
    others = [Mention(title=x.title, url=x.url, list=listed.list) for x in listed.alternates]
    return [own, *others]


def _meet(
    known: Reading, mentions: list[ListedReading], fields: dict[str, Any], into: Merge
) -> None:
    """Move a known reading on if the file has it further, and keep wordings not seen before."""
    changed: dict[str, Any] = {}
    told: list[str] = []
    status = _furthest(mentions)
    if _REACHED[status] > _REACHED.get(fields.get("status", known.status), 0):
        changed["status"] = status
        told.append(f"is now {status}")
    added: list[dict[str, Any]] = list(fields.get("mentions", []))
    titles, texts = _wordings(known, added)
    for listed in mentions:
        seen = _squash(listed.title) in titles or listed.untitled
        if not (seen and _squash(listed.tail) in texts):
            added.append(dataclasses.asdict(_mentions(listed)[0]))
            titles.add(_squash(listed.title))
            texts.add(_squash(listed.tail))
            changed["mentions"] = added
    if "mentions" in changed:
        told.append("has another wording in the file, which was kept")
    if changed:
        into.change("reading", known.id, mentions[-1].span.first, " and ".join(told), **changed)
    else:
        into.unchanged += 1


def _wordings(known: Reading, added: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    titles = {known.title, *(mention.title for mention in known.mentions)}
    texts = {"", known.text, known.by, f"by {known.by}", f"{known.text} by {known.by}"}
    texts |= {mention.text for mention in known.mentions}
    texts |= {f"by {known.by}: {known.text}"}
    for mention in added:
        titles.add(str(mention.get("title", "")))
        texts.add(str(mention.get("text", "")))
    return {_squash(title) for title in titles}, {_squash(text) for text in texts}


def _squash(text: str) -> str:
    return fold(text).replace(" ", "")


def _tell_gone(
    document: Document, catalogue: Catalogue, found: dict[str, list[ListedReading]], into: Merge
) -> None:
    """Name the readings that the document does not list any more; they keep their progress."""
    gone = [item for item in catalogue.readings if item not in found]
    if document.readings and gone:
        names = ", ".join(f"`{item}`" for item in gone[:_MANY])
        more = f" and {len(gone) - _MANY} more" if len(gone) > _MANY else ""
        into.details.append(f"Not in the file's reading list, kept here: {names}{more}.")

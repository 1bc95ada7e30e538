"""One line of the journal: sealed with a checksum, checked, and mended where one bit has flipped.

A line is `{"log":{…},"crc":"1a2b3c4d"}`: the CRC-32 of `{"log":{…}}`, which detects every flipped
bit and names a single one. Lines of older versions have no checksum; they are read, and count as
unverified. Nothing here opens a file.
"""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

LOG, ATTEMPT = "log", "attempt"
KEYS = {LOG: "event_id", ATTEMPT: "attempt_id"}
_SEAL = len(',"crc":"00000000"}')
_POLYNOMIAL = 0xEDB88320
_EVENT = re.compile(
    rb'^\{"(log|attempt)":\{"(?:event|attempt)_id":"([^"\\]+)".*\}'
    rb'(?P<seal>,"crc":"[0-9a-f]{8}")?\}$'
)
_HEAD = re.compile(rb'^\{"journal":')
_NEAR = bytes(0x0A ^ 1 << bit for bit in range(8))  # what one bit makes of a newline
_JOINED = re.compile(rb'(?<="\})[' + re.escape(_NEAR) + rb'](?=\{"(?:log|attempt)":\{"|$)')
_CLUES = {
    "name": re.compile(rb'"(?:event|attempt)_id":"([0-9a-f]{32})"'),
    "clock": re.compile(rb'"clock":(\d{1,15})[,}]'),
    "moment": re.compile(rb'"utc_ms":(\d{1,15})[,}]'),
    "item": re.compile(rb'"(?:item_id|exercise)":"([^"\\]{1,80})"'),
}


class Line(NamedTuple):
    """An event's line: the text without its checksum, and whether a right one was there.

    `mended` says that a flipped bit was put right, or that only the line's frame was damaged.
    """

    kind: str
    name: str
    text: bytes
    sealed: bool
    mended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What can still be seen of an event whose content cannot be read; "" and 0 are unknown."""

    name: str = ""
    item: str = ""
    moment: int = 0
    clock: int = 0


def sealed(text: str) -> str:
    """Return a line with its checksum."""
    return f'{text[:-1]},"crc":"{zlib.crc32(text.encode()):08x}"}}'


def checked(raw: bytes) -> Line | None:
    """Return the event of a line; None if it is damaged or holds no event.

    >>> checked(sealed('{"log":{"event_id":"a"}}').encode()).name
    'a'
    """
    found = _EVENT.match(raw)
    if found is None:
        return None
    text = raw
    if found["seal"]:
        text = raw[:-_SEAL] + b"}"
        if raw[-_SEAL:] != _seal_of(text):
            return None
    return Line(found[1].decode(), found[2].decode("utf-8", "replace"), text, bool(found["seal"]))


def unsealed(raw: bytes) -> bytes | None:
    """Return a line without its checksum; None if the checksum is wrong."""
    if not (raw[-_SEAL:].startswith(b',"crc":"') and raw.endswith(b'"}')):
        return raw
    text = raw[:-_SEAL] + b"}"
    return text if raw[-_SEAL:] == _seal_of(text) else None


def head_of(raw: bytes) -> tuple[str, str] | None:
    """Return the name of a journal and its device from its first line; None if it is damaged."""
    if not is_head(raw):
        return None
    with contextlib.suppress(ValueError, KeyError):
        head = json.loads(unsealed(raw.strip()) or b"")
        return str(head["journal"]), str(head.get("device", ""))
    return None


def is_head(raw: bytes) -> bool:
    """Tell whether a line is the first one of a journal."""
    return _HEAD.match(raw) is not None


def mended_lines(file: Iterable[bytes]) -> Iterator[Line | Clue]:
    """Yield the event of each line, and a clue for each that stays damaged; heads are left out."""
    before = b""  # a damaged line, which may be the first half of one
    for whole in file:
        raw = whole.rstrip(b"\n")
        line = checked(raw)
        if line is not None and not before:
            yield line
            continue
        for part in [raw] if line is not None else _JOINED.split(raw):
            if not part.strip() or is_head(part):
                continue
            line = checked(part.strip()) or mended(part)
            if line is None and before:
                line = mended(before + b"\n" + part)
                before = b"" if line else before
            yield from _clues(before)
            before = b"" if line else part
            if line is not None:
                yield line
    yield from _clues(before)


def mended(raw: bytes) -> Line | None:
    """Return the event of a sealed line in which one bit has flipped; None if that is not so."""
    if len(raw) <= _SEAL:
        return None
    text, seal = raw[:-_SEAL] + b"}", raw[-_SEAL:]
    wanted = _seal_of(text)
    wrong = sum(one != other for one, other in zip(seal, wanted, strict=True))
    if wrong > 1:  # else the checksum itself was hit
        if not re.fullmatch(rb',"crc":"[0-9a-f]{8}"\}', seal):
            return None
        flipped = _flipped(text, int(seal[8:16], 16) ^ zlib.crc32(text))
        if flipped is None:
            return None
        text = flipped
    line = checked(text[:-1] + _seal_of(text))
    return line._replace(mended=True) if line else None


def _flipped(text: bytes, syndrome: int) -> bytes | None:
    """Return the text with the one bit put right that explains how its checksum is off.

    Bits are tried from the last one on: each step is the error of the bit before it.
    """
    error = 1
    for step in range(8 * len(text)):
        error = (error >> 1) ^ (_POLYNOMIAL if error & 1 else 0)
        if error == syndrome:
            from_end, bit = step // 8, 7 - step % 8
            place = len(text) - 1 - from_end
            return text[:place] + bytes([text[place] ^ 1 << bit]) + text[place + 1 :]
    return None


def _seal_of(text: bytes) -> bytes:
    return b',"crc":"%08x"}' % zlib.crc32(text)


def _clues(raw: bytes) -> Iterator[Clue]:
    """Yield what a damaged line still says, if that is anything."""
    found = {name: pattern.search(raw) for name, pattern in _CLUES.items()}
    text = {name: match[1].decode(errors="replace") for name, match in found.items() if match}
    if "name" in text or "clock" in text:
        yield Clue(
            name=text.get("name", ""),
            item=text.get("item", ""),
            moment=int(text.get("moment", 0)),
            clock=int(text.get("clock", 0)),
        )

"""Frames on pipes: a length, a JSON header, raw buffers. Never pickle.

Both sides of every grader channel use this. It knows bytes and caps; what a header means is the
business of `codec`, `runner` and `judge`. No torch here: the client imports it.

    4 bytes little-endian header length | header (JSON, with "n": [buffer sizes]) | buffers
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any

HEADER_CAP = 1 << 20
BUFFERS_CAP = 64 << 20
BUFFER_COUNT_CAP = 1000
OUTPUT_CAP = 64 << 10


class NoAnswer(Exception):
    """A question went unanswered: no word of the submission's, and nothing a check may catch."""


class ProtocolFault(NoAnswer):
    """A frame that breaks the rules: too large, not JSON, lying about sizes."""


def pack(header: dict[str, Any], buffers: Sequence[bytes | bytearray | memoryview] = ()) -> bytes:
    """Return one frame.

    Raises:
        ProtocolFault: the header or the buffers exceed their cap.
    """
    sizes = [len(buffer) for buffer in buffers]
    try:
        text = json.dumps({**header, "n": sizes}, allow_nan=False, ensure_ascii=True).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolFault(f"the header cannot be written: {error}") from error
    if len(text) > HEADER_CAP or sum(sizes) > BUFFERS_CAP or len(sizes) > BUFFER_COUNT_CAP:
        raise ProtocolFault("the message is larger than a frame may be")
    return b"".join((struct.pack("<I", len(text)), text, *buffers))


class FrameReader:
    """Cuts a stream of bytes into frames. Caps are checked before anything is kept."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._header: dict[str, Any] | None = None
        self._sizes: list[int] = []
        self._text_end = 0

    @property
    def clean(self) -> bool:
        """Whether no unread byte is left."""
        return not self._bytes

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
        """Take in bytes and yield each complete frame.

        Raises:
            ProtocolFault: a header or size that breaks the rules.
        """
        self._bytes += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> tuple[dict[str, Any], list[bytes]] | None:
        if self._header is None and not self._read_header():
            return None
        total = self._text_end + sum(self._sizes)
        if self._header is None or len(self._bytes) < total:
            return None
        buffers, start = [], self._text_end
        with memoryview(self._bytes) as view:  # a slice of the bytes would copy them twice
            for size in self._sizes:
                buffers.append(bytes(view[start : start + size]))
                start += size
        del self._bytes[:total]
        header, self._header = self._header, None
        return header, buffers

    def _read_header(self) -> bool:
        prefix = 4
        if len(self._bytes) < prefix:
            return False
        (length,) = struct.unpack_from("<I", self._bytes)
        if length > HEADER_CAP:
            raise ProtocolFault(f"a header of {length} bytes is larger than allowed")
        if len(self._bytes) < prefix + length:
            return False
        try:
            header = json.loads(
                bytes(self._bytes[prefix : prefix + length]), parse_constant=_refuse
            )
        except (ValueError, RecursionError) as error:
            raise ProtocolFault(f"the header is not JSON: {error}") from error
        sizes = header.get("n") if isinstance(header, dict) else None
        if not isinstance(sizes, list) or not all(
            type(size) is int and size >= 0 for size in sizes
        ):
            raise ProtocolFault("the header names no buffer sizes")
        if sum(sizes) > BUFFERS_CAP or len(sizes) > BUFFER_COUNT_CAP:
            raise ProtocolFault("the buffers are larger than allowed")
        self._header, self._sizes, self._text_end = header, sizes, prefix + length
        return True


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")

"""Frames survive any cutting, and garbage is refused by name."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.grader.wire import (
    BUFFERS_CAP,
    HEADER_CAP,
    FrameReader,
    ProtocolFault,
    pack,
)


@given(
    st.lists(st.tuples(st.dictionaries(st.text(), st.integers()), st.lists(st.binary()))),
    st.integers(1, 64),
)
def test_frames_survive_any_cutting(frames, step) -> None:
    """What was packed comes out again, however the bytes are cut."""
    data = b"".join(pack({"body": header}, buffers) for header, buffers in frames)

    reader = FrameReader()
    found = []
    for start in range(0, len(data), step):
        found.extend(reader.feed(data[start : start + step]))

    assert [(h, b) for h, b in frames] == [(h["body"], b) for h, b in found]
    assert reader.clean


@given(st.binary(max_size=400))
def test_garbage_is_a_protocol_fault_or_nothing(data) -> None:
    """Bytes that are no frame never raise anything but a protocol fault."""
    with contextlib.suppress(ProtocolFault):
        list(FrameReader().feed(data))


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack("<I", HEADER_CAP + 1),
        struct.pack("<I", 2) + b"[]",
        struct.pack("<I", 7) + b'{"n":1}',
        struct.pack("<I", 10) + b'{"n":[-1]}',
        struct.pack("<I", 12) + b'{"n":[true]} '[:12],
        struct.pack("<I", 21) + b'{"x": NaN, "n": [1]} '[:21],
        struct.pack("<I", 17) + f'{{"n":[{BUFFERS_CAP + 1}]}}'.encode()[:17].ljust(17),
        struct.pack("<I", 4) + b"\xff\xfe\x00\x01",
    ],
)
def test_a_frame_that_breaks_the_rules_is_refused(frame) -> None:
    """Too long, no object, sizes that are none, not JSON: refused before anything is kept."""
    with pytest.raises(ProtocolFault):
        list(FrameReader().feed(frame))


def test_a_header_above_the_cap_is_not_sent() -> None:
    """The sender keeps to the caps as well."""
    with pytest.raises(ProtocolFault):
        pack({"text": "x" * (HEADER_CAP + 1)})

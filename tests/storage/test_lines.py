"""A line of the journal shows every flipped bit, and a single one is put right."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from studytrack.storage.lines import Clue, Line, checked, mended, mended_lines, sealed, unsealed


def text(number: int, answer: str = "größe") -> str:
    """Return the text of an event."""
    event = {"event_id": f"{number:032x}", "clock": number, "item_id": f"c{number}"}
    return json.dumps({"log": {**event, "answer": answer}}, separators=(",", ":"))


def flip(data: bytes, bit: int) -> bytes:
    """Return data with one bit flipped."""
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


@given(st.text(max_size=60), st.integers(0, 10**6))
def test_a_flipped_bit_is_detected_and_put_right(answer, bit) -> None:
    """Wherever it is in the line."""
    line = sealed(text(7, answer)).encode()
    bad = flip(line, bit)

    assert checked(line) == Line("log", f"{7:032x}", text(7, answer).encode(), True)
    assert checked(bad) is None
    assert mended(bad) == Line("log", f"{7:032x}", text(7, answer).encode(), True, True)


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_a_file_with_a_flipped_bit_still_gives_every_event(bit, count) -> None:
    """Also where a newline appears within a line or is lost between two."""
    data = "".join(f"{sealed(text(number))}\n" for number in range(count)).encode()
    bad = flip(data, bit)

    found = list(mended_lines(bad.split(b"\n")))

    assert [line.text.decode() for line in found] == [text(number) for number in range(count)]


def test_newlines_that_appear_or_vanish_are_put_right() -> None:
    """A star becomes a newline, and a newline a star: each differs in one bit."""
    first, second = text(1, "a*b"), text(2)
    split = sealed(first).replace("a*b", "a\nb")
    joined = f"{sealed(first)}*{sealed(second)}"

    for data in (f"{split}\n{sealed(second)}", joined):
        found = list(mended_lines(data.encode().split(b"\n")))
        assert [line.text.decode() for line in found] == [first, second]


def test_a_line_with_two_flipped_bits_is_none_but_says_what_it_was() -> None:
    """Its id, item and clock are clues."""
    bad = sealed(text(3)).replace("answer", "bnswes").encode()

    assert mended(bad) is None
    assert list(mended_lines([bad])) == [Clue(name=f"{3:032x}", item="c3", clock=3)]


def test_a_line_of_an_older_version_is_read_and_counts_as_unverified() -> None:
    """It has no checksum."""
    line = checked(text(4).encode())

    assert line is not None
    assert not line.sealed
    assert unsealed(text(4).encode()) == text(4).encode()
    assert mended(text(4).encode()) is None

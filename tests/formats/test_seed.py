"""The real document, where it lies beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from studytrack.formats.document import Document
from studytrack.formats.fasttrack import read_document

SEED = Path(__file__).parents[2].parent / "shared" / "seed" / "llm-fasttrack.md"


@pytest.fixture(scope="module")
def seed() -> Document:
    """The document, read once."""
    if not SEED.is_file():
        pytest.skip("The seed document is not beside this checkout.")
    return read_document(SEED.read_text(encoding="utf-8"))


def test_everything_is_found(seed: Document):
    """Parts, topics, points, readings, terms, advice and resources are complete."""
    topics = [topic for part in seed.parts for topic in part.topics]

    assert [part.ordinal for part in seed.parts] == ["I", "II", "III", "IV", "V", "VI"]
    assert (len(topics), sum(len(topic.points) for topic in topics)) == (32, 112)
    assert (len(seed.listed("inbox")), len(seed.listed("archive"))) == (37, 2)
    assert (len(seed.terms), len(seed.advice)) == (9, 10)
    assert [resource.kind for resource in seed.resources] == (
        ["guide"] * 2 + ["training"] * 3 + ["community"] * 2
    )
    assert seed.refused == []


def test_the_inbox_has_two_groups(seed: Document):
    """27 readings and 10, parted by a blank line."""
    groups = [reading.group for reading in seed.listed("inbox")]

    assert groups == [0] * 27 + [1] * 10


def test_lines_are_those_of_the_file(seed: Document):
    """Spans point at the source: the tip's item, the last inbox entry, the damaged line."""
    by_line = {reading.span.first: reading for reading in seed.readings}

    assert (by_line[272].span.last, by_line[272].tip) == (
        273,
        "Read only the first 2 parts, skip the 3rd.",
    )
    assert by_line[293].title == "CNNs are still widely used"
    assert "â€™" in seed.advice[6].raw
    assert "don\u2019t" in seed.advice[6].text

"""The reading list: what stands before, in and behind a link."""

from __future__ import annotations

import pytest

from studytrack.formats.document import ListedReading
from studytrack.formats.fasttrack import read_document

LINK = "[Title](https://a.example/x)"


def read_item(item: str) -> ListedReading:
    """Return the one reading of an inbox with this item."""
    document = read_document(f"# Reading List\n\n**Inbox:**\n\n- {item}\n")
    assert document.refused == []
    return document.readings[0]


@pytest.mark.parametrize(
    ("tail", "by", "text"),
    [
        (": A visual guide to the model.", "", "A visual guide to the model."),
        (": Chapter 5, Deep\n  Learning", "", "Chapter 5, Deep Learning"),
        (":\n  A detailed explanation.", "", "A detailed explanation."),
        (":\n  by Peter Chng", "Peter Chng", ""),
        (" by 3Blue1Brown", "3Blue1Brown", ""),
        (": by Andrej\n  Karpathy", "Andrej Karpathy", ""),
        (":\n  bySebastian Raschka", "Sebastian Raschka", ""),
        (" Karpathy videos", "", "Karpathy videos"),
        (":", "", ""),
        ("", "", ""),
        (" - A good one.", "", "A good one."),
        (": YT Video by Andrew Ng", "Andrew Ng", "YT Video"),
        (" YouTube playlist/course by 3Blue1Brown", "3Blue1Brown", "YouTube playlist/course"),
        (": YouTube series from 3Blue1Brown", "3Blue1Brown", "YouTube series"),
        (" by Marc Peter A. Aldo\n  Faisal Cheng", "Marc Peter A. Aldo Faisal Cheng", ""),
        (" a book by Ian G and Yoshua B", "Ian G and Yoshua B", "a book"),
        (": by Ada L: On engines.", "Ada L", "On engines."),
        (": A guide by example to all.", "", "A guide by example to all."),
    ],
)
def test_tails_are_told_apart(tail: str, by: str, text: str):
    """Author and description are told apart; what is uncertain is a description."""
    reading = read_item(LINK + tail)

    assert ("Title", by, text) == (reading.title, reading.by, reading.text)


def test_a_tip_belongs_to_the_item_above():
    """`**TIP**:` on a continuation line is the tip, not the author's name."""
    reading = read_item(f"{LINK} a book by Ian Goodfellow\n  **TIP**: Read 2 parts, skip the 3rd.")

    assert (reading.by, reading.tip) == ("Ian Goodfellow", "Read 2 parts, skip the 3rd.")


def test_a_gap_is_a_group_boundary():
    """A blank line inside one list starts a group, whose short tails are topic words."""
    first = f"- {LINK}: Chapter one\n- {LINK}: More\n- {LINK}\n"
    second = f"- {LINK}: RNN\n  attention\n- {LINK}: Tweet by X Y\n"

    readings = read_document(f"**Inbox:**\n\n{first}\n{second}").readings

    assert [reading.group for reading in readings] == [0, 0, 0, 1, 1]
    assert [reading.tag for reading in readings] == ["", "", "", "RNN attention", ""]
    assert (readings[0].text, readings[4].by) == ("Chapter one", "X Y")
    assert [(reading.span.first, reading.span.last) for reading in readings] == [
        (3, 3),
        (4, 4),
        (5, 5),
        (7, 8),
        (9, 9),
    ]


def test_a_loose_list_is_one_group():
    """Blank lines between all items are a way of writing and part nothing."""
    readings = read_document(f"**Inbox:**\n\n- {LINK}\n\n- {LINK}\n\n- {LINK}\n").readings

    assert [reading.group for reading in readings] == [0, 0, 0]


@pytest.mark.parametrize("label", ["**Inbox:**", "Inbox:", "## Inbox", "**Inbox**:"])
def test_labels_and_headings_are_alike(label: str):
    """A list's name may be a heading, a bold word or a plain line."""
    document = read_document(f"# Reading List\n\n{label}\n\n- {LINK}\n")

    assert [reading.list for reading in document.readings] == ["inbox"]


def test_lists_of_later_versions():
    """Next Up, Reading, Done and an archive that is a list are known."""
    text = "".join(
        f"**{name}:**\n\n- [{name}](https://a.example/{name})\n\n"
        for name in ("Inbox", "Next Up", "Reading", "Done", "Archive", "Dropped")
    )

    lists = [reading.list for reading in read_document(f"# Reading List\n\n{text}").readings]

    assert lists == ["inbox", "next", "reading", "done", "archive", "dropped"]


def test_the_archive_is_a_table():
    """A title may begin before its link; comment and category come along."""
    rows = (
        "| Category | Title+Link | Comment |\n|---|---|---|\n"
        "| Study | [How](https://a.example/how) | A journey. |\n"
        "| Coding | 4.3 Vectors, and [Broad \\| casting](https://a.example/b): also X | YT |\n"
    )

    first, second = read_document(f"# Reading List\n\n**Archive:**\n\n{rows}").listed("archive")

    assert (first.title, first.category, first.text) == ("How", "Study", "A journey.")
    assert (second.title, second.text) == ("4.3 Vectors, and Broad | casting", "also X · YT")
    assert (second.span.first, second.raw[:8]) == (8, "| Coding")


def test_several_links_and_empty_titles():
    """The first link is the reading, others are alternates; a missing title is made and marked."""
    several = read_item(f"{LINK}, [code](https://b.example/code) and [talk](https://c.example)")
    empty = read_item("[](https://a.example/papers/attention): good")
    bare = read_item("https://a.example/bare.")

    assert [x.url for x in several.alternates] == ["https://b.example/code", "https://c.example"]
    assert (empty.title, empty.untitled) == ("attention", True)
    assert (bare.title, bare.url, bare.untitled) == ("bare", "https://a.example/bare", True)


def test_bullets_below_an_item_are_remarks():
    """What stands below an item belongs to it."""
    reading = read_item(f"{LINK}\n  - worth it\n  - see [this](https://b.example)")

    assert reading.remarks == ("worth it", "see this")
    assert [link.url for link in reading.alternates] == ["https://b.example"]


def test_an_item_without_address_is_refused():
    """Line and reason are named, and the other items are read."""
    document = read_document(f"**Inbox:**\n\n- a book somewhere\n- {LINK}\n")

    assert [reading.title for reading in document.readings] == ["Title"]
    assert (document.refused[0].line, document.refused[0].entry) == (3, "a book somewhere")

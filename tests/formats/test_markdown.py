"""The tracker as a document, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.content.loader import load_catalogue
from studytrack.domain.cards import Card
from studytrack.domain.library import Link, Reading, Term
from studytrack.formats.fasttrack import read_document
from studytrack.formats.markdown import ReadingState, Tracker, write_tracker


@pytest.fixture
def tracker(tiny: Path) -> Tracker:
    """The tiny catalogue with some progress."""
    catalogue = load_catalogue([tiny])
    own = Card(id="own.x", kind="recall", topic="", front="Why scale?", back="To keep it stable.")
    return Tracker(
        parts=catalogue.parts,
        marks={
            "pytorch.basics": "done",
            "pytorch.basics.tensors": "done",
            "transformer.arch.mha": "skipped",
            "sampling.topk": "done",
        },
        readings=[
            ReadingState(reading=reading, status=status, takeaways=("A | thing",))
            for reading, status in zip(
                catalogue.readings.values(),
                ("archived", "next", "done", "reading", "inbox"),
                strict=True,
            )
        ],
        terms=list(catalogue.terms.values()),
        advice=list(catalogue.advice.values()),
        resources=list(catalogue.resources.values()),
        notes=list(catalogue.notes.values()),
        cards=[own],
    )


def test_everything_is_read_back(tracker: Tracker):
    """The written document has the shape of the one that is imported."""
    document = read_document(write_tracker(tracker))

    assert document.refused == []
    assert [(part.ordinal, part.title) for part in document.parts] == [
        (part.id, part.title) for part in tracker.parts
    ]
    assert {reading.title: reading.list for reading in document.readings} == {
        state.reading.title: "archive" if state.status == "archived" else state.status
        for state in tracker.readings
    }
    assert [(term.title, term.text) for term in document.terms] == [
        (term.title, term.text) for term in tracker.terms
    ]
    assert [item.text for item in document.advice] == [item.text for item in tracker.advice]
    assert {resource.url for resource in document.resources} == {
        resource.url for resource in tracker.resources
    }
    assert [note.path[-1] for note in document.notes] == [note.title for note in tracker.notes]
    assert [(q.question, q.answer) for q in document.questions] == [
        ("Why scale?", "To keep it stable.")
    ]


def test_marks_are_read_back(tracker: Tracker):
    """Boxes and ticks stand where the learner marked a topic or point."""
    document = read_document(write_tracker(tracker))
    topics = {topic.title: topic for part in document.parts for topic in part.topics}

    assert topics["PyTorch Basics"].mark == "done"
    assert [point.mark for point in topics["PyTorch Basics"].points] == ["done", ""]
    assert [point.mark for point in topics["Architecture of Transformer Models"].points] == [
        "",
        "skipped",
    ]


def test_an_empty_tracker_is_a_document():
    """Sections without an entry are left out."""
    assert write_tracker(Tracker()) == "# LLM-FastTrack\n"


WORDS = st.text(alphabet=st.sampled_from("abc XYZ|[]é-,(1)"), min_size=1).map(
    lambda text: f"W{' '.join(text.split())}w"
)


@given(titles=st.lists(WORDS, min_size=1, max_size=4, unique=True), archived=st.booleans())
def test_titles_survive_the_round_trip(titles: list[str], archived: bool):
    """Pipes and brackets in titles come back, in lists and in tables."""
    readings = [
        Reading(id=f"r{n}", title=title, url=f"https://a.example/{n} (x)", kind="post")
        for n, title in enumerate(titles)
    ]
    terms = [
        Term(
            id=f"t{n}", title=title, text=title, links=(Link(title=title, url="https://l.example"),)
        )
        for n, title in enumerate(titles)
    ]
    status = "archived" if archived else "next"
    states = [ReadingState(reading=reading, status=status) for reading in readings]

    document = read_document(write_tracker(Tracker(readings=states, terms=terms)))

    assert [reading.title for reading in document.readings] == titles
    assert [term.links[0].title for term in document.terms] == titles

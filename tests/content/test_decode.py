"""Strict reading of records: what is refused, and in which words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.content.decode import plain, read_entries, read_records, read_toml, record, unique
from studytrack.domain.cards import Card
from studytrack.domain.curriculum import Part, Point, Topic
from studytrack.domain.library import Link, Mention, Reading, Term
from studytrack.errors import ContentFault

words = st.text(min_size=1, max_size=20)
points = st.builds(Point, id=words, title=words, text=words)
topics = st.builds(
    Topic,
    id=words,
    title=words,
    points=st.lists(points, max_size=3).map(tuple),
    needs=st.lists(words, max_size=3).map(tuple),
    own=st.booleans(),
)
parts = st.builds(Part, id=words, title=words, topics=st.lists(topics, max_size=3).map(tuple))
mentions = st.builds(Mention, title=words, url=words, list=words, text=words)
readings = st.builds(
    Reading,
    id=words,
    title=words,
    url=words,
    kind=st.sampled_from(["paper", "video", "book"]),
    minutes=st.none() | st.integers(1, 300),
    mentions=st.lists(mentions, max_size=3).map(tuple),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """A record with what content has not: a mapping made by a factory, and a record or nothing."""

    id: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    link: Link | None = None


def fault(cls: type, raw: Mapping[str, Any]) -> str:
    """Return the message with which a record is refused."""
    with pytest.raises(ContentFault) as caught:
        record(cls, raw, "here")
    return caught.value.what


@given(parts | readings)
def test_a_record_survives_its_plain_form(one):
    """What `plain` writes, `record` reads back, nested records among it."""
    assert record(type(one), plain(one), "here") == one


@given(
    st.dictionaries(
        st.sampled_from(["id", "title", "text", "needs"]) | words,
        words | st.none() | st.booleans() | st.integers() | st.lists(words, max_size=2),
        max_size=4,
    )
)
def test_any_table_is_read_or_refused(raw):
    """Whatever stands in a table, the answer is a record or a ContentFault."""
    known = raw.keys() <= {"id", "title", "text"} and raw.keys() >= {"id", "title"}
    sound = known and all(isinstance(value, str) for value in raw.values())

    if sound:
        assert plain(record(Point, raw, "here")).items() >= raw.items()
    else:
        assert fault(Point, raw).startswith("here: ")


@given(parts | readings)
def test_a_plain_record_is_what_json_gives_back(one):
    """Writing the plain form as JSON and reading it changes nothing: tuples are lists already."""
    assert json.loads(json.dumps(plain(one))) == plain(one)


def test_left_out_keys_take_their_defaults():
    """Only keys without a default must be given."""
    reading = record(Reading, {"id": "a", "title": "A", "url": "u", "kind": "post"}, "here")

    assert (reading.status, reading.minutes, reading.mentions) == ("inbox", None, ())


def test_defaults_may_come_from_a_factory():
    """A field whose default is made afresh may be left out too."""
    assert record(Loose, {"id": "a"}, "here") == Loose(id="a")


def test_a_record_that_may_be_missing_is_read_as_a_record():
    """Under `Link | None` a table becomes a link."""
    raw = {"id": "a", "link": {"title": "T", "url": "u"}}

    assert record(Loose, raw, "here").link == Link(title="T", url="u")


def test_an_unknown_key_names_the_nearest_known_one():
    """A slip of the fingers is named with what was probably meant."""
    message = fault(Point, {"id": "a", "titel": "A"})

    assert message == "here: unknown key `titel`. Did you mean `title`?"


def test_a_key_like_no_other_lists_the_known_ones():
    """Where nothing resembles the key, all known keys are named."""
    message = fault(Point, {"id": "a", "title": "A", "zzz": 1})

    assert message == "here: unknown key `zzz`. Known keys: id, title, text."


def test_an_unknown_key_inside_is_compared_with_the_keys_there():
    """The known keys are those of the inner record, not of the outer one."""
    point = {"id": "a.b", "title": "B", "txt": "words"}
    topic = {"id": "a", "title": "A", "points": [point]}

    message = fault(Part, {"id": "I", "title": "One", "topics": [topic]})

    assert message == "here: unknown key `txt`. Did you mean `text`?"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"title": "A"}, "missing required field `id`"),
        ({"id": 3, "title": "A"}, "Expected `str`, got `int`"),
        ({"id": "a", "title": ["A"]}, "Expected `str`, got `array`"),
    ],
)
def test_missing_keys_and_wrong_types_are_named(raw, words):
    """The message says which key is missing or what was expected."""
    assert words in fault(Point, raw)


def test_a_word_outside_of_a_list_of_words_is_refused():
    """A kind that is none is named."""
    assert "poem" in fault(Reading, {"id": "a", "title": "A", "url": "u", "kind": "poem"})


def test_numbers_are_not_made_from_text():
    """A level in quotes is refused: reading is strict."""
    raw = {"id": "a", "kind": "recall", "topic": "t", "front": "f", "level": "2"}

    assert "Expected `int`, got `str`" in fault(Card, raw)


def test_all_faulty_entries_of_a_file_are_named_at_once(tmp_path: Path):
    """One error holds a line for each bad entry and each stray table."""
    path = tmp_path / "glossary.toml"
    path.write_text(
        '[[terms]]\nid = "a"\ntitle = "A"\n'
        '[[terms]]\ntitle = "B"\ntext = "is b"\n'
        '[[terms]]\nid = "c"\ntitle = "C"\ntext = "is c"\n'
        '[[term]]\nid = "d"\n',
        encoding="utf-8",
    )

    with pytest.raises(ContentFault) as caught:
        read_records(path, "terms", Term)

    lines = caught.value.what.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["term", "a", "entry 2"]
    assert all(line.startswith(str(path)) for line in lines)


def test_sound_entries_are_kept_beside_faulty_ones(tmp_path: Path):
    """The checker gets what is sound as well as what is not."""
    path = tmp_path / "glossary.toml"
    path.write_text(
        '[[terms]]\nid = "a"\n[[terms]]\nid = "b"\ntitle = "B"\ntext = "is b"\n', encoding="utf-8"
    )

    found, flaws = read_entries(path, "terms", Term)

    assert [term.id for term in found] == ["b"]
    assert flaws == [("a", "Object missing required field `title`.")]


@pytest.mark.parametrize("text", ["terms = 3", 'terms = "many"', "[terms]\nid = 'a'"])
def test_what_is_no_array_of_tables_is_refused(tmp_path: Path, text: str):
    """A number, a text or a single table under the key is an error of its own."""
    path = tmp_path / "glossary.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ContentFault, match=r"terms: must be written as tables: \[\[terms\]\]\."):
        read_records(path, "terms", Term)


def test_an_entry_that_is_no_table_is_refused(tmp_path: Path):
    """Plain values in the array are named by their number."""
    path = tmp_path / "glossary.toml"
    path.write_text("terms = [1]", encoding="utf-8")

    with pytest.raises(ContentFault, match="entry 1: Expected `object`, got `int`"):
        read_records(path, "terms", Term)


@pytest.mark.parametrize("content", [b"a = \n", b"a = 'caf\xe9'\n", b"a = 1\na = 2\n"])
def test_unreadable_toml_names_its_file(tmp_path: Path, content: bytes):
    """Bad syntax, bad UTF-8 and a doubled key are content faults with the path."""
    path = tmp_path / "x.toml"
    path.write_bytes(content)

    with pytest.raises(ContentFault) as caught:
        read_toml(path)

    assert caught.value.what.startswith(f"{path}: ")


def test_a_missing_file_names_its_path(tmp_path: Path):
    """A file that is not there is a content fault, not a crash."""
    with pytest.raises(ContentFault, match="cannot be read"):
        read_toml(tmp_path / "none.toml")


def test_an_id_may_occur_once():
    """Records are indexed by id in their order; a second one is refused by name."""
    one, two = Point(id="a", title="A"), Point(id="b", title="B")

    assert list(unique([two, one], "point")) == ["b", "a"]
    with pytest.raises(ContentFault, match="The point id `a` occurs twice"):
        unique([one, two, one], "point")


def test_records_have_no_field_that_plain_forgets():
    """`plain` names every field of a record."""
    assert set(plain(Point(id="a", title="A"))) == {item.name for item in fields(Point)}

"""The error tree and the resolving of ids."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack import errors
from studytrack.errors import NotFound, StudytrackError, nearest, resolve

IDS = st.lists(st.text("ab._", min_size=1, max_size=5), unique=True, max_size=12)


def tree(cls: type[StudytrackError] = StudytrackError) -> list[type[StudytrackError]]:
    """Return all errors of the module."""
    below = [found for child in cls.__subclasses__() for found in tree(child)]
    return [cls, *(c for c in below if c.__module__ == errors.__name__)]


@pytest.mark.parametrize("cls", tree()[1:], ids=lambda cls: cls.__name__)
def test_every_error_stands_in_the_drawn_tree_with_its_code(cls) -> None:
    """The docstring is what people read."""
    assert cls.__name__ in (errors.__doc__ or "")
    assert cls.exit_code in {2, 3, 4, 5, 6}
    assert cls.__doc__


def test_an_error_in_one_line() -> None:
    """What, why and what to do, none of them doubled by a blank."""
    assert "No x. Do y." == str(StudytrackError("No x.", "", "Do y."))


@given(IDS, st.text("ab._", max_size=3))
def test_an_id_is_found_by_itself_or_by_a_unique_beginning(ids, wanted) -> None:
    """A part counts as the id that it is a part of. All else is an error, never a guess."""
    beginning = [name for name in ids if wanted and name.startswith(wanted)]
    starting = [
        name for name in beginning if not any(name.startswith(f"{one}.") for one in beginning)
    ]

    if wanted in ids:
        assert wanted == resolve("card", wanted, ids, "card list")
    elif len(starting) == 1:
        assert starting == [resolve("card", wanted, ids, "card list")]
    else:
        with pytest.raises(NotFound):
            resolve("card", wanted, ids, "card list")


@pytest.mark.parametrize(
    ("ids", "wanted", "found"),
    [
        (["a_", "a_."], "a", "a_"),
        (["top_k.debug", "top_k"], "top", "top_k"),
        (["top_k.debug", "top_k"], "top_k.d", "top_k.debug"),
        (["top_k.debug", "top_k.whole"], "top_k", None),
        (["top_k", "top_k_p"], "top", None),
        (["top-k", "top-k-2"], "top", None),
        (["top", "top_k"], "top", "top"),
        (["a.b.c", "a.b", "a"], "a", "a"),
        (["a.b.c", "a.b"], "a", "a.b"),
    ],
)
def test_a_part_counts_as_its_id(ids, wanted, found) -> None:
    """Only a full stop sets a part off; an id itself is always found."""
    if found is None:
        with pytest.raises(NotFound):
            resolve("exercise", wanted, ids, "exercise list")
    else:
        assert found == resolve("exercise", wanted, ids, "exercise list")


def test_an_ambiguous_beginning_names_ten_and_their_titles() -> None:
    """Cut to a line each; how many there are in all is told."""
    known = {f"card.{n:02}": SimpleNamespace(title="word " * 20) for n in range(12)}

    with pytest.raises(NotFound) as caught:
        resolve("card", "card.", known, "card list")

    lines = caught.value.why.splitlines()
    assert "12 card ids" in caught.value.what
    assert 12 == len(lines)  # a heading, ten, an ellipsis
    assert lines[1].startswith("  card.00  word word")
    assert all(len(line) < 80 for line in lines)


def test_candidates_without_titles_are_ids_alone() -> None:
    """A list of ids, or of records that have none."""
    with pytest.raises(NotFound, match="ab\n  ac"):
        resolve("x", "a", ["ac", "ab"], "x list")
    with pytest.raises(NotFound, match="ab\n  ac"):
        resolve("x", "a", {"ab": "I", "ac": "I"}, "x list")


def test_an_unknown_id_names_the_nearest_and_the_list() -> None:
    """Up to three; none where nothing is alike."""
    with pytest.raises(NotFound) as near:
        resolve("exercise", "topk", ["top_k", "top_p", "softmax"], "studytrack exercise list")
    with pytest.raises(NotFound) as far:
        resolve("exercise", "zzz", ["top_k"], "studytrack exercise list")

    assert near.value.why.startswith("Did you mean `top_k`")
    assert "" == far.value.why
    assert "`studytrack exercise list` shows all." == far.value.remedy


@given(st.text(max_size=8), IDS)
def test_the_nearest_are_known_and_few(word, ids) -> None:
    """Whatever was typed."""
    found = nearest(word, ids)

    assert set(found) <= set(ids)
    assert len(found) <= 3

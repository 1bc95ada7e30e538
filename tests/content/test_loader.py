"""The loader: whole catalogues, the cards of terms, exercise folders, and all problems at once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.content.loader import load_catalogue, load_exercise, term_cards
from studytrack.domain.cards import judge
from studytrack.domain.library import Term
from studytrack.errors import ContentFault

FRONT = 'title = "T"\ntopic = "t"\nlevel = 1\nminutes = 5\nhints = []\n'


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny catalogue that a test may spoil."""
    root = tmp_path / "content"
    shutil.copytree(tiny, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound exercise folder with the least that one needs."""
    folder = tmp_path / "exercises" / "unit" / "area"
    folder.mkdir(parents=True)
    (folder / "statement.md").write_text(f"+++\n{FRONT}+++\nWrite it.\n", encoding="utf-8")
    (folder / "reference.py").write_text(
        "def area():\n    # solution\n    return 1\n    # end\n", encoding="utf-8"
    )
    (folder / "checks.py").write_text("raise RuntimeError('run')\n", encoding="utf-8")
    return folder


def refusal(folder: Path) -> str:
    """Return the message with which an exercise folder is refused."""
    with pytest.raises(ContentFault) as caught:
        load_exercise(folder)
    return caught.value.what


def test_the_tiny_catalogue_is_whole(tiny: Path):
    """Every kind of record is there, indexed by id and in the order of the files."""
    catalogue = load_catalogue([tiny])

    assert [part.id for part in catalogue.parts] == ["I", "II"]
    assert list(catalogue.topics) == ["pytorch.basics", "transformer.arch", "sampling"]
    assert len(catalogue.points) == 6
    assert len(catalogue.readings) == 5
    assert list(catalogue.terms) == ["temperature", "top-k", "top-p"]
    assert len(catalogue.advice) == len(catalogue.resources) == 2
    assert len(catalogue.notes) == len(catalogue.errata) == 1
    assert {"add_one", "counter", "row_sum"} <= set(catalogue.exercises)


def test_loading_runs_no_content_and_imports_no_torch(folder: Path, tmp_path: Path):
    """Checks that raise when run are read without harm."""
    before = set(sys.modules)

    catalogue = load_catalogue([tmp_path])

    assert list(catalogue.exercises) == ["area"]
    assert "torch" not in set(sys.modules) - before


def test_every_term_makes_two_sibling_cards(tiny: Path):
    """A term asks for its meaning and, the other way, for its name."""
    catalogue = load_catalogue([tiny])

    meaning = catalogue.cards["term.top-p.meaning"]
    name = catalogue.cards["term.top-p.name"]

    assert (meaning.kind, name.kind) == ("term", "typed")
    assert meaning.source == name.source != ""
    assert meaning.topic == name.topic == "sampling.topp"
    assert meaning.back.startswith("Top P (Nucleus Sampling) keeps the smallest set")


@pytest.mark.parametrize("given_name", ["Top P", "nucleus sampling", "top-p", "Nucleus"])
def test_a_term_is_known_by_all_its_names(tiny: Path, given_name: str):
    """The title, its two halves and the aliases are right answers."""
    card = load_catalogue([tiny]).cards["term.top-p.name"]

    assert judge(card, given_name).outcome == "right"


@given(
    st.sampled_from(["Temperature", "C++", "Q (Query)", "Top K"]),
    st.sampled_from(["is {} itself", "are two {}s", "{}", "calls {}, here", "says nothing"]),
)
def test_the_front_never_gives_the_name_away(title: str, form: str):
    """A text that mentions its own term is blanked there, in singular and plural."""
    word = title.rstrip(")").split(" (")[-1]
    term = Term(id="a", title=title, text=form.format(word.lower()))

    _, name = term_cards(term)

    assert word.lower() not in name.front.lower().removeprefix("which term is this?")


def test_two_roots_make_one_catalogue(copy: Path, folder: Path, tmp_path: Path):
    """A learner's own folder adds to what is shipped."""
    catalogue = load_catalogue([copy, tmp_path])

    assert {"area", "add_one"} <= set(catalogue.exercises)


def test_an_id_of_both_roots_is_refused(copy: Path, tiny: Path):
    """Laying a catalogue over itself names the doubled ids of every kind in one error."""
    with pytest.raises(ContentFault) as caught:
        load_catalogue([tiny, copy])

    for kind in ("part", "topic", "reading", "term", "note", "card", "exercise"):
        assert f"The {kind} id `" in caught.value.what


def test_an_empty_root_is_an_empty_catalogue(tmp_path: Path):
    """A folder of the learner's without any content adds nothing."""
    catalogue = load_catalogue([tmp_path])

    assert not catalogue.parts
    assert not catalogue.cards


def test_all_problems_of_all_files_come_at_once(copy: Path):
    """Faults in two files and an exercise are all named in one error that says what to do."""
    (copy / "data" / "notes.toml").write_text("[[notes]]\n", encoding="utf-8")
    (copy / "data" / "advice.toml").write_text("advice = ", encoding="utf-8")
    (copy / "exercises" / "basics" / "add_one" / "checks.py").unlink()

    with pytest.raises(ContentFault) as caught:
        load_catalogue([copy])

    message = caught.value.what
    assert all(word in message for word in ("notes.toml", "advice.toml", "checks.py missing"))
    assert "studytrack dev check" in caught.value.remedy


def test_an_exercise_takes_its_name_from_its_folder(folder: Path):
    """Id and, unless given, entry are the folder's name; the starter comes from the reference."""
    exercise = load_exercise(folder)

    assert (exercise.id, exercise.entry, exercise.folder) == ("area", "area", str(folder))
    assert exercise.starter == "def area():\n    raise NotImplementedError\n"
    assert exercise.statement == "Write it.\n"


@pytest.mark.parametrize("key", ["id", "statement", "starter", "folder"])
def test_what_follows_from_the_folder_may_not_be_given(folder: Path, key: str):
    """Front matter cannot rename an exercise or bring its own starter."""
    text = f'+++\n{FRONT}{key} = "other"\n+++\nWrite it.\n'
    (folder / "statement.md").write_text(text, encoding="utf-8")

    assert f"`{key}` is not written in the front matter" in refusal(folder)


@pytest.mark.parametrize("name", ["statement.md", "reference.py", "checks.py"])
def test_a_missing_file_is_named(folder: Path, name: str):
    """An exercise needs its three files."""
    (folder / name).unlink()

    assert refusal(folder) == f"{folder}: {name} missing."


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("statement.md", "Write it.\n", "must begin with TOML"),
        ("statement.md", "+++\na = \n+++\n", "Invalid value"),
        ("statement.md", f"+++\n{FRONT}hint = 'x'\n+++\n", "Did you mean `hints`?"),
        ("reference.py", "def area():\n    return 1\n", "in pairs"),
        ("reference.py", "def area(:\n    # solution\n    # end\n", "invalid syntax"),
    ],
)
def test_a_spoilt_file_is_refused_with_its_folder(folder, name, text, words):
    """Bad front matter, unknown keys and broken references name the place and the cause."""
    (folder / name).write_text(text, encoding="utf-8")

    message = refusal(folder)

    assert message.startswith(str(folder))
    assert words in message


def test_text_that_is_not_utf8_is_refused(folder: Path):
    """Bytes of another encoding are a content fault."""
    (folder / "reference.py").write_bytes(b"# caf\xe9\n")

    assert refusal(folder).startswith(str(folder))

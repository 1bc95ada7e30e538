"""The ledger of published ids: complete, sorted, and nothing is ever lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.content.checker import check_content
from studytrack.content.finder import content_root
from studytrack.content.ledger import read_ledger, render_ledger, update_ledger

names = st.from_regex(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", fullmatch=True)
kinds = st.sampled_from(["card", "exercise", "topic", "point"])


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny catalogue with a ledger of its own."""
    root = tmp_path / "content"
    shutil.copytree(tiny, root, ignore=shutil.ignore_patterns("__pycache__"))
    update_ledger(root)
    return root


def ledger(root: Path) -> Path:
    """Return the path of a root's ledger."""
    return root / "data" / "ids.txt"


@given(st.sets(st.tuples(kinds, names)))
def test_a_ledger_reads_back_what_it_renders(ids):
    """Rendering is sorted, a line each, and loses nothing."""
    text = render_ledger(ids)

    assert text.splitlines() == sorted(text.splitlines())
    assert {tuple(line.split(" ")) for line in text.splitlines()} == ids


def test_every_kind_of_id_is_in_it(copy: Path):
    """Parts to exercises, and the cards that terms make, are all published."""
    lines = ledger(copy).read_text(encoding="utf-8").splitlines()

    assert {line.split()[0] for line in lines} == {
        "advice", "card", "erratum", "exercise", "note", "part", "point",
        "reading", "resource", "term", "topic",
    }  # fmt: skip
    assert "card term.top-k.meaning" in lines
    assert check_content([copy]) == []


def test_writing_it_again_changes_nothing(copy: Path):
    """A second run adds no line."""
    before = ledger(copy).read_bytes()

    assert update_ledger(copy) == 0
    assert ledger(copy).read_bytes() == before


def test_a_lost_id_is_named_and_stays_in_the_ledger(copy: Path):
    """Taking a record out is found, and a new ledger does not hide it."""
    (copy / "data" / "notes.toml").write_text("", encoding="utf-8")
    (copy / "data" / "errata.toml").write_text("", encoding="utf-8")

    update_ledger(copy)
    found = {problem.item: problem.message for problem in check_content([copy])}

    assert found.keys() == {"tensor-facts", "seed.dtype.int8"}
    assert "was published and is gone" in found["tensor-facts"]


def test_a_new_id_must_be_entered(copy: Path):
    """A record that is not in the ledger is named with the command that enters it."""
    path = copy / "data" / "notes.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('id = "tensor-facts"', 'id = "other"'), encoding="utf-8")

    found = {problem.item: problem.message for problem in check_content([copy])}

    assert "python -m studytrack.content.ledger" in found["other"]
    assert "was published and is gone" in found["tensor-facts"]


@pytest.mark.parametrize("spoil", ["reverse", "double", "word"])
def test_disorder_is_named(copy: Path, spoil: str):
    """Lines out of order, twice, or without an id are refused."""
    lines = ledger(copy).read_text(encoding="utf-8").splitlines()
    lines = {"reverse": lines[::-1], "double": [lines[0], *lines], "word": ["alone", *lines]}[spoil]
    ledger(copy).write_text("\n".join(lines) + "\n", encoding="utf-8")

    messages = [problem.message for problem in check_content([copy])]

    assert "The lines are not sorted `kind id` pairs, each once." in messages


def test_a_root_without_a_ledger_publishes_nothing(tiny: Path):
    """A learner's own folder needs no ledger."""
    assert not ledger(tiny).exists()
    assert check_content([tiny]) == []


def test_the_shipped_ledger_holds_the_plan():
    """Topics and points of the plan have been published."""
    lines = read_ledger(ledger(content_root()))

    assert {("topic", "pytorch.basics"), ("point", "pytorch.basics.autograd")} <= lines

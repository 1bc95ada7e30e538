"""What a document would change, decided against the tiny catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from studytrack.content.loader import load_catalogue
from studytrack.domain.catalogue import Catalogue
from studytrack.formats.fasttrack import read_document
from studytrack.formats.merge import (
    Merge,
    fingerprint,
    merge_advice,
    merge_cards,
    merge_notes,
    merge_resources,
    merge_terms,
)
from studytrack.formats.merge_plan import merge_plan
from studytrack.formats.merge_readings import merge_readings

Own = Mapping[str, Mapping[str, Mapping[str, Any]]]
INBOX = "# Reading List\n\n**Inbox:**\n\n"


@pytest.fixture
def catalogue(tiny: Path) -> Catalogue:
    """The tiny catalogue."""
    return load_catalogue([tiny])


def merged(text: str, catalogue: Catalogue, own: Own | None = None) -> Merge:
    """Return what importing `text` would do."""
    merge = Merge()
    for step in (
        merge_plan,
        merge_readings,
        merge_terms,
        merge_advice,
        merge_resources,
        merge_notes,
        merge_cards,
    ):
        step(read_document(text), catalogue, own or {}, merge)
    return merge


def test_topics_are_met_by_title(catalogue: Catalogue):
    """Renumbered parts and slightly renamed topics are known; marks are taken over."""
    text = (
        "# Studyplan\n\n# II. Getting Good with Pytorch\n\n- [x] **Pytorch basic**: Tensors ✓\n\n"
        "# I. Learning to LLMs\n\n- **Architecture of Transformer Models**: Attention mechanisms\n"
    )

    merge = merged(text, catalogue)

    assert [(change.item_id, dict(change.fields)) for change in merge.changes] == [
        ("pytorch.basics", {"marked": "done"}),
        ("pytorch.basics.tensors", {"marked": "done"}),
    ]
    assert (merge.merged, merge.unchanged, merge.refused) == (2, 2, [])


def test_a_mark_set_here_stays(catalogue: Catalogue):
    """The file does not take back or replace a mark of the learner's."""
    own = {"topic": {"pytorch.basics": {"marked": "in progress"}}}

    merge = merged("# I. Getting Good with PyTorch\n\n- [x] **PyTorch Basics**:\n", catalogue, own)

    assert merge.changes == []


def test_unknown_and_missing_topics_are_told(catalogue: Catalogue):
    """A topic that the plan lacks is refused, one that the file lacks is named and kept."""
    text = "# I. Getting Good with PyTorch\n\n- **PyTorch Basics**: Tensors, x\n- **Cooking**: y\n"

    merge = merged(text, catalogue)

    assert merge.refused == ["Line 4: the plan has no such topic. (Cooking)"]
    assert any("`transformer.arch`" in detail for detail in merge.details)
    assert any("no such point, x" in detail for detail in merge.details)
    assert merge.changes == []


@pytest.mark.parametrize(
    "item",
    [
        "[Anything](http://arxiv.org/pdf/1706.03762v5.pdf)",
        "[Attention is ALL you need](https://elsewhere.example/paper)",
    ],
)
def test_readings_are_met_by_address_then_title(catalogue: Catalogue, item: str):
    """Another form of the address, or the same title, is the same reading."""
    merge = merged(f"{INBOX}- {item}\n", catalogue)

    assert (merge.new, {change.item_id for change in merge.changes} <= {"attention-paper"}) == (
        0,
        True,
    )


def test_a_known_wording_changes_nothing(catalogue: Catalogue):
    """A mention that is listed already is unchanged."""
    text = f"{INBOX}- [The Transformer](https://arxiv.org/abs/1706.03762): The original paper.\n"

    merge = merged(text, catalogue)

    assert (merge.new, merge.merged, merge.unchanged) == (0, 0, 1)


def test_another_wording_is_kept(catalogue: Catalogue):
    """A second description is not dropped, and kept once."""
    text = f"{INBOX}- [Attention, drawn](https://videos.example/attention): Watch twice.\n"

    first = merged(text, catalogue)
    fields = dict(first.changes[0].fields)
    second = merged(text, catalogue, {"reading": {"attention-video": fields}})

    assert fields["mentions"][0]["text"] == "Watch twice."
    assert second.changes == []


@pytest.mark.parametrize(
    ("here", "list_name", "status"),
    [
        (None, "Archive", "archived"),
        ("reading", "Archive", "archived"),
        ("done", "Archive", None),
        ("dropped", "Archive", None),
        (None, "Next Up", "next"),
        ("reading", "Next Up", None),
        ("next", "Inbox", None),
    ],
)
def test_the_file_moves_readings_on_and_never_back(
    catalogue: Catalogue, here: str | None, list_name: str, status: str | None
):
    """The list gives a status only if the learner has not gone as far."""
    text = (
        f"# Reading List\n\n**{list_name}:**\n\n- [A Book of Depth](https://books.example/depth)\n"
    )
    own = {"reading": {"deep-book": {"status": here}}} if here else {}

    merge = merged(text, catalogue, own)

    assert [change.fields.get("status") for change in merge.changes] == [status] * bool(status)


def test_new_readings_are_the_learners_own(catalogue: Catalogue):
    """Several mentions make one reading that keeps every wording."""
    text = (
        f"{INBOX}- [New thing](https://new.example/a?utm_source=x): by A B\n\n"
        "**Archive:**\n\n- [Same thing](https://new.example/a/): Good.\n"
    )

    merge = merged(text, catalogue)
    record = merge.changes[0].record

    assert (merge.new, record.id, record.url, record.by, record.status) == (
        1,
        "new-thing",
        "https://new.example/a?utm_source=x",
        "A B",
        "archived",
    )
    assert [mention.text for mention in record.mentions] == ["by A B", "Good."]


def test_a_resembling_title_is_only_pointed_out(catalogue: Catalogue):
    """One work under two hosts is suggested and never merged."""
    text = f"{INBOX}- [Paper: Attention Is All You Need](https://other.example/p)\n"

    merge = merged(text, catalogue)

    assert merge.new == 1
    assert any("may be the same as `attention-paper`" in detail for detail in merge.details)


def test_terms_are_met_by_keyword_or_alias(catalogue: Catalogue):
    """Style, aliases and the words in brackets do not make a new term."""
    rows = "".join(f"| **{name}** | text | |\n" for name in ("TOP-K", "Nucleus Sampling", "Logit"))
    text = f"# Glossary\n\n| Keyword | Explanation | Links |\n|---|---|---|\n{rows}"

    merge = merged(text, catalogue)

    assert (merge.new, merge.unchanged) == (1, 2)
    assert [change.item_id for change in merge.changes] == ["logit"]


def test_cards_are_met_by_question(catalogue: Catalogue):
    """A question seen before is merged, one without answer is told and no card."""
    text = (
        "# Notes\n\n**Q:** What is BPE?\nA: Byte pair encoding.\n\n"
        "**Q:** what is bpe\nA: Other.\n\n**Q:** Open?\n"
    )

    merge = merged(text, catalogue)
    cards = [change for change in merge.changes if change.item_kind == "card"]

    assert [(c.item_id, c.record.front, c.record.back, c.record.kind) for c in cards] == [
        ("own.what-is-bpe", "What is BPE?", "Byte pair encoding.", "recall")
    ]
    assert any("the first one counts" in refusal for refusal in merge.refused)
    assert any("without an answer, Open?" in detail for detail in merge.details)


def test_notes_resources_and_advice(catalogue: Catalogue):
    """Known ones are met by heading or text, address and wording; others are the learner's own."""
    text = (
        "# Study Notes\n\n## Tensor facts\n\nmine\n\n## Attention\n\nQueries meet keys.\n\n"
        "# Advice\n\n- Study a little, every day\n- Sleep well [A](https://a.example)\n\n"
        "# Resources\n\n- [X](https://www.notebooks.example/)\n- [Y](https://y.example)\n"
    )

    merge = merged(text, catalogue)

    assert [(change.item_kind, change.item_id) for change in merge.changes] == [
        ("advice", "sleep-well-a"),
        ("resource", "y"),
        ("note", "attention"),
    ]


def test_own_items_follow_the_file_until_they_are_changed_here(catalogue: Catalogue):
    """What the file brought is renewed by the file; what was changed in both stays as it is."""
    table = "# Glossary\n\n| Keyword | Explanation | Links |\n|---|---|---|\n| Logit | {} | |\n"
    first = merged(table.format("one"), catalogue).changes[0]
    own = {"term": {"logit": {"record": {}, "imported": fingerprint(first.record)}}}
    known = {**catalogue.terms, "logit": first.record}
    with_term = Catalogue(parts=catalogue.parts, terms=known)

    same = merged(table.format("one"), with_term, own)
    renewed = merged(table.format("two"), with_term, own)
    own["term"]["logit"]["imported"] = "something else"
    both = merged(table.format("two"), with_term, own)

    assert (same.changes, same.unchanged) == ([], 1)
    assert [change.record.text for change in renewed.changes] == ["two"]
    assert both.changes == []
    assert any("changed here and in the file" in detail for detail in both.details)

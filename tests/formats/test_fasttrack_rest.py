"""Tables, notes, questions, resources, encodings; and that no text crashes the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.formats.fasttrack import read_document

GLOSSARY = "# Terms and Concepts\n\n| Keyword | Explanation | Links |\n|---|---|---|\n"


def test_rows_may_lack_cells_and_pipes():
    """A row without its last pipe and one with two cells of three are whole entries."""
    rows = (
        "| **Temperature** | affects *it* | [P](https://p.example) \n"
        "| **Q (Query)** | represents the `input` |\n"
    )

    first, second = read_document(GLOSSARY + rows).terms

    assert (
        first.title,
        first.text,
        first.links[0].url,
    ) == ("Temperature", "affects it", "https://p.example")
    assert (
        second.title,
        second.aliases,
        second.text,
    ) == ("Q (Query)", ("Query",), "represents the `input`")
    assert first.raw == "| **Temperature** | affects *it* | [P](https://p.example) "


def test_text_behind_the_last_pipe_enters_no_cell():
    """Stray characters stay in the raw line; a line that is no row is refused."""
    document = read_document(GLOSSARY + "| **A** | text | | stray\nx\n")

    assert (
        document.terms[0].title,
        document.terms[0].text,
        document.terms[0].links,
    ) == ("A", "text", ())
    assert document.terms[0].raw.endswith("stray")
    assert [refusal.line for refusal in document.refused] == [6]


def test_rows_without_keyword_or_explanation_are_refused():
    """Both are named with their line."""
    document = read_document(GLOSSARY + "| | text | |\n| **A** | | |\n")

    assert (document.terms, [refusal.line for refusal in document.refused]) == ([], [5, 6])


def test_tables_are_told_by_their_header():
    """Advice is known anywhere, an unknown header becomes a note."""
    text = (
        "# Advice\n\n| Category | Advice | Source | \n|---|---|---|\n"
        "| Study | Read [one](https://1.example) and [two](https://2.example). "
        "| [V P](https://v.example) |\n\n| Who | What |\n|---|---|\n| a | b |\n"
    )

    document = read_document(text)

    assert (
        document.advice[0].category,
        document.advice[0].text,
        document.advice[0].source.title,
        len(document.advice[0].links),
    ) == ("Study", "Read one and two.", "V P", 2)
    assert [note.path for note in document.notes] == [("Table: who · what",)]


def test_a_glossary_may_be_a_list():
    """Later versions write entries as bullets."""
    document = read_document("## Glossary\n\n- **Logits**: scores before softmax\n- nothing bold\n")

    assert (document.terms[0].title, document.terms[0].text) == ("Logits", "scores before softmax")
    assert [refusal.line for refusal in document.refused] == [4]


def test_notes_are_kept_untouched():
    """Fences, bullets and tables of the notes stay text; levels may jump, siblings are siblings."""
    text = (
        "# My Study Notes\n\nIntro.\n\n### Before\n\n* https://pytorch.org/get-started\n\n"
        "## PyTorch\n\n### Tensors\n\nText\n\n### Summary\n\n- a\n\n"
        "```python\n# II. no part\n```\n\n"
        "| Data Type | dtype |\n|---|---|\n| x | y |\n\n---\n\n# Advice\n"
    )

    document = read_document(text)
    notes = {note.path[1:]: note for note in document.notes}

    assert {(), ("Before",), ("PyTorch", "Tensors"), ("PyTorch", "Summary")} == set(notes)
    assert notes["PyTorch", "Summary"].text.startswith("- a\n\n```python\n# II. no part")
    assert notes["PyTorch", "Summary"].text.endswith("| x | y |")
    assert [(r.kind, r.title) for r in document.resources] == [("guide", "get-started")]
    assert document.parts == []


def test_an_unknown_section_is_a_note():
    """A heading of a later version is kept as the learner's note; what comes before all is not."""
    document = read_document("# Hello\n\nhi\n\n# Advice\n\n# Prompting\n\nBe clear.\n")

    assert [(note.path, note.text) for note in document.notes] == [(("Prompting",), "Be clear.")]


def test_resources_are_told_by_their_label():
    """Plain labels name training, communities and guides."""
    text = (
        "# Resources\n\nFree ML Training Resources:\n\n- [Colab](https://c.example)\n\n"
        "Discord Servers:\n\n- [E](https://discord.gg/x)\n- no link\n"
    )

    document = read_document(text)

    assert [resource.kind for resource in document.resources] == ["training", "community"]
    assert [refusal.line for refusal in document.refused] == [10]


def test_questions_in_prose():
    """A question and its answer may share a paragraph, follow each other, or stand in a list."""
    text = (
        "# Study Notes\n\n**Q:** What is BPE?\nA: Byte pair\nencoding.\n\n"
        "**Q:** Why?\n\nA: Because.\n\nText.\n\n- **Question:** And this?\n  **Answer:** Yes.\n\n"
        "**Q:** Open?\n\nOther text.\n\n```\nQ: in code\nA: no\n```\n"
    )

    found = [(q.question, q.answer, q.span.first) for q in read_document(text).questions]

    assert found == [
        ("What is BPE?", "Byte pair encoding.", 3),
        ("Why?", "Because.", 7),
        ("And this?", "Yes.", 13),
        ("Open?", "", 16),
    ]


def test_questions_in_tables():
    """A `Question | Answer` table gives the same."""
    document = read_document(
        "| Question | Answer |\n|---|---|\n| What? | **This**. |\n| Open? | |\n"
    )

    assert [(question.question, question.answer) for question in document.questions] == [
        ("What?", "This."),
        ("Open?", ""),
    ]


def test_damaged_text_is_repaired_in_records_only():
    """Records are repaired; the raw line keeps what the file has."""
    document = read_document(GLOSSARY + "| **A** | itâ€™s \u2013 fine | |\n")

    assert document.terms[0].text == "it\u2019s \u2013 fine"
    assert "itâ€™s" in document.terms[0].raw


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_byte_order_mark(ending: str):
    """Lines are counted alike whatever ends them, and a byte order mark does not matter."""
    text = "\ufeff# Reading List\n\n**Inbox:**\n \n- [A](https://a.example):  \n  by B C\n"

    reading = read_document(text.replace("\n", ending)).readings[0]

    assert (reading.title, reading.by, reading.span.first, reading.span.last) == ("A", "B C", 5, 6)


PIECES = st.sampled_from(
    [
        "# Studyplan", "# I. One", "## ", "# Advice", "# My Study Notes", "### Resources", "---",
        "# Reading List", "**Inbox:**", "Archive:", "- ", "* [", "](", "https://a.example/x)", "**",
        "1. ", "    - ", "| Keyword | Explanation |", "|---|---|", "| a | b", "|", "```", "**Q:** ",
        "A: ", "\n", "\n\n", "\r\n", " ", "[x] ", "<br>", "&#0;", "\x00", "â€", "TIP", ": by ", ">",
        "| Title+Link |", "| Question | Answer |", "<https://b.example>", "Discord Servers:", "\t",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)))
def test_no_text_crashes_the_reader(text: str):
    """Anything can be read, and every span lies inside the text."""
    document = read_document(text)

    for item in [*document.readings, *document.terms, *document.notes, *document.questions]:
        assert 1 <= item.span.first <= item.span.last <= len(text) + 1


def test_deep_nesting_does_not_crash_the_reader():
    """Thousands of markers in a row are read like any other text."""
    for text in ("*" * 4000 + "a" + "*" * 4000, "> " * 3000 + "a", "- " * 3000 + "a", "[" * 3000):
        read_document(f"# Reading List\n\n- {text}\n")

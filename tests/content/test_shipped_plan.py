"""The shipped plan against the document it comes from: nothing lost, nothing wrong kept.

The document lies beside the repository of its keepers; where it is missing, only the content's
own rules and counts are tested.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from pathlib import Path

import pytest

from studytrack.content.checker import check_content
from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue
from studytrack.domain.catalogue import Catalogue
from studytrack.formats.mojibake import repair

ROOT = content_root()
SEED = ROOT.parent / "shared" / "seed" / "llm-fasttrack.md"
PLAN_PARTS = ["I", "II", "III", "IV", "V", "VI"]
WORKS_LISTED_TWICE = {"3b1b-nn", "raschka-trends", "vaswani", "gpt2-paper", "griffin"}


@functools.cache
def catalogue() -> Catalogue:
    """The shipped content."""
    return load_catalogue([ROOT])


@functools.cache
def seed() -> str:
    """The document, with damaged characters mended."""
    if not SEED.is_file():
        pytest.skip("the source document is not beside this checkout")
    return repair(SEED.read_text(encoding="utf-8"))


def flat(text: str) -> str:
    """Return a text on one line, single-spaced, links and emphasis taken away."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("**", "")
    return re.sub(r"\s+", " ", bare).strip()


def section(start: str, end: str) -> str:
    """Return the document from one line to another."""
    return seed().split(f"\n{start}\n", 1)[1].split(f"\n{end}\n", 1)[0]


def split_points(text: str) -> list[str]:
    """Split a list at commas outside of brackets; drop the leading "and" and the full stop."""
    pieces = re.split(r",\s+(?![^()]*\))", text.removesuffix("."))
    return [piece.removeprefix("and ") for piece in pieces]


def seed_plan() -> dict[str, dict[str, list[str]]]:
    """Return parts, topics and points as the document has them."""
    parts: dict[str, dict[str, list[str]]] = {}
    plan = section("# Studyplan", "---")
    for heading, body in re.findall(
        r"^# [IV]+\. (.+?)$(.*?)(?=^# |\Z)", plan, re.DOTALL | re.MULTILINE
    ):
        topics = parts.setdefault(heading, {})
        for item in re.findall(
            r"^(?:-|\d\.) .*?(?=^(?:-|\d\.) |\Z)", body, re.DOTALL | re.MULTILINE
        ):
            bold = [flat(name) for name in re.findall(r"\*\*(.+?)\*\*", item)]
            listed = split_points(flat(item).partition(": ")[2])
            topics[bold[0]] = bold[1:] or listed
    return parts


def table(header: str) -> list[list[str]]:
    """Return the rows of the table whose first column is headed so."""
    lines = re.split(rf"^\| {header}.*$", seed(), maxsplit=1, flags=re.MULTILINE)[1].splitlines()[
        2:
    ]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([flat(cell) for cell in line.strip().strip("|").split("|")])
    return rows


def seed_inbox() -> list[tuple[str, str]]:
    """Return title and address of the inbox's entries."""
    box = section("**Inbox:**", "**Archive:**")
    return re.findall(r"^- \[(.+?)\]\((.+?)\)", box, re.MULTILINE)


def test_all_rules_hold_for_the_data():
    """`studytrack dev check` finds nothing in the shipped content."""
    assert [f"{p.file}: {p.item}: {p.message}" for p in check_content([ROOT])] == []


def test_the_plan_has_its_size():
    """Six parts, 32 topics, 112 points; and two topics of our own under the last two parts."""
    plan = [part for part in catalogue().parts if part.id in PLAN_PARTS]
    own = [part for part in catalogue().parts if part.id not in PLAN_PARTS]
    topics = [topic for part in plan for topic in part.topics]

    assert [part.id for part in plan] == PLAN_PARTS
    assert [len(part.topics) for part in plan] == [5, 5, 7, 5, 5, 5]
    assert sum(len(topic.points) for topic in topics) == 112
    assert not any(topic.own for topic in topics)
    assert [(part.id, topic.id, topic.own) for part in own for topic in part.topics] == [
        ("notes", "notes.tensors", True),
        ("glossary", "sampling", True),
    ]


def test_the_plan_can_be_followed_from_top_to_bottom():
    """What a topic needs stands before it, within the plan."""
    seen: set[str] = set()
    for topic in catalogue().topics.values():
        assert set(topic.needs) <= seen, topic.id
        seen.add(topic.id)


def test_titles_and_points_are_those_of_the_document():
    """Every part, topic and point has the document's words, in its order."""
    ours = {
        part.title: {
            topic.title: [point.title.replace("`", "") for point in topic.points]
            for topic in part.topics
        }
        for part in catalogue().parts
        if part.id in PLAN_PARTS
    }
    theirs = {
        part: {
            topic: [point.replace("`", "") for point in points] for topic, points in topics.items()
        }
        for part, topics in seed_plan().items()
    }

    assert ours == theirs


def test_the_third_part_keeps_its_explanations():
    """The points of the mathematics have the sentence that the document gives them."""
    document = flat(section("# Studyplan", "---"))
    part = catalogue().parts[2]

    assert part.text in document
    for topic in part.topics:
        for point in topic.points:
            assert f"{point.title}: {point.text}" in document


def test_all_39_entries_of_the_reading_list_are_mentioned():
    """34 works stand for 37 entries of the inbox and 2 of the archive."""
    mentions = [m for reading in catalogue().readings.values() for m in reading.mentions]
    doubled = {
        reading.id
        for reading in catalogue().readings.values()
        if sum(m.list in ("inbox", "archive") for m in reading.mentions) > 1
    }

    counts = Counter(mention.list for mention in mentions)

    assert len(catalogue().readings) == 34
    assert (counts["inbox"], counts["archive"]) == (37, 2)
    assert doubled == WORKS_LISTED_TWICE


def test_mentions_are_the_documents_own_entries():
    """Title and address of each entry of the inbox are kept as they were written."""
    ours = Counter(
        (mention.title, mention.url)
        for reading in catalogue().readings.values()
        for mention in reading.mentions
        if mention.list == "inbox"
    )

    assert ours == Counter(seed_inbox())


def test_the_archive_is_read_already():
    """The two archived works begin as done, all others in the inbox."""
    started = {r.id: r.status for r in catalogue().readings.values() if r.status != "inbox"}

    assert started == {"vik-journey": "done", "raschka-4.3": "done"}
    assert [row[1].split(":")[0] for row in table("Category .*Title")] == [
        catalogue().readings[name].title for name in started
    ]


def test_links_of_other_sections_are_mentioned():
    """Glossary and advice link to four of the works: 3 rows, 10 rows, and one each."""
    found = {
        reading.id: counts
        for reading in catalogue().readings.values()
        if (counts := Counter(m.list for m in reading.mentions if m.list in ("terms", "advice")))
    }

    assert found == {
        "chng-sampling": {"terms": 3},
        "vik-journey": {"advice": 10},
        "raschka-trends": {"advice": 1},
        "griffin": {"advice": 1},
    }


def test_every_topic_is_taught_by_a_reading():
    """No topic of the plan is left without something to read."""
    taught = {topic for reading in catalogue().readings.values() for topic in reading.topics}

    assert set(catalogue().topics) - taught == set()


def test_authors_are_repaired():
    """Names that ran together in the document are told apart."""
    readings = catalogue().readings

    assert readings["raschka-trends"].by == "Sebastian Raschka"
    assert readings["mml-book"].by == "Marc Peter Deisenroth, A. Aldo Faisal, Cheng Soon Ong"
    assert readings["goodfellow"].tip == "Read only the first 2 parts, skip the 3rd."


def test_the_glossary_keeps_what_was_right():
    """Terms stand in the document's order; those without a correction have its exact words."""
    rows = {row[0]: row[1] for row in table("Keyword")}
    terms = catalogue().terms
    corrected = {erratum.item for erratum in catalogue().errata}

    assert [term.title for term in terms.values()] == list(rows)
    for term in terms.values():
        if term.id not in corrected:
            assert term.text == rows[term.title]
    assert {term.id for term in terms.values()} - corrected == {
        "temperature",
        "k-key",
        "tokenizers",
    }


def test_confused_terms_are_paired():
    """Top K and Top P, and query, key and value, are named as easily mistaken."""
    pairs = {term.id: set(term.confused) for term in catalogue().terms.values() if term.confused}

    assert pairs == {
        "top-p": {"top-k"},
        "top-k": {"top-p"},
        "q-query": {"k-key", "v-value"},
        "k-key": {"q-query", "v-value"},
        "v-value": {"q-query", "k-key"},
    }


def test_advice_and_resources_are_the_documents():
    """Ten pieces of advice in its words; three places to train, two to meet, two guides."""
    rows = table("Category .*Advice")

    assert [(one.category, one.text) for one in catalogue().advice.values()] == [
        (row[0], row[1]) for row in rows
    ]
    kinds = Counter(one.kind for one in catalogue().resources.values())
    assert kinds == {"training": 3, "community": 2, "guide": 2}
    assert all(one.url in seed() for one in catalogue().resources.values())


def test_twelve_errata_quote_the_document_and_are_visible():
    """What is corrected stands in the document, belongs to a record, and not in our records."""
    document = flat(seed().replace(" | ", " ¦ ")).replace("¦", "|")
    errata = catalogue().errata
    ours = flat("\n".join(note.text for note in catalogue().notes.values()))
    ours += "\n".join(term.text for term in catalogue().terms.values())

    assert len(errata) == 12
    for erratum in errata:
        assert erratum.was in document, erratum.id
        assert erratum in catalogue().errata_of(erratum.item)
        if catalogue().topic_of(erratum.item) is None and erratum.id != "seed.dtype.missing":
            assert erratum.was not in ours, erratum.id


def test_the_row_of_the_wrong_data_type_can_be_found_by_content():
    """Header and row are cells of the document's table, and only the wrong cells differ."""
    erratum = next(one for one in catalogue().errata if one.id == "seed.dtype.int8")

    assert list(erratum.row) in table("Data Type")
    assert erratum.row[0] == erratum.right[0]
    assert all(was != now for was, now in zip(erratum.row[1:], erratum.right[1:], strict=True))


def test_the_table_of_data_types_is_what_torch_says():
    """Names, widths and legacy types of the corrected table hold in torch."""
    torch = pytest.importorskip("torch")
    text = catalogue().notes["tensors-dtypes"].text
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ][1:]

    assert len(rows) == 10
    for words, names, cpu, cuda in rows:
        dtypes = {getattr(torch, name.strip().removeprefix("torch.")) for name in names.split("/")}
        tensor = torch.empty(1, dtype=dtypes.pop())
        assert not dtypes, names
        assert tensor.type() == cpu
        assert cuda == cpu.replace("torch.", "torch.cuda.")
        bits = re.match(r"(\d+)-bit", words)
        assert (int(bits[1]) if bits else 8) == 8 * tensor.element_size()
        assert tensor.is_floating_point() == ("float" in words)
        unsigned = words == "boolean" or "unsigned" in words
        assert tensor.is_floating_point() or tensor.dtype.is_signed != unsigned


def test_the_facts_about_tensors_hold_in_torch():
    """What the corrected notes say of memory, dim() and ndim is so."""
    torch = pytest.importorskip("torch")
    array = torch.zeros(2, 3).numpy()

    shared, copied = torch.from_numpy(array), torch.tensor(array)
    array[0, 0] = 7

    assert shared[0, 0] == 7
    assert copied[0, 0] == 0
    assert shared.dim() == shared.ndim == 2
    assert torch.tensor(3.0).dim() == 0


def test_the_snippet_runs(capsys: pytest.CaptureFixture[str]):
    """The note's program prints what it announces."""
    pytest.importorskip("torch")
    code = re.search(r"```python\n(.*?)```", catalogue().notes["tensors-snippet"].text, re.DOTALL)
    assert code

    exec(code[1], {})

    printed = capsys.readouterr().out
    assert "The shape of my_tensor is: torch.Size([2, 3, 4])" in printed
    assert "The number of dims of my_tensor is: 3\nndim is the same number: 3" in printed


@pytest.mark.parametrize("path", sorted((ROOT / "data").rglob("*.t*")), ids=lambda path: path.name)
def test_no_text_is_damaged(path: Path):
    """No file of the data holds UTF-8 that was read as another encoding."""
    text = path.read_text(encoding="utf-8")

    assert repair(text) == text
    assert "\ufffd" not in text

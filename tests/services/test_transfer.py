"""Import and export through a learner's home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studytrack.errors import DataFault, NotFound, UsageFault
from studytrack.paths import find_paths
from studytrack.services import readings
from studytrack.services.study import Study
from studytrack.services.transfer import ImportSummary, export, import_file
from studytrack.services.undo import redo, undo

DOCUMENT = """\
# Studyplan

# I. Getting Good with PyTorch

- [x] **PyTorch Basics**: Tensors, Operations.

# Study Notes

## Heads

Several small ones.

**Q:** What does a head see?
A: A slice of the width.

# Terms and Concepts

| Keyword | Explanation | Links |
|---|---|---|
| **Top K** | limits the choice to the K most probable next tokens. | |
| **Logit** | is a score before softmax | |

# Advice

- Sleep before you debug.

# Reading List

**Inbox:**

- [Attention, drawn](https://videos.example/attention) by A Channel
- [A new post](https://new.example/post): by B C
- without a link

**Archive:**

| Category | Title+Link | Comment |
|---|---|---|
| Study | [A Book of Depth](https://books.example/depth) | |

# Resources

- [New place](https://place.example)
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A small document: known and new items, and one line that cannot be taken."""
    path = tmp_path / "README.md"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


@pytest.fixture
def other(study: Study, tmp_path: Path, tiny: Path):
    """The same content in an empty home."""
    empty = Study(find_paths({}, tmp_path / "other"), study.settings, study.clock, [tiny])
    yield empty
    empty.close()


def written(study: Study) -> int:
    """Return how many rows the log holds."""
    return len(study.store.rows())


def test_a_document_is_taken_over(study: Study, document: Path):
    """Known items are met, new ones become the learner's own, and what is refused is named."""
    summary = import_file(study, document)

    assert (summary.format, summary.new, summary.merged) == ("fasttrack", 6, 2)
    assert summary.refused == ("Line 33: A reading needs an address. (without a link)",)
    assert study.catalogue.readings["a-new-post"].by == "B C"
    assert study.catalogue.terms["logit"].text == "is a score before softmax"
    assert study.catalogue.notes["heads"].text.startswith("Several small ones.")
    assert study.catalogue.resources["new-place"].url == "https://place.example"
    assert study.catalogue.cards["own.what-does-a-head-see"].back == "A slice of the width."
    assert study.store.entities("topic")["pytorch.basics"]["marked"] == "done"


def test_archiving_follows_the_file(study: Study, document: Path):
    """What the file archives is archived here, unless the learner has gone further."""
    import_file(study, document)
    view = readings.reading(study, "deep-book")

    assert (view.status, view.progress, bool(view.finished)) == ("archived", 100, True)


def test_a_second_import_changes_nothing(study: Study, document: Path):
    """The same file again writes no row and counts everything as unchanged."""
    first = import_file(study, document)
    before = written(study)

    second = import_file(study, document)

    assert written(study) == before
    assert (second.new, second.merged) == (0, 0)
    assert second.unchanged == first.new + first.merged + first.unchanged


def test_a_dry_run_tells_the_same_and_writes_nothing(study: Study, document: Path):
    """Its summary is that of the import that follows."""
    dry = import_file(study, document, dry_run=True)
    rows = written(study)

    assert rows == 0
    assert dry == import_file(study, document)


def test_an_import_is_one_step_of_undo(study: Study, document: Path):
    """Undo takes all of it back, and redo brings all of it again."""
    import_file(study, document)
    undone = undo(study)
    study.refresh()
    after_undo = (set(study.catalogue.readings), study.store.entities("topic"))

    redo(study)
    study.refresh()

    assert undone is not None
    assert undone.kind == "import"
    assert "a-new-post" not in after_undo[0]
    assert "pytorch.basics" not in after_undo[1]
    assert "a-new-post" in study.catalogue.readings


def test_progress_survives_an_import(study: Study, document: Path):
    """A reading that is done stays done, whatever list it stands in."""
    readings.finish(study, "attention-video")
    readings.set_status(study, "deep-book", "dropped")

    import_file(study, document)

    assert readings.reading(study, "attention-video").status == "done"
    assert readings.reading(study, "deep-book").status == "dropped"


def test_the_export_comes_back_whole(study: Study, other: Study, document: Path, tmp_path: Path):
    """The same data after an import into an empty home, and again nothing the second time."""
    import_file(study, document)
    readings.finish(study, "sampling-post", "Sample from the head.")
    undo(study)
    backup = tmp_path / "backup.json"
    backup.write_text(export(study, "json"), encoding="utf-8")

    dry = import_file(other, backup, dry_run=True)
    first = import_file(other, backup)
    second = import_file(other, backup)

    assert json.loads(export(other, "json")) == json.loads(export(study, "json"))
    assert (dry, first.new, second.new) == (first, written(study), 0)
    assert set(other.catalogue.readings) == set(study.catalogue.readings)


def test_damaged_rows_of_an_export_are_refused(study: Study, document: Path, tmp_path: Path):
    """The other rows are taken, and each refusal names its row."""
    import_file(study, document)
    envelope = json.loads(export(study, "json"))
    del envelope["data"]["log"][1]["clock"]
    envelope["data"]["attempts"].append({"attempt_id": 3})
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(envelope), encoding="utf-8")

    summary = import_file(study, path)

    assert [text.split(":")[0] for text in summary.refused] == ["log row 2", "attempt 1"]
    assert (summary.new, summary.unchanged) == (0, written(study) - 1)


def test_the_markdown_export_is_met_item_by_item(study: Study, document: Path, tmp_path: Path):
    """Importing one's own document brings nothing new."""
    import_file(study, document)
    path = tmp_path / "mine.md"
    path.write_text(export(study, "markdown"), encoding="utf-8")

    summary = import_file(study, path)

    assert (summary.new, summary.refused) == (0, ())


def test_the_markdown_export_moves_to_an_empty_home(
    study: Study, other: Study, document: Path, tmp_path: Path
):
    """Marks, statuses and the learner's own items arrive."""
    import_file(study, document)
    path = tmp_path / "mine.md"
    path.write_text(export(study, "markdown"), encoding="utf-8")

    import_file(other, path)

    assert other.store.entities("topic")["pytorch.basics"]["marked"] == "done"
    assert readings.reading(other, "deep-book").status == "archived"
    assert {"logit", "top-k"} <= set(other.catalogue.terms)
    assert "own.what-does-a-head-see" in other.catalogue.cards


def test_exports_are_deterministic(study: Study, document: Path):
    """The same state gives the same text."""
    import_file(study, document)

    assert export(study, "json") == export(study, "json")
    assert export(study, "markdown") == export(study, "markdown")


FAULTS: list[tuple[bytes | None, str, type[Exception]]] = [
    (None, "", NotFound),
    (b"\xff\xfe\x00", "", DataFault),
    (b"just a text\n", "", UsageFault),
    (b"just a text\n", "epub", UsageFault),
    (b'{"schema": "other/1"}', "", DataFault),
]


@pytest.mark.parametrize(("content", "as_format", "fault"), FAULTS)
def test_files_that_cannot_be_imported(
    study: Study, tmp_path: Path, content: bytes | None, as_format: str, fault: type[Exception]
):
    """Missing, unreadable and unknown files are told apart, and nothing is written."""
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(fault):
        import_file(study, path, as_format)

    assert written(study) == 0


def test_a_named_format_is_taken_at_its_word(study: Study, tmp_path: Path):
    """With `--as`, a text in which nothing is found is an import of nothing."""
    path = tmp_path / "plain.txt"
    path.write_text("just a text\n", encoding="utf-8")

    summary = import_file(study, path, "markdown")

    assert summary == ImportSummary(format="fasttrack", new=0, merged=0, unchanged=0)


def test_an_unknown_export_names_the_known_ones(study: Study):
    """The message lists the formats."""
    with pytest.raises(UsageFault, match="json, markdown"):
        export(study, "pdf")

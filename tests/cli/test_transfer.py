"""`studytrack import` and `export`: in, out, and what cannot be read or written."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from pathlib import Path

import pytest

DOCUMENT = """\
## Inbox

- [A new post](https://posts.example/new): about tokens
- [Another](https://posts.example/other)
"""


@pytest.fixture
def studied(ask) -> None:
    """A home with one of everything."""
    ask("card", "answer", "recall.topk-tie", "3")
    ask("reading", "done", "deep-book", "--takeaway", "Depth.")
    ask("topic", "mark", "sampling", "done")
    ask("note", "add", "Mine", "A text.")


def _is_open(process: int, path: Path) -> bool:
    """Tell whether a process holds a file open."""
    with contextlib.suppress(OSError):
        return any(one.resolve() == path for one in Path(f"/proc/{process}/fd").iterdir())
    return False


@pytest.fixture
def document(tmp_path):
    """A reading list of the learner's."""
    path = tmp_path / "README.md"
    path.write_text(DOCUMENT)
    return path


@pytest.mark.usefixtures("studied")
def test_an_export_is_the_same_after_an_import_into_an_empty_home(ask, tmp_path) -> None:
    """All of `data`, row by row."""
    whole = ask("export", "json")
    kept = tmp_path / "kept.json"
    kept.write_text(whole.out)
    elsewhere = ("--home", str(tmp_path / "elsewhere"))

    imported = ask(*elsewhere, "import", str(kept), "--json").data

    assert imported["new"] == len(whole.data["log"]) + len(whole.data["attempts"])
    assert whole.data == ask(*elsewhere, "export", "json").data


@pytest.mark.usefixtures("studied")
def test_a_second_import_changes_nothing(ask, tmp_path) -> None:
    """And says so."""
    kept = tmp_path / "kept.json"
    ask("export", "json", "-o", str(kept))

    said = ask("import", str(kept))

    assert "Done: 0 new, 0 merged, 5 unchanged, 0 refused (json)." in said.out


def test_a_dry_run_decides_the_same_and_writes_nothing(ask, document) -> None:
    """The same numbers, nothing to undo."""
    dry = ask("import", str(document), "--dry-run", "--json").data
    ask("undo", code=1)
    real = ask("import", str(document), "--json").data

    assert dry.pop("dry_run")
    assert not real.pop("dry_run")
    assert dry == real
    assert 2 == real["new"]


def test_a_document_is_one_step_of_undo(ask, document) -> None:
    """Its readings come and go together."""
    ask("import", str(document))
    listed = [reading["url"] for reading in ask("reading", "list", "--json").data]

    assert "https://posts.example/new" in listed
    assert "the import of README.md" in ask("undo").out
    assert "posts.example/new" not in ask("reading", "list", "--json").out


def test_a_document_is_read_from_stdin(spawn, document) -> None:
    """`-` is stdin."""
    process = spawn("import", "-", "--dry-run")

    out, err = process.communicate(document.read_text(), timeout=60)

    assert (0, "") == (process.returncode, err)
    assert "Would be: 2 new" in out


@pytest.mark.parametrize(
    ("name", "content", "code", "told"),
    [
        ("gone.md", None, 3, "No file"),
        ("photo.md", b"\x89PNG\r\n\x1a\n\x00\xff", 4, "is not UTF-8 text"),
        ("empty.md", b"", 2, "of no format that can be imported"),
        ("prose.txt", b"Dear diary,\nnothing.\n", 2, "Name the format with --as"),
        ("empty.json", b"", 4, ""),
        ("cut.json", b'{"schema": "studytrack/1", "da', 4, ""),
        ("other.json", b'{"schema": "other/1", "data": {}}', 4, ""),
        ("list.json", b"[1, 2]", 4, ""),
        ("deep.json", b"[" * 100_000, 4, ""),
        ("deep2.json", b'{"a":' * 100_000, 4, ""),
        ("newer.json", b'{"schema": "studytrack/9", "data": {}}', 4, ""),
    ],
)
def test_a_file_that_cannot_be_imported_changes_nothing(
    ask, tmp_path, name, content, code, told
) -> None:
    """The file and the reason are named, never a traceback."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    said = ask("import", str(path), code=code)

    assert told in said.err
    ask("undo", code=1)


def test_a_folder_is_no_document(ask, tmp_path) -> None:
    """Exit code 4."""
    assert "cannot be read" in ask("import", str(tmp_path), code=4).err


def test_an_unknown_format_is_usage(ask, document) -> None:
    """In and out."""
    assert "--as json" in ask("import", str(document), "--as", "docx", code=2).err
    assert "markdown" in ask("export", "docx", code=2).err


def test_refused_rows_are_listed_and_the_rest_comes_in(ask, tmp_path) -> None:
    """Exit code 1: the answer is not a whole yes."""
    ask("card", "answer", "recall.topk-tie", "3")
    whole = ask("export", "json").data
    whole["log"].append({"event_id": 7})
    path = tmp_path / "partly.json"
    path.write_text(json.dumps({"schema": "studytrack/1", "data": whole}))

    said = ask("--home", str(tmp_path / "b"), "import", str(path), code=1)

    assert "1 new, 0 merged, 0 unchanged, 1 refused" in said.out
    assert "refused: log row 2" in said.err


@pytest.mark.usefixtures("studied")
def test_an_export_to_a_file_is_what_stdout_gets(ask, tmp_path) -> None:
    """The path is told on stderr; `-o -` is stdout."""
    path = tmp_path / "out.json"

    said = ask("export", "json", "-o", str(path))

    assert "" == said.out
    assert f"Written to {path}." in said.err
    assert path.read_text() == ask("export", "json").out == ask("export", "json", "-o", "-").out
    assert [path] == list(tmp_path.glob("*.json*"))


def test_an_export_follows_a_link_and_keeps_what_it_replaces_whole(ask, tmp_path) -> None:
    """The link stays a link."""
    (tmp_path / "target.md").write_text("old")
    (tmp_path / "link.md").symlink_to(tmp_path / "target.md")

    ask("export", "markdown", "-o", str(tmp_path / "link.md"))

    assert (tmp_path / "link.md").is_symlink()
    assert "Attention, drawn" in (tmp_path / "target.md").read_text()


@pytest.mark.parametrize("place", [".", "missing/folder/out.json", "file/out.json"])
def test_an_output_that_cannot_be_written_is_environment(ask, tmp_path, monkeypatch, place) -> None:
    """Exit code 5, the reason, and another way."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")

    said = ask("export", "json", "-o", place, code=5)

    assert f"Cannot write {place}." in said.err
    assert "-o" in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_environment(ask, tmp_path) -> None:
    """As above, by the system's permissions."""
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)

    assert "Permission denied" in ask("export", "json", "-o", str(folder / "x"), code=5).err


def test_a_pipe_without_a_writer_is_an_empty_document(ask, tmp_path) -> None:
    """It does not wait for one."""
    os.mkfifo(tmp_path / "pipe")

    for words in ((), ("--as", "journal"), ("--as", "database"), ("--as", "json")):
        ask("import", str(tmp_path / "pipe"), *words, code=None)

    assert 1 == len(ask("note", "list", "--json").data)


def test_a_pipe_with_a_writer_is_read(spawn, document, tmp_path) -> None:
    """As a shell's `<(…)` makes one."""
    os.mkfifo(tmp_path / "pipe")
    writing = os.open(tmp_path / "pipe", os.O_RDWR)
    process = spawn("import", str(tmp_path / "pipe"))
    os.write(writing, document.read_bytes())
    while process.poll() is None and not _is_open(process.pid, tmp_path / "pipe"):
        time.sleep(0.01)
    os.close(writing)
    out, err = process.communicate(timeout=60)

    assert (0, "") == (process.returncode, err)
    assert "2 new" in out


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_no_document(ask, device) -> None:
    """It has no end, or nothing in it."""
    assert "It is a device." in ask("import", device, code=4).err


def test_an_output_in_a_circle_of_links_is_environment(ask, tmp_path) -> None:
    """With the option to choose another."""
    (tmp_path / "loop").symlink_to("loop")

    assert "Choose another file" in ask("export", "json", "-o", str(tmp_path / "loop"), code=5).err


def test_an_export_in_a_pipe_keeps_every_character(ask, terminal, tmp_path) -> None:
    """As the file does; a terminal gets JSON with the same data."""
    ask("note", "add", "Mine", "\x1b[31mred\x9b\u202e")
    ask("export", "markdown", "-o", str(tmp_path / "kept.md"))
    ask("export", "json", "-o", str(tmp_path / "kept.json"))
    markdown, data = ask("export", "markdown").out, ask("export", "json").out
    terminal(80)
    shown = ask("export", "json").out

    assert (tmp_path / "kept.md").read_text().rstrip("\n") == markdown.rstrip("\n")
    assert (tmp_path / "kept.json").read_text() == data
    assert "\x9b" in data
    assert "\x9b" not in shown
    assert json.loads(shown) == json.loads(data)

"""What SQLite says, in words that name the file and what to do."""

from __future__ import annotations

import pytest

from studytrack.errors import EnvironmentFault, StoreFault
from studytrack.storage.faults import explain
from studytrack.storage.store import Store


@pytest.mark.parametrize(
    ("reason", "kind", "code", "words"),
    [
        ("database is locked", StoreFault, 4, "busy"),
        ("attempt to write a readonly database", EnvironmentFault, 5, "--home DIR"),
        ("unable to open database file", EnvironmentFault, 5, "cannot be written"),
        ("database or disk is full", StoreFault, 4, "MiB free"),
        ("database disk image is malformed", StoreFault, 4, "doctor --repair"),
    ],
)
def test_each_cause_has_its_own_remedy(tmp_path, reason, kind, code, words) -> None:
    """The file is named, and the exit code follows from the cause."""
    found = explain(tmp_path / "studytrack.db", reason)

    assert type(found) is kind
    assert found.exit_code == code
    assert str(tmp_path) in str(found)
    assert words in str(found)


def test_a_folder_in_the_database_s_place_is_named(paths) -> None:
    """It is neither replaced nor written into."""
    paths.database.mkdir(parents=True)

    with pytest.raises(StoreFault, match=r"studytrack\.db cannot be used"):
        Store.open(paths)
    assert list(paths.database.iterdir()) == []


def test_a_damaged_page_is_told_and_nothing_is_written(open_store, paths) -> None:
    """A database whose schema page is gone is not overwritten by a new one."""
    open_store().close()
    damaged = bytearray(paths.database.read_bytes())
    damaged[100:400] = bytes(300)
    paths.database.write_bytes(bytes(damaged))

    with pytest.raises(StoreFault, match="cannot be used"):
        Store.open(paths)
    assert paths.database.read_bytes() == bytes(damaged)

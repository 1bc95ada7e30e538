"""What interrupted work left is removed with a word; what somebody works on is left alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studytrack.storage.store import Store
from studytrack.storage.swap import stage
from studytrack.storage.tidying import (
    KEPT,
    damaged_files,
    making_a_copy,
    thin_damaged,
    tidy,
    workshop,
)


@pytest.fixture
def litter(open_store, paths):
    """A home in which a backup and a repair were interrupted."""
    open_store().close()
    paths.backups.mkdir()
    (paths.data / "rebuild-1" / "writers").mkdir(parents=True)
    made = [
        paths.backups / ".1-manual.partial",
        paths.backups / ".1-manual.partial-journal",
        paths.data / "studytrack.jsonl.new",
        paths.data / "rebuild-1" / "studytrack.db",
    ]
    for path in made:
        path.write_bytes(bytes(2048))
    return made


def test_the_next_opening_tidies_up_and_says_so(litter, open_store) -> None:
    """The names and the room that they took, once."""
    store = open_store()
    (told,) = store.notices()
    store.close()

    assert not any(path.exists() for path in litter)
    assert not litter[-1].parent.exists()
    assert "Tidied up what interrupted work had left (" in told
    assert all(name in told for name in (".1-manual.partial", "rebuild-1", "studytrack.jsonl.new"))
    assert open_store().notices() == []


def test_a_copy_that_is_being_made_is_left_alone(litter, paths) -> None:
    """Also while several are."""
    with making_a_copy(paths.backups), making_a_copy(paths.backups):
        told = tidy(paths)

    assert [path.exists() for path in litter] == [True, True, False, False]
    assert "partial" not in told
    assert "partial" in tidy(paths)


def test_a_workshop_in_use_is_left_alone(litter, paths) -> None:
    """It is locked, as long as its process lives."""
    with workshop(paths) as place:
        (place.data / "studytrack.db").write_bytes(b"x")
        told = tidy(paths)
        assert (place.data / "studytrack.db").exists()

    assert not place.data.exists()
    assert place.data.name not in told


def test_a_workshop_whose_process_died_is_tidied_up(open_store, paths) -> None:
    """The lock went with the process."""
    open_store().close()
    code = (
        "import os, sys, pathlib\n"
        "from studytrack.paths import find_paths\n"
        "from studytrack.storage.tidying import workshop\n"
        "with workshop(find_paths({}, pathlib.Path(sys.argv[1]))): os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(paths.data.parent)], check=False)
    (left,) = paths.data.glob("rebuild-*")

    assert done.returncode == 9
    assert left.name in tidy(paths)
    assert not left.exists()


def test_the_newest_damaged_files_are_kept(open_store, paths) -> None:
    """With their companions; older ones are named when they go."""
    open_store().close()
    for number in range(1, KEPT + 3):
        for end in ("", "-wal"):
            (paths.data / f"studytrack.db.broken-{number}{end}").write_bytes(b"x")
    (paths.data / "studytrack.jsonl.broken-1").write_bytes(b"x")

    told = thin_damaged(paths)

    names = [path.name for path in damaged_files(paths)]
    assert len(names) == 2 * KEPT + 1
    assert "studytrack.db.broken-2-wal" in told
    assert "studytrack.db.broken-3" in names
    assert thin_damaged(paths) == ""


def test_an_interrupted_replacement_is_finished_by_the_next_opening(
    open_store, paths, tmp_path, now
) -> None:
    """The old database and its companions are kept together; the new one is in place."""
    store = open_store()
    row = store.new_row(store.stamp(now, 240), kind="suspend", item_kind="card", item_id="x")
    store.append([row])
    new = store.backup("manual")
    store.close()
    log = paths.database.with_name("studytrack.db-wal")
    log.write_bytes(b"of the old one")
    stage(new, paths.database)

    again = Store.open(paths)
    told = again.notices()
    rows = again.rows()
    again.close()

    assert [one.event_id for one in rows] == [row.event_id]
    assert "has been finished" in told[0]
    kept = paths.data / "studytrack.db.broken-1"
    assert str(kept) in told[0]
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"of the old one"
    assert not (paths.data / "studytrack.db.new").exists()

"""A full disk or a folder that cannot be written: no answer is acknowledged, nothing is damaged."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from studytrack.errors import EnvironmentFault, StoreFault
from studytrack.services import review
from studytrack.services.study import Study
from studytrack.storage import opening

MORNING = datetime.fromisoformat("2026-11-24T08:00:00+01:00")


def answer_until_full(study: Study) -> tuple[list[str], StoreFault]:
    """Answer until an answer is refused; return the events that were acknowledged, and why."""
    told = []
    cards = sorted(study.catalogue.cards)
    for number in range(5000):
        try:
            done = review.answer(study, cards[number % len(cards)], 3, text="x" * 2000)
        except StoreFault as error:
            return told, error
        told.append(done.row.event_id)
    raise AssertionError("The disk never filled.")


def test_a_full_database_acknowledges_nothing_more(study, paths, look, monkeypatch) -> None:
    """The message names the file and the free space; what was acknowledged is there."""
    study.store.settle()
    study.close()
    monkeypatch.setattr(opening, "PRAGMAS", (*opening.PRAGMAS, "PRAGMA max_page_count = 60"))

    told, error = answer_until_full(study)
    study.close()

    assert str(paths.database) in str(error)
    assert "MiB free" in str(error)
    assert error.exit_code == 4
    assert set(told) == look.stored() == look.journalled()


def test_answers_go_on_when_there_is_room_again(study, look, monkeypatch) -> None:
    """In the same session, with the same question."""
    study.store.settle()
    study.close()
    with monkeypatch.context() as patch:
        patch.setattr(opening, "PRAGMAS", (*opening.PRAGMAS, "PRAGMA max_page_count = 60"))
        told, _ = answer_until_full(study)
    study.store._connection.execute("PRAGMA max_page_count = 100000")

    told.append(review.answer(study, "recall.topk-tie", 3).row.event_id)
    study.close()

    assert set(told) == look.stored() == look.journalled()


def test_a_journal_that_cannot_be_written_costs_no_answer(study, look, monkeypatch) -> None:
    """The answer is in the database; the learner is told; the next opening mends the journal."""
    first = review.answer(study, "recall.topk-tie", 3).row.event_id
    with monkeypatch.context() as patch:
        patch.setattr("studytrack.storage.journal.os.write", _no_room)
        second = review.answer(study, "recall.topk-tie", 3).row.event_id
        told = study.notices()
    lacking = look.journalled()
    study.close()
    look.reopen()

    assert "No space left" in told[0]
    assert lacking == {first}
    assert look.stored() == look.journalled() == {first, second}


def test_a_line_that_was_cut_by_a_full_disk_is_written_again(study, look, monkeypatch) -> None:
    """What follows it begins on a line of its own."""
    write, calls = os.write, []

    def half(file: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) == 2:
            raise _full()
        return write(file, data[: len(data) // 2])

    first = review.answer(study, "recall.topk-tie", 3).row.event_id
    with monkeypatch.context() as patch:
        patch.setattr("studytrack.storage.journal.os.write", half)
        second = review.answer(study, "recall.topk-tie", 3).row.event_id
    third = review.answer(study, "recall.topk-tie", 3).row.event_id
    study.close()
    look.reopen()

    assert look.stored() == look.journalled() == {first, second, third}


def _full() -> OSError:
    return OSError(28, "No space left on device")


def _no_room(file: int, data: bytes) -> int:
    raise _full()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte, where this user may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if tried.returncode:
        pytest.skip("No file system can be mounted here.")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(
    shutil.which("mount") is None or os.geteuid() != 0, reason="mounting needs root"
)
def test_a_small_disk_that_fills_damages_nothing(small_disk, paths, settings, tiny) -> None:
    """Every acknowledged answer is there when the disk has room again, and no other."""
    there = replace(paths, data=small_disk / "data")
    study = Study(there, settings, lambda: MORNING, [tiny])

    told, error = answer_until_full(study)
    study.close()

    assert "disk is full" in str(error)
    with contextlib.closing(sqlite3.connect(there.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert set(told) == {one for (one,) in connection.execute("SELECT event_id FROM log")}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named(study, paths) -> None:
    """The answer is not acknowledged."""
    paths.data.mkdir(parents=True)
    paths.data.chmod(0o500)

    with pytest.raises(EnvironmentFault, match="cannot be written"):
        review.answer(study, "recall.topk-tie", 3)

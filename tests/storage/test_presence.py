"""Who has the database open: many may, one alone may replace it, and a death is noticed."""

from __future__ import annotations

import pytest

from studytrack.errors import StoreFault
from studytrack.storage import presence
from studytrack.storage.presence import Presence, alone


@pytest.fixture(autouse=True)
def _impatient(monkeypatch) -> None:
    """Waiting is tested elsewhere."""
    monkeypatch.setattr(presence, "_PATIENCE", 0.05)


def test_a_clean_end_leaves_nothing(tmp_path) -> None:
    """The writer's file is there while it writes, and only then."""
    one = Presence(tmp_path)
    one.begin_writing()
    one.begin_writing()
    during = list((tmp_path / "writers").iterdir())
    one.end()

    assert len(during) == 1
    assert list((tmp_path / "writers").iterdir()) == []


def test_a_living_writer_is_not_dead(tmp_path) -> None:
    """Its file is locked; one that nobody locks was left behind."""
    one, other = Presence(tmp_path), Presence(tmp_path)
    one.begin_writing()
    left = tmp_path / "writers" / "77-left"
    left.touch()

    assert [left] == other.dead_writers()
    one.end(), other.end()


def test_replacing_waits_for_nobody_and_is_refused(tmp_path) -> None:
    """While another has it open; afterwards it goes."""
    one = Presence(tmp_path)
    with pytest.raises(StoreFault, match="open elsewhere"), alone(tmp_path):
        pass
    one.end()

    with alone(tmp_path), pytest.raises(StoreFault, match="being replaced"):
        Presence(tmp_path)
    Presence(tmp_path).end()


def test_a_system_without_locks_refuses_nobody(tmp_path, monkeypatch) -> None:
    """And notices nothing."""
    monkeypatch.setattr(presence, "fcntl", None)
    one = Presence(tmp_path)
    one.begin_writing()

    with alone(tmp_path):
        assert one.dead_writers() == []
    one.end()
    assert list(tmp_path.iterdir()) == []

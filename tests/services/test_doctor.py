"""The examination: each check alone, on homes that are well and homes that are not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

import pytest

from studytrack.clock import find_clock
from studytrack.errors import ContentFault, StoreFault
from studytrack.services import doctor, repair, review
from studytrack.services.study import Study
from studytrack.storage.store import Store


@pytest.fixture
def examine(paths, tiny):
    """Examine the learner's home and return the checks by name."""

    def call(environ: Mapping[str, str] | None = None) -> dict[str, doctor.Examined]:
        given = {"TERM": "xterm", **(environ or {})}

        def open_study(settings) -> Study:
            return Study(paths, settings, find_clock(given, settings.study_zone), [tiny])

        found = list(doctor.examine(paths, given, open_study))
        assert len(found) == len({check.name for check in found})
        return {check.name: check for check in found}

    return call


def test_a_home_in_use_is_well(examine, study) -> None:
    """Nothing fails, and every warning has its remedy or is final."""
    review.answer(study, "recall.topk-tie", 3)

    found = examine()

    assert {"ok", "warn"} >= {check.state for check in found.values()}
    assert "3 topics, 3 exercises, 14 cards" in found["content"].text
    assert all(check.remedy for check in found.values() if check.state == "fail")


def test_looking_creates_nothing(examine, paths) -> None:
    """Neither folders nor a database."""
    examine()

    assert not paths.data.parent.exists()


def test_a_damaged_database_fails_with_the_way_back(examine, study, monkeypatch) -> None:
    """What SQLite found, and where the copies are."""
    study.store.backup("import")
    monkeypatch.setattr(Store, "check", lambda store: ["row 3 missing from index"])

    found = examine()

    assert "row 3 missing from index" == found["database"].text
    assert "backups" in found["database"].remedy
    assert "1 in" in found["backups"].text
    assert "import.db" in found["backups"].text


def test_a_fault_of_one_check_does_not_hide_the_others(examine, study, monkeypatch) -> None:
    """Each raises for itself alone."""

    def busy(store) -> list[str]:
        raise StoreFault("It is busy.", "Another writes.", "Wait.")

    monkeypatch.setattr(Store, "check", busy)
    monkeypatch.setattr(Study, "shipped", property(lambda study: _raise()))
    assert study.store

    found = examine()

    assert ("fail", "It is busy. Another writes.", "Wait.") == (
        found["database"].state,
        found["database"].text,
        found["database"].remedy,
    )
    assert "fail" == found["content"].state
    assert "editor" in found


def _raise() -> None:
    raise ContentFault("A file is broken.")


def test_little_space_is_a_warning(examine, monkeypatch) -> None:
    """Before it is none."""
    usage = type("Usage", (), {"free": 1 << 20})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    assert ("warn", "1 MiB free") == (examine()["disk"].state, examine()["disk"].text)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_fails(examine, paths) -> None:
    """Named, with another way."""
    paths.data.mkdir(parents=True)
    paths.data.chmod(0o555)

    assert "cannot be written" in examine()["data"].text


def test_the_workspace_is_the_one_of_the_settings(examine, tmp_path) -> None:
    """It may lie elsewhere."""
    (tmp_path / "file").write_text("")

    found = examine({"STUDYTRACK_WORKSPACE": str(tmp_path / "file" / "ws")})

    assert "fail" == found["workspace"].state


def test_a_missing_torch_fails_and_everything_else_works(examine, monkeypatch) -> None:
    """Only grading needs it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    found = examine()

    assert "fail" == found["torch"].state
    assert "pip install torch" in found["torch"].remedy


@pytest.mark.parametrize(
    ("editor", "state"),
    [("sh -c", "ok"), ("/no/such/editor", "warn"), ("'unfinished", "warn"), ("  ", "warn")],
)
def test_an_editor_is_looked_for(examine, editor, state) -> None:
    """The first word of $EDITOR."""
    assert state == examine({"EDITOR": editor})["editor"].state


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_dumb_terminal_has_the_plain_way(examine, term) -> None:
    """For whom the interface does not work."""
    assert "review --plain" in examine({"TERM": term})["terminal"].remedy


def test_a_small_terminal_is_a_warning(examine, monkeypatch) -> None:
    """The screens are drawn for 80 by 24."""
    monkeypatch.setenv("COLUMNS", "60")

    assert "80 by 24" in examine()["terminal"].remedy


def test_repair_counts_what_differed(study) -> None:
    """Nothing, in a home that is well."""
    review.answer(study, "recall.topk-tie", 3)

    assert 0 == repair.repair(study).differed

"""`studytrack backup`, `restore` and `doctor --repair`: copies, the way back, and mending."""

from __future__ import annotations

import pytest

CARD = "recall.topk-tie"


def events(ask) -> list[str]:
    """Return the ids of all rows."""
    return [row["event_id"] for row in ask("export", "json").data["log"]]


def test_a_backup_is_made_and_listed(ask, home) -> None:
    """By name, with what it holds."""
    ask("card", "answer", CARD, "3")

    made = ask("backup", "--json").data
    listed = ask("backup", "--list", "--json").data

    assert [made] == listed
    assert (made["events"], made["label"]) == (1, "manual")
    assert made["id"] == "20261124T070000Z-1-manual"
    assert (home / "data" / "backups" / f"{made['id']}.db").stat().st_size == made["size"]
    assert "1 event, verified." in ask("backup").out
    assert made["id"] in ask("backup", "--list").out


def test_a_home_without_backups_says_so(ask) -> None:
    """Looking makes none."""
    said = ask("backup", "--list")

    assert "No backup yet" in said.err
    assert ask("backup", "--list", "--json").data == []
    assert "There is no backup" in ask("restore", "--yes", code=3).err


def test_a_restore_brings_newer_answers_back_and_says_how_many(ask) -> None:
    """The newest backup unless one is named."""
    ask("card", "answer", CARD, "3")
    name = ask("backup", "--json").data["id"]
    ask("card", "answer", CARD, "4")
    before = events(ask)

    said = ask("restore", "--yes")
    data = ask("restore", name[:8], "--yes", "--json", code=3)

    assert f"Restored {name}: 2 events." in said.out
    assert "1 newer event came back" in said.out
    assert "before-restore" in said.out
    assert before == events(ask)
    assert name in data.err


def test_an_exact_restore_leaves_them_out(ask) -> None:
    """As it was when the backup was made."""
    ask("card", "answer", CARD, "3")
    name = ask("backup", "--json").data["id"]
    before = events(ask)
    ask("card", "answer", CARD, "4")

    data = ask("restore", name, "--exact", "--yes", "--json").data

    assert (data["id"], data["events"], data["reapplied"]) == (name, 1, 0)
    assert before == events(ask)
    assert ask("doctor").code == 0


@pytest.mark.parametrize("words", [("restore",), ("restore", "latest", "--json")])
def test_a_restore_is_confirmed(ask, words) -> None:
    """Without a terminal to ask on, --yes says it."""
    ask("card", "answer", CARD, "3")
    ask("backup")

    assert "Say --yes" in ask(*words, code=2).err


def test_a_refusal_changes_nothing(ask, terminal, monkeypatch) -> None:
    """Exit code 1."""
    ask("card", "answer", CARD, "3")
    ask("backup")
    monkeypatch.setattr("studytrack.cli.backup.is_terminal", lambda stream: True)

    assert "Nothing was changed." in ask("restore", stdin="n\n", code=1).err
    assert "Restored" in ask("restore", stdin="y\n").out


def test_a_damaged_database_is_mended_by_doctor(ask, home) -> None:
    """What happened is told; the answers are there; the damaged file is kept."""
    ask("card", "answer", CARD, "3")
    before = events(ask)
    database = home / "data" / "studytrack.db"
    data = bytearray(database.read_bytes())
    data[4096:] = bytes([0xA5]) * (len(data) - 4096)
    database.write_bytes(bytes(data))

    bad = ask("doctor", "--json", code=1).data
    said = ask("doctor", "--repair")

    broken = next(check for check in bad if check["name"] == "database")
    assert "doctor --repair" in broken["remedy"]
    assert "rebuilt from an empty database, with 1 event from the journal" in said.err
    assert "studytrack.db.broken-1" in said.err
    assert before == events(ask)


def test_doctor_names_the_journal_and_the_last_backup(ask, home) -> None:
    """How many events, all in the database."""
    ask("card", "answer", CARD, "3")
    ask("backup")

    found = {check["name"]: check for check in ask("doctor", "--json").data}

    assert "1 event, all in the database" in found["journal"]["text"]
    assert "1 in" in found["backups"]["text"]
    assert str(home) in found["journal"]["text"]


def test_doctor_reports_what_only_the_journal_has(ask, home) -> None:
    """And repair brings it back, which any command tells before."""
    ask("card", "answer", CARD, "3")
    old = (home / "data" / "studytrack.db").read_bytes()
    ask("card", "answer", CARD, "4")
    before = events(ask)
    (home / "data" / "studytrack.db").write_bytes(old)

    noted = ask("card", "list").err
    check = next(c for c in ask("doctor", "--json", code=1).data if c["name"] == "journal")
    mended = ask("doctor", "--repair").err

    assert "1 event that the database lacks" in noted
    assert "lacks" in check["text"]
    assert "1 event came back from the journal." in mended
    assert before == events(ask)

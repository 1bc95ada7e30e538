"""`studytrack doctor`: one line a check, each with its remedy."""

from __future__ import annotations

import contextlib
import sqlite3

from studytrack.grader.probe import Probed


def named(ask, code: int = 0) -> dict[str, dict]:
    """Return the checks by name."""
    return {check["name"]: check for check in ask("doctor", "--json", code=code).data}


def test_a_new_home_is_well_and_stays_untouched(ask, home) -> None:
    """Looking creates nothing."""
    found = named(ask)

    assert not [check for check in found.values() if check["state"] == "fail"]
    assert {"settings", "data", "database", "content", "torch", "isolation", "editor"} <= set(found)
    assert all(check["id"] and check["title"] for check in found.values())
    assert not home.exists()


def test_each_line_has_a_mark_a_word_and_a_remedy(ask) -> None:
    """The mark alone would carry no meaning."""
    lines = ask("doctor").out.splitlines()

    assert any(line.startswith("✓ ok    database: ") for line in lines)
    warning = next(n for n, line in enumerate(lines) if line.startswith("! warn  editor"))
    assert "Set $EDITOR" in lines[warning + 1]


def test_isolation_names_the_layers_that_are_there(ask) -> None:
    """On a kernel with Landlock and a machine with a filter, both are named."""
    found = named(ask)["isolation"]

    assert "Landlock" in found["text"]
    assert "seccomp" in found["text"]


def test_isolation_says_plainly_what_is_missing(ask, monkeypatch) -> None:
    """Without Landlock a submission can read files, and the report says so."""
    found = (
        Probed(layer="landlock", applied=False, bites=False),
        Probed(layer="seccomp", applied=True, bites=True),
    )
    monkeypatch.setattr("studytrack.grader.probe.probe_layers", lambda: found)

    told = named(ask)["isolation"]

    assert told["state"] == "warn"
    assert "No Landlock: a submission can read your files." in told["text"]


def test_the_clock_is_held_against_the_last_entry(ask, at) -> None:
    """Well, behind it, or more than a year after it; a new home has nothing to compare with."""
    assert "entries" not in named(ask)
    ask("note", "add", "A note", "Text.")
    well = named(ask)["entries"]
    at("2026-11-20T08:00:00+01:00")
    behind = named(ask)["entries"]
    at("2028-11-24T08:00:00+01:00")
    leapt = named(ask)["entries"]

    assert (well["state"], behind["state"], leapt["state"]) == ("ok", "warn", "warn")
    assert well["text"] == "the last one is of 2026-11-24 07:00 UTC"
    assert "your last entry is of 2026-11-24 07:00 UTC" in behind["text"]
    assert "731 days after your last entry" in leapt["text"]


def test_a_fixed_clock_is_a_warning(ask) -> None:
    """It is for scripts and tests."""
    assert "STUDYTRACK_NOW fixes the clock: 2026-11-24 08:00+01:00" in named(ask)["clock"]["text"]


def test_settings_that_cannot_be_used_fail(ask, home) -> None:
    """Exit code 1, and the rest is looked at."""
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("[[[")

    found = named(ask, code=1)

    assert "fail" == found["settings"]["state"]
    assert "ok" == found["database"]["state"]


def test_a_clock_that_cannot_be_read_fails(ask, at) -> None:
    """With its remedy."""
    at("soon")

    assert "fail" == named(ask, code=1)["clock"]["state"]


def test_an_unknown_zone_fails_and_the_database_is_looked_at(ask, monkeypatch) -> None:
    """On the system's own zone."""
    monkeypatch.setenv("STUDYTRACK_STUDY_ZONE", "Mars/Base")

    found = named(ask, code=1)

    assert ("fail", "ok") == (found["clock"]["state"], found["database"]["state"])


def test_a_database_of_a_newer_version_fails_once(ask, newer) -> None:
    """The content is well; only the database is not."""
    found = named(ask, code=1)

    assert "newer studytrack" in found["database"]["text"]
    assert "ok" == found["content"]["state"]


def test_an_older_database_is_not_upgraded_by_looking(ask, home) -> None:
    """An empty file stays an empty file."""
    (home / "data").mkdir(parents=True)
    (home / "data" / "studytrack.db").touch()

    assert "the next command upgrades it" in named(ask)["database"]["text"]
    assert 0 == (home / "data" / "studytrack.db").stat().st_size


def test_broken_content_fails(ask, tmp_path) -> None:
    """And names the file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "glossary.toml").write_text("[[terms]]\n")

    said = ask("--content", str(tmp_path), "doctor", code=1)

    assert "✗ fail  content: " in said.out
    assert "glossary.toml" in said.out


def test_a_file_in_the_way_fails(ask, home) -> None:
    """The folder that cannot be made is named."""
    home.mkdir()
    (home / "data").write_text("in the way")

    assert "is no folder" in named(ask, code=1)["data"]["text"]


def test_repair_rebuilds_what_follows_from_the_log(ask, home) -> None:
    """States that differ are counted on stderr; JSON stays one object."""
    ask("card", "answer", "recall.topk-tie", "3")
    with contextlib.closing(sqlite3.connect(home / "data" / "studytrack.db")) as connection:
        connection.execute("UPDATE memory SET stability = 999")
        connection.commit()

    said = ask("doctor", "--repair", "--json")

    assert "1 of them differed" in said.err
    assert said.data
    assert ask("card", "show", "recall.topk-tie", "--json").data["stability"] < 999
    assert "0 of them differed" in ask("doctor", "--repair").err

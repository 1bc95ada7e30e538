"""`studytrack dev check`: the rules for content."""

from __future__ import annotations

import pytest


def test_content_that_keeps_the_rules(ask) -> None:
    """Exit code 0 and one line; JSON with two empty lists."""
    assert "All rules hold.\n" == ask("dev", "check", "--quick").out
    assert {"problems": [], "proofs": []} == ask("dev", "check", "--quick", "--json").data


def test_all_problems_are_told_at_once(ask, tmp_path) -> None:
    """On stdout, a line each with file, item and what is wrong; exit code 1."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "glossary.toml").write_text('[[terms]]\nid = "X Y"\ntitel = "x"\n')
    (tmp_path / "exercises" / "unit" / "half").mkdir(parents=True)
    (tmp_path / "exercises" / "unit" / "half" / "statement.md").write_text("no front matter")

    said = ask("--content", str(tmp_path), "dev", "check", "--quick", code=1)
    data = ask("--content", str(tmp_path), "dev", "check", "--quick", "--json", code=1).data

    assert "glossary.toml" in said.out
    assert "half" in said.out
    assert len(said.out.splitlines()) == len(data["problems"])
    assert {"file", "item", "message"} == set(data["problems"][0])


def test_an_unknown_exercise_is_named(ask) -> None:
    """Before anything is started; exit code 3."""
    assert "Did you mean `add_one`" in ask("dev", "check", "ad_one", code=3).err


@pytest.mark.slow
@pytest.mark.xdist_group("grader")
def test_one_exercise_is_proven(ask) -> None:
    """A row with its shares; JSON names the checks that catch each mistake."""
    said = ask("dev", "check", "add_one", "--seeds", "1")
    data = ask("dev", "check", "add_one", "--seeds", "1", "--json").data

    proven = data["proofs"][0]
    assert "0 problems in " in said.out
    assert said.rows[1][0] == "add_one"
    assert proven["mutation_score"] == 1.0
    assert proven["caught_by"]["adds_two"]

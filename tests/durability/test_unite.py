"""Two homes are united by importing one's database or journal: nothing is lost in any order."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from studytrack.errors import NotFound, StoreFault
from studytrack.paths import find_paths
from studytrack.services import review, undo
from studytrack.services.study import Study
from studytrack.services.transfer import import_file

ACTIONS = st.lists(st.integers(0, 9), max_size=12)


def act(study: Study, actions: list[int]) -> None:
    """Answer cards, and take answers back and bring them back again."""
    cards = sorted(study.catalogue.cards)
    for number, action in enumerate(actions):
        if action < 7:
            review.answer(study, cards[(action + number) % 3], 1 + action % 4)
        elif action == 9:
            undo.redo(study)
        else:
            undo.undo(study)


def whole(study: Study) -> tuple:
    """Return the log and every state."""
    return study.store.dump(), study.store.memories()


@pytest.fixture
def homes(tmp_path, study, tiny):
    """Three studies on homes of their own, with a way to empty ones."""
    opened: list[Study] = []

    def make(name: str) -> Study:
        paths = find_paths({}, tmp_path / name)
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        opened.append(Study(paths, study.settings, study.clock, [tiny]))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@examples(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ACTIONS, min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_uniting_is_commutative_associative_and_idempotent(homes, histories, rng) -> None:
    """Databases and journals, in any order, through one another or straight, some twice."""
    studies = [homes(name) for name in "abc"]
    for study, actions in zip(studies, histories, strict=True):
        act(study, actions)
        study.close()
    files = [rng.choice((study.paths.database, study.paths.journal)) for study in studies]
    files = [file for file in files if file.exists()]
    straight, chained = homes("straight"), homes("chained")
    for file in files:
        import_file(straight, file)
    order = [*files, *files[:1]]
    random.Random(rng.random()).shuffle(order)
    for file in order:
        between = homes("between")
        import_file(between, file)
        between.close()
        import_file(chained, between.paths.database)

    assert whole(straight) == whole(chained)
    assert straight.store.rebuild() == 0
    for file in files:
        assert import_file(straight, file).new == 0


def test_a_database_that_is_in_use_is_read_as_it_is(homes) -> None:
    """What is only in its write-ahead log counts; it is not changed."""
    one, other = homes("a"), homes("b")
    act(one, [1, 2, 3])
    before = one.paths.database.read_bytes()

    dry = import_file(other, one.paths.database, dry_run=True)
    summary = import_file(other, one.paths.database)

    assert (dry.new, summary.new, summary.format) == (3, 3, "database")
    assert whole(one) == whole(other)
    assert before == one.paths.database.read_bytes()
    assert not list(other.paths.data.glob("rebuild-*"))


def test_a_journal_with_a_cut_line_comes_in_without_it(homes, tmp_path) -> None:
    """And says so."""
    one, other = homes("a"), homes("b")
    act(one, [1, 2, 3])
    cut = tmp_path / "copy.jsonl"
    cut.write_bytes(one.paths.journal.read_bytes()[:-10])

    summary = import_file(other, cut)

    assert (summary.format, summary.new) == ("journal", 2)
    assert summary.refused == ("1 lines that are cut or no event were left out.",)


def test_a_union_begins_with_a_backup(homes) -> None:
    """Of what was there; an empty home needs none."""
    one, other = homes("a"), homes("b")
    act(one, [1])
    act(other, [2])

    import_file(other, one.paths.database)

    assert [path.name[-10:] for path in other.paths.backups.iterdir()] == ["-import.db"]


def test_other_databases_are_refused(homes, tmp_path) -> None:
    """One of another program, a damaged one, and one that is not there."""
    study = homes("a")
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\0" + bytes(5000))

    for name in ("other.db", "bad.db"):
        with pytest.raises(StoreFault, match=name):
            import_file(study, tmp_path / name)
    with pytest.raises(NotFound):
        import_file(study, tmp_path / "gone.db", "database")
    assert study.store.rows() == []

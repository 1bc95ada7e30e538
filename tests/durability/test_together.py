"""Two processes on one home at once: nothing is lost, nothing doubled."""

from __future__ import annotations


def test_two_sessions_at_once_keep_every_answer(loop, look, paths, study) -> None:
    """Each acknowledged answer is there once; database and journal hold the same."""
    sessions = [loop(40), loop(40)]
    for session in sessions:
        session.stdin.write("go\n")
        session.stdin.flush()
    told = [session.communicate(timeout=120)[0].split() for session in sessions]

    rows = study.store.rows()
    study.close()

    assert [session.returncode for session in sessions] == [0, 0]
    assert sorted(told[0] + told[1]) == sorted(row.event_id for row in rows)
    assert len({row.clock for row in rows}) == len(rows) == 80
    look.reopen()
    assert look.stored() == look.journalled()


def test_a_window_that_is_open_is_no_unclean_end(loop, look, paths) -> None:
    """While one process writes, another finds no writer that died."""
    session = loop()
    session.stdin.write("go\n")
    session.stdin.flush()
    session.stdout.readline()

    look.reopen()

    assert len(list((paths.data / "writers").glob("[0-9]*"))) == 1
    assert session.poll() is None

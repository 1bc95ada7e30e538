"""The directory of the warm server: private, short, and refused where it is not ours alone."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.errors import GraderFault
from studytrack.grader.client import Grader
from studytrack.grader.place import (
    SOCKET_PATH_CAP,
    Place,
    PlaceRefused,
    entered,
    find_place,
    find_problem,
    identify,
    is_in_place,
    last_lines,
    listen,
    locked,
    make_private,
    remove_socket,
)
from studytrack.paths import find_paths


@pytest.fixture
def place(tmp_path) -> Place:
    """A place that is not made yet."""
    return Place(tmp_path / "run")


def test_the_directory_is_made_private(place) -> None:
    """Mode 0700 whatever the umask, and twice is no error."""
    before = os.umask(0)
    try:
        make_private(place)
        make_private(place)
    finally:
        os.umask(before)

    assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700
    assert find_problem(place) == ""


def test_looking_makes_nothing(place) -> None:
    """A place that is yet to be made has no problem."""
    assert find_problem(place) == ""
    assert not place.directory.exists()


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o770, 0o755, 0o777])
def test_a_directory_that_others_may_enter_is_refused(place, mode) -> None:
    """One bit for group or others is enough; the mode is named."""
    place.directory.mkdir()
    place.directory.chmod(mode)

    with pytest.raises(PlaceRefused, match=f"{mode:04o}"):
        make_private(place)
    assert "open to others" in find_problem(place)


def test_a_link_is_refused(place, tmp_path) -> None:
    """Even to a directory that would do."""
    (tmp_path / "real").mkdir(mode=0o700)
    place.directory.symlink_to(tmp_path / "real")

    with pytest.raises(PlaceRefused, match="is a link"):
        make_private(place)


def test_a_file_is_refused(place) -> None:
    """In place of the directory."""
    place.directory.write_text("")

    with pytest.raises(PlaceRefused, match="no directory"):
        make_private(place)


def test_the_directory_of_another_user_is_refused(place) -> None:
    """Its owner is named."""
    make_private(place)

    with pytest.raises(PlaceRefused, match=f"belongs to user {os.getuid()}"):
        make_private(place, lambda: os.getuid() + 1)


def test_a_parent_that_others_may_change_is_refused(tmp_path) -> None:
    """They could put another directory in its place; a sticky one is well."""
    parent = tmp_path / "open"
    parent.mkdir()
    parent.chmod(0o777)
    place = Place(parent / "run")

    with pytest.raises(PlaceRefused, match="hands of others"):
        make_private(place)
    parent.chmod(0o1777)
    make_private(place)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path) -> None:
    """With the system's reason."""
    (tmp_path / "file").write_text("")

    with pytest.raises(PlaceRefused, match="cannot be made"):
        make_private(Place(tmp_path / "file" / "run"))


def test_a_refused_place_gives_the_cold_path_and_a_note(place) -> None:
    """The grader is usable; nothing was started or written."""
    place.directory.mkdir()
    place.directory.chmod(0o755)

    with Grader(place=place) as grader:
        assert "open to others" in grader.note
        assert "without the server" in grader.note
    assert [] == list(place.directory.iterdir())


def test_looking_at_a_closed_parent_is_no_fault(place, monkeypatch) -> None:
    """The system's reason is named; an ordinary user meets it under another user's directory."""

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("studytrack.grader.place.os.open", refuse)

    assert "Permission denied" in find_problem(place)
    with pytest.raises(PlaceRefused, match="cannot be made"):
        make_private(place)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no paths through descriptors")
def test_a_directory_that_is_swapped_after_the_check_is_not_used(place, tmp_path) -> None:
    """Lock, log and socket lie in the directory that was checked, whatever has its name now."""
    other = tmp_path / "of another user"
    other.mkdir()

    with entered(place) as inside:
        place.directory.rename(tmp_path / "moved")
        place.directory.symlink_to(other)
        assert not is_in_place(inside)
        with locked(inside), listen(inside):
            inside.log.write_text("words")

    assert [] == list(other.iterdir())
    assert {"judge.lock", "judge.log", "judge.sock"} == {
        path.name for path in (tmp_path / "moved").iterdir()
    }


def test_a_directory_that_is_swapped_during_the_check_is_refused(
    place, tmp_path, monkeypatch
) -> None:
    """What was opened is checked, and not only what had the name before."""
    make_private(place)
    really, swapped = os.stat, tmp_path / "open to all"
    swapped.mkdir()
    swapped.chmod(0o777)

    def swap(*args: Any, **kwargs: Any) -> os.stat_result:
        found = really(*args, **kwargs)
        if kwargs.get("dir_fd") is not None and swapped.exists():
            place.directory.rmdir()
            swapped.rename(place.directory)
        return found

    monkeypatch.setattr("studytrack.grader.place.os.stat", swap)
    with pytest.raises(PlaceRefused, match="open to others"):
        make_private(place)


@given(st.text("abé/", min_size=1, max_size=300))
def test_every_name_gives_a_socket_path_that_fits(name) -> None:
    """Long ones move to a short directory; the same home always to the same."""
    runtime = Path("/home") / name.strip("/") / "run"

    place = find_place(runtime, temporary=Path("/tmp"))

    assert len(os.fsencode(place.socket)) <= SOCKET_PATH_CAP
    assert place == find_place(runtime, temporary=Path("/tmp"))


def test_two_long_homes_have_two_places() -> None:
    """The hash tells them apart."""
    places = {find_place(Path("/", "x" * 120, home, "run")).directory for home in "ab"}

    assert len(places) == 2


def test_a_home_has_a_server_of_its_own(tmp_path) -> None:
    """The runtime directory lies inside it."""
    assert tmp_path in find_paths({}, tmp_path).runtime.parents


def test_without_a_home_the_runtime_directory_is_the_system_s(monkeypatch, tmp_path) -> None:
    """XDG_RUNTIME_DIR where it is set."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert find_paths({}).runtime == tmp_path / "studytrack"


def test_the_lock_is_held_once(place) -> None:
    """A second holder gives up after its time, and gets it when the first is done."""
    make_private(place)

    with locked(place), pytest.raises(GraderFault, match="being started"), locked(place, 0):
        pass
    with locked(place, 0):
        pass


def test_a_new_listener_takes_the_place_of_a_stale_socket(place) -> None:
    """Only the owner may connect, and the file is another one."""
    make_private(place)
    listen(place).close()
    stale = identify(place.socket)

    with listen(place), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(place.socket))

        assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600
        assert identify(place.socket) != stale or stale is not None
    remove_socket(place)
    assert identify(place.socket) is None


def test_the_last_words_are_cut_and_printable(place) -> None:
    """Five lines at most, no control characters, and nothing where there is no log."""
    make_private(place)
    assert last_lines(place) == ""

    place.log.write_bytes(b"\n".join(b"line %d \x1b[31m" % n for n in range(3000)))
    lines = last_lines(place).splitlines()

    assert len(lines) == 5
    assert "line 2999" in lines[-1]
    assert all(line.isprintable() for line in lines)

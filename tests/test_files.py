"""Reading files whose names come from outside: bounded, without waiting, through no link."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest

from studytrack.files import NotRegular, is_there, read_below, read_regular


def irregular(folder: Path) -> dict[str, Path]:
    """Make a pipe, a socket and a folder, and name two devices."""
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")  # the name of a socket is short
    return {name: folder / name for name in ("pipe", "socket", "folder")} | {
        name: Path("/dev") / name for name in ("zero", "null")
    }


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "zero", "null"])
@pytest.mark.parametrize("linked", [False, True])
def test_only_a_regular_file_is_read(tmp_path, kind, linked) -> None:
    """Nothing waits for a writer and nothing is read without an end; nor behind a link."""
    path = irregular(tmp_path)[kind]
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"

    with pytest.raises(NotRegular):
        read_regular(path, 10)


def test_reading_ends_at_the_cap(tmp_path) -> None:
    """However large the file is."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)

    assert bytes(10) == read_regular(tmp_path / "large", 10)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "n" * 300, "x/" * 3000])
def test_a_name_that_no_file_can_have_is_not_there(name) -> None:
    """For the system it is an error like any other."""
    assert not is_there(Path(name))
    with pytest.raises(OSError, match="name"):
        read_regular(name, 10)


def test_a_link_is_followed_only_where_it_may_be(tmp_path) -> None:
    """`follow` is about the last piece."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")

    assert b"x" == read_regular(tmp_path / "link", 10)
    with pytest.raises(NotRegular) as caught:
        read_regular(tmp_path / "link", 10, follow=False)
    assert caught.value.is_link


@pytest.mark.parametrize("pieces", [("link",), ("away", "file"), ("sub", "link")])
def test_below_a_folder_no_link_is_followed(tmp_path, pieces) -> None:
    """Neither to a file nor on the way to one."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_bytes(b"secret")
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    for name in ("link", "sub/link"):
        (top / name).symlink_to(tmp_path / "secret" / "file")
    (top / "away").symlink_to(tmp_path / "secret")

    with pytest.raises(NotRegular) as caught:
        read_below(top, pieces, 10)
    assert caught.value.is_link


def test_the_folder_itself_may_be_a_link(tmp_path) -> None:
    """It is the word of the person who named it."""
    (tmp_path / "top" / "sub").mkdir(parents=True)
    (tmp_path / "top" / "sub" / "file").write_bytes(b"x")
    (tmp_path / "way").symlink_to("top")

    assert b"x" == read_below(tmp_path / "way", ("sub", "file"), 10)


@pytest.mark.parametrize("swapped", ["sub", "file"])
def test_a_link_put_in_place_at_the_last_moment_is_not_followed(
    tmp_path, monkeypatch, swapped
) -> None:
    """Between the look at a folder and the reading, the owner of the folder swaps a piece."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_bytes(b"secret")
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    (top / "sub" / "file").write_bytes(b"mine")
    whole = os.open

    def swapping(path, flags, *more, **how):
        if path == swapped:
            place = top / "sub" if swapped == "sub" else top / "sub" / "file"
            place.rename(tmp_path / "old")
            place.symlink_to(tmp_path / ("secret" if swapped == "sub" else "secret/file"))
        return whole(path, flags, *more, **how)

    monkeypatch.setattr("studytrack.files.os.open", swapping)

    with pytest.raises(NotRegular):
        read_below(top, ("sub", "file"), 10)


def test_no_descriptor_is_left_open(tmp_path) -> None:
    """After success and failure alike."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "sub" / "pipe")
    before = len(list(Path("/dev/fd").iterdir()))

    read_below(tmp_path, ("sub", "file"), 10)
    for name in ("pipe", "none"):
        with pytest.raises(OSError, match=r"no regular file|No such file"):
            read_below(tmp_path, ("sub", name), 10)

    assert before == len(list(Path("/dev/fd").iterdir()))

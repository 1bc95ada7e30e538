"""Folders in which a database is in danger are told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from studytrack.storage.place import remark
from studytrack.storage.store import Store

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /mnt/home nfs4 rw 0 0
/dev/sdb1 /mnt/home/local\\040disk ext4 rw 0 0
//nas/share /mnt/nas cifs rw 0 0
user@host: /mnt/far fuse.sshfs rw 0 0
/dev/sdc1 /mnt/stick fuseblk rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "word"),
    [
        ("/home/me/data", ""),
        ("/mnt/home/me", "nfs4"),
        ("/mnt/home/local disk/me", ""),
        ("/mnt/nas", "cifs"),
        ("/mnt/far/data", "fuse.sshfs"),
        ("/mnt/stick/data", ""),
        ("/home/me/Dropbox/studytrack", "Dropbox"),
        ("/home/me/OneDrive - Work/x", "OneDrive"),
        ("/Users/me/Library/Mobile Documents/com~apple~CloudDocs/x", "iCloud"),
        ("/home/me/Google Drive/x", "Google Drive"),
        ("/home/me/dropboxes/x", ""),
    ],
)
def test_network_and_synchronised_folders_are_named(folder, word) -> None:
    """With the way that loses nothing."""
    told = remark(Path(folder), MOUNTS)

    assert bool(told) is bool(word)
    assert word in told
    assert not word or "import OTHER.db" in told


def test_a_syncthing_folder_is_known_by_its_mark(tmp_path) -> None:
    """In the folder itself or above it."""
    (tmp_path / ".stfolder").mkdir()

    assert "Syncthing" in remark(tmp_path / "data", MOUNTS)


def test_the_first_opening_tells_and_the_second_does_not(paths) -> None:
    """It is a matter of knowing, not of nagging."""
    paths.data.mkdir(parents=True)
    (paths.data / ".stfolder").mkdir()

    told = []
    for _ in range(2):
        store = Store.open(paths)
        told.append(store.notices())
        store.close()

    assert "Syncthing" in told[0][0]
    assert told[1] == []

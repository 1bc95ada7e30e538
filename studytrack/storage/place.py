"""Whether a folder is one in which a database is in danger: on a network, or synchronised.

SQLite's write-ahead log needs the shared memory of one machine, and a program that copies files
behind its back mixes two states. Only what the system and the names tell is looked at; nothing is
forbidden.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

_NETWORK = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "9p", "ceph", "glusterfs"}
)
_LOCAL_FUSE = frozenset({"fuse.lxcfs", "fuse.fuse-overlayfs", "fuse.gvfsd-fuse"})
_CLOUDS = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "icloud": "iCloud",
    "mobile documents": "iCloud",
    "clouddocs": "iCloud",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "nextcloud": "Nextcloud",
    "syncthing": "Syncthing",
}
_MOUNTS = Path("/proc/self/mounts")
_ADVICE = (
    "Two machines that write there can lose answers. Keep the database on this machine "
    "(--home DIR, STUDYTRACK_HOME), and bring in another machine's with "
    "`studytrack import OTHER.db`: it unites the two logs and loses nothing."
)


def remark(folder: Path, mounts: str | None = None) -> str:
    """Return what to say about a folder; "" if there is nothing.

    Args:
        folder: where the database is.
        mounts: the text of /proc/mounts; None reads it.
    """
    if mounts is None:
        mounts = ""
        with contextlib.suppress(OSError):
            mounts = _MOUNTS.read_text(errors="surrogateescape")
    kind = _file_system(folder, mounts)
    if kind in _NETWORK or (kind.startswith("fuse") and kind not in _LOCAL_FUSE | {"fuseblk"}):
        return f"{folder} is on a network file system ({kind}). {_ADVICE}"
    if cloud := _cloud(folder):
        return f"{folder} is kept in step by {cloud}. {_ADVICE}"
    return ""


def _file_system(folder: Path, mounts: str) -> str:
    """Return the type of the mount with the longest path above a folder."""
    best, kind = "", ""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:  # noqa: PLR2004 - device, path, type
            continue
        place = words[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        inside = place == "/" or folder == Path(place) or Path(place) in folder.parents
        if inside and len(place) >= len(best):  # of two mounts on one place the later is seen
            best, kind = place, words[2]
    return kind


def _cloud(folder: Path) -> str:
    for part in folder.parts:
        word = part.lower()
        for name, cloud in _CLOUDS.items():
            if word == name or word.startswith((f"{name} ", f"{name}-", f"{name}~")):
                return cloud
    for parent in (folder, *folder.parents):
        if (parent / ".stfolder").exists():
            return "Syncthing"
    return ""

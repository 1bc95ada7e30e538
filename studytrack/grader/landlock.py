"""Landlock for the runner: no file but the libraries it runs on, no TCP, no signals outward.

The rules are built once in the zygote; a runner only restricts itself with them. Every right that
the kernel's ABI knows is handled and none but reading is granted. Sources: landlock(7), and the
kernel's Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_OF_ABI_1 = (1 << 13) - 1
_LATER_RIGHTS = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # refer, truncate, ioctl on devices
_DEVICE_ABI = 5
_NET_ABI, _SCOPE_ABI, _NET_RIGHTS, _SCOPES = 4, 6, 3, 3
PACKAGES = (
    "torch", "torchgen", "functorch", "numpy", "numpy.libs", "sympy", "mpmath", "networkx",
    "jinja2", "markupsafe", "fsspec", "filelock", "typing_extensions.py",
)  # fmt: skip
CUDA_PACKAGES = ("nvidia", "triton")
FILES = ("/dev/null", "/dev/urandom", "/dev/zero", "/usr/share/zoneinfo")
_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the kernel's Landlock version; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    found = _libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    return max(int(found), 0)


def make_rules(version: int, *, cuda: bool = False) -> int | None:
    """Return a descriptor of the rules for an ABI version, or None if the kernel refuses.

    With `cuda` the devices of the driver can be used too.
    """
    if version < 1:
        return None
    rights = _ALL_OF_ABI_1
    for since, right in _LATER_RIGHTS.items():
        rights |= right if version >= since else 0
    fields = [rights]
    if version >= _NET_ABI:
        fields.append(_NET_RIGHTS)
    if version >= _SCOPE_ABI:
        fields.append(_SCOPES)
    attributes = struct.pack(f"<{len(fields)}Q", *fields)
    rules = _libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return None
    for path in readable():
        _allow(rules, path)
    if cuda:
        _allow_cuda(rules, version)
    return int(rules)


def readable() -> Iterator[Path]:
    """Yield what a runner may read: the standard library entry by entry, and torch's packages.

    Outside a virtual environment `site-packages` lies inside the standard library, and Landlock
    cannot subtract; whatever else is installed there must stay closed.
    """
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        for entry in Path(folder).iterdir():
            if entry.name not in {"site-packages", "dist-packages"}:
                yield entry
    for place in sys.path:
        for name in PACKAGES:
            found = Path(place) / name
            if place and found.exists():
                yield found
    for name in FILES:
        if Path(name).exists():
            yield Path(name)


def _allow_cuda(rules: int, version: int) -> None:
    """Open the driver's devices to reading and writing, its facts and libraries to reading."""
    device = (
        _READ_FILE | _WRITE_FILE | (_LATER_RIGHTS[_DEVICE_ABI] if version >= _DEVICE_ABI else 0)
    )
    for node in Path("/dev").glob("nvidia*"):
        _allow(rules, node, device | (_READ_DIR | _EXECUTE if node.is_dir() else 0))
    for facts in (Path("/proc/driver"), Path("/sys")):
        if facts.exists():
            _allow(rules, facts, _READ_FILE | _READ_DIR)
    for place in sys.path:
        for name in CUDA_PACKAGES:
            if place and (Path(place) / name).exists():
                _allow(rules, Path(place) / name)


def _allow(rules: int, path: Path, rights: int = 0) -> None:
    rights = rights or _READ_FILE | _EXECUTE | (_READ_DIR if path.is_dir() else 0)
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what cannot be opened cannot be needed
    beneath = struct.pack("<Qi", rights, fd)
    _libc.syscall(
        _ADD, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), beneath, ctypes.c_uint32(0)
    )
    os.close(fd)


def restrict(rules: int) -> bool:
    """Bind the calling process to the rules for ever; True if the kernel took them."""
    return bool(_libc.syscall(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0)) == 0)

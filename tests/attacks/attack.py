"""What an attack is: a submission, the row of the table it belongs to, and its secure outcome."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

HONEST = "def add_one(x):\n    return x + 1\n"
WRONG = "\ndef add_one(x):\n    return x\n"
BLOCKED = "blocked"  # the answers are right and pass; what is tried on the side fails
PASSED = "passed"
LIBC = "import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One hostile (or unlucky) submission.

    `secure` is `BLOCKED` or the verdicts that are secure, joined by "|"; `says` must stand in what
    a learner is shown. `hasty` grades with short limits, where a time-out is the outcome. `bare`
    leaves out the constants (KEY, HOME, PORT, …) that name the canaries.
    """

    kind: str
    name: str
    source: str
    secure: str = BLOCKED
    says: str = ""
    forbid: tuple[str, ...] = ()
    hasty: bool = False
    bare: bool = False
    exercise: str = "add_one"


def aside(kind: str, tries: dict[str, str]) -> list[Attack]:
    """Return attacks that answer honestly and try one thing while they are loaded."""
    found = []
    for name, code in tries.items():
        source = "try:\n" + textwrap.indent(code, "    ")
        source += "\n    print('DO' + 'NE')\nexcept BaseException as error:\n"
        source += "    print('blocked', type(error).__name__)\n" + HONEST
        found.append(Attack(kind=kind, name=name, source=source))
    return found


def answers(kind: str, name: str, body: str, secure: str, says: str = "", **more: object) -> Attack:
    """Return an attack whose `add_one(x)` has this body."""
    source = "import torch\ndef add_one(x):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    return Attack(kind=kind, name=name, source=source, secure=secure, says=says, **more)  # type: ignore[arg-type]


def loads(kind: str, name: str, code: str, secure: str, says: str = "", **more: object) -> Attack:
    """Return an attack that runs code before an honest `add_one`."""
    source = textwrap.dedent(code) + "\n" + HONEST
    return Attack(kind=kind, name=name, source=source, secure=secure, says=says, **more)  # type: ignore[arg-type]


def wrong(kind: str, name: str, code: str, secure: str = "failed", says: str = "") -> Attack:
    """Return an attack that runs code and then answers wrongly."""
    return Attack(kind=kind, name=name, source=code + WRONG, secure=secure, says=says)


def call(*arguments: object) -> str:
    """Return code that makes a raw system call and raises if it fails."""
    given = ", ".join(str(argument) for argument in arguments)
    return f"{LIBC}r = c.syscall({given})\nif r < 0: raise OSError(ctypes.get_errno(), 'refused')"


def reach(*arguments: object) -> str:
    """Return code that makes a raw system call and raises only if a filter refuses it.

    For a call that the kernel would answer with an error of its own, were it asked.
    """
    given = ", ".join(str(argument) for argument in arguments)
    return (
        f"{LIBC}r = c.syscall({given}); e = ctypes.get_errno()\n"
        "if r < 0 and e in (1, 13, 38): raise OSError(e, 'refused')"
    )

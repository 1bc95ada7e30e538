"""A runner of this process whose answers are changed on their way to the judge.

Only trusted solutions are run here. What a hostile runner could send is made by changing the
bytes, nodes and claims of their answers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

from studytrack.domain.verdict import Report, report_from_plain
from studytrack.grader.attempt import Attempt
from studytrack.grader.codec import DTYPES
from studytrack.grader.judge import _start
from studytrack.grader.link import RunnerTimeout
from studytrack.grader.outcome import judged, report_of
from studytrack.grader.runner import Runner
from studytrack.grader.session import RunLimits, Session
from studytrack.grader.suite import Suite
from studytrack.grader.wire import FrameReader, ProtocolFault, pack

Change = Callable[[bytes], bytes]


class _NoSpawner:
    """Stands where a session has its zygote."""

    def start(self) -> None:
        """Nothing has to be warm."""

    def fork(self, limits: object) -> Any:
        """No process is started here."""
        raise AssertionError(limits)


class ForgedLink:
    """What `Link` is, with a runner in this process and a change to each of its answers."""

    isolation = ("none",)
    output, dropped_output, alive = "", 0, True

    def __init__(self, change: Change) -> None:
        self._runner, self._change = Runner(), change
        self._reader, self._number = FrameReader(), 0

    def ask(
        self, question: dict[str, Any], buffers: list[bytes] | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Answer as a runner would whose words were changed on the way."""
        self._number += 1
        sent = pack({**question, "id": self._number, "device": "cpu"}, buffers or [])
        ((asked, data),) = FrameReader().feed(sent)
        answer = self._runner.answer(asked, data)
        answer = self._change(answer)
        if not self._reader.clean:
            raise ProtocolFault("an answer without a question")
        frames = list(self._reader.feed(answer))
        if not frames:
            raise RunnerTimeout
        header, found = frames[0]
        if header.get("id") != self._number or type(header.get("ok")) is not bool:
            raise ProtocolFault("an answer to another question")
        return header, found

    def hasten(self, seconds: float) -> None:
        """Nothing is timed here."""

    def close(self) -> None:
        """There is no process."""


class ForgedSession(Session):
    """A session whose runner is a `ForgedLink`."""

    def __init__(self, source: str, suite: Suite, seed: int, change: Change, device: str) -> None:
        super().__init__(_NoSpawner(), source, suite.exercise.entry, seed, RunLimits(), device)
        self._change = change

    def _new_link(self, end: float) -> Any:
        del end
        return ForgedLink(self._change)


def graded(source: str, suite: Suite, seed: int, change: Change, device: str = "cpu") -> Report:
    """Return the report of a run with changed answers, made as the judge makes it.

    With another `device` the judge takes the runner to be there.
    """
    session = ForgedSession(source, suite, seed, change, device)
    attempt = Attempt(suite=suite, session=session, seed=seed)
    refused = _start(session)
    if refused is not None:
        return report_from_plain(report_of(suite, seed, refused.verdict, error=refused.error))
    attempt.run()
    return report_from_plain(judged(attempt))


def parts(frame: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return header and buffers of an honest frame."""
    ((header, buffers),) = FrameReader().feed(frame)
    return header, buffers


def framed(header: dict[str, Any], buffers: list[bytes]) -> bytes:
    """Return a frame without any of the checks that `pack` makes."""
    text = json.dumps({**header, "n": [len(buffer) for buffer in buffers]}).encode()
    return b"".join((struct.pack("<I", len(text)), text, *buffers))


# --- changes --------------------------------------------------------------------------------


def any_change(rng: Random, share: float = 1.0) -> Change:
    """Return a change of bytes, structure, types or sizes; `share` of the answers get one."""

    def change(frame: bytes) -> bytes:
        if rng.random() >= share:
            return frame
        if rng.random() < 0.15:
            return _changed_bytes(rng, frame)
        header, buffers = parts(frame)
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            buffers = _changed_buffers(rng, buffers) if rng.random() < 0.1 else buffers
            header = _changed_tree(rng, header)
        if not isinstance(header, dict):
            header = {"value": header}
        return framed(header, buffers)

    return change


def _changed_bytes(rng: Random, frame: bytes) -> bytes:
    at = rng.randrange(len(frame))
    kind = rng.randrange(5)
    if kind == 0:
        return frame[:at]
    if kind == 1:
        return frame + frame[:at]
    if kind == 2:
        return frame[:at] + rng.randbytes(rng.randrange(1, 9)) + frame[at:]
    if kind == 3:
        return rng.randbytes(at + 1)
    return frame[:at] + bytes([frame[at] ^ 1 << rng.randrange(8)]) + frame[at + 1 :]


def _changed_buffers(rng: Random, buffers: list[bytes]) -> list[bytes]:
    found = list(buffers)
    kind = rng.randrange(4)
    if kind == 0 or not found:
        found.append(bytes(rng.choice((0, 1, 8, 1 << 20))))
    elif kind == 1:
        del found[rng.randrange(len(found))]
    elif kind == 2:
        at = rng.randrange(len(found))
        found[at] = rng.randbytes(rng.choice((0, 1, len(found[at]), 64)))
    else:
        rng.shuffle(found)
    return found


def _changed_tree(rng: Random, tree: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON tree with one node changed."""
    if depth > 12 or rng.random() < 0.2 or not isinstance(tree, (list, dict)) or not tree:
        return _evil(rng, tree) if depth else {**tree, **_some_part(rng)}
    copy = list(tree) if isinstance(tree, list) else dict(tree)
    key = rng.randrange(len(tree)) if isinstance(tree, list) else rng.choice(list(tree))
    kind = rng.random()
    if kind < 0.06:
        del copy[key]
    elif kind < 0.1 and isinstance(copy, list):
        copy *= rng.choice((2, 30))
    else:
        copy[key] = _changed_tree(rng, copy[key], depth + 1)
    return copy


def _some_part(rng: Random) -> dict[str, Any]:
    """Return a part of an answer's header as only a forger writes it."""
    name = rng.choice(("ok", "id", "value", "inputs", "grads", "named", "error", "trainable"))
    return {name: rng.choice((_evil(rng, None), _error(rng)))}


def _error(rng: Random) -> dict[str, Any]:
    found = {
        "type": rng.choice(("ValueError", "AcceleratorError", "ForbiddenCall", "", "x" * 9999)),
        "message": rng.choice(("", "\x1b[2J", "m" * 99999)),
        "mro": rng.choice((["ValueError", "Exception"], [], [1, None], "ValueError")),
        "lines": rng.choice(([], [1], [-5, 10**9], [10**4000], [None], "12")),
    }
    if rng.random() < 0.3:
        found[rng.choice(list(found))] = _nested(300)
    del found[rng.choice(list(found))]
    return found


def _tensor(rng: Random) -> list[Any]:
    size = rng.choice((0, 1, 2, 3, 1 << 30, (1 << 31) - 1, -1, 1 << 40))
    shape = [rng.choice((0, 1, 2, 3, size)) for _ in range(rng.randrange(5))]
    claims = {
        "d": rng.choice((*DTYPES, "complex64", "", None)),
        "s": rng.choice((shape, [size] * 17, None, "3")),
        "i": rng.choice((0, 0, 1, 2, -1, 99, True, 0.0)),
        "v": rng.choice(("cpu", "cuda", "meta", 5)),
        "c": rng.choice(("", "Lying", "\x1b[1m" * 99, None)),
        "g": rng.choice((True, False, 1)),
    }
    if rng.random() < 0.5:
        claims["t"] = [rng.choice((0, 1, 6, 1 << 30, -1)) for _ in shape]
    return ["t", claims]


def _evil(rng: Random, old: Any) -> Any:
    """Return a node in the place of another."""
    makers: list[Callable[[], Any]] = [
        lambda: _tensor(rng),
        lambda: ["l", [_tensor(rng)] * rng.choice((1, 40))],
        lambda: ["l", [["f", float(rng.randrange(99)).hex()] for _ in range(rng.randrange(300))]],
        lambda: ["e", [["I", str(n * ((1 << 61) - 1))] for n in range(rng.choice((3, 90)))]],
        lambda: ["d", [[["u", [n, n]], n] for n in range(rng.randrange(50))]],
        lambda: _nested(rng.choice((3, 9, 11, 200))),
        lambda: [rng.choice("flIzbuedthyq"), _evil(rng, old)],
        lambda: [rng.choice("flIzbuedthyq"), old],
        lambda: ["h", rng.choice((0, 1, -1, 1 << 70))],
        lambda: ["y", rng.choice(("float32", "float128"))],
        lambda: ["f", rng.choice(("nan", "inf", "-0x1p-1074", "0x1p99999", "x"))],
        lambda: ["z", "nan", "inf"],
        lambda: ["I", rng.choice(("9" * 4001, "-" + "9" * 3999, "٣", ""))],
        lambda: rng.choice((None, True, 0, -1, 1 << 62, 1 << 64, 0.5, "", "\ud800", "x" * 70_000)),
        lambda: rng.choice(([], {}, [[]], [None] * 3, {"d": 1})),
    ]
    return rng.choice(makers)()


def _nested(depth: int) -> list[Any]:
    node: list[Any] = ["l", []]
    for _ in range(depth):
        node = ["l", [node]]
    return node

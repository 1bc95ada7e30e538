"""Submissions whose worth is known: what an exercise's proofs hand in, as text.

They come from the exercise's own files: right solutions, the starter, trivial answers, mistakes.
Nothing is graded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studytrack.content.source import decorated, extract_submission
from studytrack.domain.exercise import CHECKS, REFERENCE, Exercise

KnownKind = Literal["reference", "alternative", "starter", "trivial", "mistake"]
STRICT, WIDE = 0.25, 10.0  # factors of the tolerance, see the tolerance rules of the grader

_TRIVIAL = {
    "zeros": "return torch.zeros_like(args[0]) if torch.is_tensor(args[0]) else 0",
    "identity": "return args[0] if args else None",
    "constant": "return torch.ones(3)",
    "nan": "return args[0] * float('nan') if torch.is_tensor(args[0]) else float('nan')",
    "nothing": "return None",
}
_ZERO = """

def _zero(value):
    if torch.is_tensor(value):
        return torch.zeros_like(value)
    return [_zero(one) for one in value] if isinstance(value, list) else type(value)()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A submission of known worth; every tolerance is widened by `tolerance_factor`."""

    kind: KnownKind
    name: str
    source: str
    tolerance_factor: float = 1.0

    @property
    def right(self) -> bool:
        """Whether it must pass."""
        return self.kind in {"reference", "alternative"}


def submissions(exercise: Exercise) -> Iterator[Known]:
    """Yield the submissions of an exercise whose worth is known, right ones first.

    Raises:
        ContentFault: the exercise's files cannot be taken apart.
        OSError: they cannot be read.
    """
    folder = Path(exercise.folder)
    checks = (folder / CHECKS).read_text(encoding="utf-8")
    reference = (folder / REFERENCE).read_text(encoding="utf-8")
    yield Known(kind="reference", name=REFERENCE, source=reference)
    for name in decorated(checks, "alternative"):
        source = extract_submission(checks, name, exercise.entry)
        yield Known(kind="alternative", name=name, source=source)
        yield Known(
            kind="alternative",
            name=f"{name} (a quarter of the tolerance)",
            source=source,
            tolerance_factor=STRICT,
        )
    yield Known(kind="starter", name="starter", source=exercise.starter)
    for name, body in _TRIVIAL.items():
        yield Known(kind="trivial", name=name, source=_trivial(exercise, body))
    yield Known(
        kind="trivial",
        name="zeros in the right shape (ten times the tolerance)",
        source=_shaped_zeros(exercise, reference),
        tolerance_factor=WIDE,
    )
    for name in decorated(checks, "mistake"):
        source = extract_submission(checks, name, exercise.entry)
        yield Known(kind="mistake", name=name, source=source)


def _trivial(exercise: Exercise, body: str) -> str:
    if exercise.kind == "class":
        return (
            "import torch\n\n\n"
            f"class {exercise.entry}(torch.nn.Module):\n"
            "    def __init__(self, *args, **kwargs):\n        super().__init__()\n\n"
            f"    def forward(self, *args, **kwargs):\n        {body}\n"
        )
    return f"import torch\n\n\ndef {exercise.entry}(*args, **kwargs):\n    {body}\n"


def _shaped_zeros(exercise: Exercise, reference: str) -> str:
    """Return a solution that gives the reference's type and shape, and zeros for its values."""
    entry = exercise.entry
    head = f"{reference}\n\nimport torch\n\n_Right = {entry}\n{_ZERO}\n\n"
    if exercise.kind == "class":
        return (
            f"{head}class {entry}(_Right):\n"
            "    def forward(self, *args, **kwargs):\n"
            "        return _zero(super().forward(*args, **kwargs))\n"
        )
    return f"{head}def {entry}(*args, **kwargs):\n    return _zero(_Right(*args, **kwargs))\n"

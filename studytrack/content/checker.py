"""The rules of `studytrack dev check` that run no content code and need no torch.

One call looks at everything and reports all of it. Whether references pass and mistakes fail is
proven elsewhere, in the grader's processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studytrack.content.collect import Problem, collect
from studytrack.content.exercise_rules import exercise_problems
from studytrack.content.ledger import ledger_problems
from studytrack.content.rules import data_problems

__all__ = ["Problem", "check_content"]


def check_content(roots: Sequence[Path]) -> list[Problem]:
    """Return every broken rule of the content of all `roots`, by file and item.

    The roots are judged as one catalogue: an exercise of the learner's may name a shipped topic.
    Each root's own ledger is checked where it has one.
    """
    collected = collect(roots)
    problems = {
        *collected.problems,
        *data_problems(collected),
        *exercise_problems(collected),
        *(problem for root in roots for problem in ledger_problems(root)),
    }
    return sorted(problems)

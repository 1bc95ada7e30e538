"""The fit's own process: one JSON request on stdin, JSON lines on stdout, then it ends.

The client starts it. Ending it at any moment loses nothing, since it writes nowhere else. What it
computes is `recipe`'s business.

    {"histories": [[[days, rating, usable, order], …], …], "current": [21], "relearning_steps": n}
    {"progress": 0.25} … {"fitted": {…}}   or   {"error": "no torch" | what went wrong}
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from studytrack.domain.usable import Review


def main() -> None:
    """Answer the request."""
    request = json.load(sys.stdin)
    try:
        _say({"fitted": _fit(request)})
    except ImportError as error:
        _say({"error": "no torch", "why": str(error)})
    except Exception as error:  # noqa: BLE001 - the parent tells it to the learner
        _say({"error": f"{type(error).__name__}: {error}"})


def _fit(request: dict[str, Any]) -> dict[str, Any]:
    import torch

    from studytrack.fitting.recipe import search

    torch.set_num_threads(1)  # the work is many small steps; two threads wait for each other
    histories = [
        [Review(days, rating, bool(usable), order) for days, rating, usable, order in items]
        for items in request["histories"]
    ]
    found = search(
        histories,
        request["current"],
        relearning_steps=request["relearning_steps"],
        progress=lambda share: _say({"progress": share}),
    )
    return asdict(found)


def _say(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event, allow_nan=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

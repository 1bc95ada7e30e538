"""Next card and answer, durable: studytrack beside Anki, on the same disk in the same run.

Run by `make bench`. Both sides work on 10,000 due cards in processes of their own and take turns in
blocks. `--large` adds 100,000 cards with 1,000,000 reviews, studytrack alone. Prints figures and
ratios; asserts nothing. Anki comes with the extra `bench`; without it the side is left out.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CARDS, ANSWERS, BLOCK, WARM_UP = 10_000, 2_000, 100, 50


class Side:
    """One process that answers cards."""

    def __init__(self, name: str, command: list[str], folder: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.opening = self._read()
        self.answers: list[float] = []

    def ask(self, line: str) -> list[float]:
        """Send a command and return its seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return list(self._read())

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended.")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Print the tables."""
    print(f"{platform.system()} {platform.release()}, Python {platform.python_version()}")
    has_anki = importlib.util.find_spec("anki") is not None
    place = Path("build/bench")  # on the checkout's disk, and ignored by git if a run is cut off
    place.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=place) as ours,
        tempfile.TemporaryDirectory(dir=place) as theirs,
    ):
        module = ["-m", "tests.bench.study_side"]
        sides = [Side("studytrack", [sys.executable, *module, ours, str(CARDS), str(CARDS)], ours)]
        if has_anki:
            file = str(Path(__file__).with_name("anki_side.py"))
            sides.append(Side("anki", [sys.executable, file, theirs, str(CARDS)], theirs))
        else:
            print("anki is not installed (extra `bench`): studytrack alone")
        small = measure(sides)
    if "--large" in sys.argv:
        with tempfile.TemporaryDirectory(dir=place) as large:
            command = [sys.executable, *module, large, str(10 * CARDS), str(100 * CARDS)]
            grown = measure([Side("100,000 cards, 1,000,000 reviews", command, large)])
        print(f"next + answer against 10,000 cards: {grown[0] / small[0]:.2f} times")


def measure(sides: list[Side]) -> list[float]:
    """Let the sides take turns, print their table, and return the median of each."""
    for side in sides:
        side.ask(f"answer {WARM_UP}")
    for _ in range(ANSWERS // BLOCK):
        for side in sides:
            side.answers += side.ask(f"answer {BLOCK}")
    rows = {}
    for side in sides:
        counts = statistics.median(s for _ in range(20) for s in side.ask("counts"))
        undo = statistics.median(s for _ in range(20) for s in side.ask("undo"))
        ranked = sorted(side.answers)
        rows[side.name] = {
            "next + answer, p50": statistics.median(ranked),
            "next + answer, p99": ranked[int(len(ranked) * 0.99)],
            "open": side.opening["open"],
            "first card after open": side.opening["first"],
            "due count": counts,
            "undo": undo,
        }
        side.close()
    names = list(rows)
    for what in next(iter(rows.values())):
        line = "  ".join(f"{name} {rows[name][what] * 1000:9.2f} ms" for name in names)
        ratio = ""
        if len(names) > 1:
            ratio = f"  ratio {rows[names[0]][what] / rows[names[1]][what]:.2f}"
        print(f"{what:22s}  {line}{ratio}")
    return [rows[name]["next + answer, p50"] for name in names]


if __name__ == "__main__":
    main()

"""Homes that are brought down at every change of their files, and what must hold afterwards.

`python -m tests.durability.crashing [SCENARIO,… [MODE,… [STEP]]]` runs all of them, or some.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODES = {"kill": 0, "torn": 1, "loss": 2, "suffix": 3, "mix": 4}
TODAY, TOMORROW = "2026-11-24T08:00:00+01:00", "2026-11-25T08:00:00+01:00"
REPAIR = ("doctor", "--repair")
OLDER = """
DROP INDEX ix_log_item; DROP INDEX ix_log_target; DROP INDEX ix_log_batch;
CREATE INDEX ix_log_item ON log (item_kind, item_id);
CREATE INDEX ix_log_target ON log (target);
CREATE INDEX ix_log_batch ON log (batch);
UPDATE alembic_version SET version_num = '0001';
"""


SCENARIOS = (
    *("first_start", "first_answers", "answer", "next_day", "migration", "backup", "restore"),
    *("exact_restore", "repair", "repair_both", "lost", "import"),
)


@dataclass
class Scenario:
    """A home before the deed, the deed, and the events that are acknowledged before it."""

    name: str
    deed: dict[str, Any]
    told: set[str] = field(default_factory=set)
    brings: set[str] = field(default_factory=set)  # all of them or none, until the deed is done
    again: bool = False  # a repair that was interrupted is called again


class Crashes:
    """The driver, and a folder in which homes are made and brought down."""

    def __init__(self, place: Path, library: Path, tiny: Path) -> None:
        self.place = place
        self.driver = subprocess.Popen(
            [sys.executable, str(HERE / "crash_driver.py"), str(tiny)],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(place),
                "PYTHONPATH": str(ROOT),
                "LD_PRELOAD": str(library),
                "LANG": "C.UTF-8",
            },
        )

    def close(self) -> None:
        """End the driver."""
        self.driver.communicate(timeout=60)

    def do(self, home: Path, do: str, *words: str, **more: Any) -> dict[str, Any]:
        """Let a child do something; return its exit code and what it printed."""
        request = {"do": do, "words": words, "home": str(home), "out": str(self.place / "out")}
        self.driver.stdin.write(json.dumps({**request, **more}) + "\n")
        self.driver.stdin.flush()
        return json.loads(self.driver.stdout.readline())

    def look(self, home: Path) -> dict[str, Any]:
        """Return what a home holds, opened by the next command."""
        text = self.do(home, "look")["text"]
        found = [line[5:] for line in text.splitlines() if line.startswith("look ")]
        assert found, text
        return json.loads(found[0])

    def answered(self, home: Path, count: int, moment: str = TODAY) -> set[str]:
        """Answer cards; return the acknowledged events."""
        done = self.do(home, "answers", moment, str(count))
        assert done["code"] == 0, done["text"]
        return told_in(done["text"])

    # --- the scenarios -----------------------------------------------------------------------

    def scenario(self, name: str) -> Scenario:
        """Make the home of a scenario, from which every crash begins."""
        home = self.place / f"{name}-before"
        return getattr(self, f"_{name}")(home)

    def _first_start(self, home: Path) -> Scenario:
        home.mkdir()
        return Scenario("first_start", {"do": "run", "words": ["today"]})

    def _first_answers(self, home: Path) -> Scenario:
        home.mkdir()
        return Scenario("first_answers", {"do": "answers", "words": [TODAY, "3"]})

    def _answer(self, home: Path) -> Scenario:
        told = self.answered(home, 5)
        return Scenario("answer", {"do": "answers", "words": [TODAY, "3"]}, told)

    def _next_day(self, home: Path) -> Scenario:
        told = self.answered(home, 5)
        return Scenario("next_day", {"do": "answers", "words": [TOMORROW, "2"]}, told)

    def _migration(self, home: Path) -> Scenario:
        told = self.answered(home, 5)
        with contextlib.closing(sqlite3.connect(home / "data/studytrack.db")) as connection:
            connection.executescript(OLDER)
        return Scenario("migration", {"do": "run", "words": ["today"]}, told)

    def _backup(self, home: Path) -> Scenario:
        told = self.answered(home, 5)
        return Scenario("backup", {"do": "run", "words": ["backup"]}, told)

    def _restore(self, home: Path) -> Scenario:
        told = self.answered(home, 3)
        assert self.do(home, "run", "backup")["code"] == 0
        told |= self.answered(home, 3)
        return Scenario("restore", {"do": "run", "words": ["restore", "--yes"]}, told)

    def _exact_restore(self, home: Path) -> Scenario:
        told = self.answered(home, 3)
        assert self.do(home, "run", "backup")["code"] == 0
        self.answered(home, 3)
        words = ["restore", "--yes", "--exact"]
        return Scenario("exact_restore", {"do": "run", "words": words}, told)

    def _repair(self, home: Path) -> Scenario:
        told = self.answered(home, 3)
        assert self.do(home, "run", "backup")["code"] == 0
        told |= self.answered(home, 3)
        database = home / "data/studytrack.db"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            (root,) = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'log'"
            ).fetchone()
        data = bytearray(database.read_bytes())
        data[(root - 1) * 4096 : root * 4096] = bytes([0xA5]) * 4096
        database.write_bytes(bytes(data))
        return Scenario("repair", {"do": "run", "words": list(REPAIR)}, told)

    def _repair_both(self, home: Path) -> Scenario:
        """A cell has changed, and so has a line of the journal."""
        told = self.answered(home, 6)
        with contextlib.closing(sqlite3.connect(home / "data/studytrack.db")) as connection:
            connection.execute("UPDATE log SET rating = 4 WHERE rowid = 3")
            connection.commit()
        journal = home / "data/studytrack.jsonl"
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join([*lines[:5], lines[5].replace("rating", "ratinG"), *lines[6:]]))
        deed = {"do": "run", "words": list(REPAIR)}
        return Scenario("repair_both", deed, told, again=True)

    def _lost(self, home: Path) -> Scenario:
        told = self.answered(home, 6)
        for path in (home / "data").glob("studytrack.db*"):
            path.unlink()
        return Scenario("lost", {"do": "run", "words": list(REPAIR)}, told)

    def _import(self, home: Path) -> Scenario:
        other = self.place / "import-other"
        brings = self.answered(other, 5, "2026-11-23T08:00:00+01:00")
        told = self.answered(home, 3)
        words = ["import", str(other / "data/studytrack.db")]
        return Scenario("import", {"do": "run", "words": words}, told, brings)

    # --- crashing ----------------------------------------------------------------------------

    def changes(self, scenario: Scenario) -> int:
        """Return how many changes the deed makes when nothing stops it."""
        home = self.fresh(scenario)
        done = self.do(home, scenario.deed["do"], *scenario.deed["words"])
        assert done["code"] in {0, 1}, done["text"]  # `doctor` may find no editor
        (count,) = [line for line in done["text"].splitlines() if line.startswith("count ")]
        return int(count.split()[1])

    def crash(self, scenario: Scenario, at: int, mode: str, seed: int = 0) -> list[str]:
        """Bring a home down at one change and open it again; return what went wrong."""
        home = self.fresh(scenario)
        more = self.fate(at, mode, seed)
        done = self.do(home, scenario.deed["do"], *scenario.deed["words"], **more)
        told = scenario.told | told_in(done["text"])
        finished = done["code"] in {0, 1}
        if not finished and done["code"] != -9:
            return [f"the deed ended with {done['code']}: {done['text']}"]
        return [
            f"{scenario.name} {mode} at {at} (seed {seed}): {fault}"
            for fault in self._faults(
                home, told, scenario.brings, finished=finished, again=scenario.again
            )
        ]

    def _faults(
        self, home: Path, told: set[str], brings: set[str], *, finished: bool, again: bool
    ) -> Iterator[str]:
        first = self.do(home, "run", "today")
        named = "doctor --repair" in first["text"] or again
        if first["code"] != 0 and not named:
            yield f"the next command ended with {first['code']}: {first['text']}"
        if named:
            mended = self.do(home, "run", *REPAIR)
            second = self.do(home, "run", "today")
            if mended["code"] not in {0, 1} or second["code"] != 0:
                yield f"not mended: {first['text']} {mended['text']} {second['text']}"
            if "doctor --repair" in second["text"]:
                yield f"the repair was not enough: {second['text']}"
        found = self.look(home)
        ids = set(found["ids"])
        if told - ids:
            yield f"{len(told - ids)} events are lost"
        if len(found["ids"]) != len(ids) or found["origins"] != len(ids):
            yield "an event is there twice"
        if brings and not (brings <= ids or (not brings & ids and not finished)):
            yield f"{len(brings & ids)} of {len(brings)} came in"
        if ids != set(found["journal"]):
            yield "database and journal differ"
        for what in ("differed", "problems", "litter"):
            if found[what]:
                yield f"{what}: {found[what]}"

    def fate(self, at: int, mode: str, seed: int = 0) -> dict[str, Any]:
        """Return where and how a child is to die."""
        attic = self.place / "attic"
        shutil.rmtree(attic, ignore_errors=True)
        attic.mkdir()
        return {"at": at, "mode": MODES[mode], "seed": seed, "attic": str(attic)}

    def fresh(self, scenario: Scenario) -> Path:
        """Return a copy of the home that a scenario begins with."""
        home = self.place / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.place / f"{scenario.name}-before", home)
        return home


def told_in(text: str) -> set[str]:
    """Return the events that a child acknowledged."""
    return {line.split()[1] for line in text.splitlines() if line.startswith("told ")}


def build(folder: Path) -> Path | None:
    """Return the preload library, made from its source; None where that cannot be."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    made = folder / "crashpoints.so"
    source = str(HERE / "crashpoints.c")
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(made), source, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return made


def main(words: list[str]) -> int:
    """Run scenarios in modes, at every point or every so many; print figures and faults."""
    names = words[0].split(",") if words else SCENARIOS
    modes = words[1].split(",") if len(words) > 1 else MODES
    step = int(words[2]) if len(words) > 2 else 1
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    bad = 0
    with tempfile.TemporaryDirectory(dir=memory) as place:
        library = build(Path(place))
        assert library is not None
        crashes = Crashes(Path(place), library, ROOT / "tests" / "catalogue")
        for name in names:
            scenario = crashes.scenario(name)
            points = range(1, crashes.changes(scenario) + 1, step)
            for mode in modes:
                found = [crashes.crash(scenario, at, mode, at) for at in points]
                faults = [fault for part in found for fault in part]
                bad += len(faults)
                print(
                    f"{name:14} {mode:7} {len(points):4} points  {len(faults)} faults", flush=True
                )
                print("".join(f"  {fault[:400]}\n" for fault in faults[:3]), end="", flush=True)
        crashes.close()
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

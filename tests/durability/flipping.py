"""Homes in which bits flip, and what a repair must make of them.

`python -m tests.durability.flipping [HOMES [SEED]]` runs as many as wanted and prints figures.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import traceback
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from studytrack.config import Settings
from studytrack.domain.verdict import CheckResult, Report, report_to_plain
from studytrack.errors import StudytrackError
from studytrack.paths import Paths, find_paths
from studytrack.services import library, repair, review, undo
from studytrack.services.study import Study
from studytrack.storage.files import COMPANIONS, beside

REPORT = Report(
    exercise="add_one",
    verdict="passed",
    checks=(CheckResult(name="a", outcome="passed"),),
    diagnosis=(),
    counterexample=None,
    device="cpu",
    dtypes=("float64",),
    seed=7,
    seconds=0.25,
    isolation=("process",),
)
TINY = Path(__file__).resolve().parents[1] / "catalogue"
START = datetime.fromisoformat("2026-11-20T08:00:00+01:00")
LOST = re.compile(r"Lost: event ([0-9a-f]{32})")


class Home:
    """A home with answers, undone ones, own items, an attempt, two backups and an open log."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.now = START
        study = self.study(find_paths({}, place / "before"))
        self.fill(study)
        self.whole = contents(study)
        self.device = study.store.device_id
        self.log_left_behind(study)

    def study(self, paths: Paths) -> Study:
        """Return a study at the moment."""
        return Study(paths, Settings(study_zone="Europe/Berlin"), lambda: self.now, [TINY])

    def fill(self, study: Study) -> None:
        """Do a few days of everything."""
        cards = sorted(study.catalogue.cards)
        for number in range(45):
            self.now += timedelta(minutes=7, days=number % 15 == 0)
            review.answer(study, cards[number % len(cards)], 1 + number % 4, text=f"größe {number}")
            if number % 9 == 5:
                undo.undo(study)
            study.store.settle()  # a copy that is being made is finished
            if number in {15, 30}:
                repair.make_backup(study)
        library.add_note(study, "own", "a note")
        for _ in range(3):
            made = study.store.new_attempt(
                study.stamp(), exercise="add_one", source="def add_one(x):\n    return x + 1\n" * 9,
                verdict="passed", passed=True, device="cpu", seed=7, seconds=0.25,
                report=report_to_plain(REPORT), rating=3, evidence={},
            )  # fmt: skip
            study.store.add_attempt(made)
        study.store.settle()

    def log_left_behind(self, study: Study) -> None:
        """Keep a copy in which the newest answers stand in the write-ahead log alone."""
        review.answer(study, min(study.catalogue.cards), 3)
        self.whole = contents(study)
        study.store.settle()
        shutil.copytree(self.place / "before", self.place / "open")
        study.close()

    def flipped(self, rng: random.Random, most: int) -> tuple[Paths, list[str]]:
        """Return a copy in which some bits have flipped, and where."""
        target = self.place / "home"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.place / rng.choice(("before", "open")), target)
        paths = find_paths({}, target)
        told = []
        for _ in range(rng.choice([1] * 6 + list(range(2, most + 1)))):
            path = rng.choice(self.files(paths))
            data = bytearray(path.read_bytes())
            bit = rng.randrange(8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
            path.write_bytes(bytes(data))
            told.append(f"{path.name}:{bit // 8}.{bit % 8}")
        return paths, told

    def files(self, paths: Paths) -> list[Path]:
        """Return the files in which a bit may flip."""
        log = beside(paths.database, "-wal")
        found = [paths.database, paths.database, paths.journal, log]
        found += sorted(paths.backups.glob("*.db"))
        return [path for path in found if path.exists() and path.stat().st_size]


def contents(study: Study) -> dict[str, str]:
    """Return every event as text, by its id."""
    dump = study.store.dump()
    found = {row["event_id"]: json.dumps(row, sort_keys=True) for row in dump["log"]}
    return found | {made["attempt_id"]: json.dumps(made) for made in dump["attempts"]}


def trial(home: Home, seed: int) -> tuple[str, str]:
    """Flip, use, repair; return how it ended, and what went wrong."""
    rng = random.Random(seed)
    paths, flips = home.flipped(rng, 6)
    study = home.study(paths)
    try:
        if rng.randrange(2):
            use(study)
        done = repair.repair(study)
        found = contents(study)
        lost = set(LOST.findall(" ".join(done.sentences)))
        faults = judge(home, study, found, lost)
        study.close()
        again = repair.repair(study)
        if contents(study) != found:
            faults.append("a second repair changes the events")
        if [text for text in again.sentences if not text.startswith(("All states", "Removed"))]:
            faults.append(f"a second repair does {again.sentences}")
        study.close()
        for database in (paths.database, *(beside(paths.database, end) for end in COMPANIONS)):
            assert database == paths.database or not database.exists()
    except Exception:  # noqa: BLE001 - a fault of the program is what is looked for
        study.close()
        return "fault", f"{seed} {flips}: {traceback.format_exc()[-900:]}"
    ended = "said lost" if lost else "whole"
    return ("fault" if faults else ended), f"{seed} {flips}: {faults} {done.sentences}"


def use(study: Study) -> None:
    """Do what an ordinary command does; it may refuse a damaged home, and must say so."""
    with contextlib.suppress(StudytrackError):
        review.next_question(study)
        study.notices()
    study.close()


def judge(home: Home, study: Study, found: dict[str, str], lost: set[str]) -> list[str]:
    """Return what is wrong with a repaired home."""
    faults = []
    missing = home.whole.keys() - found.keys()
    if missing != lost:
        faults.append(f"missing {sorted(missing)}, said {sorted(lost)}")
    if extra := found.keys() - home.whole.keys():
        faults.append(f"{len(extra)} events that never were: {[found[name] for name in extra]}")
    faults += [
        f"another content: {text} became {found[name]}"
        for name, text in home.whole.items()
        if found.get(name, text) != text
    ]
    if study.store.check():
        faults.append("the database is damaged")
    if study.store.rebuild():
        faults.append("the states do not follow from the log")
    if study.store.device_id != home.device:
        faults.append("another device")
    return faults


@contextlib.contextmanager
def in_memory():
    """Yield a folder that costs no disk."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as place:
        yield Path(place)


def main(words: list[str]) -> int:
    """Run trials; print how they ended."""
    count, first = int(words[0]) if words else 2000, int(words[1]) if len(words) > 1 else 0
    ends: Counter[str] = Counter()
    with in_memory() as place:
        home = Home(place)
        for seed in range(first, first + count):
            end, told = trial(home, seed)
            ends[end] += 1
            if end == "fault":
                print(told, flush=True)
    print(f"{count} homes: {dict(ends)}; SQLite {sqlite3.sqlite_version}")
    return bool(ends["fault"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

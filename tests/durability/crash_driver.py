"""Does deeds in forked children that die at a chosen change of their files; see `crashpoints.c`.

Runs as a process of its own with the library preloaded. Everything is imported once, so that a
child costs milliseconds. Reads one JSON request a line, answers with one JSON line.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any, TextIO

from studytrack.cli.main import run
from studytrack.config import Settings
from studytrack.content import finder
from studytrack.paths import find_paths
from studytrack.services import review
from studytrack.services.study import Study
from studytrack.storage.journal import journal_ids
from studytrack.storage.store import Store

for _name in (
    "alembic.command", "alembic.autogenerate", "sqlalchemy.dialects.sqlite", "fcntl", "shutil",
    "studytrack.cli.main", "studytrack.cli.today", "studytrack.cli.backup", "studytrack.cli.doctor",
    "studytrack.cli.transfer", "studytrack.cli.review", "studytrack.services.review",
    "studytrack.services.repair", "studytrack.services.doctor", "studytrack.services.today",
    "studytrack.services.transfer", "studytrack.storage.store", "studytrack.storage.rescue",
    "studytrack.services.proofs", "platformdirs.unix", "tomllib", "secrets", "click",
):  # fmt: skip
    importlib.import_module(_name)

LIBRARY = ctypes.CDLL(os.environ["LD_PRELOAD"].split(":")[0])
NEVER = 10**9


def answers(home: Path, words: list[str]) -> int:
    """Answer cards at a moment, and tell each event once it is acknowledged."""
    from datetime import datetime

    moment, count, *finish = words
    now = datetime.fromisoformat(moment)
    study = Study(find_paths({}, home), Settings(study_zone="Europe/Berlin"), lambda: now, [TINY])
    cards = sorted(study.catalogue.cards)
    for number in range(int(count)):
        row = review.answer(study, cards[number % len(cards)], 1 + number % 4).row
        os.write(1, f"told {row.event_id}\n".encode())
    if finish != ["abandon"]:
        study.close()
    return 0


def look(home: Path) -> int:
    """Open the home as the next command does, close it, and print what is there."""
    paths = find_paths({}, home)
    store = Store.open(paths)
    rows = store.rows()
    differed = store.rebuild()
    problems = store.check()
    notices = store.notices()
    store.close()
    ids, damaged = journal_ids(paths.journal) if paths.journal.exists() else ({"log": set()}, 0)
    left = sorted(path.name for path in paths.data.rglob("*") if _is_litter(path))
    found: dict[str, Any] = {
        "ids": [row.event_id for row in rows],
        "origins": len({(row.device_id, row.clock) for row in rows}),
        "journal": sorted(ids["log"]),
        "differed": differed,
        "problems": problems,
        "notices": notices,
        "damaged": damaged,
        "litter": left,
    }
    os.write(1, f"look {json.dumps(found)}\n".encode())
    return 0


def _is_litter(path: Path) -> bool:
    return ".partial" in path.name or path.suffix == ".new" or path.name.startswith("rebuild-")


def child(request: dict[str, Any]) -> int:
    """Do one deed; return its exit code."""
    home, out = Path(request["home"]), request["out"]
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ["STUDYTRACK_HOME"] = str(home)
    os.environ["STUDYTRACK_NOW"] = request.get("now", "2026-11-24T08:00:00+01:00")
    LIBRARY.crash_arm(
        str(home).encode(),
        request.get("attic", "").encode(),
        ctypes.c_long(request.get("at", NEVER)),
        request.get("mode", 0),
        ctypes.c_ulong(request.get("seed", 0)),
    )
    deed, words = request["do"], request.get("words", [])
    code = {"answers": answers, "look": lambda home, _: look(home)}.get(
        deed, lambda home, words: run(words)
    )(home, words)
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, f"\ncount {LIBRARY.crash_count()}\n".encode())
    return int(code)


def main() -> None:
    """Serve requests."""
    finder.content_root = lambda: TINY
    sqlite3.connect(":memory:").close()
    with os.fdopen(os.dup(0)) as requests, open(os.devnull) as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        serve(requests)


def serve(requests: TextIO) -> None:
    """Answer each request."""
    for line in requests:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            code = 99
            with contextlib.suppress(SystemExit):
                try:
                    code = child(request)
                except BaseException as error:  # noqa: BLE001 - reported, then the child ends
                    os.write(2, f"\nfault {type(error).__name__}: {error}\n".encode())
                    code = 98
            os._exit(code)
        _, status = os.waitpid(process, 0)
        text = Path(request["out"]).read_text(errors="replace")
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "text": text}), flush=True)


if __name__ == "__main__":
    TINY = Path(sys.argv[1])
    main()

"""studytrack's side of the answer bench, in a process of its own.

Builds a home whose cards are all due, with as many earlier reviews as wanted, then serves the same
commands as `anki_side`.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from studytrack.config import Settings
from studytrack.content.decode import plain
from studytrack.domain.cards import Card
from studytrack.paths import find_paths
from studytrack.services import review
from studytrack.services.study import Study
from studytrack.services.undo import undo

CHUNK = 5000
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def main(folder: str, cards: int, reviews: int) -> None:
    """Build the home, then open it anew and serve commands."""
    home, empty = Path(folder) / "home", Path(folder) / "content"
    (empty / "data").mkdir(parents=True)
    (empty / "exercises").mkdir()
    moment = NOW
    settings = Settings(study_new_cards=0, study_reviews=9999)

    def study_at() -> Study:
        return Study(find_paths({}, home), settings, lambda: moment, [empty])

    building = study_at()
    moment = NOW - timedelta(days=10 * max(reviews // cards, 1))
    fill(building, cards)
    for _ in range(max(reviews // cards, 1)):
        answer_all(building, cards)
        moment += timedelta(days=10)
    building.close()
    moment = NOW

    began = time.perf_counter()
    study = study_at()
    _ = study.store
    opened = time.perf_counter()
    review.next_question(study)
    reply({"open": opened - began, "first": time.perf_counter() - opened})
    for line in sys.stdin:
        word, _, count = line.strip().partition(" ")
        if word == "answer":
            took = []
            for _ in range(int(count)):
                start = time.perf_counter()
                question = review.next_question(study)
                assert question is not None
                review.answer(study, question, 3)
                took.append(time.perf_counter() - start)
                moment += timedelta(milliseconds=10)
            reply(took)
        elif word == "undo":
            start = time.perf_counter()
            undo(study)
            reply([time.perf_counter() - start])
        elif word == "counts":
            start = time.perf_counter()
            review.counts(study)
            reply([time.perf_counter() - start])
    study.close()


def fill(study: Study, cards: int) -> None:
    """Add cards of the learner's own."""
    stamp = study.stamp()
    rows = []
    for number in range(cards):
        card = Card(
            id=f"own.{number}",
            kind="recall",
            topic="",
            front=f"Question {number}",
            back=f"Answer {number}",
        )
        rows.append(
            study.store.new_row(
                stamp, kind="set", item_kind="card", item_id=card.id, fields={"record": plain(card)}
            )
        )
    for at in range(0, cards, CHUNK):
        study.store.append(rows[at : at + CHUNK])


def answer_all(study: Study, cards: int) -> None:
    """Answer every card once, so that it is due ten days later."""
    stamp = study.stamp()
    for at in range(0, cards, CHUNK):
        study.store.append(
            [
                study.store.new_row(
                    stamp,
                    kind="review",
                    item_kind="card",
                    item_id=f"own.{number}",
                    rating=3,
                    scheduled=10,
                    s_after=10.0,
                    d_after=5.0,
                    algorithm="fsrs6",
                    retention=0.9,
                )
                for number in range(at, min(at + CHUNK, cards))
            ]
        )


def reply(data: object) -> None:
    """Send one line."""
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

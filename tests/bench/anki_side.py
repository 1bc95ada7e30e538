"""Anki's side of the answer bench: the same work in a process of its own.

Run by `tests.bench.answer` with an interpreter that has the `anki` package (extra `bench`). Anki is
AGPL and is never imported by studytrack, nor by its tests. Commands come as lines on stdin, results
go out as JSON lines.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

STATE = '{"s":10.0,"d":5.0,"dr":0.9,"decay":0.1542}'


def main(folder: str, cards: int) -> None:
    """Build a collection in which all cards are due, then serve commands."""
    from anki.collection import AddNoteRequest, Card, Collection

    path = str(Path(folder) / "bench.anki2")
    collection = Collection(path)
    kind, deck = collection.models.by_name("Basic"), collection.decks.id("Default")
    requests = []
    for number in range(cards):
        note = collection.new_note(kind)
        note["Front"], note["Back"] = f"Question {number}", f"Answer {number}"
        requests.append(AddNoteRequest(note, deck))
    collection.add_notes(requests)
    collection.set_config("fsrs", True)
    options = collection.decks.config_dict_for_deck_id(deck)
    options["rev"]["perDay"] = options["new"]["perDay"] = 9999
    collection.decks.update_config(options)
    collection.db.execute(
        "update cards set type=2, queue=2, due=?, ivl=10, factor=2500, reps=1, data=?",
        collection.sched.today,
        STATE,
    )
    collection.close()

    began = time.perf_counter()
    collection = Collection(path)
    opened = time.perf_counter()
    collection.sched.get_queued_cards(fetch_limit=1)
    reply({"open": opened - began, "first": time.perf_counter() - opened})
    for line in sys.stdin:
        word, _, count = line.strip().partition(" ")
        if word == "answer":
            took = []
            for _ in range(int(count)):
                start = time.perf_counter()
                queued = collection.sched.get_queued_cards(fetch_limit=1).cards[0]
                card = Card(collection)
                card._load_from_backend_card(queued.card)
                card.start_timer()
                collection.sched.answer_card(
                    collection.sched.build_answer(card=card, states=queued.states, rating=2)
                )
                took.append(time.perf_counter() - start)
            reply(took)
        elif word == "undo":
            start = time.perf_counter()
            collection.undo()
            reply([time.perf_counter() - start])
        elif word == "counts":
            start = time.perf_counter()
            collection.sched.deck_due_tree()
            reply([time.perf_counter() - start])
    collection.close()


def reply(data: object) -> None:
    """Send one line."""
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

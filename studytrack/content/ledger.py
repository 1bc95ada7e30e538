"""The ledger: every id ever published, one `kind id` a line, sorted, in `data/ids.txt`.

History hangs on ids, so none may be lost or change its meaning. `python -m
studytrack.content.ledger` adds the new ids of the shipped content; it takes none out.
"""

from __future__ import annotations

from pathlib import Path

from studytrack.content.collect import LEDGER, Collected, Problem, collect
from studytrack.content.finder import content_root
from studytrack.content.loader import term_cards

Line = tuple[str, str]


def ids_of(collected: Collected) -> set[Line]:
    """Return kind and id of everything, the cards made from terms among them."""
    named = {(kind, found.record.id) for kind, found in collected.named()}
    made = {("card", card.id) for term in collected.terms for card in term_cards(term.record)}
    return named | made


def read_ledger(path: Path) -> set[Line]:
    """Return the lines of a ledger; a line that is no `kind id` comes back with an empty kind."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(" ") for line in lines if line.strip()]
    return {(kind, name) if name else ("", kind) for kind, _, name in pairs}


def render_ledger(ids: set[Line]) -> str:
    """Return the text of a ledger."""
    return "".join(f"{kind} {name}\n" for kind, name in sorted(ids))


def update_ledger(root: Path) -> int:
    """Write all ids of a content root into its ledger beside those it holds.

    Returns:
        how many were added.
    """
    path = root / "data" / LEDGER
    before = read_ledger(path) if path.is_file() else set()
    after = before | ids_of(collect([root]))
    path.write_text(render_ledger(after), encoding="utf-8", newline="\n")
    return len(after) - len(before)


def ledger_problems(root: Path) -> list[Problem]:
    """Return what is wrong with a root's ledger; a root without one publishes nothing."""
    path = root / "data" / LEDGER
    if not path.is_file():
        return []
    published, present = read_ledger(path), ids_of(collect([root]))
    lost = [
        Problem(
            str(path),
            name,
            f"The {kind} was published and is gone, and history hangs on it. Put it back "
            "(a card may be marked `retired = true`).",
        )
        for kind, name in published - present
    ]
    new = [
        Problem(
            str(path),
            name,
            f"The {kind} is not in the ledger. Run `python -m studytrack.content.ledger`.",
        )
        for kind, name in present - published
    ]
    disorder = path.read_text(encoding="utf-8") != render_ledger(published)
    unsorted = Problem(str(path), "", "The lines are not sorted `kind id` pairs, each once.")
    return [*lost, *new, *([unsorted] if disorder else [])]


if __name__ == "__main__":
    update_ledger(content_root())

"""The end of a review as text: how it went, what to look at again, and what can come next."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from studytrack.domain.catalogue import Catalogue
from studytrack.tui.text import ACCENT, BLANK, STRONG, count, heading, inline, join, muted

AGAIN = 1
WEAKEST = 3


def session_end(
    ratings: Sequence[tuple[str, int]], catalogue: Catalogue, next_due: str, onward: str, learn: int
) -> Content:
    """Return the summary of a session.

    Args:
        ratings: card id and rating, in order; empty where nothing was due.
        catalogue: names the cards.
        next_due: when cards come next.
        onward: the plan's next step, "" outside a plan.
        learn: how many new cards `l` brings.
    """
    ways = Content.assemble(
        ("l", f"bold {ACCENT}"),
        f" learn {learn} new cards   ",
        ("x", f"bold {ACCENT}"),
        " exercises",
    )
    if onward:
        ways = Content.assemble(
            ("space", f"bold {ACCENT}"), " goes on with  ", (onward, STRONG), "\n", ways
        )
    if not ratings:
        return join([heading("Nothing is due."), BLANK, inline(next_due), BLANK, ways])
    total, again = len(ratings), sum(rating == AGAIN for _, rating in ratings)
    return join(
        [
            heading("Done."),
            BLANK,
            f"{count(total, 'answer')}: {total - again} known, {again} again.",
            *_missed(ratings, catalogue),
            BLANK,
            inline(next_due),
            BLANK,
            ways,
        ]
    )


def _missed(ratings: Sequence[tuple[str, int]], catalogue: Catalogue) -> list[Content]:
    names = list(dict.fromkeys(name for name, rating in ratings if rating == AGAIN))
    known = [catalogue.cards[name] for name in names if name in catalogue.cards]
    lines = [Content.assemble("  ✗ ", inline(card.front.split("\n")[0])) for card in known]
    return [Content(BLANK), muted("To look at once more"), *lines[:WEAKEST]] if lines else []

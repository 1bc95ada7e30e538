"""What a topic's status is, by evidence.

A topic has up to three kinds of evidence: cards, exercises and readings. It is *done* when each
kind that it has is green:

- cards: at least 80 % of them were seen, and the mean chance of recalling those is at least 85 %;
- exercises: every one was passed, and none has come due again;
- readings: every one was finished (or archived). Dropped ones do not count, nor do channels,
  repositories and tools, which nobody ever finishes.

It is *in progress* once anything was touched, else *not started*. Recall falls and exercises come
due with time, so a status decays by itself. *Skipped* is never earned: it is a mark of the
learner's, kept apart, and so is a *done* by hand.

`mastery` is one number for bars and sorting: the mean of the kinds present, where cards (an unseen
card counts 0) and exercises (one that is due counts half) weigh three times as much as readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TopicStatus = Literal["not started", "in progress", "done", "skipped"]
MARKS: tuple[TopicStatus, ...] = ("not started", "in progress", "done", "skipped")
SEEN_SHARE = 0.80
RECALL = 0.85
CARD_WEIGHT, EXERCISE_WEIGHT, READING_WEIGHT = 3.0, 3.0, 1.0
ENDLESS: frozenset[str] = frozenset({"channel", "repo", "tool"})  # kinds of readings


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicEvidence:
    """Counts for one topic.

    `recall` is the mean chance of recalling the `seen` cards now; `fresh` exercises are passed
    and not due; `touched` is True once any of it was begun.
    """

    cards: int = 0
    seen: int = 0
    recall: float | None = None
    exercises: int = 0
    passed: int = 0
    fresh: int = 0
    readings: int = 0
    read: int = 0
    touched: bool = False


def mastery(evidence: TopicEvidence) -> float:
    """Return how well the topic is known, from 0 to 1; 0 for a topic without evidence."""
    weighed: list[tuple[float, float]] = []
    if evidence.cards:
        known = (evidence.recall or 0.0) * evidence.seen / evidence.cards
        weighed.append((CARD_WEIGHT, known))
    if evidence.exercises:
        solved = (evidence.fresh + evidence.passed) / (2 * evidence.exercises)
        weighed.append((EXERCISE_WEIGHT, solved))
    if evidence.readings:
        weighed.append((READING_WEIGHT, evidence.read / evidence.readings))
    total = sum(weight for weight, _ in weighed)
    return sum(weight * share for weight, share in weighed) / total if total else 0.0


def earned_status(evidence: TopicEvidence) -> TopicStatus:
    """Return the status that the evidence alone gives."""
    if not (evidence.touched or evidence.seen or evidence.passed or evidence.read):
        return "not started"
    if not (evidence.cards or evidence.exercises or evidence.readings):
        return "in progress"
    cards_green = not evidence.cards or (
        evidence.seen >= SEEN_SHARE * evidence.cards and (evidence.recall or 0.0) >= RECALL
    )
    exercises_green = evidence.fresh == evidence.exercises
    readings_green = evidence.read == evidence.readings
    return "done" if cards_green and exercises_green and readings_green else "in progress"

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.mastery import TopicEvidence, earned_status, mastery

GREEN = TopicEvidence(
    cards=10, seen=8, recall=0.85, exercises=2, passed=2, fresh=2, readings=3, read=3
)


def test_green_evidence_earns_done() -> None:
    """Enough cards recalled, exercises fresh, readings read: the topic is done."""
    assert earned_status(GREEN) == "done"


@pytest.mark.parametrize(
    "worse",
    [
        {"seen": 7},
        {"recall": 0.849},
        {"fresh": 1},
        {"passed": 1, "fresh": 1},
        {"read": 2},
    ],
)
def test_each_kind_of_evidence_can_hold_a_topic_back(worse: dict[str, float]) -> None:
    """One kind that is not green, or no longer, leaves the topic in progress."""
    assert earned_status(replace(GREEN, **worse)) == "in progress"


def test_a_topic_without_anything_begun_is_not_started() -> None:
    """Content alone is no progress."""
    assert earned_status(TopicEvidence(cards=3, exercises=1, readings=1)) == "not started"
    assert earned_status(TopicEvidence()) == "not started"


def test_a_kind_that_the_topic_lacks_is_not_missed() -> None:
    """A topic of readings only is done by reading."""
    assert earned_status(TopicEvidence(readings=1, read=1)) == "done"
    assert mastery(TopicEvidence(readings=1, read=1)) == 1.0


def test_a_begun_topic_without_evidence_of_its_own_is_in_progress() -> None:
    """Nothing to prove means nothing was proven."""
    assert earned_status(TopicEvidence(touched=True)) == "in progress"


def test_an_exercise_that_came_due_counts_half() -> None:
    """Mastery falls when a solved exercise waits to be written again."""
    solved = TopicEvidence(exercises=1, passed=1, fresh=1)

    assert mastery(solved) == 1.0
    assert mastery(replace(solved, fresh=0)) == 0.5


@given(st.integers(0, 20), st.floats(0, 1), st.integers(0, 5), st.integers(0, 5), st.integers(0, 9))
def test_mastery_is_a_share(
    cards: int, recall: float, exercises: int, passed: int, readings: int
) -> None:
    """Whatever the evidence, mastery lies between 0 and 1."""
    evidence = TopicEvidence(
        cards=cards,
        seen=cards // 2,
        recall=recall,
        exercises=exercises,
        passed=min(passed, exercises),
        readings=readings,
        read=readings,
    )

    assert 0.0 <= mastery(evidence) <= 1.0

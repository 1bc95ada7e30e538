"""Undo and redo tell what they did, whatever it was."""

from __future__ import annotations

from studytrack.services import curriculum, library, readings, review
from studytrack.services.undo import redo, undo


def test_each_kind_of_step_is_undone_with_a_sentence(study) -> None:
    """The newest first; the sentence names the thing."""
    name = next(iter(study.catalogue.readings))
    review.answer(study, "recall.topk-tie", 3)
    readings.finish(study, name, "Attention is a weighted mean.")
    curriculum.mark(study, "sampling", "done")
    library.add_term(study, "Logit", "is a score before softmax.")

    told = [undo(study).sentence for _ in range(4)]

    assert "term `logit`" in told[0]
    assert "topic `sampling`" in told[1]
    assert f"finishing `{name}`" in told[2]
    assert "Undone: Good on `recall.topk-tie`." == told[3]
    assert undo(study) is None


def test_undoing_a_takeaway_removes_its_card_and_redo_brings_both_back(study) -> None:
    """One step for the learner is one step back."""
    name = next(iter(study.catalogue.readings))
    before = set(study.catalogue.cards)
    view = readings.finish(study, name, "One line.")

    undo(study)
    gone = set(study.catalogue.cards)
    again = redo(study)

    assert before == gone
    assert view == readings.reading(study, name)
    assert view.takeaways[0].card in study.catalogue.cards
    assert again.sentence.startswith("Done again")
    assert redo(study) is None


def test_undo_survives_a_restart(study, reopen) -> None:
    """Another window can take the answer back."""
    review.answer(study, "recall.topk-tie", 3)
    study.close()

    assert "recall.topk-tie" in undo(reopen()).sentence

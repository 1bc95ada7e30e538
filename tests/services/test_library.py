from __future__ import annotations

import pytest

from studytrack.errors import NotFound, UsageFault
from studytrack.services import library, review, undo
from studytrack.services.study import Study


def test_shipped_records_are_listed_in_order(study: Study) -> None:
    """The lists show the catalogue's records as they are."""
    assert [term.id for term in library.terms(study)] == ["temperature", "top-k", "top-p"]
    assert [note.id for note in library.notes(study)] == ["tensor-facts"]
    assert [item.id for item in library.advice(study)] == ["small-steps", "write-code"]
    assert [item.id for item in library.resources(study)] == ["notebooks", "install"]


@pytest.mark.parametrize("name", ["top-k", "Top K", "TOP-K SAMPLING"])
def test_a_term_is_found_by_any_of_its_names(study: Study, name: str) -> None:
    """Id, title and alias all name a term, in any case."""
    assert library.term(study, name).id == "top-k"


def test_an_ambiguous_term_is_not_guessed(study: Study) -> None:
    """Several ids with that beginning are named."""
    with pytest.raises(NotFound, match=r"top-k(.|\n)*top-p"):
        library.term(study, "top")


def test_an_own_term_comes_with_its_cards(study: Study) -> None:
    """A term added by the learner is asked like a shipped one, until it is undone."""
    own = library.add_term(study, "KV cache", "keeps keys and values of past tokens.")
    cards = {card.id for card in study.catalogue.cards.values() if card.term == own.id}

    undo.undo(study)
    study.refresh()

    assert own.id == "kv-cache"
    assert cards == {"term.kv-cache.meaning", "term.kv-cache.name"}
    assert own.id not in study.catalogue.terms
    assert not cards & set(study.catalogue.cards)


def test_a_term_is_kept_once(study: Study) -> None:
    """A title that is another's name is refused."""
    with pytest.raises(UsageFault, match="term show top-p"):
        library.add_term(study, "NUCLEUS", "keeps a nucleus.")


def test_own_notes_and_resources_are_kept(study: Study) -> None:
    """Notes go under a topic or point; a resource's address is completed."""
    note = library.add_note(study, "Views", "A view *shares* storage. ", topic="pytorch.basics.t")
    place = library.add_resource(study, "A community", "forum.example")
    study.refresh()

    assert library.note(study, "views") == note
    assert note.topic == "pytorch.basics.tensors"
    assert library.resource(study, "a-comm") == place
    assert place.url == "https://forum.example"


def test_same_titles_get_different_ids(study: Study) -> None:
    """A second note of one title does not replace the first."""
    first = library.add_note(study, "Views", "one")
    second = library.add_note(study, "Views", "two")

    assert (first.id, second.id) == ("views", "views-2")
    assert [note.text for note in library.notes(study)[-2:]] == ["one\n", "two\n"]


def test_blank_fields_are_refused(study: Study) -> None:
    """Nothing without a title or a text is stored."""
    for call in (
        lambda: library.add_term(study, " ", "text"),
        lambda: library.add_term(study, "title", ""),
        lambda: library.add_note(study, "title", "\n"),
        lambda: library.add_resource(study, "", "a.example"),
        lambda: library.add_resource(study, "title", "nowhere"),
    ):
        with pytest.raises(UsageFault):
            call()

    assert study.store.rows() == []


def test_the_advice_of_the_day_rotates(study: Study) -> None:
    """Each study day has its advice, and all of them have their turn."""
    shown = [library.advice_of_day(study, day) for day in (6, 7, 8)]

    assert shown[0] == shown[2]
    assert {item.id for item in shown if item} == {"small-steps", "write-code"}


def test_a_term_is_known_by_its_cards(study: Study) -> None:
    """A term's recall is that of the cards seen so far."""
    review.answer(study, "term.top-k.meaning", 3)

    known = library.term_recall(study)

    assert (known["top-k"].cards, known["top-k"].seen) == (3, 1)
    assert known["top-k"].recall == pytest.approx(1.0)
    assert known["temperature"].recall is None

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.errors import NotFound, UsageFault
from studytrack.services import readings, undo
from studytrack.services.study import Study


def test_a_new_learner_has_the_statuses_of_the_list(study: Study) -> None:
    """Statuses of the source document count until the learner changes them."""
    listed = {view.reading.id: view.status for view in readings.readings(study)}

    assert listed["broadcasting"] == "done"
    assert listed["sampling-post"] == "next"
    assert listed["attention-paper"] == "inbox"
    assert next(iter(listed)) == "sampling-post"
    assert readings.reading(study, "broadcasting").progress == 100


def test_starting_notes_the_day(study: Study) -> None:
    """A reading being read knows since when."""
    view = readings.set_status(study, "attention-p", "reading")

    assert (view.status, view.started, view.finished) == ("reading", "2026-11-24", "")
    assert [v.reading.id for v in readings.readings(study, "reading")] == ["attention-paper"]


def test_a_takeaway_becomes_a_card(study: Study) -> None:
    """Finishing with a takeaway gives a card under the reading's first topic."""
    view = readings.finish(study, "attention-video", "  Keys are what is looked for.  ")

    (taken,) = view.takeaways
    card = study.catalogue.cards[taken.card]
    assert (view.status, view.progress, view.finished) == ("done", 100, "2026-11-24")
    assert taken.text == card.back == "Keys are what is looked for."
    assert card.front == "What did you take away from “Attention, drawn”?"
    assert (card.kind, card.topic, card.reading) == ("recall", "transformer.arch", view.reading.id)


def test_one_undo_takes_back_status_and_card(study: Study) -> None:
    """Finishing with a takeaway is one step: its card goes with it, and comes back with redo."""
    card = readings.finish(study, "attention-video", "Keys.").takeaways[0].card

    undo.undo(study)
    study.refresh()
    undone, left = readings.reading(study, "attention-video"), set(study.catalogue.cards)
    undo.redo(study)
    study.refresh()

    assert (undone.status, undone.takeaways) == ("inbox", ())
    assert card not in left
    assert card in study.catalogue.cards
    assert readings.reading(study, "attention-video").status == "done"


def test_takeaways_add_up(study: Study) -> None:
    """A second takeaway keeps the first, and a blank one is none."""
    readings.finish(study, "deep-book", "One.")
    readings.finish(study, "deep-book", "Two.")
    view = readings.finish(study, "deep-book", "   ")

    assert [taken.text for taken in view.takeaways] == ["One.", "Two."]
    assert len({taken.card for taken in view.takeaways} & set(study.catalogue.cards)) == 2


def test_nothing_is_logged_where_nothing_changes(study: Study) -> None:
    """Setting the present status leaves no invisible step for undo."""
    readings.set_status(study, "sampling-post", "next")
    readings.finish(study, "broadcasting")
    readings.set_progress(study, "attention-paper", 0)

    assert study.store.rows() == []


def test_progress_begins_a_reading_and_does_not_end_it(study: Study) -> None:
    """Progress on an inbox reading starts it; at 100 it still waits for its takeaway."""
    begun = readings.set_progress(study, "attention-paper", 40)
    ended = readings.set_progress(study, "attention-paper", 100)

    assert (begun.status, begun.progress, begun.started) == ("reading", 40, "2026-11-24")
    assert (ended.status, ended.progress) == ("reading", 100)


def test_back_from_done_is_unfinished(study: Study) -> None:
    """A reading moved back to the inbox has neither progress nor an end."""
    readings.finish(study, "attention-paper")
    view = readings.set_status(study, "attention-paper", "inbox")

    assert (view.status, view.progress, view.finished) == ("inbox", 0, "")


def test_an_own_reading_is_listed_like_any_other(study: Study) -> None:
    """A URL alone is enough: title, kind and id come from it."""
    view = readings.add(study, "www.youtube.com/watch/how-llms-work", topics=["samp"])
    again = readings.add(study, "https://other.example/how-llms-work")

    assert view.reading.title == "how llms work"
    assert (view.reading.id, view.reading.kind) == ("how-llms-work", "video")
    assert (view.reading.topics, view.status) == (("sampling",), "inbox")
    assert again.reading.id == "how-llms-work-2"
    assert readings.set_status(study, "how-llms-work-2", "next").status == "next"


@pytest.mark.parametrize(
    "url", ["http://www.posts.example/sampling/", "posts.example/sampling#part"]
)
def test_an_address_is_listed_once(study: Study, url: str) -> None:
    """The same page under another spelling is refused, and the reading is named."""
    with pytest.raises(UsageFault, match="sampling-post"):
        readings.add(study, url)


@pytest.mark.parametrize("url", ["", "not an address", "ftp://a.example/b", "word", "https://"])
def test_what_is_no_address_is_refused(study: Study, url: str) -> None:
    """A message says what an address looks like."""
    with pytest.raises(UsageFault, match=r"https://arxiv\.org"):
        readings.add(study, url)


def test_wrong_words_are_explained(study: Study) -> None:
    """Unknown statuses, kinds, ids and percents name what is possible."""
    with pytest.raises(UsageFault, match="`archived`"):
        readings.set_status(study, "deep-book", "archive")
    with pytest.raises(UsageFault, match="inbox, next"):
        readings.readings(study, "zzz")
    with pytest.raises(UsageFault, match="paper, video"):
        readings.add(study, "https://a.example/b", kind="song")
    with pytest.raises(UsageFault, match="between 0 and 100"):
        readings.set_progress(study, "deep-book", 101)
    with pytest.raises(NotFound, match="attention-paper"):
        readings.reading(study, "attention")


@given(st.from_regex(r"[a-z]{1,9}\.example(/[A-Za-z0-9._%-]{0,9}){0,3}", fullmatch=True))
def test_every_address_has_a_title(address: str) -> None:
    """A title can be made of any address."""
    assert readings.title_of(f"https://{address}").strip()

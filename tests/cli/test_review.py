"""`studytrack review --plain`: one event a line, two prompts, nothing lost."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studytrack.cli import review as cli_review
from studytrack.cli.main import run

RECALL = "recall.topk-tie"


def reviews(ask, card: str) -> list[int]:
    """Return the ratings of a card that count."""
    return [row["rating"] for row in ask("card", "show", card, "--json").data["history"]]


def test_a_session_reads_line_by_line(ask) -> None:
    """Question, answer prompt, answer, rating prompt with the intervals, when it comes back."""
    said = ask("review", "--plain", "--topic", "sampling.topk", "--limit", "1", stdin="\n3\n")

    lines = said.out.splitlines()
    assert lines[0].startswith("Card 1 of 1, sampling.topk. ")
    assert lines[1].startswith("answer (enter to reveal")
    assert lines[-3] == "Good. Again in 10 minutes. 8 left."
    assert lines[-2] == "1 answered."
    assert "again <1m, 2 hard" in said.out
    assert "u undo, q quit, ? help>" in said.out


def test_nothing_but_words(ask) -> None:
    """No cursor movement, box, spinner or colour: a screen reader reads it aloud."""
    out = ask("review", "--plain", "--limit", "3", stdin="\n3\n" * 3).out

    assert not set("\x1b\r│─█●✓✗") & set(out)


@pytest.mark.parametrize("ending", ["", "q\n", "\n", "\nq\n"])
def test_the_end_of_the_input_ends_the_session_like_q(ask, ending) -> None:
    """At either prompt; what was answered before is saved, the open card is not."""
    said = ask("review", "--limit", "5", stdin="\n3\n" + ending)

    assert "Stopped. 1 answered; all of it is saved." in said.out
    ask("undo")
    ask("undo", code=1)


@pytest.mark.parametrize("nonsense", ["x", "9", "0", "-1", "goood", "good night", "33"])
def test_an_unknown_rating_repeats_the_prompt_and_never_rates(ask, nonsense) -> None:
    """With the reason; and an empty line is no rating of one's own answer."""
    said = ask("review", "--limit", "1", stdin=f"\n{nonsense}\n\n?\n")

    assert f"`{nonsense}` is no rating; nothing was saved." in said.out
    assert 4 == said.out.count("? help>")
    assert "Nothing to undo.\n" == ask("undo", code=1).out


@pytest.mark.parametrize(("word", "rating"), [("1", 1), ("Hard", 2), ("good", 3), ("EASY", 4)])
def test_ratings_are_numbers_or_words(ask, word, rating) -> None:
    """In any case."""
    ask("review", "--topic", "sampling.topk", "--limit", "1", stdin=f"\n{word}\n")

    found = reviews(ask, RECALL) or reviews(ask, "term.top-k.meaning")
    assert [rating] == (found or reviews(ask, "term.top-k.name"))


def test_a_judged_answer_proposes_its_rating(ask, monkeypatch) -> None:
    """Enter takes the proposal; the verdict stands in words before it."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "40")
    for other in ("num.float32-bytes", "shape.broadcast"):
        ask("card", "suspend", other)

    said = ask("review", "--topic", "pytorch.basics", "--limit", "1", stdin="a scalar\n\n")

    assert "Right. The answer: scalar" in said.out
    assert "enter good" in said.out
    assert [3] == reviews(ask, "typed.rank-zero")


def test_an_answer_that_cannot_be_read_is_asked_again(ask) -> None:
    """The reason, then the same prompt; nothing is judged."""
    ask("card", "suspend", "num.float32-bytes")
    ask("card", "suspend", "typed.rank-zero")

    said = ask("review", "--topic", "pytorch.basics", "--limit", "1", stdin="a cat\n4 2 3\n\n")

    assert "Write a shape such as (2, 3)" in said.out
    assert [3] == reviews(ask, "shape.broadcast")


def test_a_hint_is_told_where_there_is_one(ask) -> None:
    """And the prompt offers it only there."""
    for other in ("num.float32-bytes", "shape.broadcast"):
        ask("card", "suspend", other)

    said = ask("review", "--topic", "pytorch.basics", stdin="h\n")

    assert "(enter to reveal, h hint, q quit)" in said.out
    assert "Hint: It holds one number." in said.out


def test_undo_asks_the_last_card_again(ask) -> None:
    """One answer is taken back, and the count with it."""
    said = ask("review", "--limit", "2", stdin="\n3\n\nu\n\n1\n\n1\n")

    assert "Undone: Good on" in said.out
    assert 2 == said.out.count("Card 1 of 2")
    assert "2 answered." in said.out
    ask("undo")
    ask("undo")
    ask("undo", code=1)


def test_undo_with_nothing_to_undo_stays_at_the_card(ask) -> None:
    """The prompt comes again."""
    said = ask("review", "--limit", "1", stdin="\nu\n3\n")

    assert "Nothing to undo." in said.out
    assert "1 answered." in said.out


def test_when_nothing_is_due_the_way_on_is_named(ask, monkeypatch) -> None:
    """A command, not a key of the interface."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "0")

    said = ask("review")

    assert said.out.startswith("Nothing is due.\n")
    assert "studytrack review --more 5" in said.out
    assert "(key" not in said.out


def test_more_learns_more_new_cards(ask, monkeypatch) -> None:
    """Beyond the day's limit, once."""
    monkeypatch.setenv("STUDYTRACK_STUDY_NEW_CARDS", "0")

    said = ask("review", "--more", "2", stdin="\n4\n\n4\n")

    assert "2 answered." in said.out
    assert "Next: 1 card on" in said.out  # two days share them


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--topic", "nothing"], 3), (["--limit", "0"], 2), (["--more", "0"], 2)],
)
def test_a_session_that_cannot_begin_changes_nothing(ask, words, code) -> None:
    """Exit codes as everywhere."""
    ask("review", *words, code=code)

    ask("undo", code=1)


def test_a_topic_that_is_not_there_spends_no_new_cards(ask) -> None:
    """`--more` is granted after the topic was found."""
    ask("review", "--more", "3", "--topic", "nothing", code=3)

    ask("undo", code=1)


def test_bytes_that_are_no_text_are_no_rating(ask) -> None:
    """They read as unknown signs; no traceback."""
    assert "is no rating" in ask("review", stdin=b"\n\xff\xfe\n").out


class Elsewhere(io.StringIO):
    """A learner who answers the card in another window while it is shown here."""

    def __init__(self, home: str, *lines: str) -> None:
        super().__init__()
        self.home = home
        self.lines = list(lines)

    def readline(self, size: int = -1) -> str:
        """Give the next line; before the first rating, answer elsewhere."""
        line = self.lines.pop(0) if self.lines else ""
        if line == "rated elsewhere\n":
            kept, sys.stdout = sys.stdout, io.StringIO()
            run(["card", "answer", RECALL, "easy"])
            sys.stdout = kept
            return "1\n"
        return line


def test_a_card_answered_in_another_window_is_not_rated_twice(ask, capsys, monkeypatch) -> None:
    """It is told and the session goes on."""
    for other in ("choice.topp-crossing", "term.top-k.meaning", "term.top-k.name"):
        ask("card", "suspend", other)
    monkeypatch.setattr(sys, "stdin", Elsewhere("", "\n", "rated elsewhere\n"))

    assert 0 == run(["review", "--topic", "sampling.topk"])

    assert "was answered elsewhere in the meantime" in capsys.readouterr().out
    assert [4] == reviews(ask, RECALL)


def test_the_time_taken_is_kept_where_a_person_sits(ask, monkeypatch) -> None:
    """A pipe tells nothing about how long someone thought."""
    moments = iter([10.0, 14.5])
    monkeypatch.setattr(cli_review, "is_terminal", lambda stream: True)
    monkeypatch.setattr(cli_review, "time", SimpleNamespace(monotonic=lambda: next(moments)))

    ask("review", "--limit", "1", stdin="\n3\n")

    (row,) = ask("export", "json").data["log"]
    assert 4500 == row["duration_ms"]


LINES = st.one_of(st.sampled_from(["", "q", "u", "?", "h", "3", "again", ":q", "b"]), st.text())


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(LINES, max_size=12))
def test_no_input_ends_in_a_fault(ask, lines) -> None:
    """Whatever is typed, the session ends well and every rating it told of is stored."""
    before = len(ask("export", "json").data["log"])

    out = ask("review", "--limit", "3", stdin="\n".join(lines)).out

    rated = sum(
        line.split(".")[0] in {"Again", "Hard", "Good", "Easy"} for line in out.splitlines()
    )
    undone = out.count("Undone: ")
    assert before + rated + undone == len(ask("export", "json").data["log"])

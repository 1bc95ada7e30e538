"""Tables, colours, moments, and streams that cannot take what is printed."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studytrack.cli import output
from studytrack.errors import UsageFault
from tests.cli.hostile import HIDDEN

LONG = "Why does a KV cache hold keys and values, but not queries, of the tokens before?"
ROWS = [("recall.kv-cache-why", "transformer.arch.attention", LONG), ("x", None, "短い")]
HEADER = ("id", "topic", "title")


def lines_of(capsys, rows=ROWS, **how: str) -> list[str]:
    """Print a table and return its lines."""
    output.table(HEADER, rows, **how)
    return capsys.readouterr().out.splitlines()


def test_elsewhere_a_table_is_tab_separated_and_whole(capsys) -> None:
    """A header line; line breaks in a cell do not break its row."""
    lines = lines_of(capsys, [*ROWS, ("y", "a\tb", "two\nlines")])

    assert "id\ttopic\ttitle" == lines[0]
    assert LONG in lines[1]
    assert "y\ta b\ttwo lines" == lines[3]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_on_a_terminal_a_table_is_cut_to_the_width(capsys, terminal, columns) -> None:
    """Ids give way last: one that is cut cannot be typed."""
    terminal(columns)

    lines = lines_of(capsys)

    assert max(output.text_width(line) for line in lines) <= columns
    assert all("recall.kv-cache-why" in line for line in lines[1:2])
    assert ("…" in lines[1]) == (columns < 120 or LONG not in lines[1])


def test_columns_are_aligned_for_wide_characters(capsys, terminal) -> None:
    """They take two columns each."""
    terminal(80)

    output.table(("title", "n"), [("短い", "1"), ("abcd", "2")])

    assert ["title  n", "短い   1", "abcd   2"] == capsys.readouterr().out.splitlines()


def test_an_empty_table_names_the_way_on(capsys, terminal) -> None:
    """On stderr; a terminal gets no header over nothing."""
    output.table(HEADER, [], empty="None yet: `x add`.")
    piped = capsys.readouterr()
    terminal(80)
    output.table(HEADER, [], empty="None yet: `x add`.")
    seen = capsys.readouterr()

    assert ("id\ttopic\ttitle\n", "None yet: `x add`.\n") == (piped.out, piped.err)
    assert ("", "None yet: `x add`.\n") == (seen.out, seen.err)


@given(
    st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(40, 200),
)
def test_no_line_is_wider_than_the_terminal(rows, width) -> None:
    """Whatever the cells hold."""
    cells = [[output._flat(cell) for cell in row] for row in [HEADER, *rows]]

    sizes = output.column_sizes(cells, width)

    assert sum(sizes) + output.GAP * 2 <= width
    for row in cells:
        for cell, size in zip(row, sizes, strict=True):
            assert output.text_width(output._fit(cell, size)) == size


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [("NO_COLOR", "1", False), ("TERM", "dumb", False), ("NO_COLOR", "", True)],
)
def test_colour_needs_a_terminal_and_nobody_against_it(
    terminal, monkeypatch, name, value, wanted
) -> None:
    """An empty NO_COLOR is none."""
    terminal(80)
    monkeypatch.setenv(name, value)

    assert wanted == output.colour(sys.stdout)


def test_a_style_reaches_only_a_terminal(capsys, terminal, monkeypatch) -> None:
    """The text is the same in a pipe, without codes."""
    output.say(output.styled("done", bold=True), ".")
    piped = capsys.readouterr().out
    terminal(80)
    monkeypatch.setenv("NO_COLOR", "")
    output.say(output.styled("done", bold=True), ".")

    assert "done.\n" == piped
    assert "\x1b[1mdone\x1b[0m.\n" == capsys.readouterr().out


def test_no_colour_by_option_or_in_a_pipe(ask, terminal) -> None:
    """Not even on a terminal with the option."""
    assert "\x1b" not in ask("doctor").out
    terminal(80)
    assert "\x1b" not in ask("--no-color", "doctor").out


def test_moments_carry_the_offset_that_held() -> None:
    """To the second."""
    assert "2026-11-24T08:00:00+01:00" == output.moment_text(1795503600999, 60)
    assert "2026-11-24T01:30:00-05:30" == output.moment_text(1795503600000, -330)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Start: `studytrack review` (key space).", "Start: `studytrack review`."),
        ("`a` (key i) or `b` (key l).", "`a` or `b`."),
        ("Nothing to leave out (really).", "Nothing to leave out (really)."),
    ],
)
def test_keys_of_the_interface_are_left_out(sentence, shown) -> None:
    """The services name a command and its key; here only the command works."""
    assert shown == output.without_keys(sentence)


def test_an_error_says_what_why_and_what_to_do(capsys) -> None:
    """A line each, on stderr; none for what is not there."""
    code = output.report_error(UsageFault("What.", "", "Do this.\nOr that."))

    streams = capsys.readouterr()
    assert 2 == code
    assert "error: What.\n  Do this.\n  Or that.\n" == streams.err
    assert "" == streams.out


class Pipe(io.TextIOWrapper):
    """A stdout of some encoding that keeps what it gets."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    @property
    def got(self) -> bytes:
        """The bytes so far."""
        return self.buffer.getvalue()


def test_json_is_whole_in_any_encoding(monkeypatch) -> None:
    """What the stream cannot write is escaped as JSON escapes."""
    pipe = Pipe("latin-1")
    monkeypatch.setattr(sys, "stdout", pipe)
    output.prepare_streams()

    output.emit_json({"title": "é √ 短"})

    assert {"title": "é √ 短"} == json.loads(pipe.got.decode("latin-1"))["data"]


def test_text_is_escaped_where_the_stream_lacks_a_sign(monkeypatch) -> None:
    """Rather than ending in a traceback."""
    pipe = Pipe("latin-1")
    monkeypatch.setattr(sys, "stdout", pipe)
    output.prepare_streams()

    output.say("✓ fine")

    assert b"\\u2713 fine\n" == pipe.got


def test_a_path_goes_out_as_it_came_in(monkeypatch) -> None:
    """Names of files may be of any bytes."""
    pipe = Pipe("utf-8")
    monkeypatch.setattr(sys, "stdout", pipe)
    output.prepare_streams()

    output.say("caf\udce9.py")

    assert b"caf\xe9.py\n" == pipe.got


BAD = "\x1b]0;t\x07\x9b2J\u202e\u2028\x7f\r"


def test_a_pipe_gets_text_as_it_is_and_a_terminal_visibly(capsys, terminal) -> None:
    """Also codes that look like colours, which click would take out of a pipe."""
    output.say(f"{BAD}\x1b[31m")
    piped = capsys.readouterr().out
    terminal(80)
    output.say(f"{BAD}\x1b[31m", output.styled(BAD, bold=True))

    assert f"{BAD}\x1b[31m\n" == piped
    assert not HIDDEN.search(capsys.readouterr().out)


def test_narration_is_visible_everywhere(capsys) -> None:
    """Logs are read on a terminal later on."""
    output.note(BAD)
    output.report_error(UsageFault(BAD, BAD, BAD))

    assert not HIDDEN.search(capsys.readouterr().err)


def test_a_table_on_a_terminal_is_visible_and_fits(capsys, terminal) -> None:
    """The escapes count as what they are: letters."""
    terminal(60)

    output.table(HEADER, [("x", BAD * 5, BAD * 5)])

    lines = capsys.readouterr().out.splitlines()
    assert not HIDDEN.search("\n".join(lines))
    assert max(map(len, lines)) <= 60


def test_a_long_cell_is_cut_in_time(terminal, capsys) -> None:
    """A hundred thousand wide letters are a line like any other."""
    terminal(80)

    output.table(("title", "text"), [("短" * 100_000, "e\u0301" * 100_000)])

    assert max(map(output.text_width, capsys.readouterr().out.splitlines())) <= 80


@settings(max_examples=30)
@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_is_exact_and_without_controls(data) -> None:
    """In a pipe and on a terminal alike, halves of surrogate pairs included."""
    with pytest.MonkeyPatch.context() as patch:
        pipe = Pipe("utf-8")
        patch.setattr(sys, "stdout", pipe)
        output.prepare_streams()
        output.emit_json(data)
        text = pipe.got.decode()

    assert data == json.loads(text)["data"]
    assert not HIDDEN.search(text)


def test_half_a_surrogate_pair_goes_out_as_an_escape(monkeypatch) -> None:
    """No name of a file holds one; a damaged import may."""
    pipe = Pipe("utf-8")
    monkeypatch.setattr(sys, "stdout", pipe)
    output.prepare_streams()

    output.say("a\ud800b caf\udce9")

    assert b"a\\ud800b caf\xe9\n" == pipe.got


def test_closed_streams_are_no_fault(monkeypatch) -> None:
    """A command started without them does its work."""
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(sys, name, None)

    output.prepare_streams()
    output.say("nobody hears")

    assert b"" == output.read_stdin(10)
    assert not output.is_terminal(sys.stdout)

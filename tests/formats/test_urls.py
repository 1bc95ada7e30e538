"""The canonical address, the guessed kind and the stand-in title."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from studytrack.formats.urls import canonical, guess_kind, title_from


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://arxiv.org/abs/1706.03762", "http://arxiv.org/pdf/1706.03762v7.pdf"),
        ("https://arxiv.org/abs/cs/0112017", "https://export.arxiv.org/pdf/cs/0112017v1"),
        ("https://youtu.be/kCc8FmEb1nY", "https://www.youtube.com/watch?v=kCc8FmEb1nY&si=Zz"),
        ("https://twitter.com/rasbt/status/17", "https://x.com/rasbt/status/17?utm_source=a"),
        (
            "https://youtube.com/watch?v=a&list=b",
            "https://www.youtube.com/watch?list=b&v=a&pp=iAQB",
        ),
        ("https://github.com/a/b?tab=readme-ov-file", "https://GitHub.com/a/b/"),
        ("https://www.fast.ai", "https://fast.ai/?"),
        ("https://a.example/x#part", "https://a.example/x"),
        ("https://a.example:443/x?fbclid=1&gclid=2&gi=3", "a.example/x"),
    ],
)
def test_one_reading_has_one_form(left: str, right: str):
    """Addresses that lead to the same thing are equal in canonical form."""
    assert canonical(left) == canonical(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://www.youtube.com/watch?v=a", "https://www.youtube.com/watch?v=b"),
        ("https://www.youtube.com/watch?v=a", "https://www.youtube.com/watch?v=a&t=308s"),
        ("https://www.youtube.com/watch?v=a", "https://www.youtube.com/watch?v=a&list=c"),
        ("https://a.example/x?tab=1", "https://a.example/x"),
        ("https://a.example/#/one", "https://a.example/#/two"),
    ],
)
def test_different_readings_stay_apart(left: str, right: str):
    """What chooses the content is kept: video, list, time, and tabs of other hosts."""
    assert canonical(left) != canonical(right)


ADDRESSES = st.builds(
    "{}://{}{}/{}{}".format,
    st.sampled_from(["http", "https", "HTTPS", "ftp"]),
    st.sampled_from(["www.", "", "m.", "www.www."]),
    st.sampled_from(["youtu.be", "Youtube.com", "arxiv.org", "github.com:443", "u@a.example"]),
    st.text(max_size=12),
    st.sampled_from(["", "?", "/", "?utm_x=1&b=2&a", "#frag", "#/route", "?v=1 ", ".pdf"]),
)


@given(st.one_of(st.text(), ADDRESSES))
@example("https://youtu.be/ /")
@example("https://arxiv.org/abs/1706.03762/")
def test_the_form_is_stable(url: str):
    """The canonical form of a canonical form is itself, for any text."""
    assert canonical(url) == canonical(canonical(url))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://arxiv.org/pdf/1409.0473.pdf", "paper"),
        ("https://www.youtube.com/watch?v=kCc8FmEb1nY", "video"),
        ("https://www.youtube.com/playlist?list=PL1", "course"),
        ("https://www.youtube.com/@AndrejKarpathy", "channel"),
        ("https://github.com/Hannibal046/Awesome-LLM", "repo"),
        ("https://twitter.com/rasbt/status/17", "tweet"),
        ("https://www.deeplearningbook.org", "book"),
        ("https://mml-book.github.io/book/mml-book.pdf", "book"),
        ("https://posts.example/a.pdf", "paper"),
        ("https://posts.example/a", "post"),
    ],
)
def test_the_host_tells_the_kind(url: str, kind: str):
    """Papers, videos, courses and the rest are told by host and path."""
    assert kind == guess_kind(url)


def test_a_missing_title_comes_from_the_address():
    """The last path segment stands in, or the host where there is no path."""
    assert title_from("https://a.example/papers/attention%20paper/?x=1") == "attention paper"
    assert title_from("https://www.fast.ai/") == "fast.ai"

"""Addresses: the canonical form by which two mentions are one reading, and what a host suggests.

The canonical form is for comparing only. The address as the learner wrote it is what opens.
Nothing here may ask the network.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from studytrack.domain.library import ReadingKind

_TRACKING = re.compile(r"^(utm_.*|fbclid|gclid|si|pp|gi)$", re.IGNORECASE)
_ALIASES = {
    "m.youtube.com": "youtube.com",
    "music.youtube.com": "youtube.com",
    "twitter.com": "x.com",
    "mobile.twitter.com": "x.com",
    "mobile.x.com": "x.com",
    "export.arxiv.org": "arxiv.org",
}
_ARXIV = re.compile(
    r"^/(?:abs|pdf|html)/((?:[a-z-]+(?:\.[a-z]{2})?/\d{7}|\d{4}\.\d{4,5}))(?:v\d+)?(?:\.pdf)?$",
    re.IGNORECASE,
)
_BARE = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+(/|$)", re.IGNORECASE)

_KINDS: tuple[tuple[str, ReadingKind], ...] = (
    (r"youtube\.com/(@|c/|channel/|user/)", "channel"),
    (r"youtube\.com/playlist|[?&]list=", "course"),
    (r"^(youtube|vimeo)\.com", "video"),
    (r"^x\.com|^bsky\.app|^mastodon\.", "tweet"),
    (r"^(arxiv\.org|openreview\.net|aclanthology\.org|paperswithcode\.com|doi\.org)", "paper"),
    (r"^(github|gitlab)\.com|^codeberg\.org", "repo"),
    (r"^(coursera\.org|fast\.ai|edx\.org|udemy\.com|course\.)", "course"),
    (r"book[^/]*\.(org|com|io)|/[^/]*book[^/]*\.pdf$", "book"),
    (r"\.pdf$", "paper"),
)


def canonical(url: str) -> str:
    """Return the form of an address that stands for the reading behind it.

    Host in lower case without `www.`, no tracking, no fragment, no trailing slash, sorted
    parameters; arXiv's abs, pdf and versions are one, so are youtu.be and twitter/x.

    >>> canonical("http://www.arxiv.org/pdf/1409.0473v7.pdf")
    'https://arxiv.org/abs/1409.0473'
    >>> canonical("https://youtu.be/kCc8FmEb1nY?si=abc&t=308s")
    'https://youtube.com/watch?t=308s&v=kCc8FmEb1nY'
    """
    text = re.sub(r"[\x00-\x20\x7f]+", " ", url).strip()
    if _BARE.match(text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:  # such as an unclosed bracket in the host
        return text
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return text
    host = _host(parts.netloc)
    path = re.sub(r"[/\s]+$", "", parts.path)
    query = _query(parts.query, host)
    if host == "youtu.be" and path:
        host, query, path = "youtube.com", [*query, f"v={path.strip('/ ')}"], "/watch"
    paper = _ARXIV.match(path) if host == "arxiv.org" else None
    if paper:
        path, query = f"/abs/{paper[1].lower()}", []
    tail = f"?{'&'.join(sorted(query))}" if query else ""
    route = f"#{parts.fragment}" if parts.fragment.startswith(("/", "!")) else ""
    return f"https://{host}{path}{tail}{route}".strip()


def _host(netloc: str) -> str:
    host = netloc.rpartition("@")[2].lower()
    host = re.sub(r":(80|443)?$", "", host)
    while host.startswith("www.") and host != "www.":
        host = host.removeprefix("www.")
    return _ALIASES.get(host, host)


def _query(query: str, host: str) -> list[str]:
    pairs = [pair.strip() for pair in query.split("&")]
    return [
        pair
        for pair in pairs
        if pair
        and not _TRACKING.match(pair.partition("=")[0])
        and not (host == "github.com" and pair.startswith("tab="))
    ]


def guess_kind(url: str) -> ReadingKind:
    """Return what an address most likely leads to; a post where nothing speaks for more.

    >>> guess_kind("https://arxiv.org/abs/1706.03762"), guess_kind("https://a.b/post")
    ('paper', 'post')
    """
    address = canonical(url).removeprefix("https://")
    return next((kind for pattern, kind in _KINDS if re.search(pattern, address)), "post")


def title_from(url: str) -> str:
    """Return a stand-in for a missing title: the last path segment, else the host.

    >>> title_from("https://jupyter.org/install/"), title_from("https://www.fast.ai")
    ('install', 'fast.ai')
    """
    address = canonical(url).removeprefix("https://").split("?")[0].split("#")[0]
    return unquote(address.rstrip("/").rpartition("/")[2]) or address or url.strip()

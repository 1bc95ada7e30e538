"""The judge's process: reads requests from a socket and writes the judge's events back.

Transport only: what a request means is `judge`'s business.
"""

from __future__ import annotations

import socket
from typing import Any

from studytrack.grader.judge import Judge
from studytrack.grader.lockdown import hide_from_others
from studytrack.grader.wire import FrameReader, pack


def main(control: int) -> None:
    """Serve requests until the client closes the socket."""
    hide_from_others()
    link, reader, judge = socket.socket(fileno=control), FrameReader(), Judge()

    def emit(event: dict[str, Any]) -> None:
        link.sendall(pack(event))

    while data := link.recv(1 << 20):
        for request, buffers in reader.feed(data):
            judge.serve(request, buffers, emit)
    judge.close()

"""Where the learner's files lie, and how a submission is read."""

from __future__ import annotations

import os
from pathlib import Path

from studytrack.domain.exercise import SOURCE_CAP
from studytrack.files import read_below, read_regular
from studytrack.services.study import Study

MOST_BYTES = SOURCE_CAP + 1  # one more than a submission may have, so that excess is seen


def workspace(study: Study) -> Path:
    """Return the folder of the learner's files; nothing is created."""
    chosen = study.settings.workspace
    return Path(chosen).expanduser() if chosen else study.paths.workspace


def read_source(study: Study, path: Path) -> bytes:
    """Return a submission's bytes, at most one more than a submission may have.

    In the workspace no link is followed: an archive that was unpacked there may hold one to any
    file of the learner's. Elsewhere the path is the learner's own word.

    Raises:
        NotRegular: it is no regular file, or a link in the workspace.
        OSError: it cannot be read.
    """
    folder = Path(os.path.abspath(workspace(study)))  # noqa: PTH100 - resolve() would follow links
    full = Path(os.path.abspath(path))  # noqa: PTH100 - the same
    if full != folder and full.is_relative_to(folder):
        return read_below(folder, full.relative_to(folder).parts, MOST_BYTES)
    return read_regular(path, MOST_BYTES)

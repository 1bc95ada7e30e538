"""Opening the full-screen interface from the command line.

The only place where the command line touches it, by name at run time: the command line itself
stays free of textual.
"""

from __future__ import annotations

import importlib

from studytrack.cli.front import Front
from studytrack.config import Settings
from studytrack.errors import ConfigFault


def open_interface(front: Front) -> None:
    """Run the interface until the learner quits; unusable settings give way to the defaults."""
    from studytrack.services.grading import make_grader

    problem = ""
    try:
        study = front.study
    except ConfigFault as error:
        problem = f"{error} Running on the defaults; your file is untouched."
        study = front.open_study(Settings())
    app = importlib.import_module("studytrack.tui.app")
    try:
        app.run_app(study, lambda: make_grader(study.settings, study.paths), problem)
    finally:
        study.close()

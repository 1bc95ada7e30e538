"""Sets of parameters as fields of the log."""

from __future__ import annotations

from studytrack.domain.fsrs import DEFAULTS
from studytrack.domain.parameters import adopting, in_use, sets_of, using

LONGER = (*DEFAULTS[:3], 20.0, *DEFAULTS[4:])


def test_the_last_adopted_set_is_in_use_and_going_back_keeps_it() -> None:
    """Adopting brings a set into use; naming another leaves it in the list."""
    fields = adopting("one", LONGER, {"usable": 300})

    back = {**fields, **using("default")}

    assert (in_use(fields).id, in_use(fields).model.w) == ("one", LONGER)
    assert in_use(back).id == "default"
    assert [one.id for one in sets_of(back)] == ["default", "one"]
    assert sets_of(back)[1].facts["usable"] == 300


def test_a_set_that_cannot_be_read_leaves_the_defaults_in_use() -> None:
    """Damaged or of another algorithm: skipped, never an error in the middle of a quiz."""
    for stored in ({"parameters": [1.0]}, {"parameters": "x" * 21}, {}, "text", None):
        fields = {"use": "bad", "set:bad": stored}

        assert in_use(fields).id == "default"
        assert [one.id for one in sets_of(fields)] == ["default"]


def test_the_defaults_cannot_be_replaced() -> None:
    """A set named like the defaults is not taken for them."""
    assert in_use(adopting("default", LONGER, {})).model.w == DEFAULTS

"""Leaving the collector off for a while."""

from __future__ import annotations

import gc

import pytest

from studytrack.storage.bulk import uncollected


def test_the_collector_is_off_inside_and_on_again_after_a_fault() -> None:
    """Also where one stands inside another."""
    seen = []

    def break_off() -> None:
        with uncollected(), uncollected():
            seen.append(gc.isenabled())
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        break_off()

    assert (seen, gc.isenabled()) == ([False], True)


def test_a_collector_that_was_off_stays_off() -> None:
    """Whoever turned it off turns it on."""
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

"""A store in a fresh home."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from studytrack.storage.store import Store


@pytest.fixture
def open_store(paths) -> Iterator[Callable[[], Store]]:
    """Open the same home, as often as wanted."""
    opened: list[Store] = []

    def again() -> Store:
        opened.append(Store.open(paths))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store) -> Store:
    """An empty store."""
    return open_store()

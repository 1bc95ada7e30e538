"""An open studytrack: settings, clock, catalogue and store, each loaded on first use.

Front ends make one and hand it to every service. It decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from studytrack.clock import Clock
from studytrack.config import Settings, rollover_minutes
from studytrack.content.bugs import debug_form
from studytrack.content.decode import record
from studytrack.content.finder import content_root
from studytrack.content.loader import load_catalogue, term_cards
from studytrack.domain.cards import Card
from studytrack.domain.catalogue import Catalogue
from studytrack.domain.exercise import Exercise
from studytrack.domain.fsrs import Fsrs
from studytrack.domain.library import Advice, Note, Reading, Resource, Term
from studytrack.errors import ContentFault
from studytrack.paths import Paths
from studytrack.storage.bulk import uncollected

if TYPE_CHECKING:
    from studytrack.storage.store import Stamp, Store

Record = TypeVar("Record")


class Study:
    """What services work on.

    Args:
        paths: where things live.
        settings: the settings in force.
        clock: gives aware moments in the learner's zone.
        roots: content directories, the shipped one first; None is the shipped one alone.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        clock: Clock,
        roots: Sequence[Path] | None = None,
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.clock = clock
        self._roots = roots
        self.lock = threading.RLock()
        self.kept: dict[str, Any] = {}  # what services keep between calls; only ever a cache
        self._store: Store | None = None
        self._shipped: Catalogue | None = None
        self._merged: Catalogue | None = None

    def now(self) -> datetime:
        """Return the moment."""
        return self.clock()

    @property
    def rollover(self) -> int:
        """Minutes after midnight at which a study day begins."""
        return rollover_minutes(self.settings.study_rollover)

    def stamp(self) -> Stamp:
        """Return the moment as the log records it."""
        return self.store.stamp(self.now(), self.rollover)

    @property
    def store(self) -> Store:
        """The database; opened, and made if need be, on first use.

        Raises:
            StoreFault, EnvironmentFault: it cannot be opened.
        """
        if (open_one := self._store) is not None:  # asked for a dozen times in an answer
            return open_one
        with self.lock:
            if self._store is None:
                from studytrack.storage.store import Store

                self._store = Store.open(self.paths)
            return self._store

    def model(self, item_kind: str) -> Fsrs:
        """Return the model of memory with the parameters in use for a kind of item."""
        return self.store.in_use(item_kind).model

    @property
    def shipped(self) -> Catalogue:
        """The content of the directories, without the learner's own items.

        Raises:
            ContentFault: a content file breaks the rules.
        """
        with self.lock:
            if self._shipped is None:
                roots = self._roots if self._roots is not None else [content_root()]
                self._shipped = load_catalogue(roots)
            return self._shipped

    @property
    def catalogue(self) -> Catalogue:
        """The content, with the learner's own items after it."""
        if (merged := self._merged) is not None:
            return merged
        with self.lock:
            if self._merged is None:
                with uncollected():
                    self._merged = self._with_own(self.shipped)
            return self._merged

    def refresh(self) -> None:
        """Read the learner's own items again at the next use."""
        with self.lock:
            self._merged = None
            self.kept.clear()

    def notices(self) -> list[str]:
        """Return what the learner should know about how this is stored, each once."""
        with self.lock:
            if self._store is None:
                return []
            from studytrack.services.moments import held_warning

            told = [*self._store.notices(), held_warning(self)]
            return [text for text in told if text]

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _with_own(self, shipped: Catalogue) -> Catalogue:
        terms = self._own("term", Term, shipped.terms)
        own_term_cards = {card.id: card for term in terms.values() for card in term_cards(term)}
        return replace(
            shipped,
            readings={**shipped.readings, **self._own("reading", Reading, shipped.readings)},
            terms={**shipped.terms, **terms},
            advice={**shipped.advice, **self._own("advice", Advice, shipped.advice)},
            notes={**shipped.notes, **self._own("note", Note, shipped.notes)},
            resources={**shipped.resources, **self._own("resource", Resource, shipped.resources)},
            cards={**shipped.cards, **self._own("card", Card, shipped.cards), **own_term_cards},
            exercises={**shipped.exercises, **self._forms(shipped.exercises)},
        )

    def _forms(self, exercises: Mapping[str, Exercise]) -> dict[str, Exercise]:
        """Return the debug forms that the learner has come to."""
        found: dict[str, Exercise] = {}
        for name, fields in self.store.entities("exercise").items():
            form = name in exercises and debug_form(exercises[name], fields.get("debug", ""))
            if form:
                found[form.id] = form
        return found

    def _own(
        self, item_kind: str, cls: type[Record], shipped: Mapping[str, Any]
    ) -> dict[str, Record]:
        """Return the learner's own items of a kind; content wins an id."""
        found: dict[str, Record] = {}
        for name, fields in self.store.entities(item_kind).items():
            if "record" not in fields or name in shipped:
                continue
            try:
                found[name] = record(cls, fields["record"], f"{item_kind} `{name}`")
            except ContentFault:
                continue  # written by a newer version; it stays in the log and comes back with it
        return found

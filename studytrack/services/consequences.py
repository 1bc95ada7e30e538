"""What a graded attempt means for other items: the rows that are stored with it.

- A diagnosed mistake becomes a *bug card* of the learner's own, or brings that card forward.
- A failed exercise (rated *again*, or failed three times in a round) brings forward the cards of
  its topic that are least likely to be recalled, and gets its *debug* form for the next days.
- A pass buries its prerequisites, and its other form, that are due: they wait until the next study
  day, since passing the harder one has shown them.
- Where the learner wants it (`memory.credit`), a pass rated *good* or better also gives them credit
  (`services.credit`): they are firmer, and due later. A prerequisite that was due then waits by
  its new due day, and its burial has nothing left to do.
- A first pass brings the debug form too, and a pass of that form its next wrong version.

All of these rows carry the rating's event (or the attempt) as their `batch`: undoing the rating
takes them back. Nothing here rates anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from studytrack.content.bugs import bug_card, bug_card_id, debug_id, next_mistake
from studytrack.content.decode import plain
from studytrack.domain.exercise import Exercise
from studytrack.domain.log import LogRow
from studytrack.domain.progress import prerequisites
from studytrack.domain.ratings import AGAIN, GOOD, HARD_FAILURES
from studytrack.services.credit import credit_rows
from studytrack.services.evidence import homes, recall_now
from studytrack.services.study import Study

MOST_FORWARD = 5  # cards that one failed exercise brings forward


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What was just graded, or given up.

    `failed` counts the failed submissions of the round, this one included; `first_pass` says that
    it passed and never had before; `mistake` is what the diagnosis named first, "" for nothing;
    `batch` the event or attempt that the rows belong to.
    """

    exercise: Exercise
    passed: bool
    rating: int | None
    failed: int
    first_pass: bool
    mistake: str
    batch: str


def consequences(study: Study, happened: Happened) -> list[LogRow]:
    """Return the rows for other items; they are not stored yet."""
    whole = _whole(study, happened.exercise)
    rows: list[LogRow] = []
    if happened.passed:
        rows += _buried(study, happened)
        if study.settings.memory_credit and (happened.rating or 0) >= GOOD:
            rows += credit_rows(study, happened.exercise, happened.batch)
        if happened.first_pass or happened.exercise.form:
            rows += _debug(study, whole, "", happened.batch)
        return rows
    rows += _bug(study, whole, happened)
    if happened.rating == AGAIN or happened.failed == HARD_FAILURES:
        rows += _cards_forward(study, whole, happened.batch)
        if not happened.exercise.form:
            rows += _debug(study, whole, happened.mistake, happened.batch)
    return rows


def _whole(study: Study, exercise: Exercise) -> Exercise:
    return study.catalogue.exercises.get(exercise.whole, exercise)


def put_off_by(exercise: Exercise, known: Mapping[str, Exercise]) -> set[str]:
    """Return what a pass puts off where it is due: all that it needs, and its other form."""
    return prerequisites(exercise.id, known) | {exercise.whole, debug_id(exercise.id)} - {""}


def _buried(study: Study, happened: Happened) -> Iterator[LogRow]:
    exercise, today = happened.exercise, study.stamp().study_day
    memories = study.store.memories("exercise")
    for name in sorted(put_off_by(exercise, study.catalogue.exercises)):
        memory = memories.get(("exercise", name))
        if memory is None or memory.state == "new" or memory.suspended:
            continue
        if memory.due_day <= today and memory.buried_day != today:
            yield study.store.new_row(
                study.stamp(),
                kind="bury",
                item_kind="exercise",
                item_id=name,
                batch=happened.batch,
                evidence={"because": exercise.id},
            )


def _bug(study: Study, whole: Exercise, happened: Happened) -> list[LogRow]:
    """Return the row that makes or brings forward the card of the diagnosed mistake."""
    if not happened.mistake:
        return []
    name = bug_card_id(whole.id, happened.mistake)
    if name in study.catalogue.cards:
        return _forward(study, [name], whole.id, happened.batch)
    card = bug_card(whole, happened.mistake)
    if card is None:
        return []
    return [
        study.store.new_row(
            study.stamp(),
            kind="set",
            item_kind="card",
            item_id=card.id,
            batch=happened.batch,
            fields={"record": plain(card)},
            evidence={"because": whole.id},
        )
    ]


def _cards_forward(study: Study, whole: Exercise, batch: str) -> list[LogRow]:
    """Bring forward the cards of the topic that are least likely to be recalled."""
    catalogue, today = study.catalogue, study.stamp().study_day
    home, memories = homes(catalogue), study.store.memories("card")
    topic, model = home.get(whole.topic, whole.topic), study.model("card")
    likely: list[tuple[float, str]] = []
    for card in catalogue.cards.values():
        recall = recall_now(memories.get(("card", card.id)), today, model)
        if home.get(card.topic) == topic and recall is not None and not card.retired:
            likely.append((recall, card.id))
    return _forward(study, [name for _, name in sorted(likely)], whole.id, batch)[:MOST_FORWARD]


def _forward(study: Study, names: list[str], because: str, batch: str) -> list[LogRow]:
    """Return a row for each card that is due later and in no step."""
    today, memories = study.stamp().study_day, study.store.memories("card")
    rows: list[LogRow] = []
    for name in names:
        memory = memories.get(("card", name))
        if memory is None or memory.state == "new" or memory.suspended:
            continue
        if memory.due_day > today and memory.due_ms is None and memory.last_day < today:
            rows.append(
                study.store.new_row(
                    study.stamp(),
                    kind="forward",
                    item_kind="card",
                    item_id=name,
                    batch=batch,
                    evidence={"because": because},
                )
            )
    return rows


def _debug(study: Study, whole: Exercise, mistake: str, batch: str) -> list[LogRow]:
    """Return the row that sets the wrong version of the exercise's debug form."""
    known = study.store.entities("exercise").get(whole.id, {}).get("debug", "")
    turn = sum(attempt.passed for attempt in study.store.attempts(debug_id(whole.id)))
    wanted = mistake or next_mistake(whole, turn)
    if wanted == known:  # the pass that brings the next one is not stored yet
        wanted = next_mistake(whole, turn + 1)
    if not wanted or wanted == known:
        return []
    return [
        study.store.new_row(
            study.stamp(),
            kind="set",
            item_kind="exercise",
            item_id=whole.id,
            batch=batch,
            fields={"debug": wanted},
        )
    ]

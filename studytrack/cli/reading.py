"""`studytrack reading …`: the reading list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from studytrack.cli.front import Commands, Front, json_option, limit_option, pass_front
from studytrack.cli.output import emit_json, say, table

if TYPE_CHECKING:
    from studytrack.services.readings import ReadingView


@click.group(cls=Commands, help="The reading list: list, show, add, done, …")
def reading() -> None:
    """Group the reading commands."""


def reading_data(view: ReadingView) -> dict[str, Any]:
    """Return a reading as JSON shows it."""
    item = view.reading
    return {
        "id": item.id,
        "title": item.title,
        "url": item.url,
        "status": view.status,
        "kind": item.kind,
        "by": item.by,
        "text": item.text,
        "tip": item.tip,
        "topics": list(item.topics),
        "minutes": item.minutes,
        "progress": view.progress,
        "started": view.started or None,
        "finished": view.finished or None,
        "takeaways": [{"text": t.text, "card": t.card} for t in view.takeaways],
        "mentions": [
            {"list": m.list, "title": m.title, "url": m.url, "text": m.text} for m in item.mentions
        ],
    }


@reading.command("list", help="All readings, or those of one status.")
@click.option("--status", default="", help="inbox, next, reading, done, archived or dropped.")
@limit_option
@json_option
@pass_front
def list_readings(front: Front, status: str, limit: int | None, as_json: bool) -> None:
    """Print readings."""
    from studytrack.services.readings import readings

    views = readings(front.study, status)[:limit]
    if as_json:
        emit_json([reading_data(view) for view in views])
        return
    rows = [
        (view.reading.id, view.status, view.reading.kind, view.reading.title, view.reading.by)
        for view in views
    ]
    table(
        ("id", "status", "kind", "title", "by"),
        rows,
        "No reading here. `studytrack reading add URL` adds one.",
    )


def _tell(view: ReadingView, *, as_json: bool) -> None:
    if as_json:
        emit_json(reading_data(view))
    else:
        say(f"{view.reading.title}: {view.status}, {view.progress} %.")


@reading.command("show", help="A reading with its links, tip and takeaways.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def show_reading(front: Front, name: str, as_json: bool) -> None:
    """Print one reading."""
    from studytrack.services.readings import reading as find

    view = find(front.study, name)
    if as_json:
        emit_json(reading_data(view))
        return
    item = view.reading
    say(f"{item.title} ({item.kind}{', ' + item.by if item.by else ''}): {view.status}")
    say(item.url)
    for line in (item.text, f"Tip: {item.tip}" if item.tip else ""):
        if line:
            say(line)
    for mention in item.mentions[1:]:
        say(f"Also listed as: {mention.title} ({mention.list})")
    for takeaway in view.takeaways:
        say(f"Takeaway: {takeaway.text}")


@reading.command("add", help="Add a reading of your own.")
@click.argument("url")
@click.option("--title", default="", help="Its title; without one, the end of the address.")
@click.option("--kind", default="", help="paper, video, course, book, post, repo, tool, …")
@click.option("--topic", "topics", multiple=True, help="A topic or point; may be repeated.")
@json_option
@pass_front
def add_reading(
    front: Front, url: str, title: str, kind: str, topics: tuple[str, ...], as_json: bool
) -> None:
    """Add a reading."""
    from studytrack.services.readings import add

    view = add(front.study, url, title, kind=kind, topics=topics)
    if as_json:
        emit_json(reading_data(view))
    else:
        say(f"Added `{view.reading.id}` to the inbox.")


@reading.command("done", help="Finish a reading; a takeaway becomes a card.")
@click.argument("name", metavar="ID")
@click.option("--takeaway", help="One line: what did you learn?")
@json_option
@pass_front
def done_reading(front: Front, name: str, takeaway: str | None, as_json: bool) -> None:
    """Finish a reading."""
    from studytrack.services.readings import finish

    view = finish(front.study, name, takeaway)
    _tell(view, as_json=as_json)
    if takeaway and takeaway.strip() and not as_json:
        say(f"The takeaway is now the card `{view.takeaways[-1].card}`.")


@reading.command("progress", help="How far a reading is read, in percent.")
@click.argument("name", metavar="ID")
@click.argument("percent", type=click.IntRange(0, 100))
@json_option
@pass_front
def progress_reading(front: Front, name: str, percent: int, as_json: bool) -> None:
    """Set the progress."""
    from studytrack.services.readings import set_progress

    _tell(set_progress(front.study, name, percent), as_json=as_json)


def _status_command(verb: str, status: str, text: str) -> click.Command:
    @click.command(verb, help=text)
    @click.argument("name", metavar="ID")
    @json_option
    @pass_front
    def move(front: Front, name: str, as_json: bool) -> None:
        from studytrack.services.readings import set_status

        _tell(set_status(front.study, name, status), as_json=as_json)

    return move


for _verb, _status, _text in (
    ("next", "next", "Put a reading next."),
    ("start", "reading", "Begin a reading."),
    ("archive", "archived", "Archive a reading."),
    ("drop", "dropped", "Drop a reading: it stays on record, out of the way."),
    ("inbox", "inbox", "Put a reading back into the inbox."),
):
    reading.add_command(_status_command(_verb, _status, _text))

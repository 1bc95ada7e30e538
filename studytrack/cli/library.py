"""`studytrack term|note|advice|resource …`: what surrounds the curriculum."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from studytrack.cli.front import Commands, Front, json_option, pass_front
from studytrack.cli.output import emit_json, read_stdin, say, table


def _record(item: Any, **more: Any) -> dict[str, Any]:
    data = asdict(item)
    return {"id": data.pop("id"), "title": data.pop("title", ""), **data, **more}


@click.group(cls=Commands, help="The glossary: list, show, add.")
def term() -> None:
    """Group the glossary commands."""


@term.command("list", help="All terms.")
@json_option
@pass_front
def list_terms(front: Front, as_json: bool) -> None:
    """Print terms."""
    from studytrack.services.library import terms

    found = terms(front.study)
    if as_json:
        emit_json([_term(front, item) for item in found])
        return
    rows = [(item.id, item.title, item.text) for item in found]
    table(("id", "title", "text"), rows, "No term yet: `studytrack term add TITLE TEXT`.")


def _term(front: Front, item: Any) -> dict[str, Any]:
    errata = front.study.catalogue.errata_of(item.id)
    return _record(item, corrections=[{"was": e.was, "now": e.now, "why": e.why} for e in errata])


@term.command("show", help="A term with its corrections and links.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def show_term(front: Front, name: str, as_json: bool) -> None:
    """Print one term."""
    from studytrack.services.library import term as find

    item = find(front.study, name)
    if as_json:
        emit_json(_term(front, item))
        return
    say(f"{item.title} {item.text}")
    for erratum in front.study.catalogue.errata_of(item.id):
        say(f"Corrected: the document said “{erratum.was}”. {erratum.why}")
    for link in item.links:
        say(f"{link.title}: {link.url}")


@term.command("add", help="Add a term of your own; it becomes two cards.")
@click.argument("title")
@click.argument("text")
@json_option
@pass_front
def add_term(front: Front, title: str, text: str, as_json: bool) -> None:
    """Add a term."""
    from studytrack.services.library import add_term as add

    made = add(front.study, title, text)
    if as_json:
        emit_json(_record(made))
    else:
        say(f"Added `{made.id}`.")


@click.group("note", cls=Commands, help="Study notes: list, show, add.")
def note_group() -> None:
    """Group the note commands."""


@note_group.command("list", help="All notes.")
@json_option
@pass_front
def list_notes(front: Front, as_json: bool) -> None:
    """Print notes."""
    from studytrack.services.library import notes

    found = notes(front.study)
    if as_json:
        emit_json([_record(item) for item in found])
        return
    rows = [(item.id, item.topic, item.title) for item in found]
    table(("id", "topic", "title"), rows, "No note yet: `studytrack note add TITLE TEXT`.")


@note_group.command("show", help="A note.")
@click.argument("name", metavar="ID")
@json_option
@pass_front
def show_note(front: Front, name: str, as_json: bool) -> None:
    """Print one note."""
    from studytrack.services.library import note as find

    item = find(front.study, name)
    if as_json:
        emit_json(_record(item))
        return
    say(f"{item.title}\n\n{item.text.rstrip()}")


@note_group.command("add", help="Add a note; `-` as TEXT reads it from stdin.")
@click.argument("title")
@click.argument("text")
@click.option("--topic", default="", help="A topic or point.")
@json_option
@pass_front
def add_note(front: Front, title: str, text: str, topic: str, as_json: bool) -> None:
    """Add a note."""
    from studytrack.domain.plain_data import TEXT_CAP
    from studytrack.services.library import add_note as add

    most = 4 * TEXT_CAP + 1  # bytes; a character has up to four
    body = read_stdin(most).decode("utf-8", "replace") if text == "-" else text
    made = add(front.study, title, body, topic)
    if as_json:
        emit_json(_record(made))
    else:
        say(f"Added `{made.id}`.")


@click.command(help="Advice with its sources.")
@json_option
@pass_front
def advice(front: Front, as_json: bool) -> None:
    """Print all advice."""
    from studytrack.services.library import advice as all_advice

    found = all_advice(front.study)
    if as_json:
        emit_json([{**_record(item), "title": item.category} for item in found])
        return
    table(
        ("id", "category", "text", "source"),
        [(item.id, item.category, item.text, item.source.title) for item in found],
        "There is no advice. `studytrack import FILE` reads some from a document.",
    )


@click.group(cls=Commands, help="Places to train and meet: list, add.")
def resource() -> None:
    """Group the resource commands."""


@resource.command("list", help="All resources and communities.")
@json_option
@pass_front
def list_resources(front: Front, as_json: bool) -> None:
    """Print resources."""
    from studytrack.services.library import resources

    found = resources(front.study)
    if as_json:
        emit_json([_record(item) for item in found])
        return
    rows = [(item.id, item.kind, item.title, item.url) for item in found]
    table(("id", "kind", "title", "url"), rows, "None yet: `studytrack resource add TITLE URL`.")


@resource.command("add", help="Add a resource of your own.")
@click.argument("title")
@click.argument("url")
@json_option
@pass_front
def add_resource(front: Front, title: str, url: str, as_json: bool) -> None:
    """Add a resource."""
    from studytrack.services.library import add_resource as add

    made = add(front.study, title, url)
    if as_json:
        emit_json(_record(made))
    else:
        say(f"Added `{made.id}`.")

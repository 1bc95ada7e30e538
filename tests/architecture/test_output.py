"""One module of the command line writes to the terminal, so that one place makes texts visible."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "studytrack"
WRITERS = {"echo", "secho", "confirm", "prompt", "progressbar", "pause", "style", "echo_via_pager"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
APART = {"cli/output.py", "fitting/__main__.py"}  # the second speaks to its parent alone


def written(tree: ast.AST) -> list[str]:
    """Return what in a module writes to a stream: click's words, `print`, `sys.stdout.write`."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                found.append("print")
            case ast.Attribute(value=ast.Name(id="click"), attr=name) if name in WRITERS:
                found.append(f"click.{name}")
            case ast.ImportFrom(module="click", names=names):
                found += [f"click.{one.name}" for one in names if one.name in WRITERS]
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="sys"), attr=stream), attr="write" | "buffer"
            ) if stream in STREAMS:
                found.append(f"sys.{stream}")
    return found


def front_ends() -> list[Path]:
    """Return every module that could print."""
    folders = ("cli", "services", "tui", "domain", "content", "formats", "storage", "fitting")
    return [path for name in folders for path in sorted((ROOT / name).rglob("*.py"))]


@pytest.mark.parametrize(
    "code",
    [
        "print(1)",
        "click.echo(x)",
        "from click import secho",
        "sys.stderr.write(x)",
        "click.style(x)",
    ],
)
def test_each_way_to_write_is_seen(code) -> None:
    """So that the next test can fail."""
    assert written(ast.parse(code))


def test_nobody_else_writes_to_the_terminal() -> None:
    """All of it goes through `cli.output`."""
    found = {
        str(path.relative_to(ROOT)): written(ast.parse(path.read_text(encoding="utf-8")))
        for path in front_ends()
    }

    assert {} == {name: ways for name, ways in found.items() if ways and name not in APART}

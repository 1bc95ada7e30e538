"""Argument sets that nobody would type, made from each command's own parameters.

The commands come from click's tree, so that a new one is covered by itself. A seed gives the same
sets again. Paths lie in a small world of places that are no ordinary files.
"""

from __future__ import annotations

import os
import random
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from studytrack.config import setting_names

HIDDEN = re.compile(  # what no terminal may get, apart from line breaks and tabs
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ue000-\uf8ff\ufeff\U000e0000-\U000e007f]"
)
LONG, LONGER = "n" * 300, "n" * 100_000
TEXTS = (
    "",
    " \t ",
    "\n",
    LONG,
    LONGER,
    "a\0b",
    "\udc9b31m\udcff",
    "\ud800",
    "\x1b]0;title\x07\x1b[2J\x1b[31mred",
    "\x9b2J\x90q\x9c",
    "\x7f\x08\x08\r",
    "\u202egnp.exe\u2066",
    "\u2028\u2029\u200b\ufeff\U000e0041",
    "e" + "\u0301" * 2000,
    "٣",
    "Ⅷ",
    "短い\u3000",
    "短" * 50_000,
    "'; DROP TABLE log; --",
    '" OR 1=1 --',
    "%s%n{0.__class__}$(id)`id`",
    "../../../cwd",
    "https://example.org/\x1b[31m?q=%00#\udcff",
    "http://[::1",
    "file:///etc/passwd",
    "null",
    "[]",
    "-",
    "--",
    "-1",
    "--json",
    "--no-such-option=1",
)
NUMBERS = (
    *("0", "1", "-1", "+1", "1_0", "007", "1.5", "1e3", "0x10", "٣", "½", "nan", "inf", "-inf"),
    *(str(2**31), str(2**63), str(2**63 - 1), str(-(2**63)), str(10**30), "9" * 5000, "3650"),
)
DATES = (
    *("0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "-1-1-1", "today"),
    *(
        "1970-01-01",
        "2026-11-24T25:61:61+99:99",
        "2026-11-24T08:00:00+23:59",
        "\u0662\u0660\u0662\u0666-11-24",
    ),
)
RATINGS = ("0", "3", "4", "5", "again", "AGAIN", "good\n", "\uff13")
SETTINGS = (
    *("study.minutes", "workspace", "editor", "theme", "study.zone", "study.rollover"),
    *("memory.credit", "study.easy_days", "grader.run_seconds", "study"),
)
KNOWN = (
    *("recall.topk-tie", "num.float32-bytes", "add_one", "row_sum", "sampling", "pytorch.basics"),
    *("attention-paper", "top-k", "latest", "default", "clear", "done", "a", "s", "n"),
)
STDIN = (
    None,
    b"",
    b"\n",
    b"\xff\xfe\x00\x9b31m\n" * 50,
    b"3\nq\n",
    b"\n3\n" * 20,
    b"u\n\x1b[2J\nu\n?\nh\n:h\n" * 5,
    b"x" * 300_000,
    b"y\n",
    b'{"schema": "studytrack/1", "data": {"log": [{}], "attempts": [[]]}}',
    b"[" * 20_000,
    "# Title\n\n| a | \x1b[31m |\n|---|---|\n- [ ] \u202e [x](http://[::1)\n".encode(),
)

ZONES = (
    *(
        "UTC-25",
        "UTC+25",
        "UTC-24",
        "<+25>-25",
        "X-167:59:59",
        "A" * 5000,
        "\udcff",
        ":/etc/passwd",
    ),
    *("Europe/Berlin", "EST5EDT,M3.2.0,M11.1.0", "UTC-23:59:59", ""),
)
MOMENTS = (
    *("1970-01-01T00:00:00+00:00", "8999-12-31T23:59:59+00:00", "2026-11-24T08:00:00+23:59:59"),
    *("2026-11-24T08:00:00-23:59:31", "1970-01-01T00:00:00+14:00", "2100-02-29T00:00:00Z"),
)
USUAL = """
today
config list
config list --json
config path
config set editor x
card list
card next
card answer recall.topk-tie 3
stats
doctor
topic list
reading list
review
exercise show add_one
exercise open add_one
exercise reset add_one
grade add_one
grade --all .
grade --stop-server
note add a b
export json
simulate --days 5
backup
backup --list
undo
""".strip().splitlines()


@dataclass(frozen=True)
class Given:
    """One call: words, stdin (None is a closed one) and the width where stdout is a terminal."""

    words: list[str]
    stdin: bytes | None
    columns: int | None
    environ: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = [word if len(word) < 400 else f"{word[:20]}…{len(word)}" for word in self.words]
        given = {name: value[:60] for name, value in self.environ.items()}
        stdin = self.stdin[:40] if self.stdin else self.stdin
        return f"{shown!a} stdin={stdin!r} {self.columns} {given!a}"


@dataclass
class World:
    """Odd places below one folder, and what a call was allowed to write there."""

    root: Path
    places: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path) -> World:
        """Make the places."""
        odd = root / "odd"
        odd.mkdir(parents=True)
        (root / "cwd").mkdir()
        (odd / "folder").mkdir()
        (odd / "folder" / "add_one.py").write_text("def add_one(x):\n    return x + 1\n")
        (odd / "folder" / "row_sum__b.py").symlink_to("/etc/passwd")
        os.mkfifo(odd / "folder" / "add_one__pipe.py")
        (odd / "empty").write_bytes(b"")
        (odd / "binary.py").write_bytes(b"\xff\xfe\x00\x9b" * 500)
        (odd / "right.py").write_text("def add_one(x):\n    return x + 1\n")
        (odd / "big.py").write_bytes(b"#" * 300_000)
        (odd / "deep.json").write_text("[" * 30_000)
        (odd / "half.json").write_text('{"schema": "studytrack/1", "data": {"log": [{"kind": 1}]}}')
        (odd / "wrong.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
        (odd / "wrong.jsonl").write_bytes(b'{"log": [1, 2\n\0\xff\n' * 20)
        (odd / "readme.md").write_bytes(b"# \x1b[31m\n- [ ] **a\x9b** \xe2\x80\xae: b\n" * 9)
        os.mkfifo(odd / "pipe")
        (odd / "loop").symlink_to("loop")
        (odd / "dangling").symlink_to("nowhere/at/all")
        (odd / "link.csv").symlink_to("right.py")
        (odd / "shut").mkdir(mode=0)
        name = os.fsdecode(os.fsencode(odd) + b"/caf\xe9\x1b[31m.py")
        Path(name).write_text("def add_one(x):\n    return x + 1\n")
        with socket.socket(socket.AF_UNIX) as listening:
            here = os.open(odd, os.O_RDONLY)  # the whole path may be longer than a socket's may be
            listening.bind(f"/proc/self/fd/{here}/socket")
            os.close(here)
        places = [str(path) for path in sorted(odd.iterdir())]
        more = (f"new/{LONG}", LONG, f"{'d/' * 3000}x", "new.csv", "new.json", "new.md", "a\0b")
        places += [f"{odd}/{name}" for name in more]
        places += ["/dev/null", "/dev/zero", "/dev/full", "/dev/stdin", "/proc/self/mem", "/", "."]
        return cls(root, [*places, f"{odd}/right.py/below", "~nobody/x", "-", "new.csv"])


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every command that does something, the bare root included."""
    if not isinstance(group, click.Group):
        yield path
        return
    if group.invoke_without_command:
        yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        yield from commands(found, (*path, name))


def command_at(group: click.Command, path: tuple[str, ...]) -> click.Command:
    """Return the command of a path."""
    for name in path:
        assert isinstance(group, click.Group)
        found = group.get_command(click.Context(group), name)
        assert found is not None
        group = found
    return group


class Hostile:
    """A source of argument sets for one command."""

    def __init__(self, root: click.Command, path: tuple[str, ...], world: World, seed: int) -> None:
        self.chance = random.Random(f"{seed} {' '.join(path)}")  # a text gives the same everywhere
        self.root, self.path, self.world = root, path, world
        self.command = command_at(root, path)

    def draw(self) -> Given:
        """Return a fresh set."""
        chance = self.chance
        words = self._options(self.root, 0.04) if self.path else []
        words += [*self.path, *self._options(self.command, 0.4)]
        arguments = [p for p in self.command.params if isinstance(p, click.Argument)]
        for parameter in arguments:
            if chance.random() < 0.9:  # missing ones too
                words += ["--"] * (chance.random() < 0.3)
                count = chance.randrange(4) if parameter.nargs == -1 else 1
                words += [self._value(parameter) for _ in range(count)]
        if chance.random() < 0.1:  # and one too many
            words.append(self._text())
        columns = chance.choice([None, None, 1, 20, 80])
        return Given(words, chance.choice(STDIN), columns)

    def _options(self, command: click.Command, share: float) -> list[str]:
        words: list[str] = []
        for option in command.params:
            if not isinstance(option, click.Option) or self.chance.random() > share:
                continue
            if option.name in {"help", "version"} and self.chance.random() < 0.9:
                continue
            name = self.chance.choice(option.opts)
            for _ in range(1 + (self.chance.random() < 0.1)):
                words += [name] if option.is_flag else [name, self._value(option)]
        if self.chance.random() < 0.05:
            words.append(self._text())
        return words

    def _text(self) -> str:
        return self.chance.choice((*TEXTS, *NUMBERS, *DATES))

    def _value(self, parameter: click.Parameter) -> str:
        """Return a value near a parameter's type, or anything."""
        chance, kind = self.chance, parameter.type
        if chance.random() < 0.25:
            return self._text()
        if isinstance(kind, click.Path):
            return chance.choice(self.world.places)
        if isinstance(kind, click.Choice):
            return chance.choice([*kind.choices, "", "CPU"])
        if isinstance(kind, (click.types.IntParamType, click.types.FloatParamType)):
            return chance.choice(NUMBERS)
        if isinstance(kind, click.DateTime):
            return chance.choice(DATES)
        pool = (*KNOWN, *KNOWN, *TEXTS)
        if self.path[:1] == ("config",):
            pool = (*SETTINGS, *NUMBERS, *TEXTS)
        elif parameter.name in {"rating", "text", "percent"}:
            pool = (*RATINGS, *NUMBERS, *TEXTS)
        return chance.choice(pool)


def surroundings(world: World, seed: int) -> Iterator[Given]:
    """Yield usual commands in environments that nobody would set up; without an end."""
    chance = random.Random(seed)
    texts = [t for t in (*TEXTS, *NUMBERS, *DATES) if "\0" not in t and "\ud800" not in t]
    odd = [p for p in world.places if p.startswith(str(world.root)) and "\0" not in p]
    homes = [*odd, f"{world.root}/new", "relative", ".", "\udcff\x1b[31m", LONG]
    names = [f"STUDYTRACK_{name.upper()}" for name in setting_names().values()]
    while True:
        environ = {}
        pools = {
            "TZ": ZONES,
            "STUDYTRACK_NOW": (*MOMENTS, *DATES, ""),
            "STUDYTRACK_HOME": (*homes, "~nobody-of-this-name/x"),
            "HOME": (*homes, "~", "/dev/null"),
            "COLUMNS": ("0", "1", "-5", "9" * 5000, "x"),
            "TERM": ("", "dumb", "\x1b[31m"),
            "EDITOR": texts,
            "XDG_RUNTIME_DIR": homes,
        }
        for name, pool in pools.items():
            if chance.random() < 0.25:
                environ[name] = chance.choice(pool)
        for name in chance.sample(names, chance.choice([0, 0, 1, 2])):
            environ[name] = chance.choice(texts)
        if chance.random() < 0.2 and environ.get("HOME") != "":  # all by HOME and XDG
            environ["STUDYTRACK_HOME"] = ""
            for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
                environ[name] = chance.choice([*homes, ""])
        yield Given(chance.choice(USUAL).split(), b"3\n", chance.choice([None, 1, 80]), environ)

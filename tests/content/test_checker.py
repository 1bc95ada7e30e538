"""The rules of `studytrack dev check` that run no code: each is broken once, and seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studytrack.content.checker import check_content

CARD = '[[cards]]\nid = "x.card"\ntopic = "sampling"\n'
ADD_ONE = "exercises/basics/add_one"


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny catalogue that a test may spoil."""
    root = tmp_path / "content"
    shutil.copytree(tiny, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def change(copy: Path) -> Callable[[str, str, str], None]:
    """A function that replaces text in a file of the copy."""

    def replace(name: str, old: str, new: str) -> None:
        path = copy / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def add(copy: Path) -> Callable[[str, str], None]:
    """A function that appends text to a file of the copy."""

    def append(name: str, text: str) -> None:
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")

    return append


def messages(root: Path) -> list[str]:
    """Return all problems of a root as lines of item and message."""
    return [f"{problem.item}: {problem.message}" for problem in check_content([root])]


def test_the_tiny_catalogue_keeps_all_rules(tiny: Path):
    """Sound content has no problem."""
    assert check_content([tiny]) == []


def test_checking_needs_no_torch(tiny: Path):
    """A fresh process that checks content has not imported torch or numpy."""
    code = (
        "import sys, pathlib; from studytrack.content.checker import check_content;"
        f"check_content([pathlib.Path({str(tiny)!r})]);"
        "print([n for n in ('torch', 'numpy', 'sqlalchemy', 'textual') if n in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_problems_name_file_and_item_and_come_sorted(copy: Path, add):
    """A problem can be found: its file, its item, and a full sentence of what to do."""
    add("data/cards/sampling.toml", CARD + 'kind = "typed"\nfront = ""\nback = "b"\n')
    add("data/advice.toml", "[[advice]]\n")

    problems = check_content([copy])

    assert problems == sorted(problems)
    assert [(Path(p.file).name, p.item) for p in problems] == [
        ("advice.toml", "entry 3"),
        ("sampling.toml", "x.card"),
        ("sampling.toml", "x.card"),
    ]
    assert all(problem.message.endswith(".") for problem in problems)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ('kind = "recall"\nfront = "f"', "needs a `back`"),
        ('kind = "recall"\nfront = ""\nback = "b"', "`front` is empty"),
        ('kind = "typed"\nfront = "f"', "needs an `answer`"),
        ('kind = "typed"\nfront = "A Scalar?"\nanswer = "scalar"', "gives the answer away"),
        ('kind = "cloze"\nfront = "no gap"', "needs a gap"),
        ('kind = "cloze"\nfront = "{{a;b}}"', "holds no `;`"),
        ('kind = "choice"\nfront = "f"\nchoices = ["a"]\nanswer = "a"', "2 to 8 `choices`"),
        (
            'kind = "choice"\nfront = "f"\nchoices = ["a", "b"]\nanswer = "c"',
            "a letter from a to b",
        ),
        ('kind = "choice"\nfront = "f"\nchoices = ["a", "A"]\nanswer = "a"', "are the same"),
        ('kind = "choice"\nfront = "f"\nchoices = ["a", "b"]\nanswer = "a"\nwhy = ["w"]', "`why`"),
        ('kind = "numeric"\nfront = "f"\nanswer = "many"', "a number as Python writes it"),
        ('kind = "numeric"\nfront = "f"\nanswer = "inf"', "a number as Python"),
        ('kind = "shape"\nfront = "f"\nanswer = "two"', "a shape such as (2, 3)"),
        ('kind = "recall"\nfront = "f"\nback = "b"\nlevel = 6', "`level` goes from 1 to 5"),
        ('kind = "recall"\nfront = "f"\nback = "b "', "begins or ends with a space"),
        ('kind = "recall"\nfront = "f"\nback = "b"\nterm = "topk"', "Did you mean `top-k`?"),
        ('kind = "recall"\nfront = "f"\nback = "b"\nexercise = "none"', "no exercise `none`"),
        ('kind = "recall"\nfront = "f"\nback = "b"\nreading = "none"', "no reading `none`"),
        ('kind = "riddle"\nfront = "f"', "Invalid enum value 'riddle'"),
    ],
)
def test_a_faulty_card_is_named(copy: Path, add, card: str, words: str):
    """Every form of every kind, and every reference of a card, is looked at."""
    add("data/cards/sampling.toml", f"\n{CARD}{card}\n")

    found = messages(copy)

    assert len(found) == 1
    assert found[0].startswith("x.card: ")
    assert words in found[0]


def test_an_answer_inside_another_word_is_not_given_away(copy: Path, add):
    """Only whole words count: `rank` does not stand in `franking`."""
    add("data/cards/sampling.toml", f'{CARD}kind = "typed"\nfront = "Franking?"\nanswer = "rank"\n')

    assert messages(copy) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("curriculum.toml", 'needs = ["pytorch.basics"]', 'needs = ["pytorch"]', "no topic `py"),
        ("curriculum.toml", "pytorch.basics.tensors", "tensors", "begins with `pytorch.basics.`"),
        ("curriculum.toml", '"Tensors"', '""', "`title` is empty"),
        ("readings.toml", '["pytorch.basics"]', '["pytorch.basic"]', "Did you mean"),
        ("readings.toml", "minutes = 10", "minutes = 0", "`minutes`"),
        ("readings.toml", "https://books.example/depth", "books.example", "no web address"),
        (
            "readings.toml",
            "videos.example/broadcasting",
            "videos.example/attention",
            "same address",
        ),
        ("readings.toml", 'id = "deep-book"', 'id = "Deep Book"', "badly formed"),
        ("readings.toml", 'kind = "book"', 'kind = "tome"', "Invalid enum value 'tome'"),
        ("glossary.toml", 'confused = ["top-k"]', "", "Add `top-k` to `confused`"),
        ("glossary.toml", 'confused = ["top-k"]', 'confused = ["topk"]', "Did you mean `top-k`?"),
        ("glossary.toml", 'confused = ["top-k"]', 'confused = ["top-p"]', "not confused with"),
        ("glossary.toml", 'topics = ["sampling.topp"]', "", "has no topic"),
        ("glossary.toml", "https://posts.example/sampling", "ftp://x", "no web address"),
        ("advice.toml", "https://posts.example/steps", "", "no web address"),
        ("advice.toml", '"Study"', '" "', "`category` is empty"),
        ("notes.toml", '"pytorch.basics"', '"pytorch.basic"', "no topic `pytorch.basic`"),
        ("errata.toml", '"tensor-facts"', '"tensor-fact"', "no record `tensor-fact`"),
        ("errata.toml", '"torch.int8"]', "]", "as many cells"),
        ("errata.toml", 'signed) | torch.int16"', 'signed) | torch.int8"', "the same text"),
        ("errata.toml", "torch.int16 is the signed 16-bit type.", "", "all need a text"),
        ("resources.toml", 'id = "notebooks"', 'id = "install"', "in use already, in this file"),
        ("cards/sampling.toml", "recall.topk-tie", "choice.topp-crossing", "in use already"),
        ("cards/sampling.toml", "recall.topk-tie", "term.topk-tie", "made from the glossary"),
    ],
)
def test_a_faulty_record_is_named(copy: Path, change, name: str, old: str, new: str, words: str):
    """Ids, references, texts and addresses of all other records are looked at."""
    change(f"data/{name}", old, new)

    assert any(words in message for message in messages(copy))


def test_topics_may_not_need_each_other(copy: Path, change):
    """A circle of prerequisites is named with its way."""
    change(
        "data/curriculum.toml",
        'title = "PyTorch Basics"',
        'title = "PyTorch Basics"\nneeds = ["sampling"]',
    )

    found = [message for message in messages(copy) if "need each other" in message]

    assert len(found) == 1
    assert "pytorch.basics" in found[0]
    assert "sampling" in found[0]


def test_exercises_may_not_need_each_other(copy: Path, change):
    """The same holds for exercises."""
    change(f"{ADD_ONE}/statement.md", "level = 1", 'level = 1\nneeds = ["row_sum"]')

    assert any("The exercises need each other" in message for message in messages(copy))


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("statement.md", '"pytorch.basics"', '"pytorch"', "no topic `pytorch`"),
        ("statement.md", "pytorch.basics.operations", "pytorch.basics.none", "no topic"),
        ("statement.md", 'topic = "pytorch.basics"', 'topic = ""', "`topic` is empty"),
        ("statement.md", "level = 1", 'level = 1\nterms = ["top-q"]', "no term `top-q`"),
        ("statement.md", "level = 1", 'level = 1\nneeds = ["add_two"]', "no exercise `add_two`"),
        ("statement.md", "level = 1", "level = 0", "`level` goes from 1 to 5"),
        ("statement.md", "minutes = 5", "minutes = 0", "`minutes` goes from 1"),
        ("statement.md", "level = 1", "level = 1\nmutates = [-1]", "counts arguments from 0"),
        ("statement.md", '"float32"', '"float23"', "`float23` is no dtype"),
        ("statement.md", '  "Tensors add entry by entry.",\n', "", "at least 2 hints"),
        ("statement.md", "Tensors add entry by entry.", "", "A hint is empty"),
        ("statement.md", 'entry = "add_one"', 'entry = "add_two"', "no function `add_two`"),
        ("statement.md", "level = 1", 'level = 1\nkind = "class"', "no class `add_one`"),
        ("statement.md", "level = 1", 'level = 1\nid = "other"', "is not written in the front"),
        ("reference.py", "    return x + 1\n", "    x = x\n" * 41, "has 41 lines; 40 are allowed"),
        ("reference.py", "    # end", "    # fin", "in pairs"),
        ("checks.py", "@mistake(", "@alternative\n@str(", "no @mistake"),
        ("checks.py", "@alternative\n", "", "no @alternative"),
        ("checks.py", "case(", "print(", "no case and no check"),
        ("checks.py", "def adds_two(x):", "def adds_two(x:", "does not parse"),
    ],
)
def test_a_faulty_exercise_is_named(copy: Path, change, name: str, old: str, new: str, words: str):
    """Front matter, reference and checks are looked at without being run."""
    change(f"{ADD_ONE}/{name}", old, new)

    assert any(words in message for message in messages(copy))


def test_an_exercise_without_statement_text_is_named(copy: Path):
    """There is something to read."""
    path = copy / ADD_ONE / "statement.md"
    front = path.read_text(encoding="utf-8").split("+++\n")[1]
    path.write_text(f"+++\n{front}+++\n", encoding="utf-8")

    assert "add_one: The statement is empty. Write what is asked." in messages(copy)


def test_a_region_outside_of_a_function_is_named(copy: Path, add):
    """A starter that raises on being loaded helps nobody."""
    add(f"{ADD_ONE}/reference.py", "\n\n# solution\nONE = 1\n# end\n")

    assert any("outside of a function" in message for message in messages(copy))


def test_a_starter_that_does_not_parse_is_named(copy: Path, change):
    """A region may not take half a statement away."""
    change(f"{ADD_ONE}/reference.py", "    # solution\n", "    if x:\n    # solution\n")

    assert any("add_one" in message for message in messages(copy))


def test_a_draft_needs_no_mistakes_yet(copy: Path, change):
    """An exercise that is marked as a draft may be unfinished."""
    change(f"{ADD_ONE}/statement.md", "level = 1", 'level = 1\nstatus = "draft"')
    change(f"{ADD_ONE}/checks.py", "@alternative\n", "")

    assert messages(copy) == []


@pytest.mark.parametrize(
    "name",
    [
        "exercises/README.md",
        "exercises/basics/old.py",
        f"{ADD_ONE}/notes.txt",
        f"{ADD_ONE}/old/reference.py",
        "data/extra.toml",
        "data/cards/notes.md",
    ],
)
def test_stray_files_are_named(copy: Path, add, name: str):
    """What no rule expects is named, wherever it lies."""
    add(name, "x = 1\n")

    problems = check_content([copy])

    assert len(problems) == 1
    assert problems[0].file in str(copy / name)


def test_an_asset_that_the_checks_name_is_no_stray_file(copy: Path, add):
    """A small file that the code reads may lie beside it."""
    add(f"{ADD_ONE}/words.txt", "one\n")
    add(f"{ADD_ONE}/checks.py", '\nWORDS = "words.txt"\n')

    assert messages(copy) == []


def test_caches_are_no_stray_files(copy: Path, add):
    """What Python leaves behind is passed over."""
    add(f"{ADD_ONE}/__pycache__/reference.cpython-311.pyc", "")
    add("exercises/__pycache__/x.pyc", "")

    assert messages(copy) == []


def test_an_unfinished_folder_is_named(copy: Path):
    """A folder without a statement is not passed over in silence."""
    (copy / "exercises" / "basics" / "later").mkdir()

    assert messages(copy) == ["later: statement.md, reference.py, checks.py missing."]


def test_an_exercise_name_is_an_identifier(copy: Path):
    """The name is also that of the learner's file."""
    folder = copy / ADD_ONE
    folder.rename(folder.with_name("add-two"))

    assert any(
        "Use words of small letters and digits, joined by underscores" in message
        for message in messages(copy)
    )


def test_two_units_may_not_share_an_exercise(copy: Path):
    """An exercise id is unique over all units."""
    shutil.copytree(copy / ADD_ONE, copy / "exercises" / "more" / "add_one")

    assert any("add_one: The exercise id is in use already" in line for line in messages(copy))


def test_a_learners_folder_may_name_shipped_records(tiny: Path, tmp_path: Path):
    """Roots are judged together: an own card may belong to a shipped topic."""
    cards = tmp_path / "data" / "cards"
    cards.mkdir(parents=True)
    (cards / "own.toml").write_text(
        f'{CARD}kind = "recall"\nfront = "f"\nback = "b"\nexercise = "add_one"\n', encoding="utf-8"
    )

    assert check_content([tiny, tmp_path]) == []
    assert len(check_content([tmp_path])) == 2


def test_unreadable_files_stop_nothing_else(copy: Path, add):
    """A file that is no TOML is one problem among the others."""
    add("data/notes.toml", "= = =\n")
    add("data/cards/sampling.toml", "x = \n")

    names = [Path(problem.file).name for problem in check_content([copy])]

    assert {"notes.toml", "sampling.toml"} <= set(names)

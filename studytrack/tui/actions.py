"""One table of everything a key does.

The bindings of every screen, the footer (in table order), the `?` page and the palette are made
from it, so that they cannot disagree. A row's `name` is the Textual action it runs. No screen may
bind a key of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "everywhere"  # reachable on each screen
LIST = "list"  # reachable where a list has the focus
TYPING = "typing"  # shown while a text box has the focus
MODES: tuple[str, ...] = (
    "today",
    "review",
    "curriculum",
    "readings",
    "words",
    "exercises",
    "stats",
)
LISTING: tuple[str, ...] = ("today", "curriculum", "readings", "words", "exercises")
SCREENS: tuple[str, ...] = (*MODES, "exercise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a key does on some screens.

    `shadows` names an everywhere action whose key this one takes while it is possible; it is the
    only way in which two actions may share a key. `cli` is the command that does the same. Rows
    that follow each other and share a `group` are one line of the `?` page, which it describes.
    """

    name: str
    key: str
    verb: str
    description: str
    screens: tuple[str, ...]
    shown: bool = True
    cli: str = ""
    shadows: str = ""
    group: str = ""


def _row(
    screens: str,
    key: str,
    name: str,
    verb: str,
    description: str,
    *,
    shown: bool = True,
    cli: str = "",
    shadows: str = "",
    group: str = "",
) -> Action:
    return Action(
        name=name,
        key=key,
        verb=verb,
        description=description,
        screens=tuple(screens.split()),
        shown=shown,
        cli=cli,
        shadows=shadows,
        group=group,
    )


ACTIONS: tuple[Action, ...] = (
    # today
    _row("today", "space", "start_all", "start all", "Start the whole plan, step by step"),
    _row("today", "enter", "open", "open", "Open the chosen step", cli="today"),
    _row("today", "l", "learn_new", "learn new", "Learn five more new cards today"),
    _row("today", "i", "bring_in", "import", "Import a file", shown=False, cli="import"),
    # review
    _row("review", "enter", "reveal", "reveal", "Show the answer, or accept the proposed rating"),
    _row("review", "space", "go", "reveal", "Show the answer; at the end, the plan's next step"),
    *(
        _row(
            "review",
            letter,
            f"choose({number})",
            letter,
            f"Choose answer {letter}",
            shown=False,
            shadows=shadowed,
            group="Choose an answer",
        )
        for number, (letter, shadowed) in enumerate(
            [("a", "add"), ("b", "mode('readings')"), ("c", "mode('curriculum')"), ("d", "")]
        )
    ),
    *(
        _row(
            "review",
            str(number),
            f"rate({number})",
            verb,
            f"Rate {verb}",
            cli="card answer",
            group="Rate: again, hard, good, easy",
        )
        for number, verb in enumerate(("Again", "Hard", "Good", "Easy"), start=1)
    ),
    _row("review", "tab", "type", "type", "Type an answer", shown=False),
    _row("review", "h", "hint", "hint", "Show the card's hint"),
    _row("review", "l", "learn_new", "learn new", "Learn five more new cards today"),
    _row(
        "review",
        "x",
        "code_it",
        "code it",
        "Open the exercise that proves this card",
        shadows="mode('exercises')",
    ),
    _row(
        "review",
        "z",
        "suspend",
        "suspend",
        "Never ask this card again (undo: u)",
        shown=False,
        cli="card suspend",
    ),
    _row(
        "review",
        "minus",
        "bury",
        "bury",
        "Put this card off until tomorrow",
        shown=False,
        cli="card bury",
    ),
    _row(
        "review",
        "m",
        "master",
        "mastered",
        "Known for good: take this card out of rotation",
        shown=False,
        cli="card master",
    ),
    _row(
        "review",
        "f",
        "flag",
        "flag",
        "Flag this card to look at again",
        shown=False,
        cli="card flag",
    ),
    _row("review", "a", "add", "add", "Add a card of your own", shown=False, cli="card add"),
    # curriculum
    _row(
        "curriculum",
        "space",
        "mark",
        "mark",
        "Mark done, then skipped, then back to what was earned",
        cli="topic mark",
    ),
    _row("curriculum", "enter", "open", "study", "Review the topic's cards; fold or unfold a part"),
    _row(
        "curriculum",
        "h,left",
        "fold(True)",
        "fold",
        "Fold the part or topic",
        group="Fold, unfold a part; a topic shows its points",
    ),
    _row(
        "curriculum",
        "l,right",
        "fold(False)",
        "unfold",
        "Unfold the part, or the topic's points",
        group="Fold, unfold a part; a topic shows its points",
    ),
    # readings
    _row(
        "readings",
        "space",
        "finish",
        "done",
        "Done: write down what you learnt; it becomes a card",
        cli="reading done",
    ),
    _row("readings", "enter", "begin", "start", "Start reading", cli="reading start"),
    _row("readings", "N", "move('next')", "next", "Put it next", cli="reading next"),
    _row("readings", "A", "move('archived')", "archive", "Archive it", cli="reading archive"),
    _row("readings", "X", "move('dropped')", "drop", "Drop it", shown=False, cli="reading drop"),
    _row(
        "readings",
        "plus",
        "progress(10)",
        "progress",
        "Read a tenth more",
        shown=False,
        cli="reading progress",
    ),
    _row("readings", "minus", "progress(-10)", "less", "Read a tenth less", shown=False),
    _row("readings", "o", "open_link", "link", "Open its address in the browser"),
    _row("readings", "f", "filter", "filter", "Show another status", cli="reading list"),
    _row("readings", "a", "add", "add", "Add an address", cli="reading add"),
    # words
    _row("words", "f", "filter", "terms, notes, …", "Terms, notes, advice, resources"),
    _row("words", "o", "open_link", "link", "Open its first address in the browser"),
    _row("words", "a", "add", "add", "Add a term or a note of your own", cli="term add"),
    # exercises
    _row("exercises", "enter", "open", "open", "Open the exercise", cli="exercise show"),
    _row("exercises", "f", "filter", "filter", "All, or those to do", cli="exercise list"),
    # one exercise
    _row("exercise", "e", "edit", "edit", "Edit your file in $EDITOR", cli="exercise open"),
    _row("exercise", "enter,g", "grade", "check", "Grade the saved file", cli="grade"),
    _row("exercise", "h", "hint", "hint", "Show the next hint", cli="exercise hint"),
    _row(
        "exercise",
        "v",
        "solution",
        "solution",
        "Show the solution after a pass; twice gives up",
        cli="exercise solution",
    ),
    _row("exercise", "space", "go", "go on", "Go on with the plan's next step"),
    _row("exercise", "d", "turn", "task", "Show the task, or the result, in a narrow window"),
    _row(
        "exercise",
        "R",
        "reset",
        "start over",
        "Start over; your file is kept beside the new one",
        shown=False,
        cli="exercise reset",
    ),
    _row(
        "review exercise stats",
        "j,down",
        "glide(1)",
        "down",
        "Scroll down",
        shown=False,
        group="Scroll",
    ),
    _row(
        "review exercise stats", "k,up", "glide(-1)", "up", "Scroll up", shown=False, group="Scroll"
    ),
    # stats
    _row("stats", "p", "period", "period", "7, 30, 90 or 365 days", cli="stats"),
    # lists
    _row("list", "j,down", "cursor(1)", "down", "Move down", shown=False, group="Move"),
    _row("list", "k,up", "cursor(-1)", "up", "Move up", shown=False, group="Move"),
    _row(
        "list",
        "home",
        "edge(-1)",
        "first",
        "First row",
        shown=False,
        group="First or last row, a page up or down",
    ),
    _row(
        "list",
        "end",
        "edge(1)",
        "last",
        "Last row",
        shown=False,
        group="First or last row, a page up or down",
    ),
    _row(
        "list",
        "pageup",
        "page(-1)",
        "page up",
        "A page up",
        shown=False,
        group="First or last row, a page up or down",
    ),
    _row(
        "list",
        "pagedown",
        "page(1)",
        "page down",
        "A page down",
        shown=False,
        group="First or last row, a page up or down",
    ),
    # text boxes
    _row("typing", "enter", "submit", "submit", "Submit what was typed"),
    _row("typing", "escape", "leave", "leave", "Leave the text box"),
    # everywhere
    _row("everywhere", "t", "mode('today')", "today", "Today", shown=False, cli="today"),
    _row("everywhere", "r", "mode('review')", "review", "Review", shown=False, cli="review"),
    _row(
        "everywhere",
        "c",
        "mode('curriculum')",
        "curriculum",
        "Curriculum",
        shown=False,
        cli="topic list",
    ),
    _row(
        "everywhere",
        "b",
        "mode('readings')",
        "readings",
        "Readings (bookshelf)",
        shown=False,
        cli="reading list",
    ),
    _row("everywhere", "w", "mode('words')", "words", "Words", shown=False, cli="term list"),
    _row(
        "everywhere",
        "x",
        "mode('exercises')",
        "exercises",
        "Exercises",
        shown=False,
        cli="exercise list",
    ),
    _row("everywhere", "s", "mode('stats')", "stats", "Stats", shown=False, cli="stats"),
    _row("everywhere", "u", "undo", "undo", "Take back the last thing", cli="card undo"),
    _row("everywhere", "U", "redo", "redo", "Do what was undone again", shown=False),
    _row("everywhere", "escape", "close", "close", "Close, or leave a text box", shown=False),
    _row("everywhere", "q", "back", "back", "Back; at Today, quit", shown=False),
    _row("everywhere", "question_mark", "help", "keys", "The keys of this screen"),
)

_LABELS = {
    "question_mark": "?",
    "minus": "-",
    "plus": "+",
    "escape": "esc",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


def actions_of(place: str) -> tuple[Action, ...]:
    """Return the rows of one place (a screen, or one of the shared places), in table order."""
    return tuple(action for action in ACTIONS if place in action.screens)


def reachable(screen: str) -> tuple[Action, ...]:
    """Return everything that a key can do on a screen, its own rows first."""
    moving = actions_of(LIST) if screen in LISTING else ()
    return (*actions_of(screen), *moving, *actions_of(EVERYWHERE))


def bindings(place: str) -> list[BindingType]:
    """Return the Textual bindings of one place."""
    return [
        Binding(action.key, action.name, action.description, show=False)
        for action in actions_of(place)
    ]


def label(action: Action) -> str:
    """Return the action's keys as a person writes them: `j ↓`."""
    return " ".join(_LABELS.get(key, key) for key in action.key.split(","))


def short_label(action: Action) -> str:
    """Return the first of the action's keys."""
    return label(action).split(" ", 1)[0]


def footer(screen: str, possible: Callable[[Action], bool]) -> list[Action]:
    """Return the actions for the footer in table order, those that are possible now."""
    return [
        action
        for action in (*actions_of(screen), *actions_of(EVERYWHERE))
        if action.shown and possible(action)
    ]

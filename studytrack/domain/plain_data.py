"""Decoded JSON that comes from outside: whether it can be stored, and how it is cut to size.

A rule names what is wrong in a few words, such as "is 7; it lies between 1 and 4", and "" is
nothing. Where a value comes from and what it means is not known here.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TEXT_CAP = 1 << 20  # characters of one text; a long book chapter has a tenth of that
MOST_VALUES, DEEPEST = 20_000, 20  # of one object: numbers, texts and lists, and their nesting
MOST_CHARACTERS = 8 << 20  # of one object in all
INTEGERS = range(-(2**63), 2**63)  # what SQLite holds
_SHOWN = 40
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Rule = Callable[[Any], str]


def shown(value: Any) -> str:
    """Return a value as a message quotes it.

    >>> shown("a" * 50)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"
    """
    if type(value) is int and value not in INTEGERS:
        return "a number of more than 64 bits"
    text = repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


# --- rules of single values -----------------------------------------------------------------


def whole(least: int, most: int) -> Rule:
    """Return the rule of a whole number within bounds.

    >>> whole(1, 4)(True)
    'is True, not a whole number'
    """

    def rule(value: Any) -> str:
        if type(value) is not int:
            return f"is {shown(value)}, not a whole number"
        return "" if least <= value <= most else f"is {shown(value)}; it lies in {least}…{most}"

    return rule


def number(least: float, most: float) -> Rule:
    """Return the rule of a finite number within bounds."""

    def rule(value: Any) -> str:
        if type(value) is not float and type(value) is not int:
            return f"is {shown(value)}, not a number"
        return "" if least <= value <= most else f"is {shown(value)}; it lies in {least}…{most}"

    return rule


def one_of(known: typing.Iterable[str]) -> Rule:
    """Return the rule of a word from a list."""
    words = frozenset(known)

    def rule(value: Any) -> str:
        if type(value) is str and value in words:
            return ""
        return f"is {shown(value)}, which is none of the known words"

    return rule


def spelt(pattern: str, wanted: str) -> Rule:
    """Return the rule of a text of a fixed form."""
    form = re.compile(pattern)

    def rule(value: Any) -> str:
        if type(value) is str and form.fullmatch(value):
            return ""
        return f"is {shown(value)}, not {wanted}"

    return rule


def optional(inner: Rule) -> Rule:
    """Return a rule that also allows null."""

    def rule(value: Any) -> str:
        return "" if value is None else inner(value)

    return rule


def text_fault(value: Any, cap: int = TEXT_CAP) -> str:
    """Return what is wrong with a text: its type, its length, characters that are none."""
    if type(value) is not str:
        return f"is {shown(value)}, not a text"
    if len(value) > cap:
        return f"has {len(value):,} characters; {cap:,} are allowed"
    if not value.isascii() and _SURROGATE.search(value):
        return "holds half a surrogate pair, which is no character"
    return ""


def name_fault(value: Any, cap: int = 300) -> str:
    """Return what is wrong with a name: it is one line without control characters."""
    if wrong := text_fault(value, cap):
        return wrong
    if not value.strip():
        return "is empty"
    return "holds a control character" if _CONTROL.search(value) else ""


def boolean_fault(value: Any) -> str:
    """Return what is wrong with a switch."""
    return "" if type(value) is bool else f"is {shown(value)}, not true or false"


def object_fault(value: Any) -> str:
    """Return what is wrong with a JSON object, deeply: its size, its nesting, its values."""
    if type(value) is not dict:
        return f"is {shown(value)}, not an object"
    level: list[Any] = [value] if value else []
    depth = values = characters = 0
    while level:
        depth += 1
        inner = [one for container in level for one in _inside(container)]
        values += len(inner)
        characters += sum([len(one) for one in inner if type(one) is str])
        if depth > DEEPEST:
            return f"is nested more than {DEEPEST} deep"
        if values > MOST_VALUES:
            return f"holds more than {MOST_VALUES:,} values"
        if characters > MOST_CHARACTERS:
            return f"holds more than {MOST_CHARACTERS:,} characters"
        level = []
        for one in inner:
            if type(one) is dict or type(one) is list:
                level.append(one)
            elif wrong := _scalar_fault(one):
                return f"holds a value that {wrong}"
    return ""


def _inside(container: Any) -> list[Any]:
    """Return what a container holds, keys included."""
    return [*container, *container.values()] if type(container) is dict else container


def _scalar_fault(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return text_fault(value)
    if kind is int:
        return "" if value in INTEGERS else "has more than 64 bits"
    if kind is float:
        return "" if math.isfinite(value) else f"is {value}, not a finite number"
    return "" if value is None or kind is bool else f"is {shown(value)}, not JSON"


# --- cutting to size ------------------------------------------------------------------------


def mended(value: Any, depth: int = 0) -> Any:
    """Return a value whose texts can be stored: cut to the cap, half surrogate pairs replaced.

    What needs no change is returned as it is, so `is` tells whether anything was changed. What is
    nested too deeply stays as it is; `object_fault` refuses it.
    """
    kind = type(value)
    if kind is str:
        return mended_text(value, TEXT_CAP)
    if depth > DEEPEST or (kind is not dict and kind is not list):
        return value
    if kind is list:
        made: Any = [mended(one, depth + 1) for one in value]
        return value if all(new is old for new, old in zip(made, value, strict=True)) else made
    pairs = [(mended(key), mended(one, depth + 1)) for key, one in value.items()]
    same = all(
        key is old and one is kept
        for (key, one), (old, kept) in zip(pairs, value.items(), strict=True)
    )
    return value if same else dict(pairs)


def mended_text(text: str, cap: int) -> str:
    """Return a text without half surrogate pairs, cut to `cap` characters with a word about it."""
    if len(text) > cap:
        note = f"\n# … cut here: the whole has {len(text):,} characters\n"
        text = text[: cap - len(note)] + note
    if not text.isascii() and _SURROGATE.search(text):
        return _SURROGATE.sub("\ufffd", text)
    return text


# --- the shape of a record ------------------------------------------------------------------


@functools.cache
def shape(hint: Any, *, strict: bool = False) -> Rule:
    """Return the rule of plain data that a type describes, for dataclasses field by field.

    Args:
        hint: a dataclass, `str`, `int`, `float`, `bool`, `Literal[...]`, `tuple[X, ...]` or
            `X | None`.
        strict: refuse unknown keys, which a newer version may have written.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _record_shape(hint, strict)
    if origin is typing.Literal:
        return one_of(arguments)
    if origin is tuple:
        return _list_shape(shape(arguments[0], strict=strict))
    if origin in (typing.Union, types.UnionType):
        (inner,) = (one for one in arguments if one is not type(None))
        return optional(shape(inner, strict=strict))
    return _SCALARS[hint]


_SCALARS: dict[Any, Rule] = {
    str: text_fault,
    int: whole(INTEGERS[0], INTEGERS[-1]),
    float: number(-1e308, 1e308),
    bool: boolean_fault,
}


def _list_shape(inner: Rule) -> Rule:
    def rule(value: Any) -> str:
        if type(value) is not list and type(value) is not tuple:
            return f"is {shown(value)}, not a list"
        for place, one in enumerate(value, start=1):
            if wrong := inner(one):
                return f"entry {place} {wrong}"
        return ""

    return rule


def _record_shape(cls: Any, strict: bool) -> Rule:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    rules = {one.name: shape(hints[one.name], strict=strict) for one in fields}
    missing = dataclasses.MISSING
    needed = [f.name for f in fields if f.default is missing and f.default_factory is missing]

    def rule(value: Any) -> str:
        if not isinstance(value, Mapping):
            return f"is {shown(value)}, not an object"
        for name in needed:
            if name not in value:
                return f"has no `{name}`"
        for name, one in value.items():
            if name not in rules:
                if strict:
                    return f"has the unknown key `{shown(name)}`"
            elif wrong := rules[name](one):
                return f"`{name}` {wrong}"
        return ""

    return rule


def first_fault(rules: Mapping[str, Rule], values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first field that breaks its rule and how; ("", "") where all are kept."""
    for name, value in values.items():
        if name in rules and (wrong := rules[name](value)):
            return name, wrong
    return "", ""


def lacking(needed: Sequence[str], values: Mapping[str, Any]) -> str:
    """Return the first needed name that is missing, or ""."""
    return next((name for name in needed if name not in values), "")

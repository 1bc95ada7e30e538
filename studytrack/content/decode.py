"""Strict reading of TOML into domain records.

A domain record is a plain dataclass or named tuple; here its exact twin as a msgspec Struct refuses
unknown keys and wrong types. Shared by every reader, so that all content speaks of mistakes in one
way.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from studytrack.errors import ContentFault, nearest

Record = TypeVar("Record")


@functools.cache
def _twin(cls: type) -> type[msgspec.Struct]:
    hints = typing.get_type_hints(cls)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    defaults = _defaults(cls)
    for name in _names(cls):
        hint = _twin_hint(hints[name])
        fields.append((name, hint, defaults[name]) if name in defaults else (name, hint))
    return msgspec.defstruct(
        cls.__name__, fields, frozen=True, kw_only=True, forbid_unknown_fields=True
    )


def _names(cls: Any) -> tuple[str, ...]:
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls))
    names: tuple[str, ...] = cls._fields  # of a named tuple
    return names


def _defaults(cls: Any) -> dict[str, Any]:
    """Return the defaults of a record class; one that is made anew each time as msgspec has it."""
    if not dataclasses.is_dataclass(cls):
        return dict(cls._field_defaults)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = msgspec.field(default_factory=field.default_factory)
    return found


def _twin_hint(hint: Any) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _twin(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and arguments and arguments[-1] is Ellipsis:
        return tuple[_twin_hint(arguments[0]), ...]  # type: ignore[misc]
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(lambda left, right: left | right, map(_twin_hint, arguments))
    return hint


@functools.cache
def _inner_records(cls: type) -> tuple[tuple[str, type | None], ...]:
    """Return each field of a record class with the record class inside it, if there is one.

    Kept, since hints are costly to evaluate and a learner may have thousands of cards.
    """
    hints = typing.get_type_hints(cls)
    return tuple((name, _inner_record(hints[name])) for name in _names(cls))


@functools.cache
def _is_flat(cls: type) -> bool:
    return all(inner is None for _, inner in _inner_records(cls))


@functools.cache
def _is_plain(cls: type) -> bool:
    """Return whether msgspec itself makes the record; it cannot refuse unknown keys there."""
    return dataclasses.is_dataclass(cls) and _is_flat(cls)


@functools.cache
def _known(cls: type) -> frozenset[str]:
    return frozenset(_names(cls))


def _untwin(cls: type[Record], value: Any) -> Record:
    if _is_flat(cls):  # type: ignore[arg-type]
        return cls(**msgspec.structs.asdict(value))
    return cls(
        **{
            name: getattr(value, name) if inner is None else _untwin_value(inner, value, name)
            for name, inner in _inner_records(cls)  # type: ignore[arg-type]
        }
    )


def _untwin_value(inner: type, value: Any, name: str) -> Any:
    found = getattr(value, name)
    if isinstance(found, msgspec.Struct):
        return _untwin(inner, found)
    if isinstance(found, tuple):
        return tuple(_untwin(inner, item) for item in found)
    return found


def _inner_record(hint: Any) -> type | None:
    """Return the record class that a hint names: `R`, `tuple[R, ...]`, `R | None`."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint
    inner = (_inner_record(argument) for argument in typing.get_args(hint))
    return next((found for found in inner if found is not None), None)


def record(cls: type[Record], raw: Mapping[str, Any], where: str) -> Record:
    """Return `raw` as a `cls`.

    Args:
        cls: a frozen domain dataclass, or a named tuple.
        raw: decoded TOML or JSON.
        where: names the file and entry in the message.

    Raises:
        ContentFault: an unknown key (with the nearest known one), a missing key, a wrong type.
    """
    if _is_plain(cls) and raw.keys() <= _known(cls):  # type: ignore[arg-type]
        with contextlib.suppress(msgspec.ValidationError):  # the twin says what is wrong
            return msgspec.convert(raw, cls, strict=True)
    try:
        return _untwin(cls, msgspec.convert(raw, _twin(cls), strict=True))  # type: ignore[arg-type]
    except msgspec.ValidationError as error:
        raise ContentFault(f"{where}: {_explain(cls, str(error))}") from error


def _explain(cls: type, message: str) -> str:
    unknown = re.search(r"unknown field `([^`]+)`(?: - at `\$([^`]*)`)?", message)
    if not unknown:
        return message + "."
    for name in re.findall(r"\.(\w+)", unknown[2] or ""):
        cls = _inner_record(typing.get_type_hints(cls)[name]) or cls
    known = list(_names(cls))
    close = nearest(unknown[1], known, count=1)
    hint = f" Did you mean `{close[0]}`?" if close else f" Known keys: {', '.join(known)}."
    return f"unknown key `{unknown[1]}`.{hint}"


def plain(value: Any) -> Any:
    """Return a record as dicts and lists, equal to what JSON gives back; inverse of `record`."""
    return _listed(msgspec.to_builtins(value))


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(inner) for key, inner in value.items()}
    return [_listed(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's content.

    Raises:
        ContentFault: unreadable, not UTF-8, or not TOML; file and line are named.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentFault(f"{path}: cannot be read ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise ContentFault(f"{path}: {error}.") from error


def read_records(path: Path, key: str, cls: type[Record]) -> list[Record]:
    """Return the array of tables `key` of a TOML file as records.

    Raises:
        ContentFault: one message with every faulty entry of the file, a line each.
    """
    found, flaws = read_entries(path, key, cls)
    if flaws:
        raise ContentFault("\n".join(f"{path}: {item}: {message}" for item, message in flaws))
    return found


def read_entries(
    path: Path, key: str, cls: type[Record]
) -> tuple[list[Record], list[tuple[str, str]]]:
    """Return the sound entries of a TOML file, and for each other one its name and what is wrong.

    Raises:
        ContentFault: the file as a whole cannot be read.
    """
    raw = read_toml(path)
    flaws = [
        (name, f"unknown table; this file holds [[{key}]].") for name in sorted(set(raw) - {key})
    ]
    entries = raw.get(key, [])
    if not isinstance(entries, list):
        return [], [*flaws, (key, f"must be written as tables: [[{key}]].")]
    found: list[Record] = []
    for number, entry in enumerate(entries, start=1):
        given = entry.get("id") if isinstance(entry, dict) else None
        name = given if isinstance(given, str) and given else f"entry {number}"
        try:
            found.append(record(cls, entry, name))
        except ContentFault as error:
            flaws.append((name, error.what.removeprefix(f"{name}: ")))
    return found, flaws


def unique(records: Iterable[Any], what: str) -> dict[str, Any]:
    """Return records by id, in order.

    Raises:
        ContentFault: an id occurs twice.
    """
    by_id: dict[str, Any] = {}
    for item in records:
        if item.id in by_id:
            raise ContentFault(f"The {what} id `{item.id}` occurs twice.")
        by_id[item.id] = item
    return by_id

"""Strict reading of TOML into domain records.

A domain record is a plain dataclass; here its exact twin as a msgspec Struct refuses unknown keys
and wrong types. Shared by every reader, so that all content speaks of mistakes in one way.
"""

from __future__ import annotations

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
    for field in dataclasses.fields(cls):
        hint = _twin_hint(hints[field.name])
        if field.default is not dataclasses.MISSING:
            fields.append((field.name, hint, field.default))
        else:
            fields.append((field.name, hint))
    return msgspec.defstruct(
        cls.__name__, fields, frozen=True, kw_only=True, forbid_unknown_fields=True
    )


def _twin_hint(hint: Any) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _twin(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and arguments and arguments[-1] is Ellipsis:
        return tuple[_twin_hint(arguments[0]), ...]  # type: ignore[misc]
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(lambda left, right: left | right, map(_twin_hint, arguments))
    return hint


def _untwin(cls: type[Record], value: Any) -> Record:
    hints = typing.get_type_hints(cls)
    return cls(
        **{
            field.name: _untwin_value(hints[field.name], getattr(value, field.name))
            for field in dataclasses.fields(cls)  # type: ignore[arg-type]
        }
    )


def _untwin_value(hint: Any, value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _untwin(hint, value)
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        inner = typing.get_args(hint)[0]
        return tuple(_untwin(inner, item) for item in value)
    return value


def record(cls: type[Record], raw: Mapping[str, Any], where: str) -> Record:
    """Return `raw` as a `cls`.

    Args:
        cls: a frozen domain dataclass.
        raw: decoded TOML or JSON.
        where: names the file and entry in the message.

    Raises:
        ContentFault: an unknown key (with the nearest known one), a missing key, a wrong type.
    """
    try:
        return _untwin(cls, msgspec.convert(raw, _twin(cls), strict=True))  # type: ignore[arg-type]
    except msgspec.ValidationError as error:
        raise ContentFault(f"{where}: {_explain(cls, str(error))}") from error


def _explain(cls: type, message: str) -> str:
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if not unknown:
        return message + "."
    known = [field.name for field in dataclasses.fields(cls)]
    close = nearest(unknown[1], known, count=1)
    hint = f" Did you mean `{close[0]}`?" if close else f" Known keys: {', '.join(known)}."
    return f"unknown key `{unknown[1]}`.{hint}"


def plain(value: Any) -> Any:
    """Return a record as JSON-ready dicts and lists; the inverse of `record`."""
    return msgspec.to_builtins(value)


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
    raw = read_toml(path)
    extra = sorted(set(raw) - {key})
    problems = [f"{path}: unknown table `{name}`; this file holds [[{key}]]." for name in extra]
    found: list[Record] = []
    for number, entry in enumerate(raw.get(key, []), start=1):
        name = entry.get("id", f"entry {number}") if isinstance(entry, dict) else f"entry {number}"
        try:
            found.append(record(cls, entry, f"{path}: {name}"))
        except ContentFault as error:
            problems.append(error.what)
    if problems:
        raise ContentFault("\n".join(problems))
    return found


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

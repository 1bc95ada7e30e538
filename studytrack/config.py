"""Settings: flag > environment > file > default, and where each came from.

The fields of `Settings` are the single source for reading, checking and listing. Nothing here
creates or changes a file.
"""

from __future__ import annotations

import errno
import functools
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from studytrack.errors import ConfigFault, nearest
from studytrack.files import read_regular

Origin = Literal["default", "file", "environment", "flag"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. A field `study_minutes` is `study.minutes` in the file.

    In the environment it is `STUDYTRACK_STUDY_MINUTES`.
    """

    study_minutes: int = 25  # minutes a day
    study_new_cards: int = 8  # new cards a study day
    study_reviews: int = 200  # reviews of due cards a study day
    study_card_minutes: int = 0  # minutes of cards a study day; 0: no limit
    study_new_order: str = "mixed"  # new cards among the reviews: mixed, before or after
    study_balance: bool = True  # due days are chosen so that each has about the same work
    study_easy_days: str = ""  # weekdays with less, 0 to 1, such as "sat 0.5, sun 0"
    study_rollover: str = "04:00"  # when a study day begins
    study_zone: str = ""  # IANA time zone; empty: the system's
    memory_retention_cards: float = 0.90  # wanted chance of recall, 0.70 to 0.97
    memory_retention_exercises: float = 0.85  # the same for exercises
    memory_credit: bool = False  # a solved exercise counts in part for its prerequisites
    grader_question_seconds: float = 3.0  # limit for one call of a submission
    grader_run_seconds: float = 12.0  # limit for a whole attempt
    grader_idle_minutes: int = 15  # the grader's server ends after so long without a client
    workspace: str = ""  # where solutions are edited; empty: ~/studytrack
    editor: str = ""  # empty: $VISUAL or $EDITOR
    theme: str = "textual-dark"  # of the interface
    origins: Mapping[str, Origin] = field(default_factory=dict)


def setting_names() -> dict[str, str]:
    """Return the field of each setting by its dotted name, in order."""
    return {_dotted(f.name): f.name for f in fields(Settings) if f.name != "origins"}


def _dotted(name: str) -> str:
    head, _, rest = name.partition("_")
    return f"{head}.{rest}" if head in {"study", "memory", "grader"} else name


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of `path` (which may be missing) and the environment.

    Raises:
        ConfigFault: the file is no TOML, a key is unknown (the nearest is named) or a value is
            unusable. The file is never changed.
    """
    names = setting_names()
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for dotted, raw in _read_file(path).items():
        if dotted not in names:
            close = nearest(dotted, names, count=1)
            hint = f"Did you mean `{close[0]}`?" if close else "`studytrack config list` shows all."
            raise ConfigFault(f"{path}: unknown setting `{dotted}`.", hint, _mend(path))
        values[names[dotted]] = _checked(dotted, raw, str(path), _mend(path))
        origins[dotted] = "file"
    for dotted, name in names.items():
        variable = f"STUDYTRACK_{name.upper()}"
        if environ.get(variable):
            values[name] = _parsed(dotted, environ[variable], variable)
            origins[dotted] = "environment"
    return Settings(**values, origins=origins)


def _mend(path: Path) -> str:
    return f"Edit {path}, or move it away to use the defaults."


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = read_regular(path, LARGEST + 1)
        raw = tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        why = f"The system says: {error.strerror or error}."
        raise ConfigFault(f"{path}: cannot be read.", why, _mend(path)) from error
    except UnicodeDecodeError as error:
        why = f"Byte {error.start} is not UTF-8."
        raise ConfigFault(f"{path}: is no text.", why, _mend(path)) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError; endless numbers and nesting
        raise ConfigFault(f"{path}: not valid TOML.", f"{error}.", _mend(path)) from error
    if len(content) > LARGEST:
        raise ConfigFault(f"{path}: is too large.", f"It takes {LARGEST} bytes.", _mend(path))
    flat: dict[str, Any] = {}
    for key, value in raw.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": item for inner, item in value.items()})
        else:
            flat[key] = value
    return flat


def parse_setting(dotted: str, text: str) -> Any:
    """Return the value that `text` spells for a setting.

    Raises:
        ConfigFault: it is unusable.
    """
    return _parsed(dotted, text, f"`{dotted}`")


def _parsed(dotted: str, text: str, where: str) -> Any:
    default = getattr(Settings(), setting_names()[dotted])
    if isinstance(default, str):
        return _checked(dotted, text, where)
    try:
        number = _SWITCH[text.lower()] if isinstance(default, bool) else type(default)(text)
    except (ValueError, KeyError) as error:
        raise ConfigFault(
            f"{where}: `{text}` is no {_KINDS[type(default)]}.",
            f"`{dotted}` takes one, such as {_spelt(default)}.",
            _RETRY,
        ) from error
    return _checked(dotted, number, where)


_KINDS: dict[type, str] = {
    bool: "switch",
    int: "whole number",
    float: "number",
    str: "text",
}
NEW_ORDERS = ("mixed", "before", "after")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SWITCH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
LARGEST = 1 << 20  # bytes of a settings file
_HUGE = 10**9  # more than any range allows; integers without end do not fit a float
_RETRY = "`studytrack config list` shows all settings with their values."
_RANGES: dict[str, tuple[float, float]] = {
    "study.minutes": (1, 600),
    "study.new_cards": (0, 500),
    "study.reviews": (0, 9999),
    "study.card_minutes": (0, 600),
    "memory.retention_cards": (0.70, 0.97),
    "memory.retention_exercises": (0.70, 0.97),
    "grader.question_seconds": (0.1, 600),
    "grader.run_seconds": (0.1, 3600),
    "grader.idle_minutes": (1, 1440),
}


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _checked(dotted: str, value: Any, where: str, remedy: str = _RETRY) -> Any:
    default = getattr(Settings(), setting_names()[dotted])
    if isinstance(default, float) and type(value) is int:
        value = float(value) if abs(value) < _HUGE else math.inf
    if type(value) is not type(default):
        raise ConfigFault(
            f"{where}: `{dotted}` is {value!r}.",
            f"It takes a {_KINDS[type(default)]}, such as {_spelt(default)}.",
            remedy,
        )
    if dotted in _RANGES:
        low, high = _RANGES[dotted]
        if not low <= value <= high:
            raise ConfigFault(
                f"{where}: `{dotted}` is {value}.",
                f"It must lie between {low:g} and {high:g}.",
                remedy,
            )
    if dotted == "study.rollover":
        try:
            rollover_minutes(value)
        except ConfigFault as error:
            raise ConfigFault(f"{where}: {error.what}", error.why, remedy) from error
    if dotted == "study.easy_days":
        easy_days(value, where, remedy)
    if dotted == "study.new_order" and value not in NEW_ORDERS:
        raise ConfigFault(
            f"{where}: `{dotted}` is `{value}`.", f"It is {' or '.join(NEW_ORDERS)}.", remedy
        )
    if dotted == "workspace":
        _check_folder(value, where, remedy)
    return value


def _check_folder(text: str, where: str, remedy: str) -> None:
    """Refuse a workspace that the system cannot have."""
    try:
        os.lstat(Path(text).expanduser())
    except (RuntimeError, ValueError) as error:  # an unknown user; NUL, half a surrogate pair
        why = f"{error}" if isinstance(error, RuntimeError) else "No folder can have this name."
        raise ConfigFault(f"{where}: `workspace` is {text}.", why, remedy) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            why = "The name is longer than the system allows."
            raise ConfigFault(f"{where}: `workspace` is {text}.", why, remedy) from error


def easy_days(
    text: str, where: str = "`study.easy_days`", remedy: str = _RETRY
) -> tuple[float, ...]:
    """Return the factor of each weekday, Monday first: 1 is a full day, 0 a free one.

    >>> easy_days("sat 0.5, sun 0")
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0)

    Raises:
        ConfigFault: not weekdays with numbers from 0 to 1.
    """
    factors = dict.fromkeys(WEEKDAYS, 1.0)
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition(" ")
        try:
            factor = float(number)
        except ValueError:
            factor = math.nan
        if name.lower() not in factors or not 0 <= factor <= 1:
            raise ConfigFault(
                f"{where}: `{part}` is no easy day.",
                f"It takes a weekday ({', '.join(WEEKDAYS)}) and a number from 0 (free) to 1.",
                remedy,
            )
        factors[name.lower()] = factor
    return tuple(factors.values())


@functools.cache
def rollover_minutes(text: str) -> int:
    """Return minutes after midnight of a time such as "04:00".

    Raises:
        ConfigFault: not a time of day.
    """
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{1,2})", text)
    hours, minutes = (int(found[1]), int(found[2])) if found else (-1, -1)
    last_hour, last_minute = 23, 59
    if found is None or hours > last_hour or minutes > last_minute:
        raise ConfigFault(
            f"`study.rollover` is `{text}`.", "It takes a time such as 04:00.", _RETRY
        )
    return hours * 60 + minutes

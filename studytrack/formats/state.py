"""The JSON export: everything the learner did, in an envelope with a version.

`{"schema": "studytrack/1", "data": {"log": [...], "attempts": [...]}}`. The same data gives the
same text. What the rows mean is the store's business; here they are plain JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from studytrack.errors import DataFault

SCHEMA = "studytrack/1"
_MAKE = "`studytrack export json` writes a file that can be imported."


def write_state(data: Mapping[str, Any]) -> str:
    """Return the envelope around `data` as JSON, keys sorted, with a final newline."""
    envelope = {"schema": SCHEMA, "data": data}
    text = json.dumps(envelope, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can spell
        return json.dumps(envelope, indent=1, sort_keys=True) + "\n"
    return text


def read_state(text: str) -> dict[str, Any]:
    """Return the data inside an envelope; `log` and `attempts` are lists of objects.

    Raises:
        DataFault: no JSON, another schema, or data of another shape.
    """
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataFault("The file is not valid JSON.", f"{error}.", _MAKE) from error
    if not isinstance(envelope, dict) or not isinstance(envelope.get("schema"), str):
        raise DataFault("The file is JSON, but no export of studytrack.", "", _MAKE)
    if envelope["schema"] != SCHEMA:
        raise DataFault(
            f"The file has the schema `{envelope['schema']}`.",
            f"This version reads `{SCHEMA}`.",
            "Upgrade studytrack if the file was written by a newer one.",
        )
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise DataFault("The export holds no data.", "`data` must be an object.", _MAKE)
    for name in ("log", "attempts"):
        rows = data.setdefault(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise DataFault(
                "The export is damaged.", f"`data.{name}` must be a list of objects.", _MAKE
            )
    return data


_LISTS = (["", "data", "log"], ["", "data", "attempts"])
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]', re.DOTALL)


def row_lines(text: str) -> dict[str, list[int]]:
    """Return the lines on which the rows of an export begin, by the name of their list.

    Args:
        text: JSON that `read_state` accepts.
    """
    found: dict[str, list[int]] = {"log": [], "attempts": []}
    path: list[str] = []  # the keys that lead to the open containers; "" in a list
    key, last, line = "", "", 1
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign == "\n":
            line += 1
        elif sign in {"{", "["}:
            if sign == "[" and [*path, key] in _LISTS:
                found[key] = []  # of a key that stands twice the last one counts
            if sign == "{" and path in _LISTS:
                found[path[-1]].append(line)
            path.append(key)
            key = ""
        elif sign in {"}", "]"}:
            path.pop()
        elif sign == ":":
            key = last
        elif sign == ",":
            key = ""
        else:
            last = sign[1:-1]
    return found

"""Numbers with units, as people type them: `1,024 MiB`, `1/4`, `3e-4`, `2^10`, `50 %`.

Only text to number; what counts as a right answer is decided in `domain.cards`.
"""

from __future__ import annotations

import math
import re
import unicodedata

EXPECTED = "Write one number, such as 0.25, 1/4, 3e-4 or 1024 MiB."

# A dot is decimal. A comma, space or underscore groups thousands where three digits follow each
# and no zero leads; any other single comma is decimal, as in 0,5.
_NUMBER = re.compile(
    r"""\s*(?P<sign>[-+]?)\s*
    (?: (?P<base>[0-9]{1,6})\s*(?:\^|\*\*)\s*(?P<power>[-+]?[0-9]{1,3})
      | (?: (?P<grouped>[1-9][0-9]{0,2}(?:[,_\ ][0-9]{3})+(?:\.[0-9]+)?)
          | (?P<comma>[0-9]+,[0-9]+)
          | (?P<plain>[0-9]+(?:\.[0-9]*)?|\.[0-9]+) )
        (?:e(?P<exponent>[-+]?[0-9]{1,4}))?
        (?:\s*[x\u00d7·*]\s*10\s*(?:\^|\*\*)\s*(?P<ten>[-+]?[0-9]{1,3}))?
    )(?![0-9,._]*[0-9])""",
    re.VERBOSE | re.IGNORECASE,
)

# One table a dimension, each unit as a multiple of the first. Which table applies is decided by
# the unit that was asked for, so that `B` may be a byte or a billion.
_BITS = {"bit": 1.0, "nat": 1 / math.log(2), "byte": 8.0, "b": 8.0} | {
    prefix + ending: 8.0 * base**power
    for power, letter in enumerate("kmgtp", start=1)
    for prefix, ending, base in ((letter, "b", 1000.0), (letter, "ib", 1024.0))
}
_SECONDS = {
    "s": 1.0,
    "second": 1.0,
    "ms": 1e-3,
    "millisecond": 1e-3,
    "us": 1e-6,
    "μs": 1e-6,
    "microsecond": 1e-6,
    "ns": 1e-9,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}
_COUNTS = {
    "": 1.0,
    "%": 0.01,
    "percent": 0.01,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "trillion": 1e12,
}


def read_quantity(text: str) -> tuple[float, str]:
    """Return the number and the unit written behind it ("" if none).

    >>> read_quantity("1,024 MiB")
    (1024.0, 'MiB')
    >>> read_quantity("1/4")
    (0.25, '')

    Raises:
        ValueError: it is no number, or more than one.
    """
    cleaned = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").strip()
    value, rest = _read_number(cleaned)
    if rest.startswith("/") and _NUMBER.match(rest[1:]):
        divisor, rest = _read_number(rest[1:])
        if divisor == 0:
            raise ValueError("A division by zero has no value. " + EXPECTED)
        value /= divisor
    if any(character.isdigit() for character in rest):
        raise ValueError(EXPECTED)
    return value, rest


def _read_number(text: str) -> tuple[float, str]:
    match = _NUMBER.match(text)
    if match is None:
        raise ValueError(EXPECTED)
    sign = -1.0 if match["sign"] == "-" else 1.0
    try:
        value = float(match["base"]) ** int(match["power"]) if match["base"] else _decimal(match)
    except (OverflowError, ZeroDivisionError):
        raise ValueError("This number is out of range. " + EXPECTED) from None
    return sign * value, text[match.end() :].strip()


def _decimal(match: re.Match[str]) -> float:
    digits = match["plain"] or (match["comma"] or "").replace(",", ".")
    digits = digits or re.sub(r"[,_ ]", "", match["grouped"])
    exponent = int(match["exponent"] or 0) + int(match["ten"] or 0)
    return float(f"{digits}e{exponent}")


def factor_between(given: str, wanted: str) -> float | None:
    """Return what turns a number in unit `given` into unit `wanted`; None if they do not compare.

    An omitted unit is the wanted one.

    >>> factor_between("GiB", "MiB")
    1024.0
    >>> factor_between("s", "MiB") is None
    True
    """
    have, want = _fold_unit(given), _fold_unit(wanted)
    table = next((table for table in (_BITS, _SECONDS) if want in table), _COUNTS)
    if want not in table:
        have = have.removesuffix(want)  # "65 k parameters" where parameters are counted
    if have in ("", want):
        return 1.0
    return table[have] / table.get(want, 1.0) if have in table else None


def _fold_unit(unit: str) -> str:
    folded = re.sub(r"[\s.]+", "", unicodedata.normalize("NFKC", unit).casefold())
    shortest_plural = 3
    return folded.removesuffix("s") if len(folded) > shortest_plural else folded

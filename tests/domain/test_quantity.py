from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studytrack.domain.quantity import factor_between, read_quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1024", 1024, ""),
        ("1,024 MiB", 1024, "MiB"),
        ("1 000 000", 1e6, ""),
        ("1_000_000", 1e6, ""),
        ("1,234.5", 1234.5, ""),
        ("0,125", 0.125, ""),
        ("12,5", 12.5, ""),
        ("5.", 5, ""),
        ("-.5", -0.5, ""),
        ("\N{MINUS SIGN}3", -3, ""),
        ("3e-4", 3e-4, ""),
        ("1.2 x 10^20 FLOPs", 1.2e20, "FLOPs"),
        ("2**10", 1024, ""),
        ("3/4 GiB", 0.75, "GiB"),
        ("50%", 50, "%"),
        ("12 GB/s", 12, "GB/s"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float, unit: str):
    """Groups of thousands, decimal commas, powers and fractions are understood."""
    found = read_quantity(text)

    assert found == (pytest.approx(value), unit)


@pytest.mark.parametrize(
    "text", ["", "MiB", "1/0", "1/0.0", "1.2.3", "1,024,5", "1 2", "1 or 2", "0^-1", "9^999"]
)
def test_texts_that_are_not_one_number_are_refused(text: str):
    """Two numbers, no number and numbers out of range are not guessed at."""
    with pytest.raises(ValueError, match="Write one number"):
        read_quantity(text)


@pytest.mark.parametrize(
    ("given_unit", "wanted", "factor"),
    [
        ("", "MiB", 1.0),
        ("GiB", "MiB", 1024.0),
        ("bytes", "byte", 1.0),
        ("bit", "bytes", 1 / 8),
        ("nats", "bits", 1 / math.log(2)),
        ("ms", "s", 1e-3),
        ("minutes", "s", 60.0),
        ("%", "", 0.01),
        ("M", "parameters", 1e6),
        ("B", "", 1e9),
        ("B", "MiB", 1 / 2**20),
        ("k parameters", "parameters", 1e3),
        ("tokens", "tokens", 1.0),
        ("tokens", "MiB", None),
        ("GB/s", "GB", None),
        ("s", "MiB", None),
    ],
)
def test_units_of_one_dimension_convert(given_unit: str, wanted: str, factor: float | None):
    """Bits, seconds and counts convert among themselves and nowhere else."""
    found = factor_between(given_unit, wanted)

    assert found == (None if factor is None else pytest.approx(factor))


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_its_own_text(number: float):
    """What Python prints is read back exactly."""
    value, unit = read_quantity(repr(number))

    assert (value, unit) == (number, "")


@given(number=st.integers(-(10**15), 10**15))
def test_grouped_thousands_are_read_back(number: int):
    """Commas between groups of three do not change an integer."""
    value, _ = read_quantity(f"{number:,}")

    assert value == number

"""Units convert by their definitions; money converts only at a rate that the question gives."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.exact.tools import solved
from tiers.exact.unit_table import UNITS
from tiers.exact.units import exchange, rate_asked_for
from tiers.exact.wording import question


def _answer(text: str) -> str | None:
    said = solved(text, date(2026, 11, 21), ("units", "currency"))
    return None if said is None else said.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("convert 5 miles to km", "5 miles = 8.04672 kilometres"),
        ("How many feet is 180 cm?", "180 centimetres = about 5.90551 feet"),
        ("what is 100 f in celsius", "100 °F = about 37.7778 °C"),
        ("-40 c to f", "-40 °C = -40 °F"),
        ("5 feet 11 inches in cm", "5 feet 11 inches = 180.34 centimetres"),
        ("how many grams are in an ounce", "1 ounce = about 28.3495 grams"),
        ("how many seconds in a day", "1 day = 86,400 seconds"),
        ("2 cups in ml", "2 US cups = 473.176473 millilitres"),
        ("1 acre in square feet", "1 acre = 43,560 square feet"),
        ("100 usd to eur at 0.92", "100 USD = 92 EUR, at 0.92 EUR for 1 USD"),
        (
            "convert 100 dollars to euros if 1 euro is 1.09 dollars",
            "100 USD = about 91.74 EUR, at 1.09 USD for 1 EUR",
        ),
    ],
)
def test_a_quantity_is_converted(asked: str, said: str) -> None:
    assert _answer(asked) == said


@pytest.mark.parametrize(
    "asked",
    [
        "100 abc to def",  # no currencies that are known
        "5 kg to km",
        "convert 1 ton to kg",  # three different tons
        "-5 miles to km",
        "5 in",
        "is 5 miles far",
        "how many steps in a mile",
        "convert -300 c to f",
        "100 usd to eur at 0",
    ],
)
def test_what_is_no_conversion_gets_no_answer(asked: str) -> None:
    assert _answer(asked) is None


@pytest.mark.parametrize(
    ("asked", "example"),
    [
        ("convert 100 usd to eur", "100 USD to EUR at 0.9"),
        ("how many pounds is 5 euros", "5 EUR to GBP at 0.9"),
        ("what's $20 in yen", "20 USD to JPY at 0.9"),
    ],
)
def test_a_sum_without_a_rate_is_told_what_to_add(asked: str, example: str) -> None:
    core = question(asked)
    assert core is not None
    assert exchange(core) is None  # what asks for a rate is no result
    said = rate_asked_for(core)
    assert said is not None
    assert said.startswith("I know no rates of exchange")
    assert f'"{example}"' in said
    assert _answer(example) is not None


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.integers(1, 10**6))
@examples(100)
def test_a_conversion_there_and_back_is_the_same(first: str, second: str, count: int) -> None:
    unit, other = UNITS[first], UNITS[second]
    if unit.kind == other.kind:
        there = (count * unit.factor + unit.offset - other.offset) / other.factor
        assert (there * other.factor + other.offset - unit.offset) / unit.factor == Fraction(count)

"""Sums in lists of which only one has a currency: prices by count, numbers of a name, hours."""

from __future__ import annotations

import pytest

from router.types import NANO_PER_USD
from tests.kits.inputs.amounts import read_amounts

RATES = {"USD": 1.0, "EUR": 1.25, "RUB": 0.5}


def dollars(text: str) -> list[float]:
    return [amount.nano_usd / NANO_PER_USD for amount in read_amounts(text, RATES)]


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("Buy 3 laptops at 1,200 and 2 screens at 300 euros", [4_500, 750]),
        ("Buy 3 laptops at $1,200 and 2 screens at 330", [3_600, 660]),
        ("Buy 2 office chairs at 330, 2 screens at 300 and 4 mice at 20 euros", [825, 750, 100]),
        # A count that no "at" follows is the count of nothing.
        ("They sold 300 shares and 2 screens at 300 euros", [750]),
    ],
)
def test_each_price_of_a_list_counts_as_often_as_it_is_paid(text: str, sums: list[float]) -> None:
    assert dollars(text) == sums


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("one chair at 6,000 and one lamp at 400 dollars", [6_000, 400]),
        ("two chairs at 600 and three lamps at 400 dollars", [600, 400]),
        ("We sell a table at 800 and one bench at 200 dollars", [800, 200]),
        ("The invoice lists one sofa at 1,400 and two stools at 90 dollars.", [1_400, 90]),
        ("one chair for 6,000 and one lamp for 400 dollars", [6_000, 400]),
        ("4 chairs for 6,000 and 2 lamps for 400 dollars", [6_000, 400]),
        ("I waited two weeks for 300 leaflets and paid 400 dollars", [400]),
        ("400 seats at 12 euros and a table at 90 euros", [6_000, 112.5]),
        # A count in digits is multiplied with the price that follows it, as before.
        ("3,000 one way tickets at 40 dollars", [120_000]),
    ],
)
def test_a_price_is_not_multiplied_by_the_price_before_it(text: str, sums: list[float]) -> None:
    assert dollars(text) == sums


def test_a_german_price_of_a_list_counts_once() -> None:
    text = "Kaufe 3 Laptops zu 1.200 und 2 Bildschirme zu 300 Euro"
    assert dollars(text) == [1_500, 375]


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("100 dollars on bus 400 and 450", [100]),
        ("We spend 100 dollars on bus 400 and 450 every day", [100]),
        ("I paid at 10, 12 and 14 o'clock", []),
        # The same shapes with sums of money.
        ("100 dollars now, 400 later and 450 in May", [450, 400, 100]),
        ("12,000 dollars in 2024 and 15,000 in 2025", [15_000, 12_000]),
        ("refunds of 10, 12 and 14", [14, 12, 10]),
    ],
)
def test_lines_and_hours_are_no_sums_of_a_list(text: str, sums: list[float]) -> None:
    assert dollars(text) == sums


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("1 200, 3 400 и 560 рублей", [1_700, 600, 280]),
        ("1200 или 3400 рублей", [1_700, 600]),
        ("Купил за 1 200 и 3 400 рублей", [1_700, 600]),
    ],
)
def test_lists_in_russian_are_read_whole(text: str, sums: list[float]) -> None:
    assert dollars(text) == sums

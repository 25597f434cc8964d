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
        ("two chairs at 600 and three lamps at 400 dollars", [1_200, 1_200]),
        ("We sell a table at 800 and one bench at 200 dollars", [800, 200]),
        ("The invoice lists one sofa at 1,400 and two stools at 90 dollars.", [1_400, 180]),
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


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("three chairs at 2,000 dollars", 6_000),
        ("twenty-five chairs at 100 dollars", 2_500),
        ("two hundred and twenty seats at $50", 11_000),
        ("a hundred seats at $50", 5_000),
        ("a dozen chairs at 300 dollars", 3_600),
        ("twelve payments of $400", 4_800),
        ("refund twelve customers $200 each", 2_400),
        # No counts: "once" is eleven in Spanish, and a few are of no number.
        ("I once sold chairs at 50 dollars", 50),
        ("a few chairs at 300 dollars", 300),
        ("3 two-seater sofas at 900 dollars", 900),
        ("six chairs for 600 dollars", 600),
    ],
)
def test_a_price_counts_as_often_as_words_say(text: str, usd: float) -> None:
    assert dollars(text)[0] == usd


@pytest.mark.parametrize(
    ("text", "eur"),
    [
        ("3 Stühle zu je 2.000 Euro", 6_000),
        ("3 Stühle für je 2.000 Euro", 6_000),
        ("3 E-Bikes zu je 2.000 Euro", 6_000),
        ("3 e-bikes at 2,000 euros each", 6_000),
        ("3 Stühle zu 2.000 Euro", 6_000),
        ("drei Bürostühle zu je 2.000 Euro", 6_000),
        ("3 Stühle für 2.000 Euro das Stück", 6_000),
        ("2.000 Euro pro Stück für 3 Stühle", 6_000),
        ("3 chaises à 2 000 euros pièce", 6_000),
        ("3 chaises de bureau à 2 000 € l'unité", 6_000),
        ("trois chaises à 2 000 euros la pièce", 6_000),
        ("3 sillas a 2.000 euros cada una", 6_000),
        ("3 sillas de oficina por 2.000 euros la unidad", 6_000),
        ("tres sillas, 2.000 euros c/u", 6_000),
        # Nothing says that these are of each, or nothing is counted.
        ("3 Stühle bis zu 2.000 Euro", 2_000),
        ("3 Stühle für 2.000 Euro", 2_000),
        ("3 chaises pour 2 000 euros", 2_000),
        ("3 clients à 2 000 euros par mois", 2_000),
        ("3 sillas a 2.000 euros", 2_000),
        ("von 3.000 Euro zu 5.000 Euro", 5_000),
        ("seit 2019 Kunden zu je 2.000 Euro", 2_000),
        ("Rechnung 4711 vom Mai zu 2.000 Euro", 2_000),
        ("we paid 3 firms a 2,000 euro fee", 2_000),
    ],
)
def test_a_price_in_other_languages_counts_as_often_as_it_is_paid(text: str, eur: float) -> None:
    assert dollars(text)[0] == eur * RATES["EUR"]


def test_a_german_price_of_a_list_counts_as_often_as_it_is_paid() -> None:
    text = "Kaufe 3 Laptops zu 1.200 und 2 Bildschirme zu je 300 Euro"
    assert dollars(text) == [4_500, 750]


def test_a_list_price_that_is_due_each_month_says_so() -> None:
    (amount,) = read_amounts("3 Wagen zu je 2.000 Euro pro Monat", RATES)
    assert (amount.nano_usd, amount.period) == (7_500 * NANO_PER_USD, "month")


@pytest.mark.parametrize("text", ["12 lamps at 900", "Wir kaufen um 9 Uhr 3 Lampen zu 900"])
def test_a_price_without_a_word_of_money_is_none(text: str) -> None:
    """It may be an hour, a house or a place: "12 buses at 900 Main Street"."""
    assert dollars(text) == []


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

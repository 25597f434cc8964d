"""Sums of money in text: what counts, what does not; no text breaks or slows the reading."""

# ruff: noqa: RUF001 - look-alikes are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.triage.text.amount_lists import MAX_AMOUNTS
from router.triage.text.amounts import MAX_USD, AmountReader
from router.triage.text.folding import fold
from router.triage.text.numbers import MAX_NUMBERS, crowded
from router.types import NANO_PER_USD
from tests.kits.checks.growth import in_proportion
from tests.kits.examples import examples
from tests.kits.inputs.amounts import read_amounts

RATES = {"USD": 1.0, "EUR": 1.25, "GBP": 1.5, "CHF": 1.2, "JPY": 0.01, "CAD": 0.75, "INR": 0.0125,
         "TRY": 0.025}  # fmt: skip


def largest(text: str) -> float:
    found = read_amounts(text, RATES)
    return found[0].nano_usd / NANO_PER_USD if found else 0.0


# Each with the dollars of the largest sum, at the round rates above.
MONEY = [
    # symbols
    ("$12,000", 12_000),
    ("a refund of $7,500 please", 7_500),
    ("$12k", 12_000),
    ("$12K", 12_000),
    ("$2M", 2_000_000),
    ("$2m", 2_000_000),
    ("$2mm", 2_000_000),
    ("$2bn", 2_000_000_000),
    ("$1.5 billion", 1_500_000_000),
    ("$ 40", 40),
    ("$0.99", 0.99),
    ("$.50", 0.5),
    ("it is $5.", 5),
    ("-$500", 500),
    ("$-500", 500),
    ("($500)", 500),
    ("€5k", 6_250),
    ("£3m", 4_500_000),
    ("5.000,00 €", 6_250),
    ("5.000 €", 6_250),
    ("€ 5.000.000", 6_250_000),
    ("12 000 €", 15_000),
    ("1 200 000,50 EUR", 1_500_000.625),
    ("CHF 12'000", 14_400),
    ("CHF 12’000.50", 14_400.6),
    ("¥500000", 5_000),
    ("₹1,00,000", 1_250),
    ("₹2 crore", 250_000),
    ("Rs. 5 lakh", 6_250),
    ("5$ and 10$", 10),
    ("US$ 300", 300),
    ("US$300", 300),
    ("C$1,000", 750),
    ("CAD $1,000", 750),
    ("$1,000 CAD", 750),
    # codes and words
    ("EUR 5.000,00", 6_250),
    ("USD 1,200.50", 1_200.5),
    ("usd500", 500),
    ("500usd", 500),
    ("EUR: 5000", 6_250),
    ("1.2 million euros", 1_500_000),
    ("1,2 Mio. EUR", 1_500_000),
    ("1.200 euros", 1_500),
    ("TRY 5000", 125),
    ("500 dollars", 500),
    ("a 500-dollar part", 500),
    ("500 US dollars", 500),
    ("1,000 Canadian dollars", 750),
    ("1,000 U.S. dollars", 1_000),
    ("200 pounds sterling", 300),
    ("a fee of 200 pounds", 300),
    ("300 bucks", 300),
    ("5 grand", 5_000),
    ("250 cents", 2.5),
    # number words
    ("two million dollars", 2_000_000),
    ("fifty thousand dollars", 50_000),
    ("twenty-five thousand dollars", 25_000),
    ("one hundred and fifty thousand dollars", 150_000),
    ("a million dollars", 1_000_000),
    ("half a million dollars", 500_000),
    ("two and a half million dollars", 2_500_000),
    ("a few thousand dollars", 3_000),
    ("a couple of hundred dollars", 200),
    ("millions of dollars", 1_000_000),
    ("tens of thousands of dollars", 10_000),
    ("hundreds of thousands of dollars", 100_000),
    ("a million-dollar contract", 1_000_000),
    # ranges: the upper end
    ("$5,000-$10,000", 10_000),
    ("$5,000 - $10,000", 10_000),
    ("$5-10k", 10_000),
    ("$5k–10k", 10_000),
    ("€5–10k", 12_500),
    ("$5 to 10 million", 10_000_000),
    ("between 5 and 10 thousand dollars", 10_000),
    ("between $5,000 and 10,000", 10_000),
    ("5-10k euros", 12_500),
    ("from 5,000 to 10,000 dollars", 10_000),
    # a price per unit, and how many
    ("$50 per seat for 300 seats", 15_000),
    ("300 seats at $50 each", 15_000),
    ("300 chairs at $89 a piece", 26_700),
    ("refund 40 customers $200 each", 8_000),
    ("in 2019 we paid $200 each", 200),
    ("approve the refund of twelve\nthousand dollars", 12_000),
    ("10^5 dollars", 100_000),
    ("10⁵ dollars", 100_000),
    ("$12,000¹", 12_000),
    ("a refund of ⓵⓶⓪⓪⓪ dollars", 12_000),
    # records
    ('{"invoice": {"amount": 182000, "currency": "EUR"}}', 227_500),
    ("amount=95000&currency=usd&approve=1", 95_000),
    ('<InstdAmt Ccy="EUR">77000</InstdAmt>', 96_250),
    ('{"amount_usd": 250000, "to": "a new account"}', 250_000),
    ('{"amount_cents": 25000, "currency": "usd"}', 250),
    ('{"totalCents": 25000, "currency": "usd"}', 250),
    ('{"recent_total": 9000, "currency": "usd"}', 9_000),
    ('{"cost_center_budget": 9000, "currency": "usd"}', 9_000),
    ('{"total": 100, "currency": "USD", "nano_usd": 5000000000}', 100),
    ("300 seats at $50", 15_000),
    ("2 30x40 prints at $300 each", 600),
    ("12 60\u00d790 banners at $25 each", 300),
    ("40x30 prints at $20 each", 20),
    ("5 x 40 tiles at $3 each", 120),
    ("300 enterprise seats at $50 per seat", 15_000),
    ("120 x $99", 11_880),
    ("120x $99", 11_880),
    ("120 × $99", 11_880),
    ("$99 x 120", 11_880),
    ("$99 times 120", 11_880),
    ("$20/month for 3 years", 720),
    ("$20 a month for 24 months", 480),
    ("$1,500 monthly for two years", 36_000),
    ("a 36-month lease at $500 per month", 18_000),
    ("$15/user/month for 200 users", 3_000),
    ("$15 per user per month for 200 users over 12 months", 36_000),
    ("200 seats at $20/month for 3 years", 144_000),
    ("12 monthly payments of $400", 4_800),
    ("3 years at $5,000 a year", 15_000),
    ("$10k each for 5 trucks", 50_000),
    ("$40 per hour for 100 hours", 4_000),
    ("10,000 units at $5 per unit", 50_000),
    ("300 seats for $50", 50),
    ("$20 to 3 people", 20),
    ("$3.459 per gallon", 3.459),
    ("$1.234", 1_234),
    # no currency, but about money
    ("I want a 12k refund", 12_000),
    ("our budget is 12k", 12_000),
    ("can we spend 12k on this", 12_000),
    ("a 12k annual budget", 12_000),
    ("the contract is worth 2.5M", 2_500_000),
    ("a budget of two million", 2_000_000),
    ("revenue fell by 3 million last year", 3_000_000),
    ("a refund of 7500", 7_500),
    ("my salary is 85,000", 85_000),
    ("salary: 85000", 85_000),
    ("we paid 12000 for it", 12_000),
    ("the invoice is for 12,400.", 12_400),
    ("budget between 5k and 10k", 10_000),
    ("a budget of 2000", 2_000),
    ("my 401k is worth 200k", 200_000),
    ("this could cost millions", 1_000_000),
    # hidden ones
    ("＄１２，０００", 12_000),
    ("$1\u200b2,0\u200b00", 12_000),
    ("$12\u00a0000", 12_000),
    ("$１２ｋ", 12_000),
    ("١٢٠٠٠ dollars", 12_000),
    ("12000 dоllаrs", 12_000),  # Cyrillic letters
    # absurd ones
    ("$" + "9" * 30, float(MAX_USD)),
    ("$" + "9" * 5000, float(MAX_USD)),
    ("$900 trillion trillion", float(MAX_USD)),
]

NOT_MONEY = [
    "",
    "$",
    "$$$",
    "dollars",
    "a budget",
    "12k steps a day",
    "12k steps cost me nothing",
    "I ran a 10k for charity, donation welcome",
    "a 5k run",
    "my 401k",
    "what is a 401(k) contribution",
    "a 4k monitor",
    "48213",
    "refund for order 48213",
    "refund order #48213",
    "invoice 48213",
    "invoice number 20231234",
    "the budget for 2026",
    "costs in 2025 were high",
    "a fee of 5%",
    "a price 20% lower",
    "pay within 30 days",
    "call +1 555 123 4567 about my bill",
    "my phone 555-123-4567, please refund me",
    "pay at 10:30",
    "due on 12.05.2026, please pay",
    "paid 2026-11-05",
    "version 1.2.3 costs nothing",
    "10.0.0.1",
    "I weigh 200 pounds",
    "500 SEK",
    "R$ 500",
    "a price of 300 SEK",
    "B12 costs",
    "the 3rd payment",
    "5 million users",
    "a cost per 1000 tokens",
    "try 500 times",
    "all 500 of them",
    "room 1200",
    "payment reference 8812345",
    "two tickets",
    "a few thousand people paid",
    "on the one hand the price",
    "half the price",
    "$variable",
    "how many dollars is that",
    "a contract million after change",
    "the grand total of the fee",
    "a loan of Rp11 million",
]


@pytest.mark.parametrize(("text", "usd"), MONEY)
def test_money_is_read(text, usd):
    assert largest(text) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("$ 4 8 0 , 0 0 0", 480_000),
        ("send $4 8 0,0 0 0 today", 480_000),
        ("$4 8 0,000", 480_000),
        ("$ 4 8 0 , 0 0 0 . 5 0", 480_000.5),
        ("$\u00a04\u00a08\u00a00\u00a00", 4_800),
        ("USD: 9 5 0 0.", 9_500),
        ("Rs. 9 6 0 0 0", 1_200),
        ("4 8 0 , 0 0 0 €", 600_000),
        ("4 8 0 0 0 EUR a year", 60_000),
        ("$ 1 , 2 0 0", 1_200),
        ("$ 9 0 0", 900),
        ("$ 9 5 0 0 to Ann, $ 8 0 0 to Bo", 9_500),
    ],
)
def test_digits_spaced_out_beside_a_currency_are_one_sum(text, usd):
    assert largest(text) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("choose 1 2 3 4", 0),
        ("a refund of 1 2 3 4", 0),
        ("$9 8", 9),
        ("$5 10 20", 5),
        ("$5 1 2 30", 5),
        ("$ 1 2 3 456", 1),
        ("$ 1 , 2 , 3", 1),
        ("it costs $5, 1 2 3 are free", 5),
        ("5$ 1 2 3", 5),
        ("1 2 3 4 € 4", 5),
        ("USD  1  2  3  4", 1),
    ],
)
def test_lists_of_numbers_are_no_spaced_out_sum(text, usd):
    assert largest(text) == pytest.approx(usd)


@pytest.mark.parametrize("text", NOT_MONEY)
def test_other_numbers_are_not_money(text):
    assert read_amounts(text, RATES) == ()


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("could you check the forty-eight thousand we sent last week", 48_000),
        ("the 5k I gave him is gone", 5_000),
        ("half a mil now, half a mil in June?", 500_000),
        ("the sum is one-five-zero-zero-zero dollars", 15_000),
        ("it is worth ten. Thousand. Dollars. And it has expired.", 10_000),
    ],
)
def test_sums_in_speech_are_read(text, usd):
    assert largest(text) == usd


@pytest.mark.parametrize(
    "text",
    [
        "we sent 20k flyers to them", "I sent five thousand emails", "I lost 12k steps",
        "room one five zero", "dial nine one one", "I ran ten. Thousands of people came",
        "two thousand people sent mails", "I gave it a ten",
    ],
)  # fmt: skip
def test_counts_beside_what_is_sent_are_no_sums(text):
    assert largest(text) == 0


def test_sums_come_largest_first_with_their_wording():
    found = read_amounts("First $50, then EUR 5.000,00 and 12k of costs", RATES)
    assert [(a.text, a.currency, a.nano_usd // NANO_PER_USD) for a in found] == [
        ("12k", "USD", 12_000),
        ("EUR 5.000,00", "EUR", 6_250),
        ("$50", "USD", 50),
    ]


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        (
            "$2M over 3 years (about $666,000 a year)",
            [("$2M", 2e6, ""), ("$666,000", 666e3, "year")],
        ),
        ("$9k over 3 years, about $3k a year", [("$9k", 9_000, ""), ("$3k", 3_000, "year")]),
        ("$5k now, then 3 years ($3k a year)", [("$3k a year", 9_000, ""), ("$5k", 5_000, "")]),
        ("we have 12 seats (at $50 per seat)", [("$50 per seat", 600, "")]),
    ],
)
def test_a_sum_in_brackets_is_quoted_in_its_own_words(text, sums):
    """One per year that only explains the total before it is no second count of it."""
    found = read_amounts(text, RATES)
    assert [(one.text, one.nano_usd / NANO_PER_USD, one.period) for one in found] == sums


def test_at_most_sixteen_sums_are_kept_and_they_are_the_largest():
    found = read_amounts(" ".join(f"${n}" for n in range(1, 101)), RATES)
    assert len(found) == MAX_AMOUNTS
    assert [a.nano_usd // NANO_PER_USD for a in found] == list(range(100, 84, -1))


def test_text_with_more_numbers_than_are_looked_at_is_crowded():
    assert not crowded(fold("7 " * MAX_NUMBERS))
    assert crowded(fold("7 " * (MAX_NUMBERS + 1)))


def test_a_repeated_sum_counts_once():
    assert len(read_amounts("$50 or $50", RATES)) == 1


def test_a_currency_outside_the_table_is_left_out():
    assert read_amounts("€500", {"USD": 1.0}) == ()


@given(st.text(st.characters(exclude_categories=()), max_size=200))
@examples(300)
def test_any_text_is_read(text):
    for amount in read_amounts(f"cost ${text}", RATES):
        assert 0 < amount.nano_usd <= MAX_USD * NANO_PER_USD


PIECES = [
    *("$", "€", "12", "5.000", "1,2", "k", "M", " million", " dollars", " ", "-", "/", "per"),
    *(" month", "half", " a ", "x", "for", "and", "two", "refund of ", ".", "\n", "EUR"),
]


def test_a_record_far_from_its_currency_is_no_sum():
    assert largest('{"total": 9000, "text": "' + "a " * 200 + '", "currency": "USD"}') == 0


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@examples(500)
def test_any_mixture_of_money_words_is_read(text):
    for amount in read_amounts(text, RATES):
        assert 0 < amount.nano_usd <= MAX_USD * NANO_PER_USD
        assert len(amount.text) <= 80


@given(st.integers(1, 10**12), st.sampled_from(["", "Hello. ", "order 4431, "]))
def test_a_grouped_dollar_sum_is_read_exactly(dollars, before):
    assert read_amounts(f"{before}${dollars:,}", RATES)[0].nano_usd == dollars * NANO_PER_USD


@pytest.mark.parametrize(
    "piece",
    [
        *("$1 ", "$1", "1", "1,", "1.", "1 000 ", "two ", "hundred ", "a half ", "$5-", "cost "),
        *('"a_usd": 1, ', '"currency": "eur" ', "cur='eur'>1< ", "10^"),
        *("1 ", "1 , 0 0 0 ", "$ 9 8 7 ", "0 , ", "1 000 , ", "$ 4 8 0 , 0 0 0 "),
        *("$5 per ", "12k ", "120 x $99 ", "and ", "between 1 and ", "$", "€5 each for 3 ", "- "),
    ],
)
def test_reading_is_linear_in_the_text(piece):
    reader = AmountReader(RATES)
    assert in_proportion(lambda text: reader.read(fold(text)), piece, "$1 cost ")

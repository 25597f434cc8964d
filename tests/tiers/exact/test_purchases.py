"""Purchases, shares and fractions are computed in cents, and only where they are surely read."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.exact.tools import solved

TODAY = date(2026, 11, 21)
CENT = Decimal("0.01")
COUNTS = st.integers(1, 10_000)
PRICES = st.integers(1, 999_999).map(lambda cents: Decimal(cents) / 100)
PERCENTS = st.integers(1, 99)


def _answer(text: str) -> str | None:
    solution = solved(text, TODAY)
    return None if solution is None else solution.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("3 shirts at 19.95 plus 4.90, total?", "3 * 19.95 + 4.90 = 64.75"),
        ("what do three shirts at 19.95 cost?", "3 * 19.95 = 59.85"),
        ("three T-shirts for 19.95 each?", "3 * 19.95 = 59.85"),
        ("how much are 2 mugs at $4.50 each plus $3 shipping?", "2 * $4.50 + $3 = $12"),
        ("2 mugs at 4.50 and 3 plates at 7.25, total", "2 * 4.50 + 3 * 7.25 = 30.75"),
        ("total for 4 tickets at 12.50 plus a 2.00 booking fee", "4 * 12.50 + 2.00 = 52.00"),
        ("4 x 12.50 plus 3.90 shipping", "4 * 12.50 + 3.90 = 53.90"),
        ("3 shirts at 19.95 plus 20% VAT", "3 * 19.95 plus 20% = 71.82"),
        ("3 shirts at 19.95 with 10% off", "3 * 19.95 less 10% = 53.87, rounded to cents"),
        ("2 mugs at 4.50 each?", "2 * 4.50 = 9.00"),
        ("8 hours at 25 per hour?", "8 * 25 = 200"),
        ("what is 1.5 kg at 4.20 per kg", "1.5 * 4.20 = 6.30"),
        ("how much is 15 % off 84.90", "84.90 less 15% = 72.17, rounded to cents"),
        ("15% tip on 84.90", "15% of 84.90 = 12.74, rounded to cents"),
        ("split 84.50 between 3 people", "84.50 / 3 = 28.17 each, rounded to cents"),
        ("what's 15% off 249", "249 less 15% = 211.65"),
        ("3.25 hours at $20 an hour?", "3.25 * $20 = $65"),
        ("2 mugs at $4 each plus 3.50 shipping?", "2 * $4 + $3.50 = $11.50"),
        ("a fifth of 250", "1 / 5 * 250 = 50"),
        ("what is two thirds of 90?", "2 / 3 * 90 = 60"),
        ("three quarters of $60", "3 / 4 * $60 = $45"),
        ("a third off 60", "60 less 1/3 = 40"),
        ("half off 84.90", "84.90 less 1/2 = 42.45"),
        ("split 84 among 6", "84 / 6 = 14 each"),
        ("split 1.25 between 8", "1.25 / 8 = 0.15625 each"),
        ("split $85 between 6 people", "$85 / 6 = $14.17 each, rounded to cents"),
        ("split the bill of $84.50 5 ways", "$84.50 / 5 = $16.90 each"),
        ("split 90 between me and 2 friends", "90 / 3 = 30 each"),
        ("how much does each pay if we split 84 between 6", "84 / 6 = 14 each"),
        ("split 100 by 4", "100 / 4 = 25 each"),
        ("if we share 91 between 7, how much does everyone get", "91 / 7 = 13 each"),
        ("when you split $60 among 8 people what will each person pay?", "$60 / 8 = $7.50 each"),
        ("5 eggs cost 2.50, how much is one?", "2.50 / 5 = 0.50 each"),
        ("how much is 200 plus 19% VAT", "200 plus 19% = 238"),
        ("divide 84 by 6", "84 / 6 = 14"),
        ("3 dozen eggs at 42 cents each, how much is that?", "36 * 0.42 = 15.12"),
        ("half a dozen mugs at $4 each?", "6 * $4 = $24"),
        ("a dozen of pens at 99 cents each, total", "12 * 0.99 = 11.88"),
    ],
)
def test_a_purchase_or_a_share_is_read_with_its_result(asked: str, said: str) -> None:
    assert _answer(asked) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("3 dozen eggs at 42 cents each", "36 * 0.42 = 15.12"),
        ("2 mugs at 4.50 each", "2 * 4.50 = 9.00"),
        ("one mug at 4.50 each", None),
        ("3 shirts at 19.95", None),
        ("I bought 2 mugs at 4.50 each", None),
    ],
)
def test_a_price_for_each_is_a_sum_where_it_opens_a_conversation(
    asked: str, said: str | None
) -> None:
    solution = solved(asked, TODAY, opens=True)
    assert (solution and solution.text) == said


TIP = (
    "$84.50 plus 15% = $97.18, rounded to cents; split by 3: $32.39 each "
    "(the tip alone: $4.23 each)"
)


@pytest.mark.parametrize(
    "asked",
    [
        "15% tip on $84.50 split by 3",
        "What is a 15% tip on $84.50 split by 3 people?",
        "a 15 percent tip on a bill of $84.50, split between 3",
        "$84.50 with a 15% tip split 3 ways",
        "split $84.50 with 15% tip among 3 people",
        "split the bill of $84.50 3 ways with a 15% tip",
    ],
)
def test_a_tip_that_is_split_says_what_each_pays_in_both_meanings(asked: str) -> None:
    assert _answer(asked) == TIP


@pytest.mark.parametrize(
    "asked",
    ["15% tip on $84.50 split by 1", "15% tip split by 3", "15% tip on $84.50 split by 3 and 4"],
)
def test_another_tip_gets_no_answer(asked: str) -> None:
    assert _answer(asked) is None


@pytest.mark.parametrize(
    "asked",
    [
        "how much are 3 dozen eggs at $4?",  # a dozen of them
        "what is 3 dozen eggs at $4 and 2 loaves at $3 each?",
        "what do 5 apples at $1.200 cost?",  # 1.20 or 1200
        "15% of $1.200",
        "3 shirts for 19.95",  # all three
        "3 shirts cost 19.95, total?",
        "3 shirts at 19.95 total",
        "3 shirts at 19.95",
        "a table for 2 people at 7.30",
        "2 people at 7.30?",
        "2 tickets at 7.30?",
        "the meeting is with 5 people at 10.30 plus 3 more",
        "I bought 3 shirts at 19.95 and one was broken",
        "I bought 3 shirts at 19.95",
        "3 shirts at $19.95",
        "2 mugs at 4.50 each",  # may be a reply
        "we ordered 2 tickets at $12.50 plus 3.00 delivery",
        "my order of 3 shirts at 19.95 plus 4.90 never came",
        "3 shirts at $19.95 plus €4.90",
        "3 shirts at 19.95 and 4.90",
        "3 shirts at 19,95 plus 4,90",
        "3 shirts at 19.95 plus 4.90 shipping plus 20% VAT",  # on what?
        "30 minutes at 80, total?",
        "a fifth of whiskey",
        "what is a third of $60 each",
        "100 divided by two fifths of 10",
        "10 / a half of 4",
        "what is 10 over twice 5",
        "2 ^ half of 4",
        "the fifth of 10 chapters",
        "split 84 among us",
        "split 84 between 6 and 8",
        "I live at 5 Mill Lane and paid 19.95 plus 4.90",
        "we split up 3 years ago",
        "interest on 1000 at 5%",
        "1000 at 5",
    ],
)
def test_prose_with_numbers_gets_no_result(asked: str) -> None:
    assert _answer(asked) is None


@given(COUNTS, PRICES, PRICES)
@examples(100)
def test_purchases_agree_with_decimal(count: int, price: Decimal, fee: Decimal) -> None:
    said = _answer(f"{count} shirts at {price:.2f} plus {fee:.2f}, total?")
    expected = (count * price + fee).quantize(CENT)
    assert said is not None
    assert Decimal(said.split("= ")[1].replace(",", "")) == expected


@given(PRICES, PERCENTS)
@examples(100)
def test_percentages_of_prices_round_half_up_to_cents(price: Decimal, percent: int) -> None:
    said = _answer(f"how much is {percent}% off {price:.2f}?")
    exact = price * (100 - percent) / 100
    rounded = exact.quantize(CENT, ROUND_HALF_UP)
    assert said is not None
    shown, _, note = said.split("= ")[1].partition(", rounded")
    assert Decimal(shown.replace(",", "")) == rounded
    assert bool(note) == (rounded != exact)


@given(PRICES, st.integers(2, 500))
@examples(100)
def test_shares_of_money_agree_with_decimal(price: Decimal, parts: int) -> None:
    said = _answer(f"split ${price:.2f} among {parts} people")
    assert said is not None
    shown = said.split("= $")[1].partition(" each")[0]
    expected = (price / parts).quantize(CENT, ROUND_HALF_UP)
    assert Decimal(shown.replace(",", "")) == expected


@given(st.text("abcdefgh 0123456789.,+at plus for each total", max_size=80))
@examples(100)
def test_no_text_stops_a_tool(text: str) -> None:
    _answer(text)

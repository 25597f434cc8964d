"""Figures that a text works out are worked out again by code."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiers.reasoning.claims import claims_in, distance, marked
from tiers.reasoning.numbers_in_text import read_date, read_number
from tiers.reasoning.present_value import npv


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("In all 200 + 300 = 600.", "500"),
        ("12 months * $4,000 = $50,000", "$48,000"),
        ("2 + 3 * 4 = 20", "14"),
        ("10 % of $2M is $150,000", "$200,000"),
        ("2.5% of 400 = 12", "10"),
        ("NPV at 8 % of -2,000,000, 700,000, 900,000 and 1,100,000 is 310,000", "292,969"),
        ("NPV at 10% of [-100, 0, 121] = 21", "0"),
        ("from 3 March 2027 to 30 June 2027 is 120 days", "119 days"),
        ("30 June 2027 is 3 months before 3 March 2028", "8 months"),
        ("2027-03-03 + 30 days = 2027-04-01", "2027-04-02"),
        ("5 weeks between 1 March 2027 and 12 April 2027", "6 weeks"),
    ],
)
def test_wrong_claim_is_found_with_the_right_result(text: str, right: str) -> None:
    (claim,) = claims_in(text)
    assert not claim.holds
    assert claim.right == right


def test_text_of_nothing_but_figures_has_its_first_claims() -> None:
    text = " ".join(f"{number} + 1 = {number + 1};" for number in range(1000, 4000))
    claims = claims_in(f"{text} 1 March 2027 + 1 day = 2 March 2027")
    assert [claim.text for claim in claims] == [f"{n} + 1 = {n + 1}" for n in range(1000, 1100)]


@pytest.mark.parametrize(
    "text",
    [
        "$700,000 + $900,000 = $1.6M",
        "$2,000,000 * 5% = $100,000",
        "1,000 - 250 - 250 = 500",
        "10 / 3 = 3.33",
        "1,080 * 1,080 = about 1.2 million",
        "NPV at 8% of [-2000000, 700000, 900000, 1100000] = 293,000",
        "Net present value at 10% for -100; 0; 121 is 0",
        "119 days between 3 March 2027 and 30 June 2027",
    ],
)
def test_right_claim_holds(text: str) -> None:
    (claim,) = claims_in(text)
    assert claim.holds, claim


@pytest.mark.parametrize(
    "text",
    [
        "x + 3 + 4 = 10",  # an unknown
        "(2 + 3) * 4 = 20; 2 * (3 + 4) = 14",  # brackets are not read
        "100 + 5% = 105",  # two readings
        "$100 + €50 = $150",  # two currencies
        "1 / 0 = 0",
        "The rate is 8 % of revenue.",
        "from 30 February 2027 to 1 March 2027 is 1 day",
        "version 1.2 - 1.3 and A1 + B2",
        "",
    ],
)
def test_what_is_not_certain_is_no_claim(text: str) -> None:
    assert claims_in(text) == ()


def test_wrong_claim_is_marked_in_its_text() -> None:
    text = "Yearly 200 + 300 = 600, so go."
    assert marked(text, claims_in(text)) == (
        "Yearly 200 + 300 = 600 [wrong: calculated, it is 500], so go."
    )


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=6), st.integers(-3, 3))
def test_sum_is_right_exactly_when_its_result_is(terms: list[int], off: int) -> None:
    text = " + ".join(f"{term:,}" for term in terms) + f" = {sum(terms) + off:,}"
    (claim,) = claims_in(text)
    assert claim.holds is (off == 0)


def test_npv_of_a_loan_at_its_own_rate_is_nothing() -> None:
    assert npv(Fraction(1, 10), [Fraction(-100), Fraction(0), Fraction(121)]) == 0


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 4000))
def test_distance_in_days_is_the_calendars(first: date, days: int) -> None:
    second = date.fromordinal(first.toordinal() + days)
    assert distance(first, second, "day") == days
    assert distance(second, first, "day") == -days


@pytest.mark.parametrize(
    ("text", "value"),
    [("$1.2M", 1_200_000), ("-€2,500", -2_500), ("7.5 %", Fraction(3, 40)), ("3bn", 3 * 10**9)],
)
def test_number_is_read_with_its_scale(text: str, value: Fraction) -> None:
    number = read_number(text)
    assert number is not None
    assert number.value == value


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-03-03", date(2027, 3, 3)),
        ("3rd March 2027", date(2027, 3, 3)),
        ("Sept. 5, 2027", date(2027, 9, 5)),
        ("30 February 2027", None),
    ],
)
def test_date_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert read_date(text) == day
